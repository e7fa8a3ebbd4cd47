"""A session on a stream: what is kept of it, its report, and the picture that follows it."""

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import hypr

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from hypr import plot  # noqa: E402
from hypr.report import write_report  # noqa: E402
from hypr.run_folder import RunFolder  # noqa: E402
from test_report import Page  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def logged(model, stream, **options):
    x, labels = stream
    session = hypr.Session(model, window=20, learning_rate=0.01)
    log = hypr.StreamLog(session, gauge=(x[:90], labels[:90]), gauge_every=200, **options)
    outputs = [log.step(sample, label).copy() for sample, label in zip(x, labels.tolist())]
    return log, np.array(outputs)


def test_it_does_what_the_session_does(model, stream):
    """Steps, lessons and bits are those of the session without a log, and the record compares what was before the lesson."""
    x, labels = stream
    log, outputs = logged(model, stream)
    alone = hypr.Session(model, window=20, learning_rate=0.01)
    for sample, label, output in zip(x, labels.tolist(), outputs):
        np.testing.assert_array_equal(alone.step(sample), output)
        if label >= 0:
            alone.teach(label)
    assert log.session.save_state() == alone.save_state()
    record = log.record
    np.testing.assert_array_equal(record.labels, labels)
    np.testing.assert_array_equal(record.predictions, outputs.argmax(axis=1))
    assert np.nanmean(record.correct) == (outputs.argmax(axis=1) == labels)[labels >= 0].mean()
    assert len(record) == len(log) == 500 and (record.seconds > 0).all()


def test_spike_rates_are_those_between_two_readings(model, stream):
    x = stream[0]
    spikes = hypr.record(hypr.Session(model, learning=False), x).spikes
    log = hypr.StreamLog(hypr.Session(model, learning=False))
    for t, sample in enumerate(x):
        log.step(sample)
        if t == 299:
            log.session.clear_statistics()  # what the host may do: the next rate is of what was counted since
    record = log.record
    assert record.spike_rate_steps.tolist() == [200, 400]
    expected = [[z[a:b].mean() for z in spikes] for a, b in ((0, 200), (300, 400))]
    np.testing.assert_allclose(record.spike_rates, expected, rtol=1e-5)


def test_the_gauge_is_the_network_of_that_moment(model, stream):
    x, labels = stream
    log, _ = logged(model, stream)
    record = log.record
    assert record.gauge_steps.tolist() == [0, 200, 400, 500]
    now = hypr.Session(model, learning=False)
    now.copy_parameters(log.session)
    for reading, session in ((0, hypr.Session(model, learning=False)), (3, now)):
        right = session.run(x[:90]).argmax(axis=1) == labels[:90]
        np.testing.assert_array_equal(record.gauge_correct[reading], [right[labels[:90] == k].mean() for k in range(3)])
    assert log.record.gauge_steps.tolist() == [0, 200, 400, 500], "read once per step"
    np.testing.assert_array_equal(record.forgotten, record.gauge_correct[:3].max(axis=0) - record.gauge_correct[3])


def test_classes_that_the_gauge_does_not_have(model, stream):
    log = hypr.StreamLog(hypr.Session(model), gauge=(stream[0][:5], [0, 0, -1, 2, 2]))
    assert np.isnan(log.record.gauge_correct[0]).tolist() == [False, True, False] and np.isnan(log.record.forgotten).all()


