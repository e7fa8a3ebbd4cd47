"""The network that came, beside the one that learns."""

import numpy as np
import pytest

import hypr


def taught(model, stream, **options):
    session = hypr.Session(model, window=10, **options)
    for sample, label in zip(*stream):
        session.step(sample)
        if label >= 0:
            session.teach(label)
    session.flush()
    return session


def test_guard(model, stream):
    session = taught(model, stream, guard=100, guard_answer=True, learning_rate=10)
    guard = session.guard
    assert guard.reference_ahead is True and guard.loss >= guard.reference_loss > 0
    assert guard.compared_steps == np.count_nonzero(stream[1] >= 0) and guard.last_return <= guard.compared_steps
    assert 0 <= guard.accuracy <= 1 and 0 < guard.reference_accuracy <= 1
    for one in (session, plain := hypr.Session(model, learning=False)):
        one.reset()
    assert np.array_equal(session.run(stream[0][:9]), plain.run(stream[0][:9]))


def test_accept(model, stream):
    session = taught(model, stream, guard=1000, guard_margin=0, guard_answer=True, learning_rate=10)
    assert session.guard.reference_ahead
    session.accept()
    guard = session.guard
    assert (guard.reference_ahead, guard.loss, guard.reference_loss) == (False, 0, 0)
    assert guard.compared_steps > 0
    # Both are the same network now, until something is learned.
    for sample in stream[0][:5]:
        session.step(sample)
        session.teach(1)
    session.flush()
    assert session.guard.loss == session.guard.reference_loss > 0


def test_without_a_reference(session):
    for call in (lambda: session.guard, session.accept):
        with pytest.raises(hypr.WrongStateError, match="option guard is 0"):
            call()
