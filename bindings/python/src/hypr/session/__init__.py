"""Sessions: the state of one stream, and parameters of its own that can be trained."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from hypr._facts import as_html
from hypr._library import called, ffi, lib
from hypr._tensors import TensorInfo
from hypr.model import Model, checked_model
from hypr.options import NativeOptions, SessionOptions
from hypr.session._diagnosis import Diagnosing, Diagnosis, Finding, InputRange, LayerActivity
from hypr.session._inspection import Guard, Inspection, MemoryReport, Statistics
from hypr.session._rehearsal import Rehearsal, Rehearsing, RehearsalReport
from hypr.session._tensors import Gradients, Parameters, Tensors
from hypr.session._updates import Updates

if TYPE_CHECKING:
    from typing_extensions import Buffer, Unpack

__all__ = [
    "Diagnosis", "Finding", "Gradients", "Guard", "InputRange", "LayerActivity", "MemoryReport", "MemorySize", "Parameters",
    "Rehearsal", "RehearsalReport", "Session", "Statistics", "TensorInfo",
]


class MemorySize(NamedTuple):
    """The memory that a session takes: how many bytes, and the alignment that memory of your own needs."""

    bytes: int
    alignment: int


class Session(Rehearsing, Tensors, Inspection, Diagnosing, Updates):
    """A model at work on one stream: give it a sample, get an output, and teach it if you know better.

    A session may be used by one thread at a time (another one gets a WrongStateError); different sessions are independent,
    and calls into the library let other threads run. It is a context manager, and can be copied and pickled.

    Parameters
    ----------
    model : Model
    learning : bool, default True
        Whether the session can be taught. Without it, a session is smaller and faster and never changes its parameters.
        Until it is taught, a session gives the same outputs either way.
    memory : writable buffer, optional
        Memory for the session, which must be as large and aligned as ``memory_size`` says; otherwise it is allocated.
    window : int, default 100
        λ, steps per window.
    credit : {"window", "spatial", "recurrent", "filtered"}
        Which paths reach a layer.
    update : {"window", "sequence", "manual"}
        When the optimizer steps.
    optimizer : {"adam", "sgd", "momentum", "adamw", "nlms"}
    learning_rate : float, default 1e-3
    **options
        Every other option of hypr.h by its name: ``option_names()`` lists them, ``option_info(name)`` has bounds and default.
        What is not given (or None) is as the model file recommends, or else has its default.

    Raises
    ------
    UnknownOptionError
        There is no such option; the message has the names that are close.
    InvalidArgumentError
        A value is out of its bounds.

    Examples
    --------
    >>> session = hypr.Session(model, window=50, learning_rate=0.01)
    >>> for sample, label in stream:
    ...     output = session.step(sample)
    ...     session.teach(label)
    >>> session.save_model("adapted.hypr")
    """

    def __init__(self, model: Model, learning: bool = True, *, memory: Buffer | None = None,
                 **options: Unpack[SessionOptions]) -> None:
        super().__init__(checked_model(model), NativeOptions({"learning": learning, **options}), memory)

    @staticmethod
    def memory_size(model: Model, learning: bool = True, **options: Unpack[SessionOptions]) -> MemorySize:
        """The exact memory that a session with these options takes, known before anything is allocated."""
        size = ffi.new("size_t[2]")
        settings = NativeOptions({"learning": learning, **options})
        called(lib.hypr_session_memory_size, checked_model(model)._handle, settings.handle, size, size + 1)
        return MemorySize(size[0], size[1])

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.model, self._option_numbers(), self.save_state())

    def __repr__(self) -> str:
        if self.closed:
            return "<hypr.Session, closed>"
        return f"<hypr.Session of {self.model!r}>"

    def _repr_html_(self) -> str:
        """What notebooks show."""
        facts = {"model": repr(self.model)[1:-1]}
        return as_html("hypr.Session", facts | ({"state": "closed"} if self.closed else self._facts()))


def _restored(model: Model, options: dict[str, Any], state: bytes) -> Session:
    session = Session(model, **options)
    session.load_state(state)
    return session
