#include "threads.h"

#include <signal.h>

#include "floating_point.h"

static void *serve(void *argument) {
  system_pool *pool = argument;
  uint64_t seen = 0;
  system_float_enter();
  pthread_mutex_lock(&pool->mutex);
  int32_t piece = ++pool->next;
  for (;;) {
    while (pool->round == seen && !pool->ends) pthread_cond_wait(&pool->begun, &pool->mutex);
    if (pool->ends) break;
    seen = pool->round;
    system_piece work = pool->work;
    void *context = pool->context;
    pthread_mutex_unlock(&pool->mutex);
    work(context, piece);
    pthread_mutex_lock(&pool->mutex);
    if (--pool->working == 0) pthread_cond_signal(&pool->finished);
  }
  pthread_mutex_unlock(&pool->mutex);
  return NULL;
}

int32_t system_pool_start(system_pool *pool, int32_t count) {
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->begun, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pool->round = 0;
  pool->started = pool->working = pool->next = pool->ends = 0;
  // The host's signals are for the host's threads: these are born with all of them blocked.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int32_t error = 0;
  while (error == 0 && pool->started < count - 1) {
    error = pthread_create(&pool->threads[pool->started], NULL, serve, pool);
    if (error == 0) pool->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0) system_pool_stop(pool);
  return error;
}

void system_pool_run(system_pool *pool, system_piece work, void *context) {
  pthread_mutex_lock(&pool->mutex);
  pool->work = work;
  pool->context = context;
  pool->working = pool->started;
  pool->round++;
  pthread_cond_broadcast(&pool->begun);
  pthread_mutex_unlock(&pool->mutex);
  work(context, 0);
  pthread_mutex_lock(&pool->mutex);
  while (pool->working > 0) pthread_cond_wait(&pool->finished, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

void system_pool_stop(system_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->ends = 1;
  pthread_cond_broadcast(&pool->begun);
  pthread_mutex_unlock(&pool->mutex);
  for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->begun);
  pthread_mutex_destroy(&pool->mutex);
  pool->started = 0;
}
