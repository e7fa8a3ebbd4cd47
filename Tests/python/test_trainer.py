"""Offline training: what it learns, what it keeps, and that a run goes on bit for bit after its process was killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

import hypr
from hypr._scores import Judgement, Scores, log_softmax, softmax
from hypr._sequences import run_all
from hypr._training_data import TrainingData
from hypr.run_folder import RunFolder


def tones(count=60, steps=50, seed=0):
    """Noisy tones of three frequencies [count, steps, 1], and which it is [count]."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    phase = np.array([0.1, 0.2, 0.4])[labels][:, None] * np.arange(steps) + random.uniform(0, 6, (count, 1))
    return (np.sin(phase) + 0.1 * random.normal(size=phase.shape))[:, :, None].astype(np.float32), labels


@pytest.fixture(scope="module")
def model():
    return hypr.ModelBuilder(inputs=1).input(scale=5).layer("se_adlif", 16).readout(3).labels(["low", "middle", "high"]).build(0)


def trainer(model, folder=None, **settings):
    return hypr.Trainer(model, folder, **{**dict(progress=False, learning_rate=0.02, epochs=3), **settings})


def same(one, other):
    """Equal records but for the time, NaN included."""
    def plain(history):
        return [repr(replace(record, seconds=0)) for record in history]

    return plain(one) == plain(other)


def test_learns(model):
    result = trainer(model, epochs=25, validation=0.2, batch_size=8).fit(*tones(100))
    best = result.history[result.best_epoch - 1]
    assert best.validation_accuracy == max(record.validation_accuracy for record in result.history) > 0.9
    assert result.history[-1].train_loss < 0.5 * result.history[0].train_loss
    assert result.stopped == "epochs" and len(result.history) == 25
    assert [record.epoch for record in result.history if record.best][-1] == result.best_epoch
    assert result.history[-1].updates == 25 * 10 and 0 < best.spike_rate < 0.5
    assert result.model.class_labels == model.class_labels and result.model != model


def test_the_best_model_is_that_of_its_record(model):
    x, y = tones()
    held = tones(20, seed=1)
    result = trainer(model, epochs=8, learning_rate=1).fit(x, y, held)  # so large that the last epoch is not the best
    outputs = run_all(hypr.Session(result.model, learning=False), held[0].reshape(-1, 1), np.full(20, 50, np.int32))
    chosen = outputs.reshape(20, 50, 3).mean(axis=1).argmax(axis=1)
    record = result.history[result.best_epoch - 1]
    assert result.best_epoch < 8 and record.validation_accuracy == (chosen == held[1]).mean()
    loss = -log_softmax(outputs)[np.arange(1000), np.repeat(held[1], 50)].mean()
    assert record.validation_loss == pytest.approx(loss)


@pytest.mark.parametrize("update", ["sequence", "window"])
def test_an_epoch_is_what_the_session_does(model, update):
    """Without shuffling, an epoch is a row of learn_batch."""
    x, y = tones(10)
    labels = np.repeat(y[:, None], 50, axis=1)
    result = trainer(model, epochs=1, batch_size=4, shuffle=False, update=update, window=20).fit(x, labels)
    session = hypr.Session(model, update=update, window=20, learning_rate=0.02)
    losses = [session.learn_batch(x[start:start + 4], labels[start:start + 4]) * len(x[start:start + 4]) for start in (0, 4, 8)]
    np.testing.assert_array_equal(hypr.Session(result.model).parameters.flat, session.parameters.flat)
    assert result.history[0].train_loss == pytest.approx(sum(losses) / 10)
    assert result.history[0].train_accuracy == session.statistics.accuracy


