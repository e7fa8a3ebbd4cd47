"""Networks that start alive, and those that are suggested for a recording."""

import hypr
import numpy as np
import pytest

STEPS = 1200


def noise(seed=0, channels=3, steps=STEPS):
    return np.random.default_rng(seed).normal(size=(steps, channels)).astype(np.float32)


def rates(model, x):
    session = hypr.Session(model, learning=False)
    for sequence in x:
        session.reset()
        session.run(sequence)
    return np.asarray(session.statistics.spike_rates)


@pytest.mark.parametrize("neuron", ["lif", "alif", "ef_adlif", "se_adlif", "rf", "brf", "cuba_lif"])
def test_layers_reach_the_rate(neuron):
    x = [noise(0), noise(1)]
    builder = hypr.ModelBuilder(3).layer(neuron, 24).layer(neuron, 16).readout(2)
    assert builder.calibrate(x, 0.05, seed=1) is builder
    assert rates(builder.build(), x) == pytest.approx([0.05, 0.05], rel=0.6)


def test_the_seed_is_that_of_the_calibration():
    x = noise()[None]
    one, two, other = (hypr.ModelBuilder(3).layer("se_adlif", 8).readout(2).calibrate(x, seed=seed) for seed in (1, 1, 2))
    assert one.build(5).data == two.build(6).data != other.build(5).data
    assert "layer0.recurrent_weight" in one


def test_what_was_set_stays_unless_it_is_asked_for():
    x = noise()[None]
    weight = np.full((8, 3), 1e-3, np.float32)
    builder = hypr.ModelBuilder(3).layer("se_adlif", 8, input_weight=weight).readout(2)
    before = builder.build().data
    builder.calibrate(x)
    assert rates(builder.build(), x)[0] == 0 and before != b""
    builder.calibrate(x, given=True)
    assert np.array_equal(builder["layer0.input_weight"], weight)
    assert rates(builder.build(), x)[0] == pytest.approx(0.05, rel=0.6)


def slow(factor, channels=3, steps=4000):
    """Noise that is alike for about so many steps."""
    x = noise(2, channels, steps).astype(np.float64)
    for step in range(1, steps):
        x[step] = x[step - 1] * np.exp(-1 / factor) + x[step] * np.sqrt(1 - np.exp(-2 / factor))
    return x.astype(np.float32)


@pytest.mark.parametrize("alike", [5, 75])
def test_time_constants_suit_the_samples(alike):
    x = slow(alike)
    se_adlif = hypr.ModelBuilder(3).layer("se_adlif", 8).readout(2).calibrate(x).description().layers[0]
    alif = hypr.ModelBuilder(3).layer("alif", 64).readout(2).calibrate(x)
    brf = hypr.ModelBuilder(3).layer("brf", 64).readout(2).calibrate(x)["layer0.omega"]
    if alike == 5:
        assert "tau_u_max" not in se_adlif.constants or se_adlif.constants["tau_u_max"] == 25
        assert alif["layer0.tau_m"].mean() == pytest.approx(20, rel=0.02)
        assert brf.min() < 2 and brf.max() > 10
    else:
        times = se_adlif.constants["tau_u_max"] / 25
        assert 2 < times < 4.5  # 75 / 25
        assert {name: value / times for name, value in se_adlif.constants.items() if name.startswith("tau_")} == pytest.approx(
            {"tau_u_min": 5, "tau_u_max": 25, "tau_w_min": 60, "tau_w_max": 300})
        assert alif["layer0.tau_m"].mean() == pytest.approx(20 * times, rel=0.02)
        assert alif["layer0.tau_a"].mean() == pytest.approx(7 * times, rel=0.02)
        assert 0.5 <= brf.min() and brf.max() < 1.6  # a period of at least eight times 75 steps


def test_time_constants_that_were_set_stay():
    x = slow(75)
    constants = {"tau_u_max": 30, "threshold": 0.7}
    set_ = hypr.ModelBuilder(3).layer("se_adlif", 8, **constants).readout(2).calibrate(x).description().layers[0].constants
    assert set_["tau_u_max"] == 30 and set_.get("tau_w_max", 300) == 300
    omega = hypr.ModelBuilder(3).layer("brf", 8, omega=(7, 8)).readout(2).calibrate(x)["layer0.omega"]
    assert (omega >= 7).all() and (omega <= 8).all()
    other = hypr.ModelBuilder(3).layer("se_adlif", 8, threshold=0.7).readout(2).calibrate(x).description().layers[0].constants
    assert other["tau_u_max"] > 50 and other["threshold"] == pytest.approx(0.7)


