"""What keeps a network from working is found, told in words and warned of, and what diverged is not kept."""

import json
import os
import re
import subprocess
import warnings

import numpy as np
import pytest

import hypr
from hypr._teaching import Teacher
from hypr.datasets import LevelCrossing
from hypr.run_folder import RunFolder

TOOL = os.environ.get("HYPR_TOOL", "")
needs_tool = pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")


def tones(count=40, steps=50, seed=0):
    """Tones of two frequencies in two channels [count, steps, 2], and which it is [count]."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    phase = np.array([0.1, 0.3])[labels][:, None] * np.arange(steps) + random.uniform(0, 6, (count, 1))
    x = np.stack([np.sin(phase), np.cos(phase)], 2) + 0.1 * random.normal(size=(count, steps, 2))
    return x.astype(np.float32), labels


def network(scale=5.0, neuron="se_adlif"):
    return hypr.ModelBuilder(inputs=2).input(scale=scale, names=["ax", "ay"]).layer(neuron, 16).readout(2).build(0)


def train(model, x, y, folder=None, **settings):
    return hypr.Trainer(model, folder, **{**dict(progress=False, learning_rate=0.02, epochs=4, batch_size=4), **settings}).fit(x, y)


@pytest.fixture(scope="module")
def trained():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a training that works warns of nothing
        return train(network(), *tones(), epochs=6)


def test_what_works_has_no_findings(trained):
    assert not trained.diagnosis and trained.diagnosis.lines == () and str(trained.diagnosis) == ""
    check = hypr.check(trained.model, tones(seed=1)[0])
    assert not check.cannot_work and check.steps == 2000
    assert str(check).startswith("nothing stands in the way\ninputs are where they were in training, and neurons spike; that says")
    x, y = tones(seed=1)
    labelled = hypr.check(trained.model, x, y)
    assert labelled.accuracy > 0.9 and f"accuracy {labelled.accuracy:.2%}; always saying the most frequent class" in str(labelled)
    assert hypr.check(trained.model, x, np.full(y.shape, -1)).accuracy is None
    with pytest.raises(hypr.InvalidArgumentError, match="y has values, expected classes"):
        hypr.check(trained.model, x, np.zeros((*y.shape[:1], 2), np.float32))


def test_training_stores_the_range_of_its_inputs(trained):
    x, _ = tones()
    lower, upper = trained.model.trained_range
    assert np.array_equal(lower, 5 * x.min(axis=(0, 1))) and np.array_equal(upper, 5 * x.max(axis=(0, 1)))
    # Going on with other data widens it.
    wider = train(trained.model, 2 * x, tones()[1], epochs=1).model
    assert np.array_equal(wider.trained_range[1], 10 * x.max(axis=(0, 1)))


@pytest.mark.parametrize(("change", "words"), [
    (lambda x: 40 * x, "times larger than in training"),
    (lambda x: x + np.float32([0, 97]), "(ay)"),
    (lambda x: x - np.float32([123, 0]), "(ax)"),
])
def test_inputs_that_are_not_those_of_training(trained, change, words):
    check = hypr.check(trained.model, change(tones(seed=1)[0]))
    assert check.cannot_work and hypr.Finding.INPUT_FAR_OUTSIDE in check.diagnosis.findings
    line = dict(check.diagnosis)[hypr.Finding.INPUT_FAR_OUTSIDE]
    assert words in line and line.endswith("was the sensor moved, or its unit changed?")
    assert max(channel.share_outside for channel in check.inputs) > 0.5


def test_inputs_that_are_somewhat_larger(trained):
    check = hypr.check(trained.model, 1.3 * tones(seed=1)[0])
    assert check.diagnosis.findings == hypr.Finding.INPUT_OUTSIDE and not check.cannot_work


@pytest.mark.parametrize(("change", "words"), [
    (lambda x: x / 20, r"input 0 \(ax\) is .* where it was .* in training, and the other channels are hardly "
                     r"wider: inputs are [12]\d[0-9.]* times smaller than in training: another unit, or range of the sensor\?$"),
    (lambda x: x / 4000, r"hardly wider: inputs are \d{4} times smaller than in training: another unit, or range of the sensor\?$"),
    (lambda x: x * 0, r"input \d .*, and the other channels are hardly wider; it stands still: is the sensor connected\?$"),
    (lambda x: x * np.float32([1, 0.01]), r"input 1 \(ay\) is .* in training: was its unit changed, or the sensor's range\?$"),
    (lambda x: x * np.float32([1, 0]), r"input 1 \(ay\) is 0 to 0 .*; it stands still: is the sensor connected\?$"),
])
def test_inputs_that_became_smaller(trained, change, words):
    x = tones(seed=1)[0]
    check = hypr.check(trained.model, change(x))
    assert hypr.Finding.INPUT_SMALLER in check.diagnosis.findings
    assert re.search(words, dict(check.diagnosis)[hypr.Finding.INPUT_SMALLER])
    # Somewhat smaller, or a short quiet part, is nothing unusual.
    for quiet in (x / 2, change(x)[:15]):
        assert hypr.Finding.INPUT_SMALLER not in hypr.check(trained.model, quiet).diagnosis.findings


def test_a_channel_that_stood_still_in_training(trained):
    x, y = tones()
    x = np.concatenate([x, np.full((*x.shape[:2], 1), 21.5, np.float32)], axis=2)
    model = hypr.ModelBuilder(3).input(scale=[5, 5, 1], offset=[0, 0, 20], names=["ax", "ay", "t"]).layer("se_adlif", 16).readout(2)
    model = train(model.build(0), x, y, epochs=1).model
    held = np.array(x)
    for change, finding in ((0.5, 0), (4, 0), (12, hypr.Finding.INPUT_OUTSIDE), (100, hypr.Finding.INPUT_FAR_OUTSIDE)):
        held[..., 2] = 21.5 + change
        found = hypr.check(model, held).diagnosis.findings & (hypr.Finding.INPUT_OUTSIDE | hypr.Finding.INPUT_FAR_OUTSIDE)
        assert found == finding, change
    held[..., :2] /= 1e4  # what moves no more is found beside it
    assert "input 0 (ax)" in str(hypr.check(model, held)) or "input 1 (ay)" in str(hypr.check(model, held))


def values(seed=0):
    """Noise in two channels [20, 50, 2], and what is easy to say of it [20, 50, 2]."""
    x = np.random.default_rng(seed).normal(size=(20, 50, 2)).astype(np.float32)
    return x, (5 + x @ np.array([[1, 0.2], [0.5, 3]])).astype(np.float32)


def test_chance_of_values_is_their_variance():
    x, y = values()
    model = hypr.ModelBuilder(2).layer("gru", 4).readout(2).build(0)
    session = hypr.Session(model, window=7, update="sequence")
    weights = np.random.default_rng(1).uniform(0.5, 2, (20, 50)).astype(np.float32)
    session.learn(x.reshape(-1, 2), lengths=np.full(20, 50), values=y.reshape(-1, 2), weights=weights.ravel())
    flat, share = y.reshape(-1, 2).astype(float), weights.reshape(-1, 1).astype(float)
    mean = (flat * share).sum(axis=0) / share.sum()
    assert session.statistics.chance_loss == pytest.approx(((flat - mean) ** 2 * share).sum() / share.sum() / 2, rel=1e-4)
    other = hypr.Session(model, window=7, update="sequence")
    other.load_state(session.save_state())
    assert other.statistics.chance_loss == session.statistics.chance_loss
    session.step(x[0, 0])
    session.teach([0, 0])
    session.clear_statistics()
    assert session.statistics.chance_loss == 0


def test_values_that_have_nothing_to_do_with_the_samples():
    x, y = values()
    model = hypr.ModelBuilder(2).input(scale=3).layer("se_adlif", 16).readout(2).build(0)
    shuffled = np.random.default_rng(2).permutation(y.reshape(-1, 2)).reshape(y.shape)
    with pytest.warns(hypr.DiagnosisWarning, match="^no better than guessing: the mean loss is .*, and always saying the mean of the "
                                                   "values gives"):
        train(model, x, shuffled, epochs=6)
    gru = hypr.ModelBuilder(2).layer("gru", 16).readout(2, tau=1).build(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", hypr.DiagnosisWarning)
        assert train(gru, x, y, epochs=40).history[-1].train_loss < 1


def test_values_that_diverge():
    x, y = values()
    gru = hypr.ModelBuilder(2).layer("gru", 16).readout(2).build(0)
    with pytest.warns(hypr.DiagnosisWarning, match="^learning diverged: the mean loss is"):
        result = train(gru, x, y, learning_rate=100)
    assert result.best_epoch == 0


def test_ranges_are_counted_step_by_step(trained):
    x = tones(seed=1)[0] * np.float32([1, 1.5])
    check = hypr.check(trained.model, x)
    lower, upper = trained.model.trained_range
    steps = np.arange(2000, dtype=np.uint64)
    # One step in 16, drawn from its number.
    looked = (steps < 64) | (steps * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(60) == 0)
    values = 5 * x.reshape(-1, 2)[looked]
    for channel, found in enumerate(check.inputs):
        assert found.samples == len(values) and found.is_known
        assert found.outside == ((values[:, channel] < lower[channel]) | (values[:, channel] > upper[channel])).sum()
        assert (found.lowest, found.highest) == (values[:, channel].min(), values[:, channel].max())


def test_wide_inputs_are_looked_at_now_and_then():
    x = np.random.default_rng(0).normal(size=(100, 70)).astype(np.float32)
    session = hypr.Session(hypr.ModelBuilder(70).layer("lif", 4).readout(2).build(0))
    session.run(x)
    assert session.input_ranges[69].samples == 64  # after that every 256th
    assert session.input_ranges[69].highest == x[:64, 69].max()


def test_the_values_before_an_encoding_are_meant():
    x = np.linspace(-3, 3, 64, dtype=np.float32)[:, None]
    model = hypr.ModelBuilder(1).input(scale=2, encoding=LevelCrossing(0.5)).layer("lif", 4).readout(2).build(0)
    found = hypr.check(model, x).inputs[0]
    assert (found.lowest, found.highest) == (-6, 6)


@pytest.mark.parametrize("neuron", ["lif", "se_adlif", "brf"])
def test_a_dead_network(neuron):
    x, y = tones()
    with pytest.warns(hypr.DiagnosisWarning, match="layer0 never spiked in 2000 steps: the largest input of the network is") as told:
        result = train(network(1e-3, neuron), x, y)
    # Once of each finding, though there are four epochs; and the warning is about this file.
    assert len({str(warning.message)[:20] for warning in told}) == len(told)
    assert told[0].filename == __file__
    assert result.diagnosis.cannot_work and hypr.Finding.SILENT_LAYER in result.diagnosis.findings
    assert hypr.check(result.model, x).layers[0].silent_neurons == 16


def test_a_layer_that_nothing_reaches():
    model = hypr.ModelBuilder(2).input(scale=5).layer("se_adlif", 16).layer("lif", 8, threshold=100).readout(2).build(0)
    line = hypr.check(model, tones()[0]).diagnosis.lines[0]
    assert line.startswith("layer1 never spiked in 2000 steps, while neurons of layer0 spiked in ")


def test_a_saturated_network():
    check = hypr.check(network(neuron="lif"), tones()[0] + 100)
    assert check.cannot_work and hypr.Finding.SATURATED_LAYER in check.diagnosis.findings
    layer = check.layers[0]
    assert layer.saturated_neurons > 4 and layer.saturated_neurons + layer.silent_neurons > 13
    assert "spiked in more than half of the steps" in str(check)


def test_learning_that_diverged_is_not_kept(tmp_path):
    x, y = tones()
    with pytest.warns(hypr.DiagnosisWarning, match="^learning diverged: the mean loss is"):
        result = train(network(), x, y, tmp_path / "run", learning_rate=1000)
    assert result.best_epoch == 0 and not any(record.best for record in result.history)
    assert hypr.Finding.DIVERGED in result.diagnosis.findings
    before = network().parameters
    assert all(np.array_equal(values, before[name]) for name, values in result.model.parameters.items())
    assert RunFolder(tmp_path / "run").diagnosis()[0].startswith("learning diverged")


def test_a_training_that_diverges_later_keeps_what_was_before(monkeypatch):
    x, y = tones()
    batches = []
    teach = Teacher.teach

    def derail(self, part):
        batches.append(part)
        if len(batches) == 21:  # the first one of the third epoch
            self.session.parameters["readout.bias"] = [1000, -1000]
        return teach(self, part)

    monkeypatch.setattr(Teacher, "teach", derail)
    with pytest.warns(hypr.DiagnosisWarning, match="learning diverged"):
        result = train(network(), x, y, epochs=3, learning_rate=1e-6)
    assert result.best_epoch == 2


def test_labels_that_have_nothing_to_do_with_the_samples():
    x, _ = tones()
    y = np.arange(40) % 2
    with pytest.warns(hypr.DiagnosisWarning, match="^no better than guessing: the mean loss is 0.69"):
        train(network(), np.repeat(x[:1], 40, axis=0), y, learning_rate=1e-4)


def test_updates_that_change_nothing():
    x, y = tones()
    with pytest.warns(hypr.DiagnosisWarning, match="updates changed a parameter"):
        train(network(), x, y, learning_rate=0)


def test_statistics_of_guessing(model, stream):
    session = hypr.Session(model, window=10)
    session.learn_sequence(*stream)
    shares = np.bincount(stream[1][stream[1] >= 0]) / (stream[1] >= 0).sum()
    assert session.statistics.chance_loss == pytest.approx(-(shares * np.log(shares)).sum())


def test_counts_go_on_from_a_saved_state(trained):
    x, y = tones(seed=2)
    one, other = (hypr.Session(trained.model, window=30) for _ in range(2))
    one.learn_sequence(x[0], np.full(50, y[0], np.int32))
    other.load_state(one.save_state())
    assert other.activity == one.activity and other.input_ranges == one.input_ranges
    for session in (one, other):
        session.learn_sequence(30 * x[1], np.full(50, y[1], np.int32))
        session.learn_sequence(30 * x[2], np.full(50, y[2], np.int32))
    assert other.activity == one.activity and other.input_ranges == one.input_ranges and one.input_ranges[0].outside > 0
    assert other.diagnose() == one.diagnose() and one.diagnose()


def test_threads_count_what_one_does(trained):
    x, y = tones(seed=2)
    one, several = (hypr.Session(trained.model, update="sequence", threads=threads) for threads in (1, 3))
    for session in (one, several):
        session.learn(20 * x, sequence_labels=y)
    assert one.activity == several.activity
    assert one.statistics.chance_loss == several.statistics.chance_loss > 0


def test_estimators_warn():
    sklearn = pytest.importorskip("hypr.sklearn")
    x, y = tones()
    estimator = sklearn.HyprClassifier("lif", 8, input_scale=1e-4, epochs=2, random_state=0)
    with pytest.warns(hypr.DiagnosisWarning, match="layer0 never spiked"):
        estimator.fit(x, y)
    with pytest.warns(hypr.DiagnosisWarning, match="layer0 never spiked"):
        estimator.partial_fit(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", hypr.DiagnosisWarning)
        estimator.partial_fit(x, y)  # told once


def test_river_estimators_warn():
    river = pytest.importorskip("hypr.river")
    estimator = river.HyprClassifier(classes=(0, 1), features=("ax", "ay"), neuron="lif", input_scale=1e-4)
    x, y = tones()
    with pytest.warns(hypr.DiagnosisWarning, match="layer0 never spiked in 1000 steps"):
        for sequence, label in zip(x[:20], y):
            for ax, ay in sequence.tolist():
                estimator.learn_one({"ax": ax, "ay": ay}, int(label))


def test_report_tells_it_first(tmp_path):
    pytest.importorskip("jinja2"), pytest.importorskip("matplotlib")
    from hypr.report import write_report

    x, y = tones()
    with pytest.warns(hypr.DiagnosisWarning):
        train(network(1e-3), x, y, tmp_path / "run", epochs=1)
    page = write_report(tmp_path / "run").read_text()
    assert page.index("layer0 never spiked") < page.index("parameters</th>")


@needs_tool
@pytest.mark.parametrize(("factor", "status"), [(1, 0), (40, 2)])
def test_the_tool_says_the_same(trained, tmp_path, factor, status):
    x = factor * tones(seed=1)[0]
    trained.model.save(tmp_path / "trained.hypr")
    np.save(tmp_path / "x.npy", x)
    command = [TOOL, "check", tmp_path / "trained.hypr", "--inputs", tmp_path / "x.npy"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True)
    report, check = json.loads(done.stdout), hypr.check(trained.model, x)
    assert done.returncode == status and report["cannotWork"] == check.cannot_work == (status == 2)
    assert tuple(report["findings"]) == check.diagnosis.lines and report["steps"] == check.steps
    assert [layer["silent"] for layer in report["layers"]] == [layer.silent_neurons for layer in check.layers]
    assert [channel["name"] for channel in report["inputs"]] == ["ax", "ay"]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    assert text.startswith(check.diagnosis.lines[0] if status else "nothing stands in the way")


@needs_tool
def test_the_tool_does_not_write_what_diverged(tmp_path):
    x, y = tones()
    network().save(tmp_path / "fresh.hypr")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y.astype(np.int32))

    def train(rate, out):
        return subprocess.run([TOOL, "train", tmp_path / "fresh.hypr", "--inputs", tmp_path / "x.npy", "--labels", tmp_path / "y.npy",
                               "--batch", "4", "--epochs", "3", "--learning-rate", rate, "--out", tmp_path / out],
                              capture_output=True, text=True)

    done = train("1000", "diverged.hypr")
    assert done.returncode == 1 and not (tmp_path / "diverged.hypr").exists()
    assert "warning: learning diverged" in done.stderr and "is not written" in done.stderr
    done = train("0.02", "trained.hypr")
    assert done.returncode == 0 and done.stderr == ""
    assert np.array_equal(hypr.Model.load(tmp_path / "trained.hypr").trained_range[1], 5 * x.max(axis=(0, 1)))
