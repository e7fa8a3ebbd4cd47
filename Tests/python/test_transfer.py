"""What one session has become goes on in another; readouts that grow."""

import copy

import numpy as np
import pytest

import hypr


def go(session, stream, start, stop):
    for sample, label in zip(*(part[start:stop] for part in stream)):
        session.step(sample)
        if label >= 0:
            session.teach(label)


@pytest.mark.parametrize("steps", [0, 20, 33])
def test_equal_sessions_go_on_bit_for_bit(session, stream, steps):
    go(session, stream, 0, steps)
    other = hypr.Session(session.model, window=20, learning_rate=0.01)
    go(other, stream, 100, 150)
    other.transfer(session)
    assert other.save_state() == session.save_state()
    for each in (session, other):
        go(each, stream, steps, 200)
    assert other.save_state() == session.save_state()


def test_a_class_is_added(session, stream):
    go(session, stream, 0, 33)
    count = session.output_size
    larger = hypr.ModelBuilder.from_model(session.model).grow_readout(count + 2, seed=1).build()
    old = hypr.Session(session.model).parameters
    for name, values in hypr.Session(larger).parameters.items():
        np.testing.assert_array_equal(values[:len(old[name])], old[name])
    grown, runner = hypr.Session(larger, window=20, learning_rate=0.01), hypr.Session(larger, learning=False)
    grown.transfer(session)
    runner.transfer(session)
    assert grown.statistics.updates == session.statistics.updates == 2
    for name, values in session.parameters.items():
        np.testing.assert_array_equal(grown.parameters[name][:len(values)], values)
    new = hypr.Session(larger).parameters["readout.weight"][count:]
    np.testing.assert_array_equal(grown.parameters["readout.weight"][count:], new)
    for sample in stream[0][33:50]:
        outputs = grown.step(sample)
        np.testing.assert_array_equal(outputs[:count], session.step(sample))
        np.testing.assert_array_equal(outputs, runner.step(sample))
    grown.teach(count + 1)


def test_what_does_not_fit(session, stream):
    go(session, stream, 0, 33)
    state = session.save_state()
    other = hypr.Session(hypr.ModelBuilder(4).layer("lif", 5).readout(3).build())
    larger = hypr.Session(hypr.ModelBuilder.from_model(session.model).grow_readout(9).build())
    for one, another in ((other, session), (session, larger)):
        with pytest.raises(hypr.StateMismatchError, match="expected"):
            one.transfer(another)
    with pytest.raises(hypr.InvalidArgumentError, match="itself"):
        session.transfer(session)
    with pytest.raises(TypeError, match="Model"):
        session.transfer(session.model)
    closed = copy.copy(session)
    closed.close()
    with pytest.raises(hypr.WrongStateError, match="closed"):
        session.transfer(closed)
    assert session.save_state() == state
    session.step(stream[0][0])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
def test_growing_keeps_the_readout(bias, sparse):
    random = np.random.default_rng(0)
    weight = random.normal(size=(2, 8)).astype(np.float32) * (random.random((2, 8)) < 0.5)
    builder = hypr.ModelBuilder(3).layer("lif", 8)
    builder.readout(2, bias=[0.5, -0.5] if bias else False, tau=[4, 8], weight=weight, sparse=sparse)
    builder.labels(["a", "b"]).set_trainable("readout.tau", False)
    small = builder.build(5)
    large = builder.grow_readout(4, seed=5).labels(list("abcd")).build(5)
    assert large.output_size == 4 and large.class_labels == tuple("abcd")
    readout = builder.description(5).readout
    np.testing.assert_array_equal(readout.tau.values, np.float32([4, 8, 6, 6]))
    assert not readout.tau.trainable and readout.weight.trainable
    assert (readout.bias is not None) == bias and (readout.weight.sparse is not None) == sparse
    if bias:
        np.testing.assert_array_equal(readout.bias.values[:2], np.float32([0.5, -0.5]))
    one, other = hypr.Session(small), hypr.Session(large)
    for sample in 20 * random.normal(size=(30, 3)):
        output = other.step(sample)
        np.testing.assert_array_equal(output[:2], one.step(sample))
    assert np.ptp(output[2:]) > 0
    with pytest.raises(hypr.InvalidArgumentError, match="more than the 4"):
        builder.grow_readout(4)


@pytest.mark.parametrize("deferred", [False, True])
def test_parameters_are_copied_as_if_they_were_read_and_set(session, stream, deferred):
    go(session, stream, 0, 33)
    state = session.save_state()
    copied, set_ = (hypr.Session(session.model, window=20, learning_rate=0.01, deferred=deferred) for _ in range(2))
    for each in (copied, set_):
        go(each, stream, 50, 83)
    set_.parameters.flat = session.parameters.flat
    copied.copy_parameters(session)
    np.testing.assert_array_equal(copied.parameters.flat, session.parameters.flat)
    assert copied.save_state() == set_.save_state()
    assert session.save_state() == state
    for each in (copied, set_):
        go(each, stream, 83, 150)
    assert copied.save_state() == set_.save_state()
    assert (copied.parameters.flat != session.parameters.flat).any()
    with pytest.raises(hypr.StateMismatchError, match="expected"):
        copied.copy_parameters(hypr.Session(hypr.ModelBuilder.from_model(session.model).grow_readout(9).build()))
    with pytest.raises(hypr.InvalidArgumentError, match="itself"):
        session.copy_parameters(session)
    with pytest.raises(TypeError, match="expected a hypr.Session"):
        session.copy_parameters(session.model)
