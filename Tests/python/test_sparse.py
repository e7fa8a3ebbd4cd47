"""Sparse weights: drawn, given, kept, and the same network as with zeros in their place."""

import os
import subprocess

import numpy as np
import pytest
import scipy.sparse

import hypr
from hypr.model_file import decode

TOOL = os.environ.get("HYPR_TOOL", "")


def weights(rows=12, columns=12, density=0.3, seed=0):
    random = np.random.default_rng(seed)
    return np.where(random.random((rows, columns)) < density, random.normal(size=(rows, columns)), 0).astype(np.float32)


def build(neuron="brf", size=12, **values):
    return hypr.ModelBuilder(4).input(scale=60).layer(neuron, size, **values).readout(3)


def same_outputs(one, other, x):
    np.testing.assert_allclose(hypr.Session(one, learning=False).run(x), hypr.Session(other, learning=False).run(x), atol=1e-6)


def test_density():
    builder = build(size=100, recurrent_density=0.1)
    model = builder.build(seed=3)
    sparse = decode(model.data).layers[0].recurrent_weight.sparse
    assert model == builder.build(seed=3) != builder.build(seed=4)
    assert sparse.shape == (100, 100) and 850 < sparse.count < 1150
    assert (np.abs(np.diff(sparse.row_offsets.astype(int)) - 10) < 15).all() and sparse.column_indices.max() > 90
    assert model.parameters["layer0.recurrent_weight"].shape == (sparse.count,)
    assert builder.shapes["layer0.recurrent_weight"] == (100, 100)
    everything = build(size=100, recurrent_density=1).build(seed=3)
    assert everything == build(size=100).build(seed=3) and decode(everything.data).layers[0].recurrent_weight.sparse is None


@pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")
@pytest.mark.parametrize("neuron", ["brf", "se_adlif", "gru"])
def test_density_as_the_tool(neuron, tmp_path):
    path = tmp_path / "tool.hypr"
    subprocess.run([TOOL, "create", path, "--inputs", "30", "--layer", f"{neuron}:60", "--outputs", "4", "--recurrent-density",
                    "0.2", "--input-density", "0.3"], check=True, capture_output=True)
    theirs = hypr.Model.load(path)
    builder = hypr.ModelBuilder(30).layer(neuron, 60, recurrent_density=0.2, input_density=0.3).readout(4)
    assert builder.build().data == theirs.data
    for weight, columns, density in (("recurrent_weight", 60, 0.2), ("input_weight", 30, 0.3)):
        elements = 60 * columns * (3 if neuron == "gru" else 1)
        kept = theirs.parameters[f"layer0.{weight}"].size / elements
        assert abs(kept - density) < 4 * np.sqrt(density * (1 - density) / elements)
    told = subprocess.run([TOOL, "info", path], check=True, capture_output=True, text=True).stdout
    assert f"{theirs.parameters['layer0.input_weight'].size} of {60 * (3 if neuron == 'gru' else 1)} x 30" in told
    assert hypr.ModelBuilder.from_model(theirs).build().data == theirs.data


def test_a_matrix_of_scipy(stream):
    dense = weights()
    for matrix in (scipy.sparse.csr_array(dense), scipy.sparse.csc_matrix(dense), scipy.sparse.coo_array(dense)):
        model = build(recurrent_weight=matrix).build()
        np.testing.assert_array_equal(model.parameters["layer0.recurrent_weight"], dense[dense != 0])
        same_outputs(model, build(recurrent_weight=dense).build(), stream[0])
    unsorted = scipy.sparse.csr_matrix((np.array([1, 2, 3, 4]), np.array([5, 1, 1, 0]), np.array([0, 3, *[4] * 11])), (12, 12))
    model = build(recurrent_weight=unsorted).build()  # the second element of row 0 lies there twice
    np.testing.assert_array_equal(model.parameters["layer0.recurrent_weight"], [5, 1, 4])
    assert unsorted.nnz == 4
    zero = scipy.sparse.csr_array(([0.0], ([2], [3])), (12, 12))
    assert build(recurrent_weight=zero).build().parameters["layer0.recurrent_weight"].shape == (1,)  # a weight of 0


def test_an_array_and_which_of_it(stream):
    dense, mask = weights(), weights(seed=1) != 0
    by_zeros = build(recurrent_weight=dense, sparse=True).build()
    assert by_zeros == build(recurrent_weight=scipy.sparse.csr_array(dense)).build()
    by_mask = build(recurrent_weight=dense, sparse=mask).build()
    np.testing.assert_array_equal(by_mask.parameters["layer0.recurrent_weight"], dense[mask])
    same_outputs(by_mask, build(recurrent_weight=dense * mask).build(), stream[0])
    drawn = build(sparse=mask).build(seed=2).parameters["layer0.recurrent_weight"]
    np.testing.assert_array_equal(drawn, build().build(seed=2).parameters["layer0.recurrent_weight"][mask])
    spread = build(sparse=mask, recurrent_weight=(2, 3)).build().parameters["layer0.recurrent_weight"]
    assert spread.shape == (mask.sum(),) and (spread >= 2).all() and (spread <= 3).all()
    thinned = build(recurrent_weight=np.ones((12, 12)), recurrent_density=0.5).build()
    assert set(thinned.parameters["layer0.recurrent_weight"]) == {1} and 40 < thinned.tensors[1].size < 104


