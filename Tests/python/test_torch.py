"""State dicts of published networks, as dicts of arrays: which network it is, what is refused, and why.

That imported networks compute the same is tested in Tests/importers, with PyTorch."""

import sys

import numpy as np
import pytest

import hypr
from hypr.model_file import decode
from hypr.torch import from_state_dict

INPUTS, NEURONS, OUTPUTS = 4, 6, 3


def array(*shape, low=-1.0, high=1.0, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape).astype(np.float32)


def higuchi(neuron="brf", place="hidden", inputs=INPUTS):
    own = {"brf": {"omega": array(NEURONS, low=5, high=30), "b_offset": array(NEURONS)},
           "alif": {"tau_mem": array(NEURONS, low=5, high=30), "tau_adp": array(NEURONS, low=-200, high=-20)},
           "lif": {"tau_mem": array(NEURONS, low=5, high=30)}}[neuron]
    return {f"{place}.linear.weight": array(NEURONS, inputs + NEURONS),
            **{f"{place}.{name}": values for name, values in own.items()},
            "out.linear.weight": array(OUTPUTS, NEURONS), "out.tau_mem": array(OUTPUTS, low=10, high=20)}


def baronig(layers=1, places=("l1", "l2", "out_layer")):
    state = {}
    for index in range(layers):
        place = places[index]
        state |= {f"{place}.weight": array(NEURONS, INPUTS if index == 0 else NEURONS), f"{place}.bias": array(NEURONS),
                  f"{place}.recurrent": array(NEURONS, NEURONS), f"{place}.a": array(NEURONS, low=0),
                  f"{place}.b": array(NEURONS, low=0, high=2)}
        for name, low, high in (("u", 4, 22), ("w", 50, 280)):
            trainer = f"{place}.tau_{name}_trainer"
            state |= {f"{trainer}.weight": array(NEURONS, low=0), f"{trainer}.tau_min": np.float32(low),
                      f"{trainer}.tau_max": np.array(high)}
    top = places[-1] if layers > 1 else "out_layer"
    return {**state, f"{top}.weight": array(OUTPUTS, NEURONS), f"{top}.bias": array(OUTPUTS),
            f"{top}.tau_u_trainer.weight": np.full(OUTPUTS, 15, np.float32), f"{top}.tau_u_trainer.tau_min": np.float32(15),
            f"{top}.tau_u_trainer.tau_max": np.float32(15)}


@pytest.mark.parametrize("kept", [0, 1, NEURONS])
def test_masks_of_recurrent_weights(kept):
    mask = np.ones((NEURONS, INPUTS + NEURONS), bool)
    mask[:, INPUTS + kept:] = False
    model = from_state_dict({**higuchi(), "hidden.linear.mask": mask}, "brf").build()
    weight = higuchi()["hidden.linear.weight"][:, INPUTS:]
    if kept:
        assert np.array_equal(model.parameters["layer0.recurrent_weight"].ravel(), weight[:, :kept].ravel())
    else:  # and then there are no recurrent weights
        assert "layer0.recurrent_weight" not in model.parameters


@pytest.mark.parametrize("kept", [0, 1, INPUTS])
def test_masks_of_input_weights(kept):
    mask = np.ones((NEURONS, INPUTS + NEURONS), bool)
    mask[:, kept:INPUTS] = False
    model = from_state_dict({**higuchi(), "hidden.linear.mask": mask}, "brf").build()
    weight, found = higuchi()["hidden.linear.weight"][:, :INPUTS], model.parameters["layer0.input_weight"]
    if kept:
        assert np.array_equal(found.ravel(), weight[:, :kept].ravel())
    else:  # a layer without inputs has zeros
        assert found.shape == (NEURONS, INPUTS) and not found.any()


def test_arrays_of_higuchi():
    state = {**higuchi(), "hidden.linear.bias": array(NEURONS)}
    model = from_state_dict(state, "brf", time_step=0.004, name="ecg").build()
    parameters = model.parameters
    weight = state["hidden.linear.weight"]
    np.testing.assert_array_equal(parameters["layer0.input_weight"], weight[:, :INPUTS])
    np.testing.assert_array_equal(parameters["layer0.recurrent_weight"], weight[:, INPUTS:])
    for ours, theirs in (("layer0.bias", "hidden.linear.bias"), ("layer0.omega", "hidden.omega"),
                         ("layer0.b_offset", "hidden.b_offset"), ("readout.weight", "out.linear.weight"),
                         ("readout.tau", "out.tau_mem")):
        np.testing.assert_array_equal(parameters[ours], state[theirs])
    assert "readout.bias" not in parameters and (model.name, model.time_step) == ("ecg", pytest.approx(0.004))


