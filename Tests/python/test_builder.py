"""ModelBuilder: fresh models, changed ones, and that they are as those of the command line tool."""

import os
import subprocess

import numpy as np
import pytest

import hypr
from hypr import schema
from hypr._chain import LONGEST, POTENTIAL, SHORTEST, THRESHOLD
from hypr.model_file import decode
from hypr.neurons import neuron_model, neuron_models

NEURONS = [schema.snake_case(name) for name in neuron_models()]
TOOL = os.environ.get("HYPR_TOOL", "")


def build(neuron, size=12):
    return hypr.ModelBuilder(4).input(scale=60).layer(neuron, size).readout(3)


def test_importers_know_the_bounds_of_every_model_they_make():
    bounds = {"tau": (SHORTEST, LONGEST), "tau_m": (SHORTEST, LONGEST), "tau_syn": (SHORTEST, LONGEST),
              "tau_a": (SHORTEST, LONGEST), "threshold": THRESHOLD, "adaptation": (0, POTENTIAL[1])}
    for neuron in ("LI", "IF", "GeneralLIF", "CubaLIF", "CubaALIF"):
        for name, quantity in neuron_model(neuron).parameters.items():
            assert (quantity.lower, quantity.upper) == bounds.get(name, POTENTIAL), (neuron, name)


def test_all_neuron_models_are_known():
    assert set(neuron_models()) == set(schema.union_members("NeuronModel"))
    for name, model in neuron_models().items():
        tensors = [field.name for field in schema.fields(name) if field.kind == "Tensor"]
        assert list(model.parameters) == tensors
        assert set(model.constants) == {field.name for field in schema.fields(name) if field.kind == "float"}
        assert model.spiking == bool(model.surrogate) and len(model.states) > 0
        for quantity in (*model.parameters.values(), *model.constants.values()):
            assert quantity.lower <= quantity.default <= quantity.upper
    brf = hypr.neuron_models()["BRF"]
    assert brf.parameters["omega"].drawn == ("uniform", 3, 5) and brf.constants["threshold"].drawn is None


def test_names_in_any_spelling():
    for name in ("SEAdLIF", "se_adlif", "Se-AdLif"):
        assert neuron_model(name) is neuron_models()["SEAdLIF"]
    with pytest.raises(hypr.NotFoundError, match="'brv'; did you mean 'brf'"):
        neuron_model("brv")


@pytest.mark.parametrize("neuron", NEURONS)
def test_every_neuron_model(neuron, stream):
    builder = build(neuron)
    model = builder.build(seed=3)
    assert model == builder.build(seed=3) != builder.build(seed=4)
    assert dict(builder.shapes) == {tensor.name: tensor.shape for tensor in model.tensors}
    session = hypr.Session(model)
    session.learn_sequence(*stream)
    assert session.statistics.updates > 0 and session.statistics.skipped_updates == 0


@pytest.mark.parametrize("neuron", NEURONS)
def test_round_trip(neuron, stream):
    model = build(neuron).build()
    again = hypr.ModelBuilder.from_model(model).build()
    assert again == model and again.data == model.data


def test_round_trip_of_everything(model, stream):
    builder = (
        hypr.ModelBuilder(3, dt=0.5, name="ünï").input(scale=[1, 2, 3], offset=0.5, names="xyz")
        .layer("brf", 5, name="first", recurrent=False, bias=True, dt=0.02, surrogate=hypr.Surrogate("slayer", scale=0.3))
        .layer("general_lif", 4, reset="subtract", surrogate="triangle", tau_m=(5, 10), threshold=0.5)
        .readout(2, bias=[1, 2], tau=7)
        .labels(["no", "jä"]).metadata(a="b").recommend(window=9, credit="spatial")
        .set_trainable("layer0.bias", False))
    once = builder.build(seed=5)
    twice = hypr.ModelBuilder.from_model(once).build()
    assert twice.data == once.data
    description = decode(twice.data)
    first, second = description.layers
    assert (first.name, first.constants, first.reset) == ("first", {"dt": pytest.approx(0.02)}, "model_default")
    assert first.surrogate == hypr.Surrogate("slayer", None, pytest.approx(0.3)) and first.recurrent_weight is None
    assert second.reset == "subtract" and second.surrogate.kind == "triangle"
    assert not first.bias.trainable and second.bias is None
    assert description.recommended_options == {"window": 9, "credit": 0}
    np.testing.assert_array_equal(description.input.scale, [1, 2, 3])
    np.testing.assert_array_equal(description.input.offset, [0.5] * 3)
    np.testing.assert_array_equal(once.parameters["readout.bias"], [1, 2])
    tau_m = once.parameters["layer1.tau_m"]
    assert (tau_m >= 5).all() and (tau_m <= 10).all() and len(set(tau_m)) == 4
    assert set(once.parameters["layer1.threshold"]) == {0.5}


