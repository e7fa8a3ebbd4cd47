"""Sessions in several threads: the GIL is released, and one session belongs to one thread at a time."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import hypr


@pytest.fixture(scope="module")
def large():
    return hypr.ModelBuilder(64).layer("lif", 512).readout(10).build()


def long_stream(steps=3000):
    return np.random.default_rng(0).normal(size=(steps, 64)).astype(np.float32)


@pytest.mark.parametrize("call", ["run", "learn_sequence", "learn_batch"])
def test_other_threads_run_meanwhile(large, call):
    x = long_stream()
    session = hypr.Session(large, learning=call != "run")
    arguments = {"run": (x,), "learn_sequence": (x, np.zeros(len(x), np.int32)),
                 "learn_batch": (x[None], np.zeros((1, len(x)), np.int32))}[call]
    interval = sys.getswitchinterval()
    started, done, count = threading.Event(), threading.Event(), 0

    def work():
        started.set()
        getattr(session, call)(*arguments)
        done.set()

    sys.setswitchinterval(1e-4)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        started.wait()
        while not done.is_set():
            count += 1
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert count > 1000


def test_a_session_belongs_to_one_thread_at_a_time(large):
    x = long_stream(10_000)
    session = hypr.Session(large, learning=False)
    thread = threading.Thread(target=session.run, args=(x,))
    thread.start()
    while session._idle:  # until the thread has it, this one would get it
        time.sleep(0)
    refused = 0
    while thread.is_alive():
        for call in (lambda: session.step(x[0]), lambda: session.statistics, session.close):
            try:
                call()
            except hypr.WrongStateError as error:
                assert "another thread" in str(error)
                refused += 1
                break
        if refused > 3:
            break
    thread.join()
    assert refused > 3
    assert session.statistics.steps == len(x)


def test_sessions_are_independent(model, stream):
    x, labels = stream

    def learn(_):
        session = hypr.Session(model, window=20)
        for sample, label in zip(x, labels):
            session.step(sample)
            if label >= 0:
                session.teach(label)
        session.learn_sequence(x, labels)
        return session.save_state()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(learn, range(16)))) == 1
