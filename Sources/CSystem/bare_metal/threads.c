#include "threads.h"

#include <errno.h>

// The caller's thread is the only one.
int32_t system_pool_start(system_pool *pool, int32_t count) {
  pool->is_running = false;
  return count > 1 ? ENOSYS : 0;
}

bool system_pool_has_threads(const system_pool *pool) {
  (void)pool;
  return true;
}

void system_pool_run(system_pool *pool, system_piece work, void *context, void (*wait)(void *context)) {
  (void)pool, (void)wait;
  work(context, 0);
}

void system_pool_stop(system_pool *pool) { (void)pool; }
