"""JAX set up for reproducible float64 on the CPU. Every module takes `jax` and `jnp` from here.

The instruction set is pinned so that machines with wider vector units compile the same arithmetic.
"""

import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_max_isa=AVX2 --xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax.flatten_util import ravel_pytree  # noqa: E402

QUICK_TO_COMPILE = {"xla_backend_optimization_level": 0}  # for what runs once or twice and goes into no golden file

__all__ = ["QUICK_TO_COMPILE", "jax", "jnp", "ravel_pytree"]
