"""The exceptions: one class per status of hypr.h, each also of the built-in class that Python users expect."""

from __future__ import annotations

from collections.abc import Iterable


class Error(Exception):
    """What goes wrong in hypr.

    Attributes
    ----------
    status : int
        The ``hypr_status``, such as 2; that of the class if Python found the mistake before the library was called.
    status_name : str
        Its name, such as ``"HYPR_ERROR_SIZE_MISMATCH"``.
    message : str
        What was wrong, where, and what was expected.
    """

    status: int = -1
    status_name: str = "HYPR_ERROR_UNKNOWN"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:  # KeyError and OSError have formats of their own
        return self.message


class InvalidArgumentError(Error, ValueError):
    """A value is out of its range."""

    status: int = 1
    status_name: str = "HYPR_ERROR_INVALID_ARGUMENT"


class SizeMismatchError(Error, ValueError):
    """An array has another shape than the model says."""

    status: int = 2
    status_name: str = "HYPR_ERROR_SIZE_MISMATCH"


class NotFiniteError(Error, ValueError):
    """NaN or infinity came in, or would have come out."""

    status: int = 3
    status_name: str = "HYPR_ERROR_NOT_FINITE"


class WrongStateError(Error, RuntimeError):
    """A call in the wrong order, such as teaching before the first step, or from two threads at once."""

    status: int = 4
    status_name: str = "HYPR_ERROR_WRONG_STATE"


class BufferTooSmallError(Error, ValueError):
    """The memory given is not enough."""

    status: int = 5
    status_name: str = "HYPR_ERROR_BUFFER_TOO_SMALL"


class NotFoundError(Error, LookupError):
    """There is no such layer, option or tensor."""

    status: int = 6
    status_name: str = "HYPR_ERROR_NOT_FOUND"


class StoppedError(Error):
    """A progress callback stopped a call. (In Python a signal handler's own exception is raised instead.)"""

    status: int = 7
    status_name: str = "HYPR_ERROR_STOPPED"


class ModelInvalidError(Error, ValueError):
    """Not a .hypr file, damaged, or it contradicts itself."""

    status: int = 20
    status_name: str = "HYPR_ERROR_MODEL_INVALID"


class ModelUnsupportedError(Error, ValueError):
    """A valid model that needs what this version does not have."""

    status: int = 21
    status_name: str = "HYPR_ERROR_MODEL_UNSUPPORTED"


class StateMismatchError(Error, ValueError):
    """The saved state belongs to another model, to other options or to another version."""

    status: int = 22
    status_name: str = "HYPR_ERROR_STATE_MISMATCH"


class OutOfMemoryError(Error, MemoryError):
    """There is not enough memory."""

    status: int = 40
    status_name: str = "HYPR_ERROR_OUT_OF_MEMORY"


class FileError(Error, OSError):
    """A file cannot be read or written."""

    status: int = 41
    status_name: str = "HYPR_ERROR_IO"


class ModelFileNotFoundError(NotFoundError, FileNotFoundError):
    """There is no such model file."""


class UnknownOptionError(NotFoundError, TypeError):
    """There is no option of that name."""


class UnknownTensorError(NotFoundError, KeyError):
    """There is no tensor of that name."""


class DiagnosisWarning(UserWarning):
    """Something keeps a network from working, or from learning: docs/troubleshooting.md has what helps."""


_BY_STATUS: dict[int, type[Error]] = {
    kind.status: kind
    for kind in (
        InvalidArgumentError, SizeMismatchError, NotFiniteError, WrongStateError, BufferTooSmallError, NotFoundError,
        StoppedError, ModelInvalidError, ModelUnsupportedError, StateMismatchError, OutOfMemoryError, FileError)
}


def error_of_status(status: int, status_name: str, message: str) -> Error:
    """The exception for a status of the library, which may be newer than this list."""
    error = _BY_STATUS.get(status, Error)(message or status_name)
    error.status, error.status_name = status, status_name
    return error


def unknown(kind: type[Error], what: str, name: object, known: Iterable[str], advice: str = "") -> Error:
    """An exception of that kind for a name that does not exist, with the names that are close to it."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(str(name), names, 3, 0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known are {', '.join(names)}"
    return kind(f"there is no {what} {name!r}; {hint}{advice}")
