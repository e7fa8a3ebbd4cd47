"""Signals in the middle of long calls: they are seen soon, what was done until then is kept, and the session can be used."""

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

import hypr

STEPS = 4_000_000  # of the small model some seconds: none of these calls comes to its end


class Alarm(Exception):
    """What a handler of these tests raises."""


@contextmanager
def alarm(seconds, interval=0.0, handler=None):
    """SIGALRM after so many seconds, and then again and again."""

    def ring(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGALRM, handler or ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, interval)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def interrupt(seconds):
    """Ctrl-C after so many seconds."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        # One that comes when the call has ended must not end the tests.
        with suppress(KeyboardInterrupt):
            timer.join()
            time.sleep(0.01)


@pytest.fixture(scope="module")
def long_stream():
    """[STEPS, 4], without its bytes all being there."""
    part = np.random.default_rng(3).normal(size=(4000, 4)).astype(np.float32)
    return np.concatenate([part] * (STEPS // len(part)))


def test_a_run_that_is_interrupted_is_a_shorter_one(model, long_stream):
    session, shorter = (hypr.Session(model, window=20) for _ in range(2))
    out = np.full((STEPS, 3), 42, np.float32)
    with interrupt(0.3), pytest.raises(KeyboardInterrupt) as caught:
        session.run(long_stream, out)
    done = caught.value.steps_done
    assert 0 < done < STEPS and session.statistics.steps == done
    assert np.array_equal(shorter.run(long_stream[:done]), out[:done]) and (out[done:] == 42).all()
    assert shorter.save_state() == session.save_state()
    assert np.array_equal(shorter.run(long_stream[done:done + 100]), session.run(long_stream[done:done + 100]))


@pytest.mark.parametrize("update", ["window", "sequence"])
@pytest.mark.parametrize("call", ["learn_sequence", "learn_batch"])
def test_what_was_learned_until_then_is_kept(model, long_stream, call, update):
    labels = np.tile(np.array([0, 1, -1, 2], np.int32), STEPS // 4)
    session, shorter = (hypr.Session(model, window=20, update=update) for _ in range(2))
    with interrupt(0.3), pytest.raises(KeyboardInterrupt) as caught:
        if call == "learn_sequence":
            session.learn_sequence(long_stream, labels)
        else:
            session.learn_batch(long_stream.reshape(-1, 1000, 4), labels.reshape(-1, 1000))
    done = caught.value.steps_done
    assert 0 < done < STEPS and session.statistics.steps == done
    if call == "learn_sequence":
        shorter.learn_sequence(long_stream[:done], labels[:done])
    else:
        lengths = [1000] * (done // 1000) + ([done % 1000] if done % 1000 else [])
        shorter.learn_batch(long_stream[:done], labels[:done], lengths)
    session.reset()
    shorter.reset()
    assert session.save_state() == shorter.save_state()
    assert session.statistics.updates > 0


def test_threads_of_a_batch_stop(model, long_stream):
    session = hypr.Session(model, update="sequence", threads=2)
    with interrupt(0.3), pytest.raises(KeyboardInterrupt):
        session.learn_labelled(long_stream.reshape(-1, 1000, 4), np.zeros(STEPS // 1000, int))
    assert 0 < session.statistics.steps < STEPS
    assert session.statistics.updates == 0
    session.reset()
    assert session.statistics.updates == 1 and session.statistics.taught_steps == session.statistics.steps


def test_what_a_handler_raises_arrives(model, long_stream):
    session = hypr.Session(model)
    with alarm(0.1), pytest.raises(Alarm) as caught:
        session.run(long_stream)
    assert caught.value.steps_done == session.statistics.steps
    assert caught.traceback[-1].name == "ring"


def test_a_handler_that_raises_nothing_stops_nothing(model, long_stream):
    rung = []
    session, other = hypr.Session(model, learning=False), hypr.Session(model, learning=False)

    def ring(number, frame):
        with pytest.raises(hypr.WrongStateError, match="signal handler"):
            session.step(long_stream[0])
        # A call in the call: another session is free.
        rung.append(len(other.run(long_stream[:5000])))

    with alarm(0.05, 0.05, ring):
        session.run(long_stream[:1_000_000])
    assert session.statistics.steps == 1_000_000
    assert rung and set(rung) == {5000} and other.statistics.steps == 5000 * len(rung)


def test_a_handler_that_raises_in_a_nested_call(model, long_stream):
    """What is raised in the handler's own call ends that one, and then, as nobody caught it, the outer one."""
    session, other = hypr.Session(model), hypr.Session(model)

    def first(number, frame):
        signal.signal(signal.SIGALRM, second)
        other.run(long_stream)

    def second(number, frame):
        raise Alarm

    with alarm(0.1, 0.1, first), pytest.raises(Alarm) as caught:
        session.run(long_stream)
    assert 0 < other.statistics.steps < STEPS
    assert 0 < session.statistics.steps == caught.value.steps_done < STEPS


def test_calls_in_other_threads_are_left_alone(model, long_stream):
    session, done = hypr.Session(model, learning=False), threading.Event()

    def work():
        session.run(long_stream[:1_000_000])
        done.set()

    thread = threading.Thread(target=work)
    with pytest.raises(KeyboardInterrupt), interrupt(0.05):
        thread.start()
        done.wait()
        done.wait(60)
    assert done.wait(60) and session.statistics.steps == 1_000_000
    thread.join()


def test_no_interrupt_leaves_a_session_that_cannot_be_used(model, long_stream):
    """Wherever in the code of a call it comes."""
    session = hypr.Session(model, window=20)
    for _ in range(300):
        with pytest.raises(Alarm), alarm(0.0005, 0.0005):
            while True:
                session.step(long_stream[0])
                session.teach(1)
                session.run(long_stream[:50])
                session.statistics
        session.step(long_stream[0])


def test_a_trainer_ends_with_a_batch_and_then_at_once(model, long_stream):
    x = long_stream[:1_000_000].reshape(-1, 1000, 4)
    trainer = hypr.Trainer(model, epochs=1000, progress=False)
    with interrupt(0.3):
        assert trainer.fit(x, np.zeros(len(x), int)).stopped == "interrupted"
    # The second one comes in the batch of the first.
    slow = hypr.Trainer(model, epochs=1000, batch_size=8 * len(x), progress=False)
    many = np.concatenate([x] * 8)
    with interrupt(0.3), interrupt(0.6), pytest.raises(KeyboardInterrupt):
        slow.fit(many, np.zeros(len(many), int))
