"""Which settings a device should learn with: what is measured, what is chosen, and what is stored."""

import csv
import os
import subprocess

import numpy as np
import pytest

import hypr
from hypr._training_options import training_options
from hypr.adaptation import _recommending, choose

FREQUENCIES = np.array([0.1, 0.25, 0.5])  # radians per step, one for each class


def tones(seed, seconds=12, gains=(1.0, 1.0), speed=1.0):
    """Two channels that hear tones which take turns, and the tone of each step."""
    random = np.random.default_rng(seed)
    labels = np.repeat(random.permuted(np.tile(np.arange(3), seconds // 3 + 1))[:seconds], 60).astype(np.int32)
    phase = np.cumsum(speed * FREQUENCIES[labels])
    x = np.stack([np.sin(phase), np.cos(2 * phase)], axis=1) * gains + 0.2 * random.normal(size=(len(labels), 2))
    return x.astype(np.float32), labels


@pytest.fixture(scope="module")
def network():
    """Trained on tones as they are."""
    model = hypr.ModelBuilder(2).input(scale=4).layer("se_adlif", 24).readout(3, tau=10).build(seed=1)
    x, y = zip(*(tones(seed) for seed in range(12)))
    return hypr.Trainer(model, epochs=6, learning_rate=0.01, update="window", progress=False).fit(list(x), list(y)).model


@pytest.fixture(scope="module")
def others():
    """Four devices that run faster, and whose first channel is dull: two recordings of each."""
    parts = [tones(100 + seed, 60, (0.4 + 0.05 * (seed // 2), 1.0), 1.8) for seed in range(8)]
    return [x for x, _ in parts], [y for _, y in parts], np.repeat(["a", "b", "c", "d"], 2)


@pytest.fixture(scope="module")
def adaptation(network, others):
    return hypr.tune_adaptation(network, *others, progress=False)


def test_profiles_begin_with_none_and_grow_bolder():
    profiles = hypr.adaptation_profiles()
    assert profiles[0] == {"learning_rate": 0.0}
    assert all(hypr.Session.memory_size(hypr.ModelBuilder(1).layer("lif", 2).readout(2).build(), **profile).bytes
               for profile in profiles)
    with_rehearsal = [any(name.startswith("rehearsal") for name in profile) for profile in profiles]
    assert any(with_rehearsal) and with_rehearsal == sorted(with_rehearsal)


def test_every_profile_is_tried_on_every_group(adaptation):
    plain = [profile for profile in hypr.adaptation_profiles() if not any(name.startswith("rehearsal") for name in profile)]
    assert adaptation.streams == ("a", "b", "c", "d")
    assert len(adaptation.table) == len(plain) + 1 and adaptation.table[-1].options == {}
    for row, profile in zip(adaptation.table, plain):
        assert {name: row.options[name] for name in profile} == profile
        assert ("schedule_updates" in row.options) == (profile.get("schedule", "constant") != "constant")
        assert len(row.scores) == 4 and row.score == pytest.approx(np.mean(row.scores))
        assert row.gain == pytest.approx(row.score - adaptation.table[0].score)


def test_first_row_is_the_network_without_learning(network, others, adaptation):
    x, y, groups = others
    for group, score in zip("abcd", adaptation.table[0].scores):
        members = np.flatnonzero(groups == group)
        session, right = hypr.Session(network, False), []
        for part in range(6):
            for index in members:
                half = len(x[index]) // 2
                session.run(x[index][half * part // 6:half * (part + 1) // 6])
        for index in members:
            half = len(x[index]) // 2
            right.append(session.run(x[index][half:]).argmax(axis=1) == y[index][half:])
        assert score == np.concatenate(right).mean()


def test_what_is_chosen_gains_and_is_recommended(network, others, adaptation):
    assert adaptation.gain > 0.1 and adaptation.table[adaptation.chosen].options == adaptation.profile
    options = hypr.Session(adaptation.model).options
    for name, value in adaptation.profile.items():
        assert options[name] == (pytest.approx(value) if isinstance(value, float) else value)
    assert np.array_equal(hypr.Session(adaptation.model).parameters.flat, hypr.Session(network).parameters.flat)
    # A device needs no option but `learning`: it does as well as the table says.
    x, y, groups = others
    session = hypr.Session(adaptation.model)
    members = np.flatnonzero(groups == "b")
    for part in range(6):
        for index in members:
            half = len(x[index]) // 2
            steps = slice(half * part // 6, half * (part + 1) // 6)
            for sample, label in zip(x[index][steps], y[index][steps].tolist()):
                session.step(sample)
                session.teach(label)
    session.flush()
    right = [session.run(x[index][len(x[index]) // 2:]).argmax(axis=1) == y[index][len(x[index]) // 2:] for index in members]
    assert np.concatenate(right).mean() == pytest.approx(adaptation.table[adaptation.chosen].scores[1], abs=1e-9)


def test_the_same_again(network, others, adaptation):
    assert hypr.tune_adaptation(network, *others, progress=False) == adaptation


def test_the_safest_within_noise_is_chosen():
    best = np.array([0.9, 0.8, 0.7, 0.9])
    table = np.stack([best - 0.2, best - 0.004, best, best - 0.1])
    assert choose(table) == 1
    assert choose(np.stack([best - 0.2, best - 0.006, best])) == 2
    # Streams that disagree: the mean difference of 0.045 is less than its standard error.
    assert choose(np.stack([best - [0.2, -0.02, 0, 0], best])) == 0
    assert choose(np.stack([best, best])) == 0
    assert choose(np.array([[0.5], [0.589], [0.595]])) == 1
    assert choose(np.stack([best - 0.2, best, np.full(4, np.nan)])) == 1


def test_without_groups_the_sensor_is_disturbed(network, others):
    x, y, _ = others
    plain, turned = (hypr.tune_adaptation(network, x[:1], y[:1], disturbance=amount, progress=False) for amount in (0, None))
    assert plain.streams == ("",) and turned.streams == tuple(f"sensor {number}" for number in range(1, 9))
    assert len(set(turned.table[0].scores)) == 8
    groups = hypr.tune_adaptation(network, x[:2], y[:2], ["m", "n"], disturbance=0.5, progress=False)
    assert groups.streams[0] == "m sensor 1" and groups.streams[15] == "n sensor 8"


def test_the_order_and_rehearsal_are_part_of_the_question(network):
    """A bold profile gains where classes alternate; of one after the other it keeps the last, unless it rehearses."""
    random = np.random.default_rng(5)
    x, y = [], []
    for recording in range(9):
        phase = np.cumsum(np.full(1800, 1.5 * FREQUENCIES[recording % 3]))
        wave = np.stack([0.4 * np.sin(phase), np.cos(2 * phase)], axis=1)
        x.append((wave + 0.2 * random.normal(size=wave.shape)).astype(np.float32))
        y.append(np.full(1800, recording % 3, np.int32))

    def tuned(**arguments):
        return hypr.tune_adaptation(network, x, y, np.arange(9) // 3, progress=False, **arguments)

    alternating, blocks, rehearsed = tuned(), tuned(rounds=1), tuned(rounds=1, rehearsal_bytes=16384)
    bold = hypr.adaptation_profiles().index(
        {"learning_rate": 0.01, "window": 10, "schedule": "linear",
         "train_mask": ("input_weights", "recurrent_weights", "biases", "readout")})
    assert min(alternating.table[bold].gain, rehearsed.table[bold].gain) > blocks.table[bold].gain + 0.1
    assert len(rehearsed.table) == len(hypr.adaptation_profiles()) + 1
    assert hypr.Session(rehearsed.model).options["rehearsal_bytes"] == 0  # the host's decision


def test_one_label_per_sequence():
    random = np.random.default_rng(0)

    def sequences(count, gain):
        labels = np.arange(count) % 2
        phase = np.where(labels, 0.15, 0.4)[:, None] * np.arange(80)
        return (gain * np.sin(phase + random.uniform(0, 6, (count, 1)))[:, :, None]).astype(np.float32), labels

    model = hypr.ModelBuilder(1).input(scale=4).layer("se_adlif", 16).readout(2).build(seed=0)
    trainer = hypr.Trainer(model, epochs=10, learning_rate=0.01, validation=0.4, tune_adaptation=True, loss="last_steps",
                           loss_steps=40, progress=False)
    x, y = sequences(120, 1.0)
    result = trainer.fit(x, y)
    assert result.adaptation is not None
    options = hypr.Session(result.model).options
    assert (options["loss"], options["loss_steps"]) == ("last_steps", 40)
    # Counted: every sequence has 40 steps that are taught, in the last 4 windows of 10.
    row = next(row for row in result.adaptation.table if row.options.get("schedule") == "linear" and row.options["window"] == 10)
    held = y[np.random.default_rng([0, 1]).permutation(120)[:48]]
    assert row.options["schedule_updates"] == 4 * sum(np.count_nonzero(held == label) // 2 for label in (0, 1))


def test_sum_of_softmax_keeps_the_window(network):
    x, y = zip(*(tones(seed, 1) for seed in range(40)))
    labels = np.array([part[0] for part in y])
    trainer = hypr.Trainer(network, epochs=1, validation=0.5, tune_adaptation=hypr.AdaptationPlan(disturbance=0), window=100,
                           loss="sum_of_softmax", progress=False)
    result = trainer.fit(list(x), labels)
    assert all("window" not in row.options for row in result.adaptation.table)
    assert all(np.isfinite(row.score) for row in result.adaptation.table)


def test_without_end_no_rate_falls(network, others):
    x, y, groups = others
    adaptation = hypr.tune_adaptation(network, x[:4], y[:4], groups[:4], endless=True, progress=False)
    assert {row.options.get("schedule", "constant") for row in adaptation.table} == {"constant"}
    assert "schedule_updates" not in adaptation.profile and adaptation.gain > 0


def test_values_are_judged_by_the_part_of_the_loss_that_is_gone():
    random = np.random.default_rng(3)
    x = random.normal(size=(6, 900, 2)).astype(np.float32)
    y = np.stack([part @ np.array([[0.5], [0.2]]) for part in x]).astype(np.float32)
    model = hypr.ModelBuilder(2).layer("gru", 8).readout(1).build(seed=0)
    adaptation = hypr.tune_adaptation(model, x, y, np.arange(6) // 2, progress=False)
    assert adaptation.table[0].scores == (0, 0, 0) and 0.3 < adaptation.gain < 1


def test_nothing_to_gain_says_so(network):
    x, y = zip(*(tones(seed, 60) for seed in (50, 51)))
    adaptation = hypr.tune_adaptation(network, list(x), list(y), [1, 2], progress=False)
    if adaptation.chosen == 0:
        assert adaptation.profile == {"learning_rate": 0.0} and hypr.Session(adaptation.model).options["learning_rate"] == 0
    assert adaptation.table[adaptation.chosen].score >= adaptation.table[0].score


def test_overflow_is_out():
    """A network whose parameters can go anywhere is not recommended to go there."""
    assert choose(np.array([[0.5, 0.5], [np.nan, 0.9], [0.6, 0.6]])) == 2


@pytest.mark.parametrize("wrong, words", [
    (dict(groups=[1]), r"groups has the shape \[1\], expected \[2\]"),
    (dict(taught=1.0), "taught is 1.0, expected a share between 0 and 1"),
    (dict(rounds=0), "rounds is 0, expected a whole number from 1"),
    (dict(seconds=0.0), "seconds is 0.0, expected more than 0, or endless=True"),
    (dict(disturbance=-0.1), "disturbance is -0.1, expected 0 to 1.9"),
])
def test_wrong_arguments(network, wrong, words):
    x, y = zip(*(tones(seed) for seed in (1, 2)))
    with pytest.raises(hypr.InvalidArgumentError, match=words):
        hypr.tune_adaptation(network, list(x), list(y), progress=False, **wrong)


def test_events_need_groups():
    model = hypr.ModelBuilder(2).layer("lif", 4).readout(2).build()
    x, y = np.ones((2, 50, 2), np.float32), np.tile(np.arange(2, dtype=np.int32), (2, 25))
    with pytest.raises(hypr.InvalidArgumentError, match="only -1, 0 and 1.*groups, or disturbance=0"):
        hypr.tune_adaptation(model, x, y, progress=False)
    assert hypr.tune_adaptation(model, x, y, disturbance=0, progress=False).streams == ("",)


def test_a_part_of_one_class_says_nothing(network):
    """Always saying it is right: whatever a profile does would be measured as a gain."""
    x, y = tones(1)
    for part, what in ((slice(0, 360), "taught"), (slice(360, None), "tested")):
        labels = y.copy()
        labels[part] = 1
        with pytest.raises(hypr.InvalidArgumentError, match=f"what is {what} in the stream 'me' is all of one class"):
            hypr.tune_adaptation(network, [x], [labels], ["me"], progress=False)


def with_time_step(network, dt=0.02):
    """The network, which knows its time step."""
    other = hypr.ModelBuilder(2, dt=dt).input(scale=4).layer("se_adlif", 24).readout(3, tau=10).build(seed=1)
    session = hypr.Session(other, learning=False)
    session.parameters.flat = hypr.Session(network, learning=False).parameters.flat
    return hypr.Model(session.model_bytes())


def test_a_rate_falls_for_as_long_as_a_device_is_taught(network, others):
    x, y, groups = others
    model = with_time_step(network)
    adaptation = hypr.tune_adaptation(model, x, y, groups, seconds=600.0, progress=False)
    falling = [row.options for row in adaptation.table if "schedule_updates" in row.options]
    # Two halves of 60 pieces of 60 steps are a stream: 72 seconds, all of them labelled.
    assert {row["window"] * row["schedule_updates"] for row in falling} == {600 / 0.02} and len(falling) > 3
    # Not less than was taught.
    short = hypr.tune_adaptation(model, x, y, groups, seconds=1.0, progress=False)
    assert {row.options["window"] * row.options["schedule_updates"] for row in short.table if "schedule_updates" in row.options} <= {
        3600, 3630, 3700}


@pytest.mark.parametrize("recommended", [{}, {"learning_rate": 0.02, "window": 20}])
def test_training_goes_by_what_was_recommended_for_it(network, others, recommended):
    """A recommendation for devices, such as not to adapt or to train the readout alone, does not govern the next training."""
    x, y, groups = others
    model = hypr.ModelBuilder.from_model(network).recommend(**recommended).build()
    plain = hypr.Trainer(model, epochs=1, progress=False).fit(x, y).model
    for profile in (hypr.adaptation_profiles()[0], hypr.adaptation_profiles()[1], {"learning_rate": 0.5, "credit": "filtered"}):
        tuned = _recommending(model, {}, {}, profile)
        assert hypr.Session(tuned).options["learning_rate"] == profile["learning_rate"]
        trained = hypr.Trainer(tuned, epochs=1, progress=False).fit(x, y).model
        assert all(np.array_equal(values, plain.parameters[name]) for name, values in trained.parameters.items())
        # And what is recommended to devices is still there.
        assert hypr.Session(trained).options["learning_rate"] == profile["learning_rate"]
    # A second tuning tries its profiles as the first did.
    again, first = (hypr.tune_adaptation(one, x, y, groups, progress=False) for one in (tuned, model))
    assert [row.scores for row in again.table[:-1]] == [row.scores for row in first.table[:-1]]
    assert again.model.metadata["training_options"] == tuned.metadata["training_options"]


def test_nothing_to_teach_or_test(network):
    x, y = tones(1)
    for start, what in ((0, "test"), (360, "teach")):
        labels = np.full_like(y, -1)
        labels[start:start + 300] = y[start:start + 300]
        with pytest.raises(hypr.InvalidArgumentError, match=f"nothing to {what}"):
            hypr.tune_adaptation(network, [x], [labels], ["me"], progress=False)


def test_trainer_holds_out_whole_groups_and_tunes_on_them(tmp_path):
    model = hypr.ModelBuilder(2).input(scale=4).layer("se_adlif", 16).readout(3, tau=10).build(seed=1)
    parts = [tones(seed, 12, (1 - 0.05 * seed, 1)) for seed in range(10)]
    x, y, groups = [x for x, _ in parts], [y for _, y in parts], np.arange(10) // 2
    arguments = dict(epochs=2, learning_rate=0.01, validation=0.4, progress=False)
    trainer = hypr.Trainer(model, tmp_path / "run", tune_adaptation=True, **arguments)
    result = trainer.fit(x, y, groups=groups)
    assert len(result.adaptation.streams) == 2 and set(result.adaptation.streams) < set("01234")
    folder = hypr.run_folder.RunFolder(tmp_path / "run")
    assert folder.model() == result.model == result.adaptation.model
    rows = folder.adaptation()
    assert [row["profile"] for row in rows if row["chosen"] == "1"] == [result.adaptation.table[result.adaptation.chosen].name]
    assert [float(row["score"]) for row in rows] == [row.score for row in result.adaptation.table]
    assert list(csv.reader(result.adaptation.csv().splitlines()))[0][5:] == list(result.adaptation.streams)
    assert "chosen" in str(result.adaptation)
    # The held-out groups alone give the same.
    members = np.isin(groups, [int(name) for name in result.adaptation.streams])
    alone = hypr.tune_adaptation(result.model, [x[i] for i in np.flatnonzero(members)], [y[i] for i in np.flatnonzero(members)],
                                 groups[members], progress=False)
    assert [row.scores for row in alone.table[:-1]] == [row.scores for row in result.adaptation.table[:-1]]
    # A run goes on with another wish for what comes after it.
    again = hypr.Trainer(model, tmp_path / "run", **arguments).fit(x, y, groups=groups, resume=True)
    assert again.adaptation is None and again.history == result.history


def test_trainer_refuses_before_it_trains():
    model = hypr.ModelBuilder(2).layer("lif", 4).readout(3).build()
    x, y = zip(*(tones(seed) for seed in range(4)))
    x, y = list(x), list(y)
    with pytest.raises(hypr.InvalidArgumentError, match="tune_adaptation needs data that is held out"):
        hypr.Trainer(model, tune_adaptation=True).fit(x, y)
    with pytest.raises(hypr.InvalidArgumentError, match="groups are for a share"):
        hypr.Trainer(model).fit(x, y, groups=[0, 0, 1, 1])
    with pytest.raises(hypr.InvalidArgumentError, match="of 2 groups none is left"):
        hypr.Trainer(model, validation=0.9).fit(x, y, groups=[0, 0, 1, 1])
    with pytest.raises(hypr.InvalidArgumentError, match=r"groups has the shape \[1\]"):
        hypr.Trainer(model).fit(x, y, (x, y, [1]))


TOOL = os.environ.get("HYPR_TOOL", "")


def tool_table(folder, network, *arguments):
    """The rows of `hypr train --tune-adaptation` on a network that is not trained before, and the model that it writes."""
    network.save(folder / "model.hypr")
    # A rate of 0 trains nothing: what is tuned is the network as it is.
    done = subprocess.run([TOOL, "train", "model.hypr", *arguments, "--epochs", "1", "--learning-rate", "0", "--out", "out.hypr",
                           "--tune-adaptation"], cwd=folder, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    heading = next(index for index, line in enumerate(lines) if line.lstrip().startswith("accuracy  "))
    return [line for line in lines[heading + 1:] if " %" in line], hypr.Model.load(folder / "out.hypr")


def assert_the_same(rows, model, adaptation):
    """The same streams, the same sessions: the same accuracies, profile by profile, and the same choice."""
    assert [float(row.split()[0]) for row in rows] == pytest.approx([100 * row.score for row in adaptation.table], abs=0.051)
    assert [index for index, row in enumerate(rows) if "(chosen)" in row] == [adaptation.chosen]
    assert hypr.Session(model).options == hypr.Session(adaptation.model).options


needs_tool = pytest.mark.skipif(not os.path.exists(TOOL), reason="the command line tool is not built")


@needs_tool
@pytest.mark.parametrize("kind", ["steps", "sequences"])
def test_the_tool_measures_the_same(network, others, tmp_path, kind):
    if kind == "steps":
        x, y = np.stack(others[0]), np.stack(others[1])
    else:
        parts = [tones(200 + seed, 1, (0.4, 1.0), 1.8) for seed in range(60)]
        x, y = np.stack([x for x, _ in parts]), np.array([y[0] for _, y in parts])
    for name, array in (("x", x), ("y", y)):
        np.save(tmp_path / f"{name}.npy", array)
    files = ["--inputs", "x.npy", "--labels", "y.npy", "--validation-inputs", "x.npy", "--validation-labels", "y.npy"]
    assert_the_same(*tool_table(tmp_path, network, *files), hypr.tune_adaptation(network, x, y, progress=False))
    # Of a model that knows its time step, whose rate falls for longer than it was taught.
    model = with_time_step(network)
    assert_the_same(*tool_table(tmp_path, model, *files, "--force", "--adaptation-seconds", "900"),
                    hypr.tune_adaptation(model, x, y, seconds=900, progress=False))


@needs_tool
def test_the_tool_trains_by_what_was_recommended_for_it(network, others, tmp_path):
    """Both ways from one to the other: what Python wrote the tool reads, and the other way round."""
    x, y = np.stack(others[0][:2]), np.stack(others[1][:2])
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    model = hypr.ModelBuilder.from_model(network).recommend(learning_rate=0.02, window=20).build()
    _recommending(model, {}, {}, {"learning_rate": 0.0, "train_mask": ("readout",)}).save(tmp_path / "tuned.hypr")
    model.save(tmp_path / "plain.hypr")

    def trained(name, *arguments):
        subprocess.run([TOOL, "train", f"{name}.hypr", "--inputs", "x.npy", "--labels", "y.npy", "--epochs", "1", "--out",
                        f"{name}-out.hypr", "--online", *arguments], cwd=tmp_path, check=True, capture_output=True)
        return hypr.Model.load(tmp_path / f"{name}-out.hypr")

    plain, tuned = trained("plain", "--validation-inputs", "x.npy", "--validation-labels", "y.npy", "--tune-adaptation"), trained("tuned")
    assert all(np.array_equal(values, plain.parameters[name]) for name, values in tuned.parameters.items())
    assert not np.array_equal(tuned.parameters["layer0.input_weight"], network.parameters["layer0.input_weight"])
    own = training_options(plain)
    assert plain.metadata["training_options"] == "window=20.0 learning_rate=0.02"
    assert (own["learning_rate"], own["window"]) == (0.02, 20)


@needs_tool
def test_the_tool_knows_groups_order_and_rehearsal(network, others, tmp_path):
    x, y, groups = [part[:4] for part in others]
    with open(tmp_path / "table.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "left", "right", "tone", "device"])
        for start, (inputs, labels, group) in enumerate(zip(x, y, groups)):
            rows.writerows([10000 * start + step, *sample, label, group] for step, (sample, label) in enumerate(
                zip(inputs.tolist(), labels.tolist())))
    table = ["--csv", "table.csv", "--validation-csv", "table.csv", "--label", "tone", "--time", "time", "--group", "device"]
    wish = ["--adaptation-rounds", "1", "--adaptation-rehearsal", "8192", "--adaptation-endless"]
    assert_the_same(*tool_table(tmp_path, network, *table, *wish), hypr.tune_adaptation(
        network, x, y, groups, rounds=1, rehearsal_bytes=8192, endless=True, progress=False))


@needs_tool
@pytest.mark.parametrize("arguments, words", [
    (["--tune-adaptation"], "--tune-adaptation needs data that is kept for validation"),
    (["--adaptation-rounds", "2"], "--adaptation-rounds needs --tune-adaptation"),
    (["--validation-split", "0.5", "--tune-adaptation", "--adaptation-rounds", "0"], "--adaptation-rounds is 0"),
    (["--validation-split", "0.5", "--tune-adaptation", "--adaptation-rehearsal=-1"], "option rehearsal_bytes is -1"),
])
def test_the_tool_refuses_before_it_trains(network, others, tmp_path, arguments, words):
    network.save(tmp_path / "model.hypr")
    np.save(tmp_path / "x.npy", np.stack(others[0][:2]))
    np.save(tmp_path / "y.npy", np.stack(others[1][:2]))
    done = subprocess.run([TOOL, "train", "model.hypr", "--inputs", "x.npy", "--labels", "y.npy", "--out", "out.hypr",
                           *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and words in done.stderr
    assert not (tmp_path / "out.hypr").exists()


def test_the_report_has_the_table(tmp_path, network, others, adaptation):
    folder = hypr.run_folder.RunFolder(tmp_path)
    folder.save_adaptation(adaptation)
    page = hypr.report.write_report(tmp_path).read_text(encoding="utf-8")
    row = adaptation.table[adaptation.chosen]
    assert f"{row.name}</th><td>{100 * row.score:.1f} %, gain {100 * row.gain:+.1f}" in page
    assert page.count("(chosen)") == 1
    assert hypr.run_folder.RunFolder(tmp_path / "none").adaptation() == []