def test_time_constants_suit_what_is_behind_the_conditioning():
    """A slow drift that the high-pass takes away makes no slow neurons."""
    x = noise(steps=4000) + 20 * slow(500)
    bare = hypr.ModelBuilder(3, dt=0.01).layer("lif", 32).readout(2).calibrate(x)
    passed = hypr.ModelBuilder(3, dt=0.01).input(conditioning=[hypr.HighPass(0.1)]).layer("lif", 32).readout(2).calibrate(x)
    assert bare["layer0.tau_m"].mean() > 60
    assert passed["layer0.tau_m"].mean() == pytest.approx(20, rel=0.02)


def test_a_refused_calibration_leaves_time_constants():
    x = slow(75)
    builder = hypr.ModelBuilder(3).layer("lif", 8, input_weight=np.zeros((8, 3))).layer("lif", 64).readout(2)
    before = builder.build(1).data
    with pytest.raises(hypr.WrongStateError):
        builder.calibrate(x)
    assert builder.build(1).data == before


def test_behind_a_unit_of_its_own_the_weights_are_scaled():
    x = noise()[None]
    scale, loud = [], []
    for conditioning in ([hypr.HighPass(0.5)], [hypr.HighPass(0.5), hypr.Clip(-3, 3)]):
        builder = hypr.ModelBuilder(3, dt=0.01).input(conditioning=conditioning, fit=x).layer("se_adlif", 8).readout(2)
        fitted = builder.description().input.scale
        description = builder.calibrate(x).description()
        scale.append(description.input.scale / fitted)
        loud.append(np.abs(description.layers[0].input_weight.values).max() > 1)
    assert (scale[0] > 1.5).all() and not loud[0]
    assert (scale[1] == 1).all() and loud[1]


def test_what_cannot_be_calibrated_is_said():
    builder = hypr.ModelBuilder(3).layer("se_adlif", 8).readout(2)
    with pytest.raises(hypr.InvalidArgumentError, match="the same"):
        builder.calibrate(np.ones((1, 50, 3)))
    with pytest.raises(hypr.NotFiniteError):
        builder.calibrate(np.full((1, 50, 3), np.nan))
    with pytest.raises(hypr.InvalidArgumentError, match="rate is 0.6"):
        builder.calibrate(noise()[None], 0.6)
    with pytest.raises(hypr.SizeMismatchError):
        builder.calibrate(noise(channels=2)[None])
    silent = hypr.ModelBuilder(3).layer("lif", 8, input_weight=np.zeros((8, 3))).layer("lif", 8).readout(2)
    with pytest.raises(hypr.WrongStateError, match="layer1 spikes at best 0 times"):
        silent.calibrate(noise()[None])
    assert "layer1.input_weight" not in silent


def shaken(gravity, dt=0.01):
    """Three axes; how fast they oscillate is the class, of every step."""
    random = np.random.default_rng(3)
    x, y = [], []
    for _ in range(8):
        labels = np.repeat(random.integers(3, size=8), 100)
        phase = np.cumsum(2 * np.pi * dt * (4 + 5 * labels))
        x.append(np.sin(phase[:, None] + np.arange(3)) + 0.2 * random.normal(size=(800, 3)) + gravity * np.array([0.3, 0.5, 0.8]))
        y.append(labels.astype(np.int32))
    return x, y


def test_a_suggestion_learns_what_it_is_for():
    x, y = shaken(9.8)
    suggestion = hypr.suggest(x, y, dt=0.01, names=["x", "y", "z"], labels=["slow", "fast", "faster"])
    assert str(suggestion) == "\n".join(suggestion.reasons)
    assert suggestion.update == "window" and any("high-pass of" in reason for reason in suggestion.reasons)
    model = suggestion.model
    assert model.class_labels == ("slow", "fast", "faster") and model.time_step == pytest.approx(0.01)
    assert "3 - 32 SEAdLIF - 3" in repr(suggestion.builder)
    result = hypr.Trainer(model, epochs=6, update=suggestion.update, progress=False).fit(x[:6], y[:6])
    session = hypr.Session(result.model, learning=False)
    right = []
    for sequence, labels in zip(x[6:], y[6:]):
        session.reset()
        # Gravity that has moved to other axes is no matter to what was suggested.
        moved = sequence + 9.8 * np.array([0.5, -0.9, -0.2])
        right.append(session.run(moved.astype(np.float32)).argmax(axis=1) == labels)
    assert np.mean(right) > 0.8


