"""Weights in fewer bytes: what a file holds, how it is rounded, damaged files, and what a session learns of one."""

import os
import struct
import subprocess

import numpy as np
import pytest

import hypr
from hypr.model_file import decode

TOOL = os.environ.get("HYPR_TOOL", "")
SMALL = ["float16", "int8"]


def build(neuron="brf", size=12, seed=3, **values):
    builder = hypr.ModelBuilder(4).input(scale=60).layer(neuron, size, **values).layer("lif", 5, threshold=0.02)
    return builder.readout(3).build(seed=seed)


def weights(model):
    fields = "input_weight", "recurrent_weight", "weight"
    return [tensor.name for tensor in model.tensors if tensor.name.rsplit(".", 1)[1] in fields]


def matrices(model):
    """The weights of a file as [(name, values, row of each element)]."""
    description = decode(model.data)
    found = {f"layer{i}.{name}": getattr(layer, name) for i, layer in enumerate(description.layers)
             for name in ("input_weight", "recurrent_weight")}
    found["readout.weight"] = description.readout.weight
    for name, tensor in found.items():
        if tensor is None:
            continue
        values = tensor.values
        rows = np.repeat(np.arange(len(values)), values.shape[1]) if tensor.sparse is None else np.repeat(
            np.arange(tensor.sparse.shape[0]), np.diff(tensor.sparse.row_offsets))
        yield name, values.ravel(), rows


def rounded(values, rows, element_type):
    """What NumPy makes of them."""
    if element_type == "float16":
        return values.astype(np.float16).astype(np.float32)
    result = np.empty_like(values)
    for row in np.unique(rows):
        of_row = values[rows == row]
        scale = np.float32(np.abs(of_row).max()) / np.float32(127)
        result[rows == row] = np.rint(of_row / scale).astype(np.int8).astype(np.float32) * scale
    return result


@pytest.mark.parametrize("element_type", SMALL)
@pytest.mark.parametrize("values", [{}, {"neuron": "gru"}, {"input_density": 0.6, "recurrent_density": 0.4}])
def test_numbers_are_those_of_numpy(element_type, values):
    model = build(**values)
    small = hypr.quantize(model, element_type)
    assert {tensor.name: tensor.element_type for tensor in small.tensors} == {
        tensor.name: element_type if tensor.name in weights(model) else "float32" for tensor in model.tensors}
    assert len(small.data) < len(model.data)
    expected = {name: rounded(values, rows, element_type) for name, values, rows in matrices(model)}
    for name, values, _ in matrices(small):
        assert np.array_equal(values, expected[name]), name
        assert np.array_equal(small.parameters[name].ravel(), expected[name]), name
        assert not np.array_equal(values, model.parameters[name].ravel()), name


@pytest.mark.parametrize("element_type", SMALL)
def test_it_computes_as_the_network_with_the_rounded_weights(element_type, stream):
    model = build()
    small = hypr.quantize(model, element_type)
    wide = hypr.quantize(small, "float32")
    assert all(tensor.element_type == "float32" for tensor in wide.tensors)
    x = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32)
    outputs = [hypr.Session(one, learning=False).run(x) for one in (small, wide, model)]
    assert np.array_equal(outputs[0], outputs[1]) and not np.array_equal(outputs[0], outputs[2])


@pytest.mark.parametrize("element_type", SMALL)
@pytest.mark.parametrize("values", [{}, {"input_density": 0.6, "recurrent_density": 0.4}])
def test_saved_again_without_learning_the_bytes_are_the_same(element_type, values, tmp_path):
    small = hypr.quantize(build(**values), element_type)
    for options in ({"learning": False}, {"learning": True, "rounding_seed": 7}):
        hypr.Session(small, **options).save_model(tmp_path / "again.hypr")
        assert (tmp_path / "again.hypr").read_bytes() == small.data
    assert hypr.quantize(small, element_type).data == small.data
    assert hypr.ModelBuilder.from_model(small).build().data == small.data


def test_some_weights_alone():
    model = build()
    small = hypr.quantize(model, "int8", ["layer0.recurrent_weight"])
    assert [tensor.name for tensor in small.tensors if tensor.element_type == "int8"] == ["layer0.recurrent_weight"]
    mixed = hypr.quantize(small, "float16", ["readout.weight"])
    assert {tensor.element_type for tensor in mixed.tensors} == {"float32", "float16", "int8"}
    with pytest.raises(hypr.UnknownTensorError, match="layer7"):
        hypr.quantize(model, "int8", ["layer7.weight"])
    with pytest.raises(hypr.InvalidArgumentError, match="layer0.omega is no weight"):
        hypr.quantize(model, "int8", ["layer0.omega"])
    with pytest.raises(hypr.InvalidArgumentError, match="'int4', expected one of 'float32', 'float16', 'int8'"):
        hypr.quantize(model, "int4")


