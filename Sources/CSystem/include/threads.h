// A small pool of threads that all do a piece of the same work.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

enum { SYSTEM_THREADS_MAXIMUM = 64 };

// One piece of the work; pieces are numbered from 0.
typedef void (*system_piece)(void *_Nonnull context, int32_t piece);

typedef struct system_pool {
#ifdef HYPR_BARE_METAL
  bool is_running;
#else
  pthread_mutex_t mutex;
  pthread_cond_t begun, finished;
  system_piece _Nullable work;
  void *_Nullable context;
  uint64_t round;    // counts the calls of system_pool_run
  int32_t started;   // threads beside the caller's
  int32_t working;   // of them, those that have not finished the round
  int32_t next;      // number of the next thread to start
  int32_t ends;      // not 0: the threads shall return
  pid_t process;     // that has the threads: one that was forked from it has none of them
  bool is_running;   // system_pool_run was called; only its caller's thread looks
  pthread_t threads[SYSTEM_THREADS_MAXIMUM];
#endif
} system_pool;

// Starts `count` - 1 threads; returns 0, or the errno value with which one could not be started (none is left then).
int32_t system_pool_start(system_pool *_Nonnull pool, int32_t count);
// Whether the pool's threads are in this process. They are not after fork(): nobody may wait for them there.
bool system_pool_has_threads(const system_pool *_Nonnull pool);
// Calls work(context, piece) for every piece from 0 to the number of threads: piece 0 in this thread, or all of them if the pool's
// threads are in another process, or at work (piece 0 of something may use the pool in its turn). Returns when all are done; while
// only others are at work it calls wait(context), if that is given, every few milliseconds.
void system_pool_run(system_pool *_Nonnull pool, system_piece _Nonnull work, void *_Nonnull context,
                     void (*_Nullable wait)(void *_Nonnull context));
void system_pool_stop(system_pool *_Nonnull pool);

// What threads tell each other while they work; no other bytes depend on it.
typedef struct system_progress {
  system_counter steps;  // made by all of them together
  bool stops;            // they shall make no more
} system_progress;

// Adds steps that were made; returns how many there are now.
static inline uint64_t system_progress_add(system_progress *_Nonnull progress, uint64_t steps) {
  return __atomic_add_fetch(&progress->steps, (system_counter)steps, __ATOMIC_RELAXED);
}
static inline void system_progress_stop(system_progress *_Nonnull progress) {
  __atomic_store_n(&progress->stops, true, __ATOMIC_RELAXED);
}
static inline bool system_progress_stops(const system_progress *_Nonnull progress) {
  return __atomic_load_n(&progress->stops, __ATOMIC_RELAXED);
}