def test_pieces_of_a_recording_are_suggested_the_same_for():
    """How long a class lasts does not depend on where a recording is cut."""
    x, y = shaken(0)
    whole, cut = (hypr.suggest(*data, dt=0.01).reasons for data in (
        (x, y), ([part for one in x for part in np.array_split(one, 3)], [part for one in y for part in np.array_split(one, 3)])))
    assert [line for line in whole if line.startswith("readout")] == [line for line in cut if line.startswith("readout")]


def test_one_recording_is_taken_everywhere():
    """[steps, channels] as an array, as rows, and as a table of pandas."""
    pandas = pytest.importorskip("pandas")
    x, y = (part[0] for part in shaken(9.8))
    x = x.astype(np.float32)
    model = hypr.suggest(x[None], y[None], dt=0.01).model
    fitted = hypr.ModelBuilder(3).input(fit=x[None]).layer("lif", 8).readout(2).calibrate(x[None]).build()
    for one in (x, x.tolist(), [x], pandas.DataFrame(x, columns=["a", "b", "c"])):
        targets = [y] if isinstance(one, list) and np.ndim(one[0]) == 2 else y
        assert hypr.suggest(one, targets, dt=0.01).model.data == model.data
        assert hypr.check(model, one).steps == len(x)
        assert hypr.ModelBuilder(3).input(fit=one).layer("lif", 8).readout(2).calibrate(one).build() == fitted
        assert len(hypr.Trainer(model, epochs=1, progress=False).fit(one, targets).history) == 1
    single = hypr.Trainer(model, epochs=1, progress=False).fit(x, [1])
    assert single.history[0].train_accuracy in (0, 1)


@pytest.mark.parametrize("call", [
    lambda x: hypr.suggest(x, outputs=2),
    lambda x: hypr.ModelBuilder(3).layer("lif", 2).readout(2).calibrate(x),
    lambda x: hypr.check(hypr.ModelBuilder(3).layer("lif", 2).readout(2).build(), x),
    lambda x: hypr.Trainer(hypr.ModelBuilder(3).layer("lif", 2).readout(2).build()).fit(x, [0]),
])
@pytest.mark.parametrize("wrong", [None, "x.csv", {"x": 1}])
def test_what_are_no_samples(call, wrong):
    with pytest.raises(TypeError, match="x is .*, expected samples: an array"):
        call(wrong)


def test_a_number_for_each_step_is_no_row_of_outputs():
    x = [noise(seed) for seed in range(3)]
    y = [np.linspace(0.5, 1.7, len(part)) for part in x]
    with pytest.raises(hypr.InvalidArgumentError, match=r"a number for each step: give values of every step as y\[..., None\]"):
        hypr.suggest(x, y)
    assert hypr.suggest(x, [part[:, None] for part in y]).model.output_size == 1


def test_suggestions_for_other_targets():
    x = [noise(seed) for seed in range(4)]
    values = hypr.suggest(x, np.zeros((4, 2)))
    assert values.builder.build().output_size == 2 and values.update == "sequence"
    assert hypr.suggest(x, outputs=3).model.output_size == 3
    assert hypr.suggest(x, [0, 1, 1, 0]).model.output_size == 2
    assert any("logistic regression" in reason for reason in hypr.suggest(x, [0, 1, 1, 0]).reasons)
    assert hypr.suggest(x, [0, 1, 1, 0], seed=1).model.data == hypr.suggest(x, [0, 1, 1, 0], seed=1).model.data
    with pytest.raises(hypr.InvalidArgumentError, match="y and outputs"):
        hypr.suggest(x)
    with pytest.raises(hypr.InvalidArgumentError, match="the same"):
        hypr.suggest(np.ones((2, 50, 3)), [0, 1])
