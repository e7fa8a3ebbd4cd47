"""Conditioning and encodings in a model: against NumPy in float64, and whatever the session does beside it."""

import numpy as np
import pytest

import hypr

DT, CHANNELS = 0.01, 3
SCALE, OFFSET = [2.0, 0.5, 1.0], [9.81, -1.0, 0.25]


def high_pass(x, tau):
    rate, mean, out = -np.expm1(-float(np.float32(DT)) / np.float64(np.float32(tau))), 0.0, np.empty(x.shape)
    for k, value in enumerate(x, 1):
        mean = mean + np.maximum(1 / k, rate) * (value - mean)
        out[k - 1] = value - mean
    return out


def running_normalization(x, tau, deviation, gain, limit):
    rate = -np.expm1(-float(np.float32(DT)) / np.float64(np.float32(tau)))
    mean, variance, out = 0.0, np.float64(np.float32(deviation)) ** 2 * np.ones(x.shape[1]), np.empty(x.shape)
    for k, value in enumerate(x, 1):
        before = mean
        mean = before + np.maximum(1 / k, rate) * (value - before)
        variance = np.maximum(variance + rate * ((value - before) * (value - mean) - variance), 0)
        out[k - 1] = np.clip((value - mean) / np.maximum(np.sqrt(variance), np.float64(np.float32(deviation)) / gain), -limit, limit)
    return out


def clip(x, lower, upper):
    return np.clip(x, np.float64(np.float32(lower)), np.float64(np.float32(upper)))


def rectified_difference(x):
    return np.abs(np.diff(x, axis=0, prepend=x[:1]))


TAUS = np.array([0.05, 0.5, 20], np.float32)
STAGES = {
    "high-pass": ([hypr.HighPass(0.3)], lambda x: high_pass(x, 0.3)),
    "high-pass per channel": ([hypr.HighPass(TAUS)], lambda x: high_pass(x, TAUS)),
    "high-pass shorter than a step": ([hypr.HighPass(5e-3)], lambda x: high_pass(x, 5e-3)),
    "normalization": ([hypr.RunningNormalization(0.5, 2.0)], lambda x: running_normalization(x, 0.5, 2.0, 10, 10)),
    "normalization with bounds": ([hypr.RunningNormalization(TAUS, [0.5, 1, 2], largest_gain=3, limit=0.75)],
                                  lambda x: running_normalization(x, TAUS, [0.5, 1, 2], 3, 0.75)),
    "clip": ([hypr.Clip(-0.5, 0.7)], lambda x: clip(x, -0.5, 0.7)),
    "clip per channel": ([hypr.Clip([-1, -0.1, 0], 0.7)], lambda x: clip(x, [-1, -0.1, 0], 0.7)),
    "rectified difference": ([hypr.RectifiedDifference()], rectified_difference),
    "all": ([hypr.HighPass(0.3), hypr.RectifiedDifference(), hypr.RunningNormalization(0.5), hypr.Clip(-1, 1.5)],
            lambda x: clip(running_normalization(rectified_difference(high_pass(x, 0.3)), 0.5, 1, 10, 10), -1, 1.5)),
    "the same in another order": ([hypr.Clip(-1, 1.5), hypr.HighPass(0.3)], lambda x: high_pass(clip(x, -1, 1.5), 0.3)),
    "eight": ([hypr.HighPass(0.3)] * 8, lambda x: [x := high_pass(x, 0.3) for _ in range(8)][-1]),
}
ENCODERS = {
    "level crossing": hypr.datasets.LevelCrossing([0.3, 0.5, 0.2], "on_off"),
    "delta": hypr.datasets.Delta([0.3, 0.5, 0.2]),
    "delta on off": hypr.datasets.Delta(0.4, "on_off"),
    "accumulation": hypr.datasets.ThresholdAccumulation([0.8, 2, 5]),
    "accumulation on off": hypr.datasets.ThresholdAccumulation(0.9, "on_off"),
    "fields": hypr.datasets.ReceptiveFields(np.linspace(-2, 2, 5), 0.6),
    "fields of channels": hypr.datasets.ReceptiveFields([[-1, 0], [0, 1], [2, 3]], [[0.5, 0.3], [1, 2], [0.2, 0.7]], 0.05),
    "fields spike": hypr.datasets.ReceptiveFields(np.linspace(-2, 2, 4), 0.6, 0, "spikes"),
}