def test_arrays_of_baronig():
    state = baronig()
    model = from_state_dict(state, "se_adlif").build()
    parameters = model.parameters
    for ours, theirs in (("input_weight", "weight"), ("recurrent_weight", "recurrent"), ("bias", "bias"), ("a", "a"), ("b", "b"),
                         ("p_u", "tau_u_trainer.weight"), ("p_w", "tau_w_trainer.weight")):
        np.testing.assert_array_equal(parameters[f"layer0.{ours}"], state[f"l1.{theirs}"])
    np.testing.assert_array_equal(parameters["readout.tau"], [15] * OUTPUTS)
    assert decode(model.data).layers[0].constants == {"tau_u_min": 4, "tau_u_max": 22, "tau_w_min": 50, "tau_w_max": 280}
    assert [tensor.name for tensor in model.tensors if not tensor.trainable] == ["readout.tau"]


@pytest.mark.parametrize("state, neuron, expected", [
    (higuchi("alif"), None, ["ALIF"]), (higuchi("lif"), None, ["LIF"]), (higuchi(), "brf", ["BRF"]), (higuchi(), "RF", ["RF"]),
    ({**higuchi("alif", "hidden1"), **higuchi("alif", "hidden2", NEURONS)}, None, ["ALIF", "ALIF"]),
    (baronig(), "se-adlif", ["SEAdLIF"]), (baronig(2), "ef_adlif", ["EFAdLIF", "EFAdLIF"]),
    (baronig(2, "012"), "se_adlif", ["SEAdLIF", "SEAdLIF"]),
    ({key: value for key, value in baronig().items() if key[:4] not in ("l1.a", "l1.b") or "bias" in key
      if "tau_w" not in key}, None, ["LIFHard"]),
], ids=str)
def test_recognition(state, neuron, expected):
    model = from_state_dict(state, neuron).build()
    assert [layer.neuron for layer in model.layers] == expected
    assert (model.input_size, model.output_size) == (INPUTS, OUTPUTS)


@pytest.mark.parametrize("state, message", [
    (higuchi(), "those of BRF or RF: say which"), (baronig(), "those of SEAdLIF or EFAdLIF: say which")])
def test_what_the_keys_leave_open(state, message):
    with pytest.raises(hypr.InvalidArgumentError, match=message):
        from_state_dict(state)
    with pytest.raises(hypr.InvalidArgumentError, match="neuron is 'alif', but the keys of .* are those of"):
        from_state_dict(state, "alif")
    with pytest.raises(hypr.NotFoundError, match="no neuron model 'bfr'; did you mean 'brf'"):
        from_state_dict(state, "bfr")


@pytest.mark.parametrize("prefix", ["module.", "net.", "model.encoder."])
def test_prefixes(prefix):
    state = {prefix + key: value for key, value in higuchi("alif").items()}
    assert from_state_dict(state).build() == from_state_dict(higuchi("alif")).build()
    assert from_state_dict({"state_dict": state, "epoch": 3}).build() == from_state_dict(higuchi("alif")).build()


KEYS = [*higuchi("alif"), *baronig()]
RANGE = ("tau_u_trainer.tau_min", "tau_u_trainer.tau_max", "tau_w_trainer.tau_min", "tau_w_trainer.tau_max")


def with_key(key):
    return (higuchi("alif"), None) if key in higuchi("alif") else (baronig(), "se_adlif")


@pytest.mark.parametrize("key", KEYS)
def test_missing_keys(key):
    state, neuron = with_key(key)
    del state[key]
    if key == "hidden.tau_adp":
        assert from_state_dict(state).build().layers[0].neuron == "LIF"
    elif key in ("l1.bias", "l1.recurrent", "out_layer.bias") or key in {f"l1.{name}" for name in RANGE}:
        assert from_state_dict(state, neuron).build()  # there is none, or it is the published range
    else:
        with pytest.raises((hypr.UnknownTensorError, hypr.ModelUnsupportedError), match=f"{key}|expected 'hidden'"):
            from_state_dict(state, neuron)


def test_a_layer_without_parameters():
    state = {key: value for key, value in higuchi("lif").items() if key != "hidden.tau_mem"}
    with pytest.raises(hypr.UnknownTensorError, match="hidden has neither omega and b_offset .* nor tau_mem"):
        from_state_dict(state)


def test_a_readout_without_its_range():
    state = {key: value for key, value in baronig().items() if not key.startswith("out_layer.tau_u_trainer.tau")}
    assert set(from_state_dict(state, "se_adlif")["readout.tau"]) == {15}
    with pytest.raises(hypr.UnknownTensorError, match="out_layer.tau_u_trainer.tau_min"):
        from_state_dict({**state, "out_layer.tau_u_trainer.weight": array(OUTPUTS, low=0)}, "se_adlif")


@pytest.mark.parametrize("key", KEYS)
def test_wrong_shapes(key):
    state, neuron = with_key(key)
    value = np.ones(1) if np.ndim(state[key]) == 0 else state[key]
    for wrong in (np.concatenate([value, value]), np.stack([value, value], axis=-1)):
        with pytest.raises(hypr.SizeMismatchError, match="has the shape .* expected"):
            from_state_dict({**state, key: wrong}, neuron)


