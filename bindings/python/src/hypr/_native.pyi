# Made by cffi from hypr.h (cffi_build.py): `lib` has its functions and constants.
from typing import Any

ffi: Any
lib: Any
