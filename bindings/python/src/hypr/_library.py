"""The C library: its constants by name, text, and status codes turned into exceptions. The only door to hypr._native."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypr._native import ffi, lib
from hypr.errors import Error, error_of_status

__all__ = ["FLOATS", "called", "check", "constants", "failure", "ffi", "lib", "library_version", "made", "optional_text",
           "text"]

FLOATS = ffi.typeof("float[]")
_MESSAGE_SIZE = 512


def text(string: Any) -> str:
    """A C string that is never NULL."""
    return str(ffi.string(string).decode())


def optional_text(string: Any) -> str | None:
    """A C string, or None for NULL."""
    return None if string == ffi.NULL else text(string)


def constants(prefix: str) -> Mapping[str, int]:
    """The constants of hypr.h that begin with ``HYPR_<prefix>_``, by the rest of their names in lower case, in order."""
    start = f"HYPR_{prefix}_"
    found = {name[len(start):].lower(): int(getattr(lib, name)) for name in dir(lib) if name.startswith(start)}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def failure(status: int, message: Any) -> Error:
    """The exception for a call that failed; `message` is what the library, or the caller, says about it."""
    said = message if isinstance(message, str) else text(message)
    return error_of_status(int(status), text(lib.hypr_status_name(status)), said)


def check(status: int, message: Any) -> None:
    """Raises if a call failed."""
    if status:
        raise failure(status, message)


def called(function: Any, *arguments: Any) -> None:
    """A function of the library whose last arguments take its message; raises what it says."""
    message = ffi.new("char[]", _MESSAGE_SIZE)
    check(function(*arguments, message, _MESSAGE_SIZE), message)


def made(kind: str, function: Any, *arguments: Any) -> Any:
    """What such a function makes: an object that the caller frees."""
    handle = ffi.new(f"{kind} **")
    called(function, *arguments, handle)
    return handle[0]


def library_version() -> str:
    """The version of the library that runs, such as ``"0.1.0"``."""
    number = int(lib.hypr_version_number())
    version = text(lib.hypr_version_string())
    if number // 10000 != int(version.split(".")[0]):
        raise Error(f"the library says that it is version {version}, and number {number}")
    return version