def test_slow_weights_are_an_average_over_batches(model):
    """By its own formula: every batch's parameters, with what the later ones left of their weight."""
    x, y = tones(60)
    result = trainer(model, epochs=2, batch_size=2, shuffle=False, average_decay=0.9).fit(x, y)
    session = hypr.Session(model, update="sequence", learning_rate=0.02)
    rows = [session.parameters.flat]
    for start in 2 * list(range(0, 60, 2)):
        session.learn_labelled(x[start:start + 2], y[start:start + 2])
        rows.append(session.parameters.flat)
    kept = np.minimum(0.9, (1 + np.arange(60)) / (10 + np.arange(60)))
    left = np.append(np.cumprod(kept[::-1])[::-1], 1)  # of what was there before batch n
    shares = np.append(left[0], (1 - kept) * left[1:])
    slow = hypr.Session(result.model).parameters.flat
    np.testing.assert_allclose(slow, np.array(rows, float).T @ shares, rtol=1e-4, atol=1e-5)
    assert not np.allclose(slow, rows[-1], rtol=1e-4, atol=1e-5)


def test_slow_weights_are_what_is_validated(model):
    x, y = tones(60)
    held = tones(20, seed=1)
    result = trainer(model, epochs=2, average_decay=0.9, monitor="loss").fit(x, y, held)
    outputs = run_all(hypr.Session(result.model, learning=False), held[0].reshape(-1, 1), np.full(20, 50, np.int32))
    loss = -log_softmax(outputs)[np.arange(1000), np.repeat(held[1], 50)].mean()
    assert result.history[result.best_epoch - 1].validation_loss == pytest.approx(loss)
    assert result.history[0].train_loss == trainer(model, epochs=1).fit(x, y).history[0].train_loss  # it learns as ever


@pytest.mark.parametrize("options", [{"loss": "every_step"}, {"loss": "last_steps", "loss_steps": 9},
                                     {"loss": "sum_of_softmax", "window": 60}])
def test_scores_of_sequence_labels_are_those_of_the_library(model, options):
    x, y = tones(12)
    result = trainer(model, epochs=1, batch_size=12, **options).fit(list(x), list(y))
    session = hypr.Session(model, update="sequence", **options)
    assert result.history[0].train_loss == pytest.approx(session.learn_labelled(x, y), rel=1e-5)


def test_lengths_differ(model):
    x, y = tones(9)
    parts = [part[:20 + 3 * index] for index, part in enumerate(x)]
    labels = [np.full(len(part), label) for part, label in zip(parts, y)]
    labels[0][:10] = -1
    some = TrainingData.of(parts, labels, model).take(np.array([7, 0]))
    np.testing.assert_array_equal(some.inputs, np.concatenate([parts[7], parts[0]]))
    np.testing.assert_array_equal(some.targets, np.concatenate([labels[7], labels[0]]))
    data = TrainingData.of(parts, labels, model).take(np.arange(9))
    outputs = np.random.default_rng(0).normal(size=(len(data.inputs), 3)).astype(np.float32)
    split = np.split(outputs, np.cumsum(data.lengths)[:-1])
    np.testing.assert_allclose(Judgement("last_steps", 5).summaries(outputs, data.lengths), [p[-5:].mean(axis=0) for p in split],
                               rtol=1e-5)
    np.testing.assert_allclose(Judgement("every_step", 5).summaries(outputs, data.lengths), [p.mean(axis=0) for p in split],
                               rtol=1e-5)
    np.testing.assert_allclose(Judgement("sum_of_softmax", 5).summaries(outputs, data.lengths),
                               [softmax(p).sum(axis=0) for p in split])
    scores = Scores()
    scores.add(outputs, data, Judgement("every_step", 1))
    assert scores.losses == scores.judged == len(data.inputs) - 10
    assert trainer(model, epochs=1, batch_size=4).fit(parts, labels).history[0].updates == 3


class Lazy:
    """Sequences that are made when they are asked for; it counts how many of them there are at a time."""

    def __init__(self, parts):
        self.parts, self.alive, self.most, self.read = parts, 0, 0, 0

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        assert type(index) is int
        part = self.parts[index].copy()
        self.alive, self.read = self.alive + 1, self.read + 1
        self.most = max(self.most, self.alive)
        weakref.finalize(part, self._gone)
        return part

    def _gone(self):
        self.alive -= 1


