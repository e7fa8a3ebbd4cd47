"""What a session keeps of its stream and learns again."""

import copy

import numpy as np
import pytest

import hypr

OPTIONS = dict(window=10, learning_rate=0.01, rehearsal_bytes=8192, rehearsal_stretch=20, rehearsal_lead_in=5, rehearsal_steps=15)


@pytest.fixture
def rehearsing(model):
    return hypr.Session(model, **OPTIONS)


def samples(label, steps, random):
    """Each class has a channel of its own, [steps, 4]."""
    x = random.normal(0, 0.1, (steps, 4))
    x[:, label] += 1
    return x.astype(np.float32)


def blocks(session, labels, steps=40):
    """One class after the other."""
    random = np.random.default_rng(0)
    for label in labels:
        for x in samples(label, steps, random):
            session.step(x)
            session.teach(label)
    session.flush()


def test_the_stream_is_kept_and_rehearsed(rehearsing):
    memory = rehearsing.rehearsal
    assert len(memory) == 0 and memory and memory.by_class == {} and np.isnan(memory.report().accuracy)
    blocks(rehearsing, [0, 1, 2])
    assert [memory.count(label) for label in range(3)] == [2, 2, 2] and memory.count() == len(memory) == 6
    assert "6 stretches" in repr(memory)
    reports = memory.by_class
    assert list(reports) == [0, 1, 2] and reports[0] == memory.report(0)
    assert reports[0].taught_steps > reports[1].taught_steps > reports[2].taught_steps == 0
    everything = memory.report("all")
    assert everything.taught_steps == sum(report.taught_steps for report in reports.values())
    assert everything.correct_steps <= everything.taught_steps and everything.mean_loss > 0
    assert 0 <= reports[0].accuracy <= 1
    rehearsing.clear_statistics()
    assert memory.report().taught_steps == 0 and memory.report().offered_stretches == 6
    memory.clear()
    assert len(memory) == 0


def test_what_is_rehearsed_is_not_forgotten(model):
    """One class after the other: without rehearsal only the last one is known at the end."""
    known = {}
    for size in (0, 65536):
        session = hypr.Session(model, **{**OPTIONS, "rehearsal_bytes": size, "learning_rate": 0.02})
        blocks(session, [0, 1, 2], steps=2500)
        random = np.random.default_rng(1)
        outputs = [session.run(samples(label, 100, random))[50:] for label in range(3)]
        known[size] = [np.mean(np.argmax(out, axis=1) == label) for label, out in enumerate(outputs)]
    assert known[0][:2] == [0, 0] and known[0][2] == 1
    assert np.mean(known[65536]) > 0.5, known


def test_stretches_of_your_own(rehearsing):
    random = np.random.default_rng(2)
    x = random.normal(size=(12, rehearsing.input_size))
    memory = rehearsing.rehearsal
    memory.add(x, [1] * 12)
    memory.add(x, np.full(12, 2, np.int64), starts_sequence=True)
    values = np.zeros((12, rehearsing.output_size))
    values[:6] = np.nan
    memory.add(x.tolist(), values)
    assert (memory.count(1), memory.count(2), memory.count("no_class"), memory.count("all")) == (1, 1, 1, 3)
    before = rehearsing.parameters.flat
    rehearsing.rehearse(5)
    assert rehearsing.statistics.updates == 5 and not np.array_equal(before, rehearsing.parameters.flat)
    assert memory.report("no_class").taught_steps > 0
    rehearsing.rehearse(0)
    other = copy.copy(rehearsing)
    for session in (rehearsing, other):
        session.rehearse(3)
    assert other.save_state() == rehearsing.save_state()


def test_refusals(rehearsing, model):
    memory, x = rehearsing.rehearsal, np.zeros((12, rehearsing.input_size))
    for wrong in (-1, 99, "values", 2**40):
        with pytest.raises(hypr.InvalidArgumentError):
            memory.report(wrong)
    with pytest.raises(TypeError):
        memory.report(0.5)
    assert memory.count(99) == 0
    with pytest.raises(hypr.InvalidArgumentError, match="teaches nothing"):
        memory.add(x, [-1] * 12)
    with pytest.raises(hypr.InvalidArgumentError, match="rehearsal_stretch, here 20"):
        memory.add(np.zeros((21, rehearsing.input_size)), [1] * 21)
    with pytest.raises(hypr.InvalidArgumentError, match=r"labels\[3\] is 99"):
        memory.add(x, [1, 1, 1, 99] + [1] * 8)
    with pytest.raises(hypr.SizeMismatchError):
        memory.add(x, [1] * 11)
    with pytest.raises(hypr.SizeMismatchError):
        memory.add(x[:, 1:], [1] * 12)
    with pytest.raises(hypr.NotFiniteError):
        memory.add(x + np.nan, [1] * 12)
    with pytest.raises(hypr.InvalidArgumentError, match="windows is -1"):
        rehearsing.rehearse(-1)
    with pytest.raises(TypeError):
        rehearsing.rehearse(1.5)
    assert len(memory) == 0
    for session in (hypr.Session(model), hypr.Session(model, learning=False, rehearsal_bytes=4096)):
        assert len(session.rehearsal) == 0
        for call in (session.rehearsal.report, session.rehearsal.clear, lambda: session.rehearse(1)):
            with pytest.raises(hypr.WrongStateError):
                call()


def test_memory(model):
    small, large = (hypr.Session(model, **{**OPTIONS, "rehearsal_bytes": size}).memory_report for size in (4096, 65536))
    assert large.rehearsal - small.rehearsal == large.total - small.total == 65536 - 4096
    assert hypr.Session(model).memory_report.rehearsal == 0