@pytest.mark.parametrize("neuron, gates", [("brf", 1), ("gru", 3), ("lstm", 4)])
def test_round_trip_and_names(neuron, gates, stream):
    dense = weights(12 * gates)
    builder = build(neuron, recurrent_weight=dense, sparse=True)
    model = builder.build()
    assert dict(builder.shapes) == {tensor.name: tensor.shape for tensor in model.tensors}
    again = hypr.ModelBuilder.from_model(model)
    assert again.build().data == model.data and again.shapes == builder.shapes
    count = int((dense != 0).sum())
    again["layer0.recurrent_weight"] = again["layer0.recurrent_weight"] * 2
    np.testing.assert_array_equal(again.build().parameters["layer0.recurrent_weight"], 2 * dense[dense != 0])
    with pytest.raises(hypr.SizeMismatchError, match=rf"\[{12 * gates}, 12\], expected \[{count}\]"):
        again["layer0.recurrent_weight"] = dense
    session = hypr.Session(model, window=20, learning_rate=0.01)
    session.learn_sequence(*stream)
    learned = session.parameters["layer0.recurrent_weight"]
    assert learned.shape == (count,) and (learned != dense[dense != 0]).any()
    again["layer0.recurrent_weight"] = learned  # what a session has, by the same name
    np.testing.assert_array_equal(again.build().parameters["layer0.recurrent_weight"], learned)


@pytest.mark.parametrize("tensor, given, shape", [
    ("layer0.input_weight", lambda **values: build(**{f"input_{name}": value for name, value in values.items()}), (12, 4)),
    ("layer0.recurrent_weight", lambda weight=None, **values: build(
        **values, **({} if weight is None else {"recurrent_weight": weight})), (12, 12)),
    ("readout.weight", lambda **values: hypr.ModelBuilder(4).input(scale=60).layer("brf", 12).readout(3, **values), (3, 12))])
def test_every_weight_may_be_sparse(tensor, given, shape, stream, tmp_path):
    """Drawn or given, run, taught, saved and loaded again."""
    dense = weights(*shape)
    model = given(weight=scipy.sparse.csr_array(dense)).build(1)
    assert model == given(weight=dense, sparse=True).build(1) == given(weight=dense, sparse=dense != 0).build(1)
    same_outputs(model, given(weight=dense).build(1), stream[0])
    np.testing.assert_array_equal(model.parameters[tensor], dense[dense != 0])
    drawn = given(sparse=dense != 0).build(1)
    np.testing.assert_array_equal(drawn.parameters[tensor], given().build(1).parameters[tensor][dense != 0])
    session = hypr.Session(model, window=20, learning_rate=0.01)
    session.learn_sequence(*stream)
    session.reset()
    learned = session.parameters[tensor]
    assert (learned != dense[dense != 0]).any()
    session.save_model(tmp_path / "learned.hypr")
    again = hypr.Model.load(tmp_path / "learned.hypr")
    np.testing.assert_array_equal(again.parameters[tensor], learned)
    np.testing.assert_array_equal(hypr.Session(again).run(stream[0][:50]), session.run(stream[0][:50]))
    assert hypr.ModelBuilder.from_model(again).build() == again


def test_mistakes():
    matrix = scipy.sparse.csr_array(weights())
    for density in (0, -1, 1.5, float("nan")):
        with pytest.raises(hypr.InvalidArgumentError, match="recurrent_density"):
            build(recurrent_density=density)
    with pytest.raises(hypr.InvalidArgumentError, match="recurrent=False"):
        build(recurrent=False, recurrent_density=0.5)
    with pytest.raises(hypr.InvalidArgumentError, match="recurrent=False"):
        build(recurrent=False, recurrent_weight=matrix)
    with pytest.raises(hypr.InvalidArgumentError, match="drawn"):
        build(recurrent_weight=matrix, recurrent_density=0.5)
    with pytest.raises(hypr.InvalidArgumentError, match="both"):
        build(recurrent_weight=matrix, sparse=weights() != 0)
    with pytest.raises(hypr.InvalidArgumentError, match="needs recurrent_weight"):
        build(sparse=True)
    with pytest.raises(hypr.SizeMismatchError, match=r"\[12, 12\], expected \[9, 9\]"):
        build(size=9, recurrent_weight=matrix)
    with pytest.raises(hypr.SizeMismatchError, match=r"float32 \[12, 12\], expected bool"):
        build(sparse=weights())
    with pytest.raises(hypr.ModelInvalidError, match="recurrent_weight"):
        build(recurrent_weight=scipy.sparse.csr_array((12, 12))).build()  # not one weight


def test_nothing_is_left_of_a_layer_that_is_refused():
    builder = hypr.ModelBuilder(1)
    with pytest.raises(hypr.SizeMismatchError):
        builder.layer("brf", 2, omega=[7, 7], b_offset=[1, 2, 3])
    assert 7 not in builder.layer("brf", 2).readout(1).build().parameters["layer0.omega"]