def test_mistakes(model, stream):
    session = hypr.Session(model)
    with pytest.raises(hypr.InvalidArgumentError, match="one output"):
        hypr.StreamLog(hypr.Session(hypr.ModelBuilder(2).layer("lif", 3).readout(1).build()))
    with pytest.raises(hypr.InvalidArgumentError, match="gauge_every is 0"):
        hypr.StreamLog(session, gauge_every=0)
    with pytest.raises(hypr.SizeMismatchError, match=r"gauge\[1\] has the shape \[3\], expected \[500\]"):
        hypr.StreamLog(session, gauge=(stream[0], [0, 1, 2]))
    with pytest.raises(hypr.InvalidArgumentError, match=r"gauge\[1\] has the class 7, the model has 3"):
        hypr.StreamLog(session, gauge=(stream[0][:2], [0, 7]))
    log = hypr.StreamLog(session)
    with pytest.raises(TypeError, match="label is 1.5, expected a whole number"):
        log.step(stream[0][0], 1.5)
    with pytest.raises(hypr.InvalidArgumentError, match="label is 3, the model has 3 classes"):
        log.step(stream[0][0], 3)
    assert len(log) == 0 and session.statistics.steps == 0, "nothing was done"
    with pytest.raises(hypr.WrongStateError):
        hypr.StreamLog(hypr.Session(model, learning=False)).step(stream[0][0], 1)
    hypr.StreamLog(hypr.Session(model, learning=False)).step(stream[0][0], 1, teach=False)