def learned(model, steps=200, **options):
    session = hypr.Session(model, learning=True, window=10, **options)
    random = np.random.default_rng(5)
    for _ in range(steps):
        session.step(random.normal(size=4))
        session.teach(int(random.integers(3)))
    session.flush()
    return session


@pytest.mark.parametrize("element_type", SMALL)
def test_a_session_learns_in_float32_and_saves_the_type_of_the_file(element_type, tmp_path):
    small = hypr.quantize(build(), element_type)
    session = learned(small, learning_rate=0.02)
    session.save_model(tmp_path / "learned.hypr")
    saved = hypr.Model.load(tmp_path / "learned.hypr")
    assert len(saved.data) == len(small.data) and saved.data != small.data
    assert [tensor.element_type for tensor in saved.tensors] == [tensor.element_type for tensor in small.tensors]
    for name, values, rows in matrices(saved):
        exact = session.parameters[name].ravel()
        assert not np.array_equal(exact, values)
        if element_type == "float16":
            assert np.array_equal(values, exact.astype(np.float16).astype(np.float32))
            continue
        for row in np.unique(rows):
            of_row = exact[rows == row]
            # A step of the row's scale is at most a 64th of its largest weight.
            assert np.abs(of_row - values[rows == row]).max() <= np.abs(of_row).max() / 64 / 2 * 1.0001
    hypr.Session(saved, learning=False).save_model(tmp_path / "again.hypr")
    assert (tmp_path / "again.hypr").read_bytes() == saved.data


@pytest.mark.parametrize("element_type", SMALL)
def test_random_rounding_is_right_in_the_mean(element_type, tmp_path):
    small = hypr.quantize(build(), element_type)
    session = learned(small, steps=30, learning_rate=5e-4)
    exact, draws = session.parameters.flat.copy(), []
    for seed in range(200):
        again = hypr.Session(small, learning=True, rounding_seed=seed)
        again.parameters.flat = exact
        again.save_model(tmp_path / "model.hypr")
        draws.append(hypr.Session(hypr.Model.load(tmp_path / "model.hypr"), learning=False).parameters.flat.copy())
    nearest, draws = draws[0], np.array(draws[1:], np.float64)
    lower, upper = draws.min(axis=0), draws.max(axis=0)
    both = lower < upper
    assert both.sum() > 30 and all(set(column) == {low, high} for column, low, high in zip(
        draws.T[both], lower[both], upper[both]))
    assert (lower[both] < exact[both]).all() and (exact[both] < upper[both]).all()
    # The deviation of the mean from the exact value, in its own standard errors: 1 on average if it is right.
    share = (exact[both] - lower[both]) / (upper - lower)[both]
    error = (upper - lower)[both] * np.sqrt(share * (1 - share) / len(draws))
    assert 0.6 < np.mean(((draws.mean(axis=0) - exact)[both] / error) ** 2) < 1.6
    assert np.mean(((nearest - exact)[both] / error) ** 2) > 4


def test_a_weight_beyond_float16_is_refused_by_name(tmp_path):
    model = build()
    session = hypr.Session(hypr.quantize(model, "float16"), learning=True)
    flat = session.parameters.flat.copy()
    flat[model.tensors[0].offset + 5] = 70000
    session.parameters.flat = flat
    with pytest.raises(hypr.NotFiniteError, match=r"layer0.input_weight\[5\] is 70000.*65504 in size, as the file stores it"):
        session.save_model(tmp_path / "model.hypr")
    assert not (tmp_path / "model.hypr").exists()
    builder = hypr.ModelBuilder.from_model(model).set_element_type("float16")
    builder["readout.weight"] = 1e6
    with pytest.raises(hypr.NotFiniteError, match=r"readout.weight\[0\] is 1000000.*65504"):
        builder.build()
    builder.set_element_type("int8", "readout.weight")
    assert np.allclose(builder.build().parameters["readout.weight"], 1e6)


def scales_of(model, name):
    values = model.parameters[name]
    return (np.abs(values).max(axis=1) / np.float32(127)).astype("<f4")