def test_arrays_by_name():
    builder = build("brf")
    builder["layer0.omega"] = np.linspace(1, 10, 12)
    builder["readout.weight"] = 0.25
    assert "layer0.omega" in builder and "layer0.b_offset" not in builder
    parameters = builder.build().parameters
    np.testing.assert_array_equal(parameters["layer0.omega"], np.linspace(1, 10, 12).astype(np.float32))
    assert set(parameters["readout.weight"].ravel()) == {0.25}
    np.testing.assert_array_equal(builder["layer0.omega"], parameters["layer0.omega"])
    with pytest.raises(hypr.UnknownTensorError, match="did you mean 'layer0.omega'"):
        builder["layer0.omga"] = 1
    with pytest.raises(hypr.UnknownTensorError, match="drawn"):
        builder["layer0.b_offset"]
    with pytest.raises(hypr.SizeMismatchError, match=r"shape \[3\], expected \[12\]"):
        builder["layer0.omega"] = [1, 2, 3]


@pytest.mark.parametrize("there", [True, False, np.True_, np.False_])
def test_flags_of_numpy_are_flags(there):
    model = hypr.ModelBuilder(2).layer("alif", 3, bias=there, recurrent=there).readout(2, bias=there).build()
    for name in ("layer0.bias", "layer0.recurrent_weight", "readout.bias"):
        assert (name in model.parameters) == bool(there)
    assert not there or not model.parameters["layer0.bias"].any()


def test_change_a_model(model, stream, tmp_path):
    builder = hypr.ModelBuilder.from_model(model)
    builder["readout.weight"] = builder["readout.weight"] * 2
    builder.set_trainable("layer0.omega", False)
    changed = builder.save(tmp_path / "changed.hypr")
    assert hypr.Model.load(tmp_path / "changed.hypr") == changed
    one, other = model.parameters, changed.parameters
    for name in one:
        np.testing.assert_array_equal(other[name], one[name] * (2 if name == "readout.weight" else 1))
    frozen = {tensor.name for tensor in changed.tensors if not tensor.trainable}
    assert frozen == {"layer0.omega", "readout.tau"}


def test_arrays_are_copied():
    weights = np.ones((12, 4), np.float32)
    builder = hypr.ModelBuilder(4).layer("lif", 12, input_weight=weights).readout(2)
    weights[:] = 5
    assert set(builder.build().parameters["layer0.input_weight"].ravel()) == {1}


def test_orthogonal():
    matrix = hypr.ModelBuilder(1).layer("se_adlif", 50).readout(1).build().parameters["layer0.recurrent_weight"].astype(float)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(50), atol=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, None])
def test_seeds(seed):
    with pytest.raises(hypr.InvalidArgumentError, match="seed"):
        build("brf").build(seed)
    one, other = (build("brf").build(np.random.default_rng(number)) for number in (1, 2))
    assert one == build("brf").build(np.random.default_rng(1)) != other
    assert build("brf").build(2**64 - 1) != build("brf").build(np.uint64(0))


def test_files_are_aligned():
    """Tensor data lies at multiples of 64 bytes, as the schema asks writers for."""
    model = hypr.ModelBuilder(4).layer("brf", 12).readout(3, bias=[1, 2, 3]).build()  # zeros would be found anywhere
    for values in model.parameters.values():
        assert model.data.index(values.tobytes()) % 64 == 0


def _tool(path, *arguments):
    subprocess.run([TOOL, "create", path, *map(str, arguments)], check=True, capture_output=True)
    return path.read_bytes()


@pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")
@pytest.mark.parametrize("seed", [0, 2**63 + 1])
@pytest.mark.parametrize("neuron", NEURONS)
def test_same_bytes_as_the_tool(neuron, seed, tmp_path):
    theirs = _tool(tmp_path / "tool.hypr", "--inputs", 30, "--layer", f"{neuron}:60", "--outputs", 40, "--seed", seed)
    assert hypr.ModelBuilder(30).layer(neuron, 60).readout(40).build(seed).data == theirs


@pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")
def test_same_bytes_as_the_tool_with_everything(tmp_path):
    theirs = _tool(
        tmp_path / "tool.hypr", "--inputs", 3, "--layer", "brf:20", "--layer", "general_lif:13", "--layer", "gru:6", "--outputs", 2,
        "--recurrent-density", 0.3, "--input-scale", "2", "--input-offset", "1,2,3", "--input-name", "x", "--input-name", "y",
        "--input-name", "z", "--level-crossing", 0.5, "--level-crossing-output", "on-off", "--bias", "--no-readout-bias", "--reset",
        "subtract", "--tau-out", 7, "--constant", "brf.threshold=0.5", "--omega", "2:6", "--parameter", "general_lif.tau_m=9",
        "--class-label", "no", "--class-label", "jä", "--recommend", "window=9", "--metadata", "a=b", "--name", "n", "--time-step",
        "0.5", "--seed", 3)
    ours = (
        hypr.ModelBuilder(3, dt=0.5, name="n")
        .input(scale=2, offset=[1, 2, 3], names="xyz", encoding=hypr.datasets.LevelCrossing(0.5, "on_off"))
        .layer("brf", 20, recurrent_density=0.3, bias=True, threshold=0.5, omega=(2, 6))
        .layer("general_lif", 13, recurrent_density=0.3, bias=True, reset="subtract", tau_m=(9, 9))
        .layer("gru", 6, recurrent_density=0.3, bias=True)
        .readout(2, bias=False, tau=7).labels(["no", "jä"]).recommend(window=9).metadata(a="b"))
    assert ours.build(3).data == theirs


def test_files_of_the_tool_come_back_as_they_are(tmp_path):
    if not os.path.exists(TOOL):
        pytest.skip("HYPR_TOOL does not name the command line tool")
    path = tmp_path / "tool.hypr"
    subprocess.run([TOOL, "create", path, "--inputs", "2", "--layer", "gru:5", "--layer", "if:4", "--outputs", "2",
                    "--reset", "none", "--input-scale", "1,2", "--class-label", "a", "--class-label", "b",
                    "--recommend", "window=5", "--metadata", "x=y", "--name", "n"], check=True, capture_output=True)
    theirs = hypr.Model.load(path)
    ours = hypr.ModelBuilder.from_model(theirs).build()
    assert ours.data == theirs.data
    assert ours.class_labels == ("a", "b") and decode(ours.data).layers[1].reset == "none"


def test_mistakes():
    with pytest.raises(hypr.NotFoundError, match="no neuron model 'bfr'; did you mean 'brf'"):
        hypr.ModelBuilder(1).layer("bfr", 1)
    with pytest.raises(hypr.NotFoundError, match="BRF 'treshold'; did you mean 'threshold'"):
        hypr.ModelBuilder(1).layer("brf", 1, treshold=1)
    with pytest.raises(hypr.NotFoundError, match="reset"):
        hypr.ModelBuilder(1).layer("if", 1, reset="sett")
    with pytest.raises(hypr.NotFoundError, match="surrogate"):
        hypr.ModelBuilder(1).layer("if", 1, surrogate="box")
    for size in (0, -1, 1.5, True):
        with pytest.raises(hypr.InvalidArgumentError, match="whole number"):
            hypr.ModelBuilder(size)
    with pytest.raises(hypr.WrongStateError, match="no layer"):
        hypr.ModelBuilder(1).readout(1)
    with pytest.raises(hypr.WrongStateError, match="no readout"):
        hypr.ModelBuilder(1).layer("lif", 1).build()
    with pytest.raises(hypr.WrongStateError, match="on top"):
        build("lif").layer("lif", 1)
    with pytest.raises(hypr.WrongStateError, match="already"):
        build("lif").readout(1)
    with pytest.raises(hypr.SizeMismatchError, match="2 labels, expected 3"):
        build("lif").labels("ab")
    with pytest.raises(hypr.SizeMismatchError, match="scale"):
        build("lif").input(scale=[1, 2])
    with pytest.raises(hypr.UnknownOptionError, match="learning_rate"):
        build("lif").recommend(leaning_rate=1)
    with pytest.raises(hypr.InvalidArgumentError):
        build("lif").recommend(learning=True)
    with pytest.raises(hypr.InvalidArgumentError):
        build("lif").recommend(window=-1)
    with pytest.raises(hypr.InvalidArgumentError, match="low, high"):
        hypr.ModelBuilder(1).layer("brf", 1, omega=(5, 3))
    with pytest.raises(hypr.ModelInvalidError, match=r"layers\[0\].omega"):
        hypr.ModelBuilder(1).layer("brf", 1, omega=1000).readout(1).build()