def test_unknown_keys():
    with pytest.raises(hypr.ModelUnsupportedError, match=r"the key hidden.zeta is not one of this network, which has hid"):
        from_state_dict({**higuchi("alif"), "hidden.zeta": array(NEURONS)})
    with pytest.raises(hypr.ModelUnsupportedError, match="begin with fc1, out; expected 'hidden'"):
        from_state_dict({"fc1.weight": array(2, 2), "out.weight": array(2, 2)})
    with pytest.raises(hypr.ModelUnsupportedError, match="begin with hidden, out, extra"):
        from_state_dict({**higuchi("alif"), "extra.weight": array(2)})
    with pytest.raises(hypr.ModelUnsupportedError, match="Yin, Corradi & Bohté.*subtract the threshold of the next step"):
        from_state_dict({"i2h.weight": array(6, 4), "h2h.weight": array(6, 6), "tau_adp_h": array(6)})
    for nothing in ({}, {"state_dict": {}}):
        with pytest.raises(hypr.ModelUnsupportedError, match="without keys"):
            from_state_dict(nothing)
    with pytest.raises(TypeError, match="hidden.tau_mem is a str"):
        from_state_dict({**higuchi("alif"), "hidden.tau_mem": "fast"})


def test_layers_that_do_not_fit():
    with pytest.raises(hypr.SizeMismatchError, match=r"hidden.linear.weight .* expected \[6, inputs \+ 6\]; .*recurrent=False"):
        from_state_dict({**higuchi("alif"), "hidden.linear.weight": array(6, 6)})
    with pytest.raises(hypr.SizeMismatchError, match=r"hidden2.linear.weight has the shape \[6, 10\], expected \[6, 6 \+ 6\]"):
        from_state_dict({**higuchi("alif", "hidden1"), **higuchi("alif", "hidden2")})
    assert from_state_dict({**higuchi("alif"), "hidden.linear.weight": array(6, 6)}, recurrent=False).build().input_size == 6


def test_constants():
    model = from_state_dict(higuchi("alif"), baseline_threshold=0.5, adaptation_strength=2).build()
    assert decode(model.data).layers[0].constants == {"baseline_threshold": 0.5, "adaptation_strength": 2}
    with pytest.raises(hypr.NotFoundError, match="constant of ALIF 'threshold'"):
        from_state_dict(higuchi("alif"), threshold=0.5)
    with pytest.raises(hypr.InvalidArgumentError, match="tau_u_min is 7, but l1.tau_u_trainer.tau_min is 4"):
        from_state_dict(baronig(), "se_adlif", tau_u_min=7)
    state = {key: value for key, value in baronig().items() if key != "l1.tau_u_trainer.tau_min"}
    assert decode(from_state_dict(state, "se_adlif", tau_u_min=7).build().data).layers[0].constants["tau_u_min"] == 7


def test_divergence_boundary():
    state = higuchi()
    omega, offset = np.abs(state["hidden.omega"]).astype(float), np.abs(state["hidden.b_offset"])
    boundary = {dt: (np.sqrt(1 - (dt * omega) ** 2) - 1) / dt for dt in (0.005, 0.01)}
    given = from_state_dict(state, "brf", dt=0.005)["layer0.b_offset"]
    np.testing.assert_allclose(boundary[0.005] - given, boundary[0.01] - offset, rtol=1e-6)
    np.testing.assert_array_equal(from_state_dict(state, "brf", dt=0.005, boundary_dt=0.005)["layer0.b_offset"],
                                  state["hidden.b_offset"])
    with pytest.raises(hypr.ModelUnsupportedError, match=r"hidden.b_offset\[\d\] would have to be -"):
        from_state_dict(state, "brf", dt=0.03)
    with pytest.raises(hypr.InvalidArgumentError, match=r"hidden.omega is up to .* p\(omega\) up to 10"):
        from_state_dict(state, "brf", dt=0.005, boundary_dt=0.1)
    with pytest.raises(hypr.InvalidArgumentError, match="boundary_dt is 0"):
        from_state_dict(state, "brf", boundary_dt=0)


def test_ranges():
    with pytest.raises(hypr.InvalidArgumentError, match="l1.a is from .* expected 0 to 1"):
        from_state_dict({**baronig(), "l1.a": array(NEURONS, high=3)}, "se_adlif")
    with pytest.raises(hypr.InvalidArgumentError, match="l1.tau_u_trainer.weight has 40, expected fractions from 0 to 1"):
        from_state_dict({**baronig(), "l1.tau_u_trainer.weight": np.linspace(5, 40, NEURONS)}, "se_adlif")
    with pytest.raises(hypr.ModelUnsupportedError, match="can be a fraction from 0 to 1 as well as steps from 0.5 to 22"):
        from_state_dict({**baronig(), "l1.tau_u_trainer.weight": np.full(NEURONS, 0.7),
                         "l1.tau_u_trainer.tau_min": np.float32(0.5)}, "se_adlif")


def test_files_need_pytorch(tmp_path, monkeypatch):
    (tmp_path / "best.pt").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match="reading a checkpoint needs the package torch: pip install torch"):
        from_state_dict(tmp_path / "best.pt")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(hypr.ModelFileNotFoundError, match="no checkpoint .*best.pt"):
        from_state_dict(tmp_path / "best.pt")
    assert hypr.torch.from_state_dict is from_state_dict
