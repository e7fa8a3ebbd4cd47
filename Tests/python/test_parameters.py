"""Parameters, gradients, tensors, layers."""

import numpy as np
import pytest

import hypr


def test_mapping(session):
    parameters = session.parameters
    assert list(parameters)[:2] == ["layer0.input_weight", "layer0.recurrent_weight"]
    assert len(parameters) == len(session.tensors) and "readout.tau" in parameters and "x" not in parameters
    assert {name: array.shape for name, array in parameters.items()} == {t.name: t.shape for t in session.tensors}
    np.testing.assert_array_equal(np.concatenate([array.ravel() for array in parameters.values()]), parameters.flat)
    assert "layer0.omega [20]" in repr(parameters)


def test_writing(session, stream):
    session.learn_sequence(*stream)
    weight = np.arange(39).reshape(3, 13) / 100
    others = dict(session.parameters.items())
    session.parameters["readout.weight"] = weight
    np.testing.assert_array_equal(session.parameters["readout.weight"], weight.astype(np.float32))
    session.parameters["readout.bias"] = 0.5
    np.testing.assert_array_equal(session.parameters["readout.bias"], np.full(3, 0.5, np.float32))
    for name in set(others) - {"readout.weight", "readout.bias"}:
        np.testing.assert_array_equal(session.parameters[name], others[name])
    session.parameters = others
    np.testing.assert_array_equal(session.parameters["readout.weight"], others["readout.weight"])
    session.parameters.flat = session.parameters.flat * 0.5
    np.testing.assert_array_equal(session.parameters["readout.weight"], others["readout.weight"] * 0.5)


def test_writing_all_or_nothing(session):
    before = session.parameters.flat
    with pytest.raises(hypr.InvalidArgumentError, match="omega"):
        session.parameters.update({"readout.bias": np.ones(3), "layer0.omega": np.full(20, 1e6)})
    with pytest.raises(hypr.SizeMismatchError, match="readout.bias has the shape"):
        session.parameters.update({"layer0.omega": np.ones(20), "readout.bias": np.ones(4)})
    with pytest.raises(hypr.NotFiniteError):
        session.parameters["readout.bias"] = np.nan
    np.testing.assert_array_equal(session.parameters.flat, before)


def test_mistakes(session):
    with pytest.raises(hypr.UnknownTensorError, match="no tensor 'readout.wieght'; did you mean 'readout.weight'"):
        session.parameters["readout.wieght"]
    with pytest.raises(KeyError):
        session.parameters["x"] = 1
    with pytest.raises(ValueError, match="read-only"):
        session.parameters["readout.bias"][0] = 1
    with pytest.raises(TypeError, match="not removed"):
        del session.parameters["readout.bias"]
    with pytest.raises(TypeError):
        session.gradients["readout.bias"] = 1
    with pytest.raises(hypr.SizeMismatchError):
        session.parameters.flat = np.zeros(3)


def test_trainable(model, stream):
    session = hypr.Session(model, window=20)
    session.set_trainable("layer0.omega", False)
    assert not next(tensor for tensor in session.tensors if tensor.name == "layer0.omega").trainable
    before = dict(session.parameters.items())
    session.learn_sequence(*stream)
    np.testing.assert_array_equal(session.parameters["layer0.omega"], before["layer0.omega"])
    assert not np.array_equal(session.parameters["layer0.b_offset"], before["layer0.b_offset"])
    session.set_trainable("layer0.omega")
    session.learn_sequence(*stream)
    assert not np.array_equal(session.parameters["layer0.omega"], before["layer0.omega"])
    with pytest.raises(hypr.InvalidArgumentError):
        session.set_trainable("readout.tau")  # the model file freezes it
    with pytest.raises(hypr.UnknownTensorError):
        session.set_trainable("omega")


def test_layers(session, stream):
    session.run(stream[0][:50])
    for layer, (neurons, states) in enumerate(((20, 3), (13, 2))):
        assert set(np.unique(session.spikes(layer))) <= {0, 1}
        assert session.spikes(layer).shape == (neurons,) and session.layer_state(layer).shape == (states, neurons)
        assert np.any(session.layer_state(layer))
    for layer in (2, -1):
        with pytest.raises(hypr.NotFoundError, match="no layer"):
            session.spikes(layer)
        with pytest.raises(hypr.NotFoundError, match="no layer"):
            session.layer_state(layer)


def test_eligibility(model, stream):
    session = hypr.Session(model, window=10)
    assert not session.eligibility("layer0.omega").any()
    session.run(stream[0][:40])
    session.flush()
    for tensor in session.tensors:
        values = session.eligibility(tensor.name)
        states = {"layer0": 3, "layer1": 2, "readout": 1}[tensor.name.partition(".")[0]]
        assert values.shape == (states, *tensor.shape) and np.isfinite(values).all() and values.any()
    with pytest.raises(hypr.UnknownTensorError):
        session.eligibility("omega")
    with pytest.raises(hypr.WrongStateError):
        hypr.Session(model, learning=False).eligibility("layer0.omega")


def test_layers_can_be_set(model, stream):
    """A session goes on from another one's states and spikes."""
    one, other = hypr.Session(model, learning=False), hypr.Session(model, window=20)
    one.run(stream[0][:50])
    other.run(stream[0][50:63])
    for layer in (0, 1, "readout"):
        other.set_layer_state(layer, one.layer_state(layer))
        other.set_spikes(layer, one.spikes(layer))
    np.testing.assert_array_equal(one.run(stream[0][50:100]), other.run(stream[0][50:100]))
    np.testing.assert_array_equal(one.layer_state("readout")[0], one.spikes("readout"))
    before = other.save_state()
    with pytest.raises(hypr.InvalidArgumentError, match=r"spikes\[1\] is 0.5, expected 0 or 1"):
        other.set_spikes(0, [0, 0.5] * 10)
    with pytest.raises(hypr.NotFiniteError, match=r"state\[0\] is nan"):
        other.set_layer_state(1, np.full((2, 13), np.nan))
    with pytest.raises(hypr.SizeMismatchError):
        other.set_layer_state(1, np.zeros((13, 2)))
    for layer in (2, -1, "read"):
        with pytest.raises(hypr.NotFoundError, match="there is no layer"):
            other.set_layer_state(layer, np.zeros((2, 13)))
    assert other.save_state() == before