@pytest.mark.parametrize("kind", ["sequence", "step", "values"])
def test_sequences_that_are_made_when_asked_for(model, kind, tmp_path):
    """The same run as from memory, with no more of them at a time than a batch."""
    x, y = tones(60)
    parts = [part[:20 + index % 7] for index, part in enumerate(x)]
    labels = {"sequence": y, "step": [np.full(len(part), label) for part, label in zip(parts, y)],
              "values": np.eye(3, dtype=np.float32)[y]}[kind]
    lazy = Lazy(parts)
    settings = dict(batch_size=4, validation=0.25)
    one = trainer(model, tmp_path / "lazy", **settings).fit(lazy, labels)
    assert 0 < lazy.most <= 5 and lazy.read == 60 * (2 + 3) + 45 + (15 + 1 if kind != "values" else 0)
    whole = trainer(model, tmp_path / "memory", **settings).fit(parts, labels)
    assert one.model == whole.model and same(one.history, whole.history)
    assert RunFolder(tmp_path / "lazy").config() == RunFolder(tmp_path / "memory").config()
    again = trainer(model, tmp_path / "lazy", **{**settings, "epochs": 4}).fit(parts, labels, resume=True)
    assert len(again.history) == 4
    with pytest.raises(hypr.StateMismatchError, match="sha256"):
        trainer(model, tmp_path / "lazy", **settings).fit(Lazy([part + 1 for part in parts]), labels, resume=True)


def test_validation_data_that_is_made_when_asked_for(model):
    x, y = tones(20)
    held, right = tones(8, seed=1)
    lazy = Lazy(list(held))
    one, other = (trainer(model).fit(x, y, (given, right)) for given in (lazy, held))
    assert one.model == other.model and same(one.history, other.history) and lazy.read == 8 * (1 + 3)


def test_events_are_binned_when_asked_for(model):
    random = np.random.default_rng(0)
    times = [np.sort(random.uniform(0, 0.2, 40)) for _ in range(12)]
    events = hypr.datasets.BinnedEvents(times, [np.zeros(40, int)] * 12, channels=1, time_step=0.01)
    labels = np.arange(12) % 3
    assert trainer(model, epochs=1).fit(events, labels).model == trainer(model, epochs=1).fit(list(events), labels).model


