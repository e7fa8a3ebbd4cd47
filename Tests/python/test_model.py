"""Models: loading, facts, what is refused."""

import copy
import gc
import pickle

import numpy as np
import pytest

import hypr


def test_facts(model):
    assert (model.input_size, model.output_size, model.layer_count) == (4, 3, 2)
    assert model.layers == (("BRF", 20), ("SEAdLIF", 13))
    assert model.layers[0].neuron == "BRF" and model.layers[1].size == 13
    assert model.name == "test" and model.time_step == np.float32(0.01)
    assert model.input_names == tuple("abcd") and model.class_labels == ("left", "right", "none")
    assert model.metadata == {"licence": "MIT", "source": "tests"}
    assert "4 - 20 BRF - 13 SEAdLIF - 3" in repr(model)


def test_no_names():
    plain = hypr.ModelBuilder(2).layer("lif", 3).readout(2).build()
    assert plain.name == "" and plain.input_names == () and plain.class_labels == () and plain.metadata == {}
    assert plain.time_step == 0


def test_load_from_path_and_bytes(model, tmp_path):
    path = tmp_path / "mödel.hypr"
    model.save(path)
    assert path.read_bytes() == model.data
    for source in (path, str(path), model.data, bytearray(model.data), memoryview(model.data)):
        assert hypr.Model.load(source) == model


def test_tensors(model):
    tensors = {tensor.name: tensor for tensor in model.tensors}
    assert tensors["layer0.input_weight"].shape == (20, 4) and tensors["readout.tau"].shape == (3,)
    assert sum(tensor.size for tensor in model.tensors) == model.parameter_count
    assert not tensors["readout.tau"].trainable and tensors["layer1.bias"].trainable
    parameters = model.parameters
    assert list(parameters) == list(tensors)
    with pytest.raises(ValueError, match="read-only"):
        parameters["readout.tau"][0] = 1


def test_tensors_need_no_session(model, monkeypatch):
    """A model has the tensors that its sessions have; a session may freeze more than the file does."""
    session = hypr.Session(model, train_mask="readout")
    monkeypatch.setattr(hypr.Session, "__init__", lambda *_: pytest.fail("a session was made"))
    again = hypr.Model(model.data)
    ours, theirs = ([(t.name, t.shape, t.offset, t.size) for t in tensors] for tensors in (again.tensors, session.tensors))
    assert ours == theirs
    assert {tensor.name for tensor in session.tensors if tensor.trainable} < \
        {tensor.name for tensor in again.tensors if tensor.trainable}
    for name, values in again.parameters.items():
        np.testing.assert_array_equal(values, session.parameters[name])


def test_pickle_copy_and_equality(model):
    again = pickle.loads(pickle.dumps(model))
    assert again == model and hash(again) == hash(model) and again is not model
    assert copy.deepcopy(model) == model
    assert model != hypr.ModelBuilder(2).layer("lif", 3).readout(2).build() and model != "model"


def test_missing_file(tmp_path):
    with pytest.raises(hypr.ModelFileNotFoundError, match="there is no model file .*none.hypr") as caught:
        hypr.Model.load(tmp_path / "none.hypr")
    assert isinstance(caught.value, FileNotFoundError) and isinstance(caught.value, hypr.NotFoundError)
    with pytest.raises(hypr.FileError, match="cannot be read"):
        hypr.Model.load(tmp_path)


def test_damaged(model):
    for data in (b"", b"HYPR", model.data[:100], b"x" * 1000):
        with pytest.raises(hypr.ModelInvalidError) as caught:
            hypr.Model.load(data)
        assert caught.value.status == 20 and caught.value.message
    with pytest.raises(TypeError):
        hypr.Model.load(None)


def test_save_keeps_the_old_file_if_it_fails(model, tmp_path):
    with pytest.raises(hypr.FileError, match="cannot write .*none/model.hypr"):
        model.save(tmp_path / "none" / "model.hypr")
    assert list(tmp_path.iterdir()) == []


def test_sessions_outlive_their_model(stream):
    session = hypr.Session(hypr.ModelBuilder(4).layer("lif", 5).readout(2).build())
    gc.collect()
    assert session.run(stream[0]).shape == (500, 2)
