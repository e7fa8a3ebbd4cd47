"""``python -m hypr.selftest``: whether this installation works. Exit status 0, or 1 if something failed."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hypr
from hypr._arrays import FloatArray

STEPS, TONE = 20_000, 200


def fresh_model() -> hypr.Model:
    """A network that can tell two tones apart."""
    return hypr.ModelBuilder(inputs=1, name="self test").input(scale=5).layer("se_adlif", 16).readout(2).build(seed=0)


def tones(steps: int) -> tuple[FloatArray, np.ndarray]:
    """Two tones that take turns [steps, 1], and which it is."""
    time_steps = np.arange(1, steps + 1)
    labels = (time_steps // TONE % 2).astype(np.int32)
    return np.sin(np.where(labels, 0.1, 0.2) * time_steps).astype(np.float32)[:, None], labels


def runs() -> str:
    """Steps and runs give the same, and a session without learning stays as it was."""
    inputs, _ = tones(300)
    model = fresh_model()
    with hypr.Session(model, learning=False) as one, hypr.Session(model) as other:
        stepped = np.array([one.step(sample) for sample in inputs])
        np.testing.assert_array_equal(stepped, other.run(inputs))
        np.testing.assert_array_equal(one.parameters.flat, np.concatenate([a.ravel() for a in model.parameters.values()]))
        assert one.spikes(0).shape == (16,) and other.statistics.steps == len(inputs)
    return f"{len(inputs)} steps"


def learns() -> str:
    """A network learns two tones online."""
    session = hypr.Session(fresh_model(), learning_rate=0.01)
    for _ in range(2):
        session.clear_statistics()
        for sample, label in zip(*tones(STEPS)):
            session.step(sample)
            session.teach(label)
    accuracy = session.statistics.accuracy
    assert accuracy > 0.9, f"accuracy {accuracy:.1%}, expected more than 90 %"
    return f"accuracy {accuracy:.1%} after {session.statistics.updates} updates"


def saves() -> str:
    """Models and states come back as they were, and a state goes on bit for bit."""
    inputs, labels = tones(1000)
    session = hypr.Session(fresh_model())
    session.learn_sequence(inputs, labels)
    session.step(inputs[0])
    session.teach(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learned.hypr"
        session.save_model(path)
        learned = hypr.Model.load(path)
    assert learned.data == session.model_bytes()
    np.testing.assert_array_equal(hypr.Session(learned).parameters.flat, session.parameters.flat)
    state = session.save_state()
    other = hypr.Session(session.model)
    other.load_state(state)
    np.testing.assert_array_equal(session.run(inputs), other.run(inputs))
    assert session.save_state() == other.save_state()
    again = hypr.ModelBuilder.from_model(learned).build()
    np.testing.assert_array_equal(hypr.Session(again).run(inputs), hypr.Session(learned).run(inputs))
    return f"state {len(state)} bytes, model {len(learned.data)} bytes"


def refuses() -> str:
    """Mistakes are exceptions, and the session stays usable."""
    session = hypr.Session(fresh_model())
    mistakes: list[tuple[type[Exception], Callable[[], object]]] = [
        (hypr.SizeMismatchError, lambda: session.step([1, 2])),
        (hypr.NotFiniteError, lambda: session.step([np.nan])),
        (hypr.WrongStateError, lambda: session.teach(0)),
        (hypr.UnknownOptionError, lambda: hypr.Session(session.model, leaning_rate=1)),  # type: ignore[call-arg]
        (hypr.ModelInvalidError, lambda: hypr.Model.load(b"no model")),
    ]
    for kind, call in mistakes:
        try:
            call()
        except kind:
            continue
        raise AssertionError(f"{kind.__name__} was expected")
    session.step([1.0])
    return f"{len(mistakes)} mistakes"


def step_overhead() -> float:
    """What a step from Python costs over one of a run, in microseconds: the least of several tries."""
    steps = 2000
    session = hypr.Session(fresh_model(), learning=False)
    inputs, _ = tones(steps)
    samples, outputs = list(inputs), np.empty((steps, 2), np.float32)
    best = [np.inf, np.inf]
    for _ in range(20):
        start = time.perf_counter()
        for sample in samples:
            _ = session.step(sample)  # bound, as a host does: the array is made anew
        middle = time.perf_counter()
        session.run(inputs, outputs)
        best = [min(best[0], middle - start), min(best[1], time.perf_counter() - middle)]
    return float(best[0] - best[1]) / steps * 1e6


def main() -> int:
    print(f"hypr {hypr.__version__}, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    failed = 0
    for test in (runs, learns, saves, refuses):
        try:
            print(f"  passed  {test.__name__:8}  {test()}")
        except Exception as error:
            failed += 1
            print(f"  FAILED  {test.__name__:8}  {type(error).__name__}: {error}")
    print(f"  a step from Python costs {step_overhead():.2f} us more than one in a run")
    print("failed" if failed else "everything works")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
