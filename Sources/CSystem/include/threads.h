// A small pool of threads that all do a piece of the same work.
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { SYSTEM_THREADS_MAXIMUM = 64 };

// One piece of the work; pieces are numbered from 0.
typedef void (*system_piece)(void *_Nonnull context, int32_t piece);

typedef struct system_pool {
  pthread_mutex_t mutex;
  pthread_cond_t begun, finished;
  system_piece _Nullable work;
  void *_Nullable context;
  uint64_t round;    // counts the calls of system_pool_run
  int32_t started;   // threads beside the caller's
  int32_t working;   // of them, those that have not finished the round
  int32_t next;      // number of the next thread to start
  int32_t ends;      // not 0: the threads shall return
  pthread_t threads[SYSTEM_THREADS_MAXIMUM];
} system_pool;

// Starts `count` - 1 threads; returns 0, or the errno value with which one could not be started (none is left then).
int32_t system_pool_start(system_pool *_Nonnull pool, int32_t count);
// Calls work(context, piece) for every piece from 0 to the number of threads: piece 0 in this thread. Returns when all are done.
void system_pool_run(system_pool *_Nonnull pool, system_piece _Nonnull work, void *_Nonnull context);
void system_pool_stop(system_pool *_Nonnull pool);
