"""Saved models, saved states, memory of a session."""

import copy
import gc
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import hypr
from hypr._files import replace_file


def test_save_model(session, stream, tmp_path):
    session.learn_sequence(*stream)
    path = tmp_path / "gelernt ü.hypr"
    session.save_model(path)
    learned = hypr.Model.load(path)
    assert learned != session.model and learned.metadata == session.model.metadata
    np.testing.assert_array_equal(hypr.Session(learned).parameters.flat, session.parameters.flat)
    session.save_model(str(path))
    assert hypr.Model.load(path) == learned
    with pytest.raises(hypr.FileError):
        session.save_model(tmp_path / "none" / "x.hypr")


def test_files_of_models_are_replaced_as_the_library_does(model, tmp_path):
    """Links, rights and long names; nothing is left."""
    for target in (tmp_path / "model.hypr", tmp_path / ("n" * 250 + ".hypr")):
        model.save(target)
        target.chmod(0o640)
        link = tmp_path / "link"
        link.symlink_to(target)
        model.save(link)
        assert link.is_symlink() and target.stat().st_mode & 0o777 == 0o640 and target.read_bytes() == model.data
        assert set(tmp_path.iterdir()) == {target, link}
        link.unlink(), target.unlink()
    with pytest.raises(hypr.FileError):
        model.save(tmp_path / "none" / "x.hypr")


def test_other_files_are_replaced_as_well(tmp_path, monkeypatch):
    """Without the process's umask, which other threads have, too; what a killed one left is used."""
    monkeypatch.setattr(os, "umask", None)
    target, link, left = tmp_path / "page.html", tmp_path / "link", tmp_path / ".page.html.hypr-saving"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    left.write_bytes(b"what was written until then")
    replace_file(link, b"new")
    assert link.is_symlink() and target.stat().st_mode & 0o777 == 0o640 and target.read_bytes() == b"new"
    assert set(tmp_path.iterdir()) == {target, link}
    (tmp_path / "precious").write_bytes(b"precious")
    left.hardlink_to(tmp_path / "precious")
    replace_file(target, b"newer")
    assert target.read_bytes() == b"newer" and (tmp_path / "precious").read_bytes() == b"precious"
    os.mkfifo(left)
    with pytest.raises(hypr.FileError):
        replace_file(target, b"newest")
    left.unlink()
    replace_file(tmp_path / ("n" * 255), b"new")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_file(target, bytes([number]) * 10_000), range(100)))
    assert len(set(target.read_bytes())) == 1 and target.stat().st_size == 10_000
    (tmp_path / "folder").mkdir()
    with pytest.raises(hypr.FileError):
        replace_file(tmp_path / "folder", b"not a folder")
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_model_is_not_read(tmp_path):
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(hypr.ModelInvalidError):
        hypr.Model.load(path)


def test_model_bytes(session, stream, tmp_path):
    """The bytes that save_model writes, without a file."""
    assert session.model_bytes() == session.model.data
    session.learn_sequence(*stream)
    session.save_model(tmp_path / "learned.hypr")
    assert session.model_bytes() == (tmp_path / "learned.hypr").read_bytes()
    learned = hypr.Model(session.model_bytes())
    np.testing.assert_array_equal(hypr.Session(learned).parameters.flat, session.parameters.flat)


@pytest.mark.parametrize("steps", [0, 1, 20, 33])
def test_state_goes_on_bit_for_bit(session, stream, steps):
    x, labels = stream

    def go(which, start, stop):
        for sample, label in zip(x[start:stop], labels[start:stop]):
            which.step(sample)
            if label >= 0:
                which.teach(label)

    session.set_class_weights([1, 2, 3])
    session.set_trainable("layer0.omega", False)
    go(session, 0, steps)
    state = session.save_state()
    other = hypr.Session(session.model, window=20, learning_rate=0.01)
    for given in (state, bytearray(state), memoryview(state), np.frombuffer(state, np.uint8)):
        other.load_state(given)
        assert other.save_state() == state
    go(session, steps, 200)
    go(other, steps, 200)
    assert session.save_state() == other.save_state()


def test_wrong_states(session, model):
    state = session.save_state()
    with pytest.raises(hypr.StateMismatchError):
        hypr.Session(model, window=21).load_state(state)
    with pytest.raises(hypr.StateMismatchError):
        hypr.Session(hypr.ModelBuilder(4).layer("lif", 5).readout(3).build(), window=20).load_state(state)
    damaged = bytearray(state)
    damaged[-20] ^= 1
    for wrong in (b"", b"no state", state[:-1], bytes(damaged)):
        with pytest.raises(hypr.InvalidArgumentError):
            session.load_state(wrong)
    assert session.save_state() == state


def test_copies(session, stream):
    x, labels = stream
    session.learn_sequence(x, labels)
    session.step(x[0])
    for other in (copy.copy(session), copy.deepcopy(session), pickle.loads(pickle.dumps(session))):
        assert other.save_state() == session.save_state() and other.options == session.options
        other.teach(0)
        other.flush()
        assert other.save_state() != session.save_state()


def test_memory_size_and_report(model):
    for options in (dict(learning=False), dict(window=10), dict(window=1000, credit="recurrent"), dict(guard=100),
                    dict(rehearsal_bytes=4096)):
        size = hypr.Session.memory_size(model, **options)
        report = hypr.Session(model, **options).memory_report
        assert size.bytes == report.total and size.alignment in (16, 32, 64, 128)
        parts = (report.parameters, report.state, report.traces, report.history, report.optimizer, report.scratch,
                 report.rehearsal, report.reference)
        assert sum(parts) == report.total
        assert (report.reference > 0) == ("guard" in options or "rehearsal_bytes" in options)
    with pytest.raises(hypr.UnknownOptionError):
        hypr.Session.memory_size(model, windw=1)


def test_memory_of_the_caller(model, stream):
    size = hypr.Session.memory_size(model, window=20)
    block = np.zeros(size.bytes + size.alignment, np.uint8)
    start = -block.ctypes.data % size.alignment
    memory = block[start:start + size.bytes]
    session = hypr.Session(model, window=20, memory=memory)
    session.learn_sequence(*stream)
    other = hypr.Session(model, window=20)
    other.learn_sequence(*stream)
    assert np.any(block) and session.save_state() == other.save_state()
    with pytest.raises(hypr.BufferTooSmallError, match=f"the session takes {size.bytes}"):
        hypr.Session(model, window=20, memory=block[start:start + size.bytes - 1])
    with pytest.raises(hypr.InvalidArgumentError, match="address"):
        hypr.Session(model, window=20, memory=block[start + 1:start + 1 + size.bytes - 1 + 1])
    with pytest.raises((BufferError, ValueError, TypeError)):
        hypr.Session(model, window=20, memory=bytes(size.bytes))


def test_memory_of_the_caller_lives_as_long_as_the_session(model):
    size = hypr.Session.memory_size(model)
    memory = bytearray(size.bytes + size.alignment)
    offset = -np.frombuffer(memory, np.uint8).ctypes.data % size.alignment
    session = hypr.Session(model, memory=memoryview(memory)[offset:])
    gc.collect()
    with pytest.raises(BufferError):
        memory.clear()  # it is in use
    session.close()
    del session
    gc.collect()
    memory.clear()