def test_a_layer_that_is_refused_is_not_added():
    builder = hypr.ModelBuilder(1)
    with pytest.raises(hypr.SizeMismatchError):
        builder.layer("brf", 2, omega=[1, 2, 3])
    assert builder.layer("brf", 2).readout(1).build().layer_count == 1
    with pytest.raises(hypr.SizeMismatchError):
        hypr.ModelBuilder(1).layer("brf", 2).readout(2, tau=[1, 2, 3])


@pytest.mark.parametrize("output", ["signed", "on_off"])
@pytest.mark.parametrize("thresholds", [0.4, [0.5, 0.8, 0.3]])
def test_models_encode_their_input(output, thresholds):
    encode = hypr.datasets.LevelCrossing(thresholds, output)
    scale, offset = np.float32([2, 1, 0.5]), np.float32([0.25, 0, -1])
    columns = 3 if output == "signed" else 6
    weight = np.random.default_rng(3).normal(0, 60, (20, columns))

    def network(builder):
        return builder.layer("brf", 20, input_weight=weight).readout(2).build(seed=1)

    model = network(hypr.ModelBuilder(3).input(scale, offset, encoding=encode))
    plain = network(hypr.ModelBuilder(columns))
    assert model.input_size == 3 and model.tensors[0].shape == (20, columns)
    x = np.random.default_rng(4).normal(size=(80, 3)).astype(np.float32)
    spikes = encode((x - offset) * scale)
    assert spikes.any()
    outputs = hypr.Session(model).run(x)
    assert outputs.any() and (outputs == hypr.Session(plain).run(spikes)).all()
    again = hypr.ModelBuilder.from_model(model).build()
    assert again == model and again.data == model.data


def test_encodings_that_do_not_fit():
    encode = hypr.datasets.LevelCrossing([0.1, 0.2])
    with pytest.raises(hypr.SizeMismatchError, match="thresholds has 2 entries, expected 1 or 3"):
        hypr.ModelBuilder(3).input(encoding=encode)
    with pytest.raises(hypr.WrongStateError, match="before them"):
        hypr.ModelBuilder(2).layer("brf", 4).input(encoding=encode)
    with pytest.raises(hypr.InvalidArgumentError, match="encoding is 0.1, expected an encoder such as hypr.datasets.LevelCrossing"):
        hypr.ModelBuilder(2).input(encoding=0.1)
    with pytest.raises(hypr.InvalidArgumentError, match="thresholds is"):
        hypr.datasets.LevelCrossing([])


def test_input_weights_that_are_left_out():
    """The builder's shapes are those before anything is left out by chance."""
    chosen = np.random.default_rng(0).random((12, 4)) < 0.5
    for values in ({"input_sparse": chosen}, {"input_density": 0.5}):
        builder = hypr.ModelBuilder(4).layer("brf", 12, **values).readout(3)
        count = int(chosen.sum()) if "input_sparse" in values else 48
        assert np.prod(builder.shapes["layer0.input_weight"]) == count
    with pytest.raises(hypr.InvalidArgumentError, match="input_density is 0"):
        hypr.ModelBuilder(4).layer("brf", 12, input_density=0)


def test_surrogates_that_are_none():
    with pytest.raises(hypr.InvalidArgumentError, match="slope is 0"):
        hypr.ModelBuilder(4).layer("brf", 12, surrogate=hypr.Surrogate("slayer", slope=0))
