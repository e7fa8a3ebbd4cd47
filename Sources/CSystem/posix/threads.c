#include "threads.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "floating_point.h"

// Between two looks at whether the others are done.
enum { WAIT_NANOSECONDS = 5000000 };

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
  // The clock that nobody sets.
  pthread_condattr_t steady;
  pthread_condattr_init(&steady);
  pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->finished, &steady);
  pthread_condattr_destroy(&steady);
  pool->process = getpid();
  pool->is_running = false;
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

bool system_pool_has_threads(const system_pool *pool) { return pool->process == getpid(); }

// Until the others are done, or for a moment. The mutex is held.
static void wait_a_moment(system_pool *pool) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += WAIT_NANOSECONDS;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_cond_timedwait(&pool->finished, &pool->mutex, &end);
}

void system_pool_run(system_pool *pool, system_piece work, void *context, void (*wait)(void *context)) {
  if (pool->is_running || !system_pool_has_threads(pool)) {
    for (int32_t piece = 0; piece <= pool->started; piece++) work(context, piece);
    return;
  }
  pool->is_running = true;
  pthread_mutex_lock(&pool->mutex);
  pool->work = work;
  pool->context = context;
  pool->working = pool->started;
  pool->round++;
  pthread_cond_broadcast(&pool->begun);
  pthread_mutex_unlock(&pool->mutex);
  work(context, 0);
  pthread_mutex_lock(&pool->mutex);
  while (pool->working > 0) {
    if (!wait) {
      pthread_cond_wait(&pool->finished, &pool->mutex);
      continue;
    }
    wait_a_moment(pool);
    pthread_mutex_unlock(&pool->mutex);
    wait(context);
    pthread_mutex_lock(&pool->mutex);
  }
  pthread_mutex_unlock(&pool->mutex);
  pool->is_running = false;
}

void system_pool_stop(system_pool *pool) {
  if (!system_pool_has_threads(pool)) return;
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
