"""fork(): a child goes on with the sessions of its parent, alone; with one of them it ends, too."""

import multiprocessing
import os
import pickle
import signal
import sys
import time

import numpy as np
import pytest

import hypr

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

PATIENCE = 60  # seconds until a child is one that hangs


@pytest.fixture(scope="module")
def large():
    """Large enough for its windows to be split among threads."""
    return hypr.ModelBuilder(8).input(scale=20).layer("brf", 400).readout(4).build(seed=0)


@pytest.fixture
def session(large):
    session = hypr.Session(large, threads=2, window=10, update="sequence")
    learn(session)
    return session


def learn(session):
    random = np.random.default_rng(1)
    return session.learn_batch(random.normal(size=(4, 15, 8)).astype(np.float32), random.integers(0, 4, (4, 15)))


def run(session):
    session.run(np.zeros((5, 8), np.float32))


def make_another(session):
    with hypr.Session(session.model, threads=2, update="sequence") as another:
        learn(another)
    learn(pickle.loads(pickle.dumps(session)))


@pytest.mark.parametrize("work", [learn, run, make_another, hypr.Session.close, hypr.Session.save_state, sys.exit],
                         ids=["learn", "run", "make_another", "close", "save_state", "exit"])
def test_a_child_ends(session, work):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        status = 1
        try:
            if work is sys.exit:
                session = None  # frees it
            else:
                work(session)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    learn(session)


def test_the_interpreter_of_a_child_ends(tmp_path):
    """With all its finalizers, and a session that nobody closed."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal, sys, hypr, numpy as np\n"
        "session = hypr.Session(hypr.ModelBuilder(8).layer('brf', 400).readout(4).build(seed=0), threads=2)\n"
        "session.learn_sequence(np.ones((200, 8)), np.zeros(200, int))\n"
        "child = os.fork()\n"
        f"signal.alarm({PATIENCE})\n"
        "if child: sys.exit(os.waitpid(child, 0)[1])\n")
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-W", "ignore", str(program)) == 0


def test_processes_of_multiprocessing_learn_the_same(session):
    """A pool of them, made by fork, and each of its processes has a session of the parent."""
    context = multiprocessing.get_context("fork")
    expected = session.save_state()
    with context.Pool(2, initializer=_keep, initargs=(session,)) as pool:
        found = pool.map_async(_learned, range(4), chunksize=1).get(PATIENCE)
    assert session.save_state() == expected
    learn(session)
    assert session.save_state() in found
    assert len(set(found)) <= 4
    with context.Pool(1, initializer=_keep, initargs=(session,)) as pool:
        found = pool.apply_async(_learned, (0,)).get(PATIENCE)
    learn(session)
    assert session.save_state() == found


def _keep(session):
    global kept
    kept = session


def _learned(_):
    learn(kept)
    return kept.save_state()


def test_a_child_is_interrupted(large):
    """The child's main thread is that of the fork: it sees the child's signals."""
    x, labels = np.ones((200_000, 8), np.float32), np.zeros(200_000, int)
    session = hypr.Session(large, threads=2, update="sequence")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        status = 1
        try:
            os.write(writing, b"x")
            session.learn_batch([x, x], [labels, labels])
        except KeyboardInterrupt:
            status = 0 if 0 < session.statistics.steps < 2 * len(x) else 2
        finally:
            os._exit(status)
    os.read(reading, 1)
    time.sleep(0.3)
    os.kill(child, signal.SIGINT)
    assert os.waitpid(child, 0)[1] == 0
    os.close(reading)
    os.close(writing)