@pytest.mark.parametrize("value, shown", [(float("nan"), "nan"), (float("inf"), "inf"), (-0.5, "-0.5"), (0.0, "0")])
def test_damaged_scales_are_refused_by_name(value, shown):
    small = hypr.quantize(build(), "int8")
    scales = scales_of(build(), "layer0.recurrent_weight").tobytes()
    assert small.data.count(scales) == 1
    damaged = bytearray(small.data)
    place = small.data.index(scales) + 4 * 7
    damaged[place:place + 4] = struct.pack("<f", value)
    named = r"layers\[0\].recurrent_weight.scales\[7\]"
    with pytest.raises(hypr.ModelInvalidError, match=rf"{named} is {shown}.*finite number above 0"):
        hypr.Model(bytes(damaged))


@pytest.mark.parametrize("count, accepted", [(1, True), (2, False), (11, False), (0, False)])
def test_there_is_a_scale_for_all_or_for_each_row(count, accepted, tmp_path):
    small = hypr.quantize(build(), "int8")
    scales = scales_of(build(), "layer0.recurrent_weight")
    damaged = bytearray(small.data)
    place = small.data.index(scales.tobytes()) - 4
    assert damaged[place:place + 4] == struct.pack("<I", 12)
    damaged[place:place + 4] = struct.pack("<I", count)
    if not accepted:
        with pytest.raises(hypr.ModelInvalidError, match=rf"recurrent_weight.scales has {count} numbers, expected 1 or 12"):
            hypr.Model(bytes(damaged))
        return
    model = hypr.Model(bytes(damaged))
    integers = np.rint(small.parameters["layer0.recurrent_weight"] / scales[:, None]).astype(np.float32)
    assert np.array_equal(model.parameters["layer0.recurrent_weight"], integers * scales[0])
    hypr.Session(model, learning=False).save_model(tmp_path / "again.hypr")
    assert (tmp_path / "again.hypr").read_bytes() == model.data
    assert np.array_equal(hypr.quantize(model, "int8").parameters["layer0.recurrent_weight"],
                          model.parameters["layer0.recurrent_weight"])


def test_halves_that_are_not_finite_are_refused_by_name():
    model = build()
    halves = model.parameters["readout.weight"].astype("<f2").tobytes()
    small = hypr.quantize(model, "float16")
    assert small.data.count(halves) == 1
    damaged = bytearray(small.data)
    place = small.data.index(halves) + 2 * 4
    damaged[place:place + 2] = struct.pack("<e", float("inf"))
    with pytest.raises(hypr.ModelInvalidError, match=r"readout.weight\[4\] is inf, expected a finite number"):
        hypr.Model(bytes(damaged))


def test_small_halves_are_not_lost():
    values = np.array([[6e-8, -6e-8, 3e-5, 6.1e-5], [5e-8, 1e-6, 65504, -1.5], [0, -0.0, 1e-9, 2.5e-7]], np.float32)
    model = hypr.ModelBuilder(4).layer("lif", 3).readout(2).build()
    builder = hypr.ModelBuilder.from_model(model).set_element_type("float16")
    builder["layer0.input_weight"] = values
    assert np.array_equal(builder.build().parameters["layer0.input_weight"], values.astype(np.float16).astype(np.float32))


@pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")
@pytest.mark.parametrize("element_type", SMALL)
def test_the_tool_does_the_same(element_type, tmp_path):
    model = build()
    (tmp_path / "model.hypr").write_bytes(model.data)

    def tool(*arguments):
        return subprocess.run([TOOL, *arguments], cwd=tmp_path, capture_output=True, text=True)

    told = tool("quantize", "model.hypr", "small.hypr", "--type", element_type).stdout
    small = (tmp_path / "small.hypr").read_bytes()
    assert small == hypr.quantize(model, element_type).data
    assert told == f"small.hypr: {len(small)} bytes, {len(model.data)} in model.hypr\n"
    info = tool("info", "small.hypr").stdout
    line = next(line for line in info.splitlines() if line.startswith("layer0.recurrent_weight"))
    assert element_type in line and str(144 * (1 if element_type == "int8" else 2)) in line.split()
    again = tool("quantize", "model.hypr", "small.hypr", "--type", "int8")
    assert again.returncode == 1 and "exists already; --force replaces it" in again.stderr
    unknown = tool("quantize", "model.hypr", "b.hypr", "--type", "int8", "--tensors", "layer9.weight")
    assert unknown.returncode == 1 and "there is no tensor layer9.weight" in unknown.stderr and not (tmp_path / "b.hypr").exists()