def test_a_report(model, stream, tmp_path):
    log, _ = logged(model, stream)
    folder = log.save(tmp_path / "new" / "run")
    kept = hypr.StreamRecord.load(folder)
    for name, values in vars(log.record).items():
        np.testing.assert_array_equal(getattr(kept, name), values)
    page = Page(write_report(folder).read_text())
    assert page.headings[1:8] == ["Verdict", "Model", "Stream", "Classes", "What is still known", "Spike rates", "Time per step"]
    first = page.cells[page.cells.index("left"):][:4]
    right = log.record.correct[log.record.labels == 0]
    assert first[1:] == [f"{right.size:,}", *(f"{half.mean():.1%}" for half in (right[:right.size // 2], right[right.size // 2:]))]
    assert hypr.Model.load(folder / "model.hypr") != model, "it has learned"


def test_what_a_report_says_of_forgetting(model, stream, tmp_path):
    log, _ = logged(model, stream)
    log.save(tmp_path)
    gauge = np.array([[0.5, 0.9, np.nan], [0.8, 0.9, np.nan], [0.6, 0.89, np.nan]])
    replace(log.record, gauge_correct=gauge, gauge_steps=np.array([0, 200, 500])).save(tmp_path)
    page = write_report(tmp_path).read_text()
    assert "1 of 2 classes are recognised worse than before, the worst by 20.0 points." in page
    cells = Page(page).cells
    assert cells[cells.index("forgotten, points"):][1:6] == ["left", "50.0%", "80.0%", "60.0%", "+20.0"]


def test_a_stream_without_labels(model, stream, tmp_path):
    log = hypr.StreamLog(hypr.Session(model))
    for sample in stream[0][:250]:
        log.step(sample)
    log.save(tmp_path)
    text = write_report(tmp_path).read_text()
    assert "250 steps, and no label" in text
    assert Page(text).headings[1:5] == ["Verdict", "Model", "Spike rates", "Time per step"]


def test_a_stream_file_of_something_else(model, tmp_path):
    model.save(tmp_path / "model.hypr")
    assert hypr.StreamRecord.load(tmp_path) is None
    log = hypr.StreamLog(hypr.Session(model))
    log.save(tmp_path)
    for name, text, words in (
            ("stream.csv", "labels\n0\n", "stream.csv' has the columns labels, expected label, prediction, seconds"),
            ("stream.csv", "label,prediction,seconds\n0,1,0.1\n0,1\n", "stream.csv' cannot be read: .*columns changed"),
            ("stream.csv", "label,prediction,seconds\n0,7,0.1\n", "stream.csv has the class 7, model.hypr has 3"),
            ("gauge.csv", "", "has the columns , expected step, class0"),
            ("spike_rates.csv", "step,layer0\n", "of a model with 1 layers, model.hypr has 2"),
            ("gauge.csv", "step,class0,class3\n", "has the columns step, class0, class3, expected step, class0, class1")):
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text)
        with pytest.raises(hypr.FileError, match=words):
            write_report(tmp_path)
        (tmp_path / name).write_text(kept)
    (tmp_path / "gauge.csv").unlink()
    with pytest.raises(hypr.FileError, match="gauge.csv' cannot be read: No such file"):
        write_report(tmp_path)


# ---- The command line tool

def test_the_tool_logs_the_same(model, tmp_path):
    """`hypr stream --log` writes what `StreamLog` writes of the same session and stream, but for the times."""
    tool = os.environ.get("HYPR_TOOL", "")
    if not os.path.exists(tool):
        pytest.skip("HYPR_TOOL does not name the command line tool")
    random = np.random.default_rng(5)
    labels = np.repeat(random.integers(-1, 3, 26), 20)
    x = (random.normal(size=(520, 4)) + 0.3 * labels[:, None]).astype(np.float32)
    names = [*model.class_labels, ""]

    def write(name, span):
        lines = ["a,b,c,d,side", *(",".join([*map(str, row), names[label]]) for row, label in zip(x[span], labels[span]))]
        (tmp_path / name).write_text("\n".join(lines) + "\n")

    write("kept.csv", slice(0, 110))
    write("stream.csv", slice(110, 520))
    model.save(tmp_path / "start.hypr")
    with open(tmp_path / "stream.csv") as rows:
        words = ["--label", "side", "--log", tmp_path / "runs/tool", "--gauge", tmp_path / "kept.csv", "--gauge-every", "150"]
        command = [tool, "stream", tmp_path / "start.hypr", "--learn", "--option", "window=20", "--learning-rate", "0.01", *words]
        done = subprocess.run(command, stdin=rows, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        again = subprocess.run(command, stdin=rows, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1 and "stream.csv exists already; --force replaces it" in again.stderr

    log = hypr.StreamLog(hypr.Session(model, window=20, learning_rate=0.01), gauge=(x[:110], labels[:110]), gauge_every=150)
    for sample, label in zip(x[110:], labels[110:].tolist()):
        log.step(sample, label)
    log.session.reset()  # as the tool ends a stream: what was taught last counts, too
    expected, found = log.record, hypr.StreamRecord.load(tmp_path / "runs/tool")
    for name in ("labels", "predictions", "spike_rate_steps", "gauge_steps", "gauge_correct"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    np.testing.assert_allclose(found.spike_rates, expected.spike_rates, rtol=1e-5)
    assert expected.spike_rates.any() and found.gauge_steps.tolist() == [0, 150, 300, 410]
    assert len(found.seconds) == 410 and (found.seconds > 0).all() and found.seconds.sum() < 60
    learned = hypr.Session(hypr.Model.load(tmp_path / "runs/tool/model.hypr"))
    np.testing.assert_array_equal(learned.parameters, log.session.parameters)
    files = [RunFolder(folder) for folder in (tmp_path / "runs/tool", log.save(tmp_path / "runs/python"))]
    assert files[0].gauge_path.read_text() == files[1].gauge_path.read_text(), "to the byte"

    # The tool's report is that of the package.
    page = tmp_path / "page.html"
    done = subprocess.run([tool, "report", tmp_path / "runs/tool", "--output", page], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "HYPR_PYTHON": sys.executable})
    assert done.stdout == f"{page}\n", done.stderr
    assert Page(page.read_text()).headings[1:8] == [
        "Verdict", "Model", "Stream", "Classes", "What is still known", "Spike rates", "Time per step"]
    done = subprocess.run([tool, "report", tmp_path], capture_output=True, text=True,
                          env={**os.environ, "HYPR_PYTHON": "/no/python"})
    assert done.returncode == 1 and "/no/python cannot be run: there is no such file" in done.stderr


def test_a_log_that_cannot_be_written(model, stream, tmp_path):
    """Names the reason; what was learned is saved."""
    tool = os.environ.get("HYPR_TOOL", "")
    if not os.path.exists(tool):
        pytest.skip("HYPR_TOOL does not name the command line tool")
    model.save(tmp_path / "start.hypr")
    rows = "a,b,c,d,side\n" + "1,2,3,4,left\n" * 9000

    def run(*words, **options):
        command = [tool, "stream", tmp_path / "start.hypr", "--learn", "--label", "side", *words]
        return subprocess.run(command, input=rows, capture_output=True, text=True, timeout=60, **options)

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    done = run("--log", tmp_path / "log", "--out", tmp_path / "learned.hypr", preexec_fn=small_files)
    assert done.returncode == 1 and "cannot write the log in" in done.stderr and "File too large" in done.stderr
    assert hypr.Model.load(tmp_path / "learned.hypr") != model
    (tmp_path / "full").mkdir()
    (tmp_path / "full/stream.csv").symlink_to("/dev/full")
    done = run("--log", tmp_path / "full", "--force", "--out", tmp_path / "nothing.hypr")
    assert done.returncode == 1 and "No space left on device" in done.stderr
    assert not (tmp_path / "nothing.hypr").exists(), "no sample was taken"
    (tmp_path / "file").write_text("")
    for words, reason in ((["--log", tmp_path / "file" / "log"], "cannot make the folder"),
                          (["--gauge", "kept.csv"], "needs --log"),
                          (["--log", tmp_path / "other", "--gauge-every", "0"], "--gauge-every is 0, expected 1 or more")):
        done = run(*words)
        assert done.returncode in (1, 64) and reason in done.stderr, done.stderr


# ---- Pictures

def test_live_plot(model, stream):
    """It shows the log, at most so often, and what it draws can be looked at without a screen."""
    x, labels = stream
    log = hypr.StreamLog(hypr.Session(model, window=20))
    live = plot.LivePlot(log, steps=100, window=40, interval=3600)
    drawings = 0
    for sample, label in zip(x[:300], labels.tolist()):
        log.step(sample, label)
        drawings += live.update()
    assert drawings == 1, "the first, and none within an hour"
    assert live.update(now=True)
    above, below = live.figure.axes
    record = log.record
    steps, accuracy = above.lines[0].get_data()
    assert steps.tolist() == list(range(201, 301)) and below.get_xlim() == (200, 300)
    np.testing.assert_allclose(accuracy[[0, -1]], [np.nanmean(record.correct[161:201]), np.nanmean(record.correct[260:300])])
    shown = np.flatnonzero(record.labels[200:] >= 0)
    np.testing.assert_array_equal(below.lines[0].get_data(), [shown + 201, record.labels[200:][shown]])
    np.testing.assert_array_equal(below.lines[1].get_data(), [np.arange(201, 301), record.predictions[200:]])
    assert [label.get_text() for label in below.get_yticklabels()] == ["left", "right", "none"]
    before = np.asarray(live.figure.canvas.buffer_rgba()).copy()
    log.step(x[300], 0)
    live.update(now=True)
    live.figure.canvas.draw()
    assert (before != np.asarray(live.figure.canvas.buffer_rgba())).any()
    with pytest.raises(hypr.InvalidArgumentError, match="window is 0"):
        plot.LivePlot(log, window=0)


def test_pictures_of_a_stream(model, stream):
    record = logged(model, stream)[0].record
    ax = plot.class_accuracy(record.labels, record.predictions, names=model.class_labels, window=50)
    assert [line.get_label() for line in ax.lines] == list(model.class_labels)
    assert ax.lines[0].get_ydata()[-1] == pytest.approx(record.correct[record.labels == 0][-50:].mean())
    ax = plot.gauge(record.gauge_steps, record.gauge_correct, time_step=0.01)
    np.testing.assert_allclose(ax.lines[1].get_data(), [[0, 2, 4, 5], record.gauge_correct[:, 1]])
    ax = plot.spike_rates(record.spike_rate_steps, record.spike_rates)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), record.spike_rates[:, 1])
    ax = plot.latency([0.003, 0.001, 0.002, 0.004], deadline=0.02)
    np.testing.assert_allclose(ax.lines[0].get_data(), [[1, 2, 3, 4], [1, 0.75, 0.5, 0.25]])
    for draw, words in ((lambda: plot.class_accuracy([0, 1], [0]), "labels have the shape"),
                        (lambda: plot.gauge([1], [[1], [1]]), "1 steps, but 2 readings"),
                        (lambda: plot.spike_rates([1], [[1], [1]]), "1 steps, but 2 rates")):
        with pytest.raises(hypr.SizeMismatchError, match=words):
            draw()
    with pytest.raises(hypr.InvalidArgumentError, match="seconds have the shape"):
        plot.latency([])