def samples(steps=400, seed=1):
    """A slow wave, noise and gravity, with a jump as of a sensor that is moved."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(steps, CHANNELS)) + np.sin(np.arange(steps) / 15)[:, None] * 2 + [9.81, 0, 0]
    x[steps // 2:] += [-12, 5, 3]
    return x.astype(np.float32)


def scaled(x):
    """As the library computes it."""
    return (x - np.float32(OFFSET)) * np.float32(SCALE)


def model(conditioning=(), encoding=None):
    builder = hypr.ModelBuilder(CHANNELS, dt=DT)
    builder.input(SCALE, OFFSET, encoding=encoding, conditioning=conditioning)
    return builder.layer("gru", 14).layer("gru", 9).readout(4).build(seed=3)


BOTH = model([hypr.HighPass(0.3), hypr.RunningNormalization(1), hypr.RectifiedDifference()],
             hypr.datasets.ThresholdAccumulation(0.7, "on_off"))
EVERYTHING = {**{name: model(stages) for name, (stages, _) in STAGES.items()},
              **{name: model([hypr.HighPass(2)], encoder) for name, encoder in ENCODERS.items()}, "both": BOTH}
each_model = pytest.mark.parametrize("network", EVERYTHING.values(), ids=EVERYTHING)


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_those_of_the_equations(name):
    stages, oracle = STAGES[name]
    x = samples()
    values = model(stages).condition(x)
    np.testing.assert_allclose(values, oracle(scaled(x).astype(np.float64)), rtol=2e-7, atol=1e-12)
    assert values.dtype == np.float32 and np.ptp(values) > 0


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_are_those_of_hypr_datasets_bit_for_bit(name):
    x, encoder = samples(), ENCODERS[name]
    np.testing.assert_array_equal(model(encoding=encoder).condition(x), encoder(scaled(x)))
    conditioned = model([hypr.HighPass(0.3)]).condition(x)
    found = model([hypr.HighPass(0.3)], encoder).condition(x)
    np.testing.assert_array_equal(found, encoder(conditioned))
    assert 0 < np.count_nonzero(found) < found.size
    stream = np.stack([encoder.step(sample) for sample in conditioned])
    encoder.reset()
    np.testing.assert_array_equal(stream, found)


@each_model
def test_steps_are_those_of_a_network_that_gets_the_values(network):
    x = samples(120)
    values = network.condition(x)
    builder = hypr.ModelBuilder(values.shape[1]).layer("gru", 14).layer("gru", 9).readout(4)
    for name, tensor in network.parameters.items():
        builder[name] = tensor
    plain = hypr.Session(builder.build())
    session = hypr.Session(network)
    expected = plain.run(values)
    np.testing.assert_array_equal(session.run(x), expected)
    session.reset()
    np.testing.assert_array_equal(np.stack([session.step(sample).copy() for sample in x]), expected)
    assert np.abs(expected).max() > 0


@each_model
def test_looking_ahead_and_conditioning_change_nothing(network):
    x, session = samples(90), hypr.Session(network)
    expected = hypr.Session(network).run(x)
    for step, sample in enumerate(x):
        np.testing.assert_array_equal(session.look_ahead(sample), expected[step])
        session.condition(x[:3])
        with pytest.raises(hypr.NotFiniteError):
            session.step([np.nan, 5, 5])
        np.testing.assert_array_equal(session.step(sample), expected[step])


@each_model
@pytest.mark.parametrize("learning", [False, True])
def test_a_saved_state_goes_on_bit_for_bit(network, learning):
    x, options = samples(100), {"learning": learning, "learning_rate": 0.01}
    session, other = hypr.Session(network, **options), hypr.Session(network, **options)
    session.run(x[:43])
    other.run(x[50:73])
    state = session.save_state()
    rest = session.run(x[43:])
    other.load_state(state)
    np.testing.assert_array_equal(other.run(x[43:]), rest)
    assert session.save_state() == other.save_state()


@each_model
def test_a_reset_begins_a_sequence(network):
    x, session = samples(60), hypr.Session(network)
    first = session.run(x)
    assert not np.array_equal(session.run(x), first)
    session.reset()
    np.testing.assert_array_equal(session.run(x), first)


@each_model
def test_listed_samples_are_conditioned(network):
    spikes = np.random.default_rng(5).random((50, CHANNELS)) < 0.4
    dense, listed = hypr.Session(network), hypr.Session(network)
    for sample in spikes:
        np.testing.assert_array_equal(listed.step_spikes(np.flatnonzero(sample)), dense.step(sample.astype(np.float32)))


@each_model
def test_files_say_it_all(network):
    assert hypr.ModelBuilder.from_model(network).build() == network
    described = hypr.ModelBuilder.from_model(network).description().input
    again = hypr.ModelBuilder(CHANNELS, dt=DT).input(
        described.scale, described.offset, encoding=described.encoding, conditioning=described.conditioning)
    again = again.layer("gru", 14).layer("gru", 9).readout(4)
    assert described.columns == network.parameters["layer0.input_weight"].shape[1]
    for name, tensor in network.parameters.items():
        again[name] = tensor
    x = samples(50)
    np.testing.assert_array_equal(again.build().condition(x), network.condition(x))


def test_learning_sees_conditioned_values_whatever_the_way():
    """Step by step, in a batch, in threads: the same as a network that gets the values."""
    x = [samples(40, seed) for seed in range(4)]
    y = [0, 1, 2, 3]
    values = [BOTH.condition(part) for part in x]
    builder = hypr.ModelBuilder(values[0].shape[1]).layer("gru", 14).layer("gru", 9).readout(4)
    for name, tensor in BOTH.parameters.items():
        builder[name] = tensor
    learned = []
    for network, sequences in ((BOTH, x), (builder.build(), values)):
        for threads in (1, 2):
            session = hypr.Session(network, learning=True, learning_rate=0.01, update="sequence", threads=threads)
            for _ in range(3):
                session.learn_labelled(sequences, y)
            learned.append((threads, dict(session.parameters)))
    for threads in (1, 2):
        one, other = (parameters for count, parameters in learned if count == threads)
        for name, tensor in one.items():
            np.testing.assert_array_equal(tensor, other[name])
        assert any(not np.array_equal(one[name], BOTH.parameters[name]) for name in one)


def test_rehearsal_sees_conditioned_values():
    """Stretches of the stream, of the host and of the file."""
    x = samples(96)
    labels = np.repeat(np.arange(4), 24)
    exemplar = hypr.ModelBuilder.from_model(BOTH).exemplars(x[None, :40], labels[None, :40]).build()
    values = BOTH.condition(exemplar.exemplars[0].inputs)
    plain = hypr.ModelBuilder(values.shape[1]).layer("gru", 14).layer("gru", 9).readout(4)
    for name, tensor in BOTH.parameters.items():
        plain[name] = tensor
    plain.exemplars(values[None], labels[None, :40])
    options = {"learning_rate": 0.02, "window": 8, "rehearsal_bytes": 20000, "rehearsal_steps": 16}
    sessions = [hypr.Session(network, **options) for network in (exemplar, plain.build())]
    for session, stream, host in zip(sessions, (x, BOTH.condition(x)), (x[50:70], BOTH.condition(x[50:70])), strict=True):
        session.rehearsal.add(host, labels[50:70], starts_sequence=True)
        for sample, label in zip(stream, labels, strict=True):
            session.step(sample)
            session.teach(int(label))
        session.rehearse(20)
    for name, tensor in sessions[0].parameters.items():
        np.testing.assert_array_equal(tensor, sessions[1].parameters[name])
    assert sessions[0].rehearsal.report().taught_steps > 100


def test_a_fit_centres_and_scales():
    x = samples(3000)
    builder = hypr.ModelBuilder(CHANNELS, dt=DT).input(fit=x)
    values = builder.layer("lif", 2).readout(2).build().condition(x)
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(0), 1, rtol=1e-5)
    builder = hypr.ModelBuilder(CHANNELS, dt=DT).input(conditioning=[hypr.HighPass(0.5)], fit=[x[:1000], x[1000:]])
    network = builder.layer("lif", 2).readout(2).build()
    values = np.concatenate([network.condition(x[:1000]), network.condition(x[1000:])])
    np.testing.assert_allclose(values.std(0), 1, rtol=1e-5)
    lower, upper = network.trained_range
    np.testing.assert_array_equal(lower, values.min(0))
    np.testing.assert_array_equal(upper, values.max(0))


def test_a_fit_of_constants_is_harmless():
    x = np.ones((50, CHANNELS), np.float32) * np.float32([9.81, 0, 1e-20])
    for stages in ((), [hypr.HighPass(1)], [hypr.RunningNormalization(1)], [hypr.RectifiedDifference()]):
        network = hypr.ModelBuilder(CHANNELS, dt=DT).input(conditioning=stages, fit=x).layer("lif", 2).readout(2).build()
        described = hypr.ModelBuilder.from_model(network).description().input
        np.testing.assert_array_equal(described.scale, 1)
        assert np.abs(network.condition(x)).max() < 1e-5


def test_a_fit_before_running_normalization_gives_it_deviation_one():
    x = samples(3000) * 1000
    stages = [hypr.HighPass(0.5), hypr.RunningNormalization(1)]
    network = hypr.ModelBuilder(CHANNELS, dt=DT).input(conditioning=stages, fit=x).layer("lif", 2).readout(2).build()
    described = hypr.ModelBuilder.from_model(network).description().input
    before = high_pass(((x - described.offset) * described.scale).astype(np.float64), 0.5)
    np.testing.assert_allclose(before.std(0), 1, rtol=1e-4)


def test_a_sensor_at_rest_for_minutes_stays_finite_and_quiet():
    network = model([hypr.HighPass(0.5), hypr.RunningNormalization(1)])
    x = np.tile(np.float32([9.81, 0, 1]), (60_000, 1))
    values = network.condition(x)
    assert np.abs(values[-1000:]).max() == 0
    # A touch after ten minutes is bounded, and over soon.
    x[-500:-495] += 100
    values = network.condition(x)
    assert 0 < np.abs(values).max() <= 10 and np.abs(values[-100:]).max() < 1


def test_a_slow_mean_does_not_stop_short():
    """In float32 a mean with a small rate would stay away from its value."""
    network = model([hypr.HighPass(100)])
    x = np.tile(np.float32([9.81, 1000, 1]), (100_000, 1))
    x[:50] += 10
    assert np.abs(network.condition(x)[-1]).max() < 0.02


REFUSED = {
    "no time step": (lambda: hypr.ModelBuilder(1).input(conditioning=[hypr.HighPass(1)]), hypr.InvalidArgumentError, "time_step is 0"),
    "tau": (lambda: hypr.ModelBuilder(1, dt=1).input(conditioning=[hypr.HighPass(0)]), hypr.InvalidArgumentError, r"time_constants\[0\]"),
    "taus": (lambda: hypr.ModelBuilder(3, dt=1).input(conditioning=[hypr.HighPass([1, 2])]), hypr.SizeMismatchError, "1 or 3"),
    "nan": (lambda: hypr.ModelBuilder(1, dt=1).input(conditioning=[hypr.HighPass(np.nan)]), hypr.InvalidArgumentError, "nan"),
    "deviation": (lambda: hypr.ModelBuilder(1, dt=1).input(conditioning=[hypr.RunningNormalization(1, 0)]),
                  hypr.InvalidArgumentError, "deviations"),
    "gain": (lambda: hypr.ModelBuilder(1, dt=1).input(conditioning=[hypr.RunningNormalization(1, largest_gain=0)]),
             hypr.InvalidArgumentError, "largest_gain"),
    "limit": (lambda: hypr.ModelBuilder(1, dt=1).input(conditioning=[hypr.RunningNormalization(1, limit=-2)]),
              hypr.InvalidArgumentError, "limit"),
    "clip": (lambda: hypr.ModelBuilder(2).input(conditioning=[hypr.Clip([0, 1], 1)]), hypr.InvalidArgumentError, "channel 1"),
    "nine": (lambda: hypr.ModelBuilder(2).input(conditioning=[hypr.RectifiedDifference()] * 9), hypr.WrongStateError, "8"),
    "no stage": (lambda: hypr.ModelBuilder(2).input(conditioning=[3]), hypr.InvalidArgumentError, "expected stages"),
    "fields": (lambda: hypr.ModelBuilder(2).input(encoding=hypr.datasets.ReceptiveFields([[0], [1], [2]], 1)),
               hypr.SizeMismatchError, "centers has 3"),
    "fit": (lambda: hypr.ModelBuilder(2).input(fit=[[[0, 1]], [[0, np.nan]]]), hypr.NotFiniteError, r"x\[1\] is nan at step 0, channel 1"),
    "fit and scale": (lambda: hypr.ModelBuilder(2).input(scale=1, fit=[[0, 1]]), hypr.InvalidArgumentError, "either"),
    "no fit": (lambda: hypr.ModelBuilder(2).input(fit=np.zeros((0, 2))), hypr.SizeMismatchError, "no steps"),
    "range": (lambda: hypr.ModelBuilder(2).input(trained_range=([0, 1], [1, 0])), hypr.InvalidArgumentError, r"lower\[1\]"),
}


@pytest.mark.parametrize(("call", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_mistakes_are_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_what_is_too_large_to_be_conditioned_is_refused_before_the_first_step():
    session = hypr.Session(model([hypr.HighPass(1)]), learning=True)
    with pytest.raises(hypr.NotFiniteError, match=r"step 2: input\[1\] is 3e\+30"):
        session.learn_sequence([[1, 1, 1], [1, 1, 1], [1, 3e30, 1]], [0, 1, 2])
    assert session.statistics.steps == 0
    with pytest.raises(hypr.NotFiniteError, match=r"step 1: input\[0\]"):
        session.condition([[1, 1, 1], [np.inf, 1, 1]])


def test_the_memory_report_is_exact():
    for network in EVERYTHING.values():
        for options in ({"learning": False}, {"learning": True}):
            report = hypr.Session(network, **options).memory_report
            parts = (report.parameters, report.state, report.traces, report.history, report.optimizer, report.scratch,
                     report.rehearsal, report.reference)
            assert sum(parts) == report.total == hypr.Session.memory_size(network, **options).bytes


def test_files_without_stages_have_the_first_format():
    from hypr.flat import unpack

    assert unpack("Model", model(encoding=ENCODERS["fields"]).data)["format_version"] == 1
    assert unpack("Model", BOTH.data)["format_version"] == 2


def test_a_transfer_goes_on_where_the_other_is():
    x = samples(60)
    session = hypr.Session(BOTH)
    session.run(x[:30])
    builder = hypr.ModelBuilder.from_model(BOTH).grow_readout(6)
    larger = hypr.Session(builder.build())
    larger.transfer(session)
    rest, grown = session.run(x[30:]), larger.run(x[30:])
    np.testing.assert_array_equal(grown[:, :4], rest)
    # A channel more begins where its first sample is.
    wider = hypr.ModelBuilder(4, dt=DT).input(
        [*SCALE, 1], [*OFFSET, 0], encoding=hypr.datasets.ThresholdAccumulation(0.7, "on_off"),
        conditioning=[hypr.HighPass(0.3), hypr.RunningNormalization(1), hypr.RectifiedDifference()])
    wider = hypr.Session(wider.layer("gru", 14).layer("gru", 9).readout(4).build())
    session = hypr.Session(BOTH)
    session.run(x[:30])
    wider.transfer(session)
    wide = np.concatenate([x, np.full((60, 1), 9.81, np.float32)], axis=1)
    np.testing.assert_array_equal(wider.run(wide[30:]), rest)
    other = hypr.Session(model([hypr.HighPass(0.3)], hypr.datasets.ThresholdAccumulation(0.7, "on_off")))
    with pytest.raises(hypr.StateMismatchError, match="conditioning"):
        other.transfer(session)