def test_lazy_sequences_that_do_not_fit(model):
    class Growing(Lazy):
        def __getitem__(self, index):
            return np.zeros((10 + self.read // 6, 1)) if super().__getitem__(index) is not None else None

    x, y = tones(6)
    with pytest.raises(hypr.SizeMismatchError, match=r"x\[\d\] has 11 steps now, and had 10 before"):
        trainer(model).fit(Growing(list(x)), y)
    with pytest.raises(hypr.SizeMismatchError, match=r"x\[0\] has the shape \[50, 2\], expected \[steps, 1\]"):
        trainer(model).fit(Lazy([np.zeros((50, 2))] * 6), y)
    with pytest.raises(hypr.NotFiniteError, match=r"x\[0\]"):
        trainer(model).fit(Lazy([np.full((50, 1), np.nan)] * 6), y)
    with pytest.raises(hypr.SizeMismatchError, match="no sequences"):
        trainer(model).fit(Lazy([]), y[:0])


@pytest.mark.parametrize("per_step", [False, True])
def test_values(model, per_step):
    """Values are taught with one update per batch: the gradient is that of the mean over the batch."""
    x, y = tones(40)
    values = np.stack([np.sin(y), np.cos(y), y], axis=1).astype(np.float32)
    targets = np.repeat(values[:, None], 50, axis=1) if per_step else values
    result = trainer(model, epochs=15, batch_size=8, validation=0.2, loss="last_steps", loss_steps=20).fit(x, targets)
    losses = [record.validation_loss for record in result.history]
    assert min(losses) == losses[result.best_epoch - 1] < 0.5 * losses[0]
    assert result.history[-1].updates == 15 * 4 and np.isnan(result.history[-1].validation_accuracy)
    with pytest.raises(hypr.InvalidArgumentError, match="monitor"):
        trainer(model, monitor="accuracy").fit(x, targets)


def test_seeds(model):
    x, y = tones()
    one, same_seed, other = (trainer(model, seed=seed, validation=0.25).fit(x, y) for seed in (1, 1, 2))
    assert one.model == same_seed.model and same(one.history, same_seed.history)
    assert one.model != other.model


def test_patience(model):
    """Without learning nothing gets better: the first epoch is the best, and three more are waited for."""
    result = trainer(model, epochs=20, validation=0.2, patience=3, learning_rate=0).fit(*tones(20))
    assert (result.stopped, result.best_epoch, len(result.history)) == ("patience", 1, 4)
    assert hypr.Session(result.model).parameters.flat.tobytes() == hypr.Session(model).parameters.flat.tobytes()


def test_without_validation_the_last_epoch_counts(model):
    result = trainer(model, epochs=4).fit(*tones(20))
    assert result.best_epoch == 4 and np.isnan(result.history[0].validation_loss)


def test_a_falling_schedule_ends_with_the_last_epoch(model):
    for update in ("sequence", "window"):
        result = trainer(model, schedule="linear", update=update, window=20, learning_rate=0.02).fit(*tones(20))
        assert result.history[0].learning_rate == pytest.approx(0.02 * 2 / 3)
        assert result.history[-1].learning_rate == 0


def test_a_falling_schedule_with_a_recommended_window(model):
    """As a session has it: what is given, what the file recommends, or the default."""
    builder = hypr.ModelBuilder.from_model(model)
    data = tones(20)
    for recommended, given in ((20, {}), (20, {"window": 25}), (20, {"window": None}), (None, {})):
        made = builder.recommend(window=recommended).build() if recommended else model
        result = trainer(made, schedule="linear", update="window", learning_rate=0.02, **given).fit(*data)
        window = hypr.Session(made, **given).options["window"]
        assert result.history[0].updates == 20 * -(-50 // window)
        assert result.history[0].learning_rate == pytest.approx(0.02 * 2 / 3) and result.history[-1].learning_rate == 0


def test_class_weights(model):
    """A class with the weight 0 teaches nothing."""
    x, y = tones(30)
    result = trainer(model, class_weights=[0, 1, 0]).fit(x, np.where(y == 2, 2, 0))
    np.testing.assert_array_equal(hypr.Session(result.model).parameters.flat, hypr.Session(model).parameters.flat)
    assert trainer(model, class_weights=[1, 2, 3]).fit(x, y).model != trainer(model).fit(x, y).model


def test_run_folder(model, tmp_path):
    result = trainer(model, tmp_path / "run", validation=0.2).fit(*tones())
    run = RunFolder(tmp_path / "run")
    assert {"checkpoint", "config.json", "log.csv", "model.hypr"} <= {path.name for path in run.path.iterdir()}
    assert run.model() == result.model
    assert same(run.history(), result.history)
    config = run.config()
    assert config["options"]["learning_rate"] == pytest.approx(0.02) and config["options"]["update"] == "sequence"
    assert config["data"]["sequences"] == 48 and config["data"]["validation_sequences"] == 12
    assert config["model"]["class_labels"] == ["low", "middle", "high"]


@pytest.mark.parametrize("per_step", [False, True])
def test_predictions_of_the_validation_data(model, per_step, tmp_path):
    """The matrix of the report shows the accuracy that the log has of the best epoch."""
    x, y = tones()
    labels = [np.where(np.arange(50) < 5, -1, label) for label in y] if per_step else y
    result = trainer(model, tmp_path, epochs=6, learning_rate=0.2, validation=0.3, batch_size=5).fit(x, labels)
    kept = RunFolder(tmp_path).predictions()
    taught = kept["labels"] >= 0
    assert len(kept["labels"]) == (18 * 50 if per_step else 18) and taught.sum() == (18 * 45 if per_step else 18)
    accuracy = (kept["predictions"] == kept["labels"])[taught].mean()
    assert accuracy == result.history[result.best_epoch - 1].validation_accuracy and str(kept["data"]) == "Validation data"
    assert kept["example"].shape == (50, 1)
    [place] = [index for index, part in enumerate(x) if np.array_equal(part, kept["example"])]
    np.testing.assert_array_equal(kept["example_labels"], labels[place])


def test_no_predictions_of_values_or_without_validation(model, tmp_path):
    x, y = tones(20)
    trainer(model, tmp_path / "values", validation=0.2, epochs=1).fit(x, np.eye(3, dtype=np.float32)[y])
    trainer(model, tmp_path / "all", epochs=1).fit(x, y)
    for name in ("values", "all"):
        assert RunFolder(tmp_path / name).predictions() == {}


def test_tensorboard(model, tmp_path):
    pytest.importorskip("tensorboardX")
    trainer(model, tmp_path / "run", epochs=2).fit(*tones(10))
    assert [path.stat().st_size > 0 for path in (tmp_path / "run" / "tensorboard").iterdir()] == [True]


def test_more_epochs(model, tmp_path):
    """A finished run goes on when it is given more epochs."""
    x, y = tones()
    whole = trainer(model, epochs=5, validation=0.2).fit(x, y)
    first = trainer(model, tmp_path, epochs=2, validation=0.2).fit(x, y)
    again = trainer(model, tmp_path, epochs=2, validation=0.2).fit(x, y, resume=True)
    assert again.model == first.model and same(again.history, first.history)
    rest = trainer(model, tmp_path, epochs=5, validation=0.2).fit(x, y, resume=True)
    assert rest.model == whole.model == RunFolder(tmp_path).model() and same(rest.history, whole.history)


def test_refuses_other_runs(model, tmp_path):
    x, y = tones(20)
    trainer(model, tmp_path, epochs=1).fit(x, y)
    with pytest.raises(hypr.WrongStateError, match="already"):
        trainer(model, tmp_path).fit(x, y)
    for settings, name in (({"seed": 1}, "trainer.seed"), ({"window": 7}, "options.window")):
        with pytest.raises(hypr.StateMismatchError, match=name):
            trainer(model, tmp_path, **settings).fit(x, y, resume=True)
    with pytest.raises(hypr.StateMismatchError, match="data.sha256"):
        trainer(model, tmp_path).fit(x, (y + 1) % 3, resume=True)
    (tmp_path / "checkpoint").write_bytes(b"broken")
    with pytest.raises(hypr.FileError, match="checkpoint"):
        trainer(model, tmp_path).fit(x, y, resume=True)


def test_refuses_what_does_not_fit(model):
    x, y = tones(10)
    for wrong in (y[:-1], np.full(10, 3), [y], np.zeros((10, 2)), np.zeros((10, 49), int)):
        with pytest.raises((hypr.SizeMismatchError, hypr.InvalidArgumentError)):
            trainer(model).fit(x, wrong)
    with pytest.raises(TypeError, match="whole numbers"):
        trainer(model).fit(x, ["a"] * 10)
    with pytest.raises(hypr.SizeMismatchError):
        trainer(model).fit(x[:, :, :0], y)
    with pytest.raises(hypr.NotFiniteError):
        trainer(model).fit(x * np.nan, y)
    with pytest.raises(hypr.InvalidArgumentError, match="no targets"):
        trainer(model).fit(x, np.full(10, -1))
    for settings in ({"patience": 2}, {"update": "manual"}, {"validation": 0.99}):
        with pytest.raises(hypr.InvalidArgumentError):
            trainer(model, **settings).fit(x, y)
    for settings in ({"epochs": 0}, {"validation": 1}, {"monitor": "f1"}, {"batch_size": 1.5},
                     {"average_decay": 1}, {"average_decay": -0.1}):
        with pytest.raises(hypr.InvalidArgumentError):
            trainer(model, **settings)
    with pytest.raises(hypr.UnknownOptionError):
        trainer(model, learning_rat=1).fit(x, y)


PROGRAM = textwrap.dedent("""
    import sys
    sys.path.insert(0, {here!r})
    from test_trainer import *
    net = hypr.ModelBuilder(inputs=1).input(scale=5).layer("se_adlif", 16).readout(3).build(0)
    x, y = tones(100)
    run = trainer(net, sys.argv[1], epochs=8, batch_size=4, validation=0.2, checkpoint_seconds=0.01, seed=3, average_decay=0.9)
    result = run.fit(x, y, resume=True)
    print(result.stopped, len(result.history))
""").format(here=os.path.dirname(__file__))


def start(folder):
    return subprocess.Popen([sys.executable, "-c", PROGRAM, folder], stdout=subprocess.PIPE, text=True)


def wait_for(condition, process):
    until = time.monotonic() + 30
    while not condition():
        assert process.poll() is None and time.monotonic() < until, "the training ended too early, or did not get on"
        time.sleep(0.005)


def epochs_done(folder):
    return len((folder / "log.csv").read_text().splitlines()) - 1 if (folder / "log.csv").exists() else 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run of a process that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    assert start(folder).communicate()[0] == "epochs 8\n"
    return RunFolder(folder)


def finish(folder, whole):
    """Goes on with a run: it must end as the undisturbed one, to the last bit."""
    assert start(folder).communicate()[0] == "epochs 8\n"
    run = RunFolder(folder)
    assert run.model() == whole.model() and same(run.history(), whole.history())
    one, other = run.load_checkpoint(), whole.load_checkpoint()
    assert one.state == other.state and one.best.tobytes() == other.best.tobytes()
    assert one.average.tobytes() == other.average.tobytes() and other.average.any()
    assert one.progress["random"] == other.progress["random"]


def test_killed_and_resumed_is_bit_for_bit(whole, tmp_path):
    """SIGKILL twice, at moments of chance in the middle of epochs."""
    for epochs in (1, 4):
        process = start(tmp_path)
        wait_for(lambda: epochs_done(tmp_path) >= epochs, process)
        time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert RunFolder(tmp_path).model().output_size == 3
    assert epochs <= len(RunFolder(tmp_path).load_checkpoint().progress["history"]) < 8
    finish(tmp_path, whole)


@pytest.mark.parametrize("average_decay", [0, 0.9])
def test_goes_on_within_an_epoch(model, tmp_path, monkeypatch, average_decay):
    """From a checkpoint between two batches."""
    x, y = tones()
    settings = dict(batch_size=8, checkpoint_seconds=0, validation=0.2, average_decay=average_decay)
    learn, count = hypr.Session.learn, 0

    def fails(self, *arguments, **named):
        nonlocal count
        count += 1
        if count == 10:
            raise MemoryError
        return learn(self, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(hypr.Session, "learn", fails)
        with pytest.raises(MemoryError):
            trainer(model, tmp_path, **settings).fit(x, y)
    progress = RunFolder(tmp_path).load_checkpoint().progress
    assert (len(progress["history"]), progress["batch"]) == (1, 3)
    rest, whole = trainer(model, tmp_path, **settings).fit(x, y, resume=True), trainer(model, **settings).fit(x, y)
    assert rest.model == whole.model and same(rest.history, whole.history)


def test_interrupted(whole, tmp_path):
    """Ctrl-C gives a usable model, and the run goes on from there."""
    process = start(tmp_path)
    wait_for(lambda: epochs_done(tmp_path) >= 2, process)
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0].split()
    assert process.returncode == 0 and output[0] == "interrupted" and 2 <= int(output[1]) < 8
    run = RunFolder(tmp_path)
    assert len(run.history()) == int(output[1])
    np.testing.assert_array_equal(hypr.Session(run.model()).parameters.flat, run.load_checkpoint().best)
    finish(tmp_path, whole)


def test_interrupted_in_the_first_epoch(model, monkeypatch):
    """The model is then what it had until there; the handler before is put back."""
    x, y = tones(20)
    before = signal.getsignal(signal.SIGINT)
    learn = hypr.Session.learn

    def interrupted(self, *arguments, **named):
        os.kill(os.getpid(), signal.SIGINT)
        return learn(self, *arguments, **named)

    monkeypatch.setattr(hypr.Session, "learn", interrupted)
    result = trainer(model, batch_size=4).fit(x, y)
    assert (result.stopped, result.history, result.best_epoch) == ("interrupted", (), 0)
    assert result.model.output_size == 3 and signal.getsignal(signal.SIGINT) == before


def test_progress(model, capsys):
    pytest.importorskip("tqdm")
    trainer(model, progress=True).fit(*tones(20))
    assert "6/6" in capsys.readouterr().err
