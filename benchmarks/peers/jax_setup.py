"""JAX, set up to be fast on one thread. Every module takes `jax` and `jnp` from here.

XLA runs the operations of a loop one by one, at some 0.1 µs each, unless the loop is "small": then it compiles all of
it to one function. Here every loop counts as small, and products stay clear of YNN, which such loops cannot hold: that
makes learning in 4-36-6 2.7 times as fast, in 64-512-10 1.2 times. Tried, and slower or no faster: unrolled loops,
states stacked to one array, fast math, oneDNN.
"""

import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = " ".join([
    "--xla_cpu_multi_thread_eigen=false",
    f"--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold={10 ** 12}",
    "--xla_cpu_experimental_ynn_fusion_type=",
])

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_cpu_enable_async_dispatch", False)  # no second thread: a step called by itself takes 30 µs less

__all__ = ["jax", "jnp"]
