"""Files of comma-separated values and tables of pandas: the cases of Tests/csv, which the command line tool is tested with, too."""

import io
import json
import os
import re
import signal
import subprocess
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import hypr
from hypr.datasets import MissingDataError, read_csv
from hypr.datasets._csv import _delimiter
from hypr.datasets._keeping import keep_share
from hypr.datasets._rare_classes import rare_classes
from hypr.datasets._recordings import Roles, ordered_classes, pieces
from hypr.datasets.tables import _read

CASES = json.loads((Path(__file__).parent.parent / "csv" / "cases.json").read_text())
TOOL = os.environ.get("HYPR_TOOL", "")
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def roles_of(case):
    roles = case["roles"]
    channels = roles.get("channels")
    return Roles(roles.get("label"), roles.get("time"), roles.get("group"), tuple(channels) if channels else None,
                  roles.get("time_unit"), roles.get("gap"))


def write(folder, text):
    path = folder / "data.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases_shared_with_the_tool(case, tmp_path):
    path = write(tmp_path, case["text"])
    if "error" in case:
        with pytest.raises(hypr.InvalidArgumentError) as error:
            recording = _read(path, roles_of(case))
            if case.get("judges_classes"):
                refusal, _ = rare_classes(recording, "if it is meant, name all of them")
                raise hypr.InvalidArgumentError(refusal)
            recording.classes(case.get("names", ordered_classes(recording.label_texts)))
            if "share" in case:
                keep_share(recording, case["share"])
        assert case["error"] in str(error.value) and str(path) in str(error.value)
        return
    recording = _read(path, roles_of(case))
    assert recording.channels == case["channels"]
    assert recording.values.ravel().tolist() == np.array(case["values"], np.float32).tolist()
    classes = ordered_classes(recording.label_texts)
    if "classes" in case:
        assert list(classes) == case["classes"]
    assert recording.classes(case.get("names", classes)).tolist() == case["labels"]
    assert recording.time_step == case["time_step"] and recording.groups == case.get("groups", [])
    assert [list(stretch) for stretch in recording.stretches] == case["stretches"]
    if "time_words" in case:
        assert recording.time_words[0].startswith(case["time_words"]) and bool(recording.time_words[0]) == bool(case["time_words"])
    if "share" in case:
        kept, words = keep_share(recording, case["share"])
        learned, tested = recording.parts(kept)
        assert [list(piece) for piece in pieces(learned, case.get("sequence_steps", 0))] == case["training"]
        assert [list(stretch) for stretch in tested] == case["validation"] and words == case["words"]


# ---- Data sets

RECORDING = "t,who,ax,ay,mode\n" + "".join(
    f"{row * 0.02:.2f},{'abc'[row // 20]},{row},{-row},{['idle', 'run', ''][row % 3]}\n" for row in range(60))


def test_a_data_set_by_group(tmp_path):
    data = read_csv(write(tmp_path, RECORDING), "mode", time="t", group="who", test=0.3, sequence_steps=8)
    assert data.classes == ("idle", "run") and data.channels == ("ax", "ay") and data.time_step == 0.02 and data.name == "data"
    assert data.train.lengths.tolist() == [6, 7, 7, 6, 7, 7] and data.train.groups.tolist() == [0] * 3 + [1] * 3
    assert data.test.lengths.tolist() == [20] and data.test.groups.tolist() == [2]
    assert data.train.per_step and data.train.labels[0].tolist() == [0, 1, -1, 0, 1, -1]
    assert data.train.sequences[1].dtype == np.float32 and data.train.sequences[1][0].tolist() == [6, -6]
    assert "1 of 3 groups (c) to test on" in data.source


def test_a_data_set_by_names_of_groups_and_by_another_file(tmp_path):
    path = write(tmp_path, RECORDING)
    data = read_csv(path, "mode", time="t", group="who", test_groups=["a"])
    assert data.test.groups.tolist() == [0] and data.train.groups.tolist() == [1, 2]
    with pytest.raises(hypr.InvalidArgumentError, match='has no group "d"; there are a, b, c'):
        read_csv(path, "mode", group="who", channels=["ax"], test_groups=["d"])
    with pytest.raises(hypr.InvalidArgumentError, match="no group is left to learn from"):
        read_csv(path, "mode", group="who", channels=["ax"], test_groups=["a", "b", "c"])
    data = read_csv(path, "mode", group="who", channels=["ay"], test=path, classes=["run", "idle"])
    assert data.classes == ("run", "idle") and data.test.lengths.sum() == data.train.lengths.sum() == 60
    assert data.test.labels[0][:2].tolist() == [1, 0] and data.channels == ("ay",)
    assert len(read_csv(path, None, channels=["ay"], test=None).test) == 0


def test_arguments_are_checked(tmp_path):
    path = write(tmp_path, RECORDING)
    with pytest.raises(MissingDataError, match="there is no file"):
        read_csv(tmp_path / "none.csv", "mode")
    with pytest.raises(hypr.InvalidArgumentError, match="test is 1.5, expected a share between 0 and 1"):
        read_csv(path, "mode", channels=["ax"], test=1.5)
    with pytest.raises(hypr.InvalidArgumentError, match="sequence_steps is -1"):
        read_csv(path, "mode", channels=["ax"], sequence_steps=-1)
    with pytest.raises(hypr.InvalidArgumentError, match="gap is 0"):
        read_csv(path, "mode", time="t", channels=["ax"], gap=0)
    with pytest.raises(hypr.InvalidArgumentError, match="time_unit is 'h'"):
        read_csv(path, "mode", time="t", channels=["ax"], time_unit="h")
    (tmp_path / "latin.csv").write_bytes("x,größe\n1,2\n".encode("latin-1"))
    with pytest.raises(hypr.InvalidArgumentError, match="is no text in UTF-8"):
        read_csv(tmp_path / "latin.csv", None)


def test_many_rows_are_read_in_chunks(tmp_path):
    rows = 9000
    text = "x,mode\n" + "".join(f"{row},{row % 3}\n" for row in range(rows))
    data = read_csv(write(tmp_path, text), "mode", test=0.5, sequence_steps=0)
    assert np.concatenate([*data.train.sequences, *data.test.sequences]).ravel().tolist() == list(range(rows))
    with pytest.raises(hypr.InvalidArgumentError, match='line 9002, column "x" is "oops"'):
        read_csv(write(tmp_path, text + "oops,1\n"), "mode")


def test_many_columns(tmp_path):
    columns = range(20_000)
    path = write(tmp_path, ",".join(f"c{column}" for column in columns) + "\n" + ",".join(map(str, columns)) + "\n")
    assert read_csv(path, None, test=None).train.sequences[0][0].tolist() == list(columns)


@pytest.mark.parametrize("case", [case for case in CASES if "error" not in case and "t" not in case["roles"].get("time", "")],
                         ids=lambda case: case["name"])
def test_tables_of_pandas_are_read_as_files(case, tmp_path):
    pandas = pytest.importorskip("pandas")
    path = write(tmp_path, case["text"])
    text = case["text"].lstrip("\ufeff")
    frame = pandas.read_csv(io.StringIO(text), sep=_delimiter(text.splitlines()[0]), skipinitialspace=True)
    ours, theirs = _read(frame, roles_of(case)), _read(path, roles_of(case))
    np.testing.assert_array_equal(ours.values, theirs.values)
    assert ours.channels == theirs.channels and ours.stretches == theirs.stretches and ours.groups == theirs.groups
    assert ours.labels.tolist() == theirs.labels.tolist() and ours.label_texts == theirs.label_texts


def test_tables_of_pandas_are_checked():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"t": pandas.to_datetime(["2025-01-01 00:00:00", "2025-01-01 00:00:01", "2025-01-01 00:00:02"]),
                              "x": [1.0, 2.0, 3.0], "mode": ["a", None, "b"]})
    data = read_csv(frame, "mode", time="t", test=None)
    assert data.time_step == 1 and data.train.labels[0].tolist() == [0, -1, 1] and data.classes == ("a", "b")
    frame.loc[1, "x"] = np.nan
    with pytest.raises(hypr.InvalidArgumentError, match='row 1, column "x": the value is missing'):
        read_csv(frame, "mode", time="t")
    with pytest.raises(hypr.InvalidArgumentError, match='row 0, column "mode" is "a", expected a number'):
        read_csv(frame[::2], None, time="t", channels=["mode"])


@pytest.mark.parametrize("column, values", [("timestamp", "5 3 4"), ("n", " ".join(map(str, range(30))))])
def test_a_time_that_is_taken_for_a_channel_is_told(tmp_path, column, values):
    path = tmp_path / "timed.csv"
    path.write_text(f"{column},x,mode\n" + "".join(f"{value},{index % 2},ab\n" for index, value in enumerate(values.split())))
    with pytest.warns(UserWarning, match=f'column "{column}" is a channel, and looks like the time: give time="{column}"'):
        read_csv(path, "mode", test=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_csv(path, "mode", channels=["x", column], test=None)
    if os.path.exists(TOOL):
        done = run("create", tmp_path / "m.hypr", "--csv", path, "--label", "mode", "--layer", "lif:2", "--outputs", 2,
                   "--class-label", "ab", "--class-label", "c")
        assert f'column "{column}" is a channel, and looks like the time: give --time {column}' in done.stderr


def test_what_would_keep_nothing_is_refused(tmp_path):
    path = tmp_path / "few.csv"
    for text, words in (("x,mode\n1,a\n2,b\n3,c\n", "few.csv has 3 rows: too few to keep any, as no class has two"),
                        ("x,mode\n1,\n2,\n", 'column "mode" is empty in all rows, expected the class in some of them')):
        path.write_text(text)
        with pytest.raises(hypr.InvalidArgumentError, match=re.escape(words)):
            read_csv(path, "mode")
        if os.path.exists(TOOL):
            error = run("train", "--suggest", "--csv", path, "--label", "mode", "--validation-split", "0.2", "--out",
                        tmp_path / "m.hypr", status=1).stderr
            assert words in error
    path.write_text("x,mode,who\n1,a,p\n2,b,p\n3,,q\n4,,q\n")
    with pytest.raises(hypr.InvalidArgumentError, match="none of the rows to keep has a label"):
        read_csv(path, "mode", group="who", test_groups=["q"])


# ---- The tool

def tones(samples, turn=200):
    """Two tones that take turns, as a table."""
    step = np.arange(samples)
    high = step // turn % 2
    wave = np.sin(np.cumsum(np.where(high, 0.5, 0.1)))
    return "x,tone\n" + "".join(f"{value:.6f},{('low', 'high')[tone]}\n" for value, tone in zip(wave, high))


def run(*arguments, text=None, status=0):
    done = subprocess.run([TOOL, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr
    return done


@pytest.fixture(scope="module")
def tone_model(tmp_path_factory):
    if not os.path.exists(TOOL):
        pytest.skip("HYPR_TOOL does not name the command line tool")
    folder = tmp_path_factory.mktemp("tones")
    (folder / "tones.csv").write_text(tones(8000))
    run("create", folder / "tones.hypr", "--csv", folder / "tones.csv", "--label", "tone", "--layer", "se_adlif:16",
        "--input-scale", "5", "--recommend", "learning_rate=0.01")
    return folder


def test_the_tool_makes_a_model_for_a_file(tone_model):
    model = hypr.Model.load(tone_model / "tones.hypr")
    assert list(model.class_labels) == ["high", "low"] and list(model.input_names) == ["x"]


def test_the_tool_trains_and_judges_by_names(tone_model):
    csv_file = tone_model / "tones.csv"
    done = run("train", tone_model / "tones.hypr", "--csv", csv_file, "--label", "tone", "--validation-split", "0.2",
               "--epochs", "3", "--online", "--out", tone_model / "trained.hypr", "--force")
    assert "32 sequences, 6400 steps, 1 more (1600 steps) for validation: the last 20 % of the recording" in done.stdout
    report = json.loads(run("eval", tone_model / "trained.hypr", "--csv", csv_file, "--label", "tone", "--json").stdout)
    assert report["steps"] == 8000 and report["stepAccuracy"] > 0.9 and report["classLabels"] == ["high", "low"]
    error = run("eval", tone_model / "trained.hypr", "--csv", csv_file, "--label", "pitch", status=1).stderr
    assert 'has no column "pitch" for the label; its columns are x, tone' in error


def test_training_names_what_the_model_leaves_open(tone_model):
    run("create", tone_model / "plain.hypr", "--inputs", 1, "--outputs", 2, "--layer", "lif:4", "--force")
    timed = "t," + "\n".join(f"{row / 100 if row else 't'},{line}".removeprefix("t,") for row, line in
                             enumerate(tones(400).splitlines())) + "\n"
    (tone_model / "timed.csv").write_text(timed)
    run("train", tone_model / "plain.hypr", "--csv", tone_model / "timed.csv", "--label", "tone", "--time", "t", "--epochs", 1,
        "--out", tone_model / "named.hypr", "--force")
    model = hypr.Model.load(tone_model / "named.hypr")
    assert list(model.class_labels) == ["high", "low"] and list(model.input_names) == ["x"]
    assert model.time_step == pytest.approx(0.01)
    slower = re.sub(r"^[\d.]+", lambda time: str(5 * float(time[0])), timed, flags=re.MULTILINE)
    (tone_model / "slower.csv").write_text(slower)
    done = run("eval", tone_model / "named.hypr", "--csv", tone_model / "slower.csv", "--label", "tone", "--time", "t")
    assert "warning: the samples of" in done.stderr and "slower.csv are 0.05 s apart, those of the model 0.01 s\n" in done.stderr
    for command in ("eval", "check"):
        error = run(command, tone_model / "named.hypr", "--csv", tone_model / "timed.csv", "--label", "tone", "--time", "t",
                    "--time-unit", "ms", status=1).stderr
        assert "timed.csv are 1e-05 s apart, those of the model 0.01 s: --time-unit says what the time counts" in error


def timed_tones(unit, step, rows=600):
    """The tones with a column of times, so far apart."""
    lines = tones(rows).splitlines()
    return f"{unit},{lines[0]}\n" + "".join(f"{row * step},{line}\n" for row, line in enumerate(lines[1:]))


def test_a_unit_of_time_that_is_not_the_models(tone_model):
    # A model that knows its time step: 5 ms.
    builder = hypr.ModelBuilder(1, dt=0.005).input(scale=5, names=["x"]).layer("se_adlif", 16).readout(2).labels(["high", "low"])
    builder.build(seed=0).save(tone_model / "fast.hypr")
    out = tone_model / "unit.hypr"
    stream = ["stream", tone_model / "fast.hypr", "--label", "tone", "--learn", "--out", out]
    for flags in ([], ["--skip-bad-lines"]):
        error = run(*stream, "--time", "time", *flags, text=timed_tones("time", 5), status=1).stderr
        assert "are 5 s apart, those of the model 0.005 s: --time-unit says what the time counts (s, ms, us or ns)" in error
        assert not out.exists() and "stands still" not in error
    done = run(*stream, "--time", "time_ms", text=timed_tones("time_ms", 5))
    assert "note: column time_ms counts milliseconds" in done.stderr and "apart" not in done.stderr and out.exists()
    # Slower by five: a word, but no gap behind every sample. Only behind the first one, as nobody knows better.
    header, _, *rest = tones(600).splitlines(keepends=True)
    plain = run("stream", tone_model / "fast.hypr", "--label", "tone", text=header + "".join(rest)).stdout
    slow = run("stream", tone_model / "fast.hypr", "--label", "tone", "--time", "time", text=timed_tones("time", 0.025))
    assert "warning: the samples of standard input are 0.025 s apart, those of the model 0.005 s" in slow.stderr
    assert [line.split(",")[1:] for line in slow.stdout.splitlines()[2:]] == [line.split(",")[1:] for line in plain.splitlines()[1:]]
    # A gap is one still, also at the beginning.
    lines = timed_tones("time", 0.005).splitlines()
    for place in (2, 300):
        later = [line.split(",", 1) for line in lines[place:]]
        gapped = lines[:place] + [f"{float(moment) + 9},{rest}" for moment, rest in later]
        done = run("stream", tone_model / "fast.hypr", "--label", "tone", "--time", "time", text="\n".join(gapped) + "\n")
        assert "apart" not in done.stderr
        alone = "".join(f"{rest}\n" for _, rest in later)
        fresh = run("stream", tone_model / "fast.hypr", "--label", "tone", text="x,tone\n" + alone).stdout.splitlines()
        assert [line.split(",")[1:] for line in done.stdout.splitlines()[place:]] == [line.split(",")[1:] for line in fresh[1:]]


def test_the_unit_of_the_time_is_told_once(tone_model):
    path = tone_model / "millis.csv"
    path.write_text(timed_tones("time_ms", 5, 1200))
    done = run("train", "--suggest", "--csv", path, "--label", "tone", "--time", "time_ms", "--epochs", 1, "--seed", 1, "--out",
               tone_model / "millis.hypr", "--force")
    assert done.stderr.count("millis.csv: column time_ms counts milliseconds\n") == 1 and " of 0.005 s in the mean" in done.stdout
    data = read_csv(path, "tone", time="time_ms")
    assert data.time_step == 0.005 and data.source.split("; ")[1] == "column time_ms counts milliseconds"
    path.write_text(timed_tones("time", 5, 1200))
    words = "millis.csv: time counts 5 s per row; if it counts milliseconds say"
    done = run("train", "--suggest", "--csv", path, "--label", "tone", "--time", "time", "--epochs", 1, "--out",
               tone_model / "millis.hypr", "--force")
    assert done.stderr.count(f"{words} --time-unit ms") == 1
    with pytest.warns(UserWarning, match=f'{words} time_unit="ms"'):
        read_csv(path, "tone", time="time")
    done = run("train", "--suggest", "--csv", path, "--label", "tone", "--epochs", 1, "--out", tone_model / "millis.hypr", "--force")
    assert done.stderr.count("looks like the time") == 1


def test_a_slip_in_a_label_is_no_class(tone_model):
    path, out = tone_model / "slip.csv", tone_model / "slip.hypr"
    path.write_text(tones(1200) + "0.5,hihg\n0.5,high\n")
    words = ('slip.csv, line 1202, column "tone": the class "hihg", which is there for the first time, has 1 of 1202 labelled rows, '
             'too few to learn and to validate it; did you mean "high", which has 601?; if it is meant, name all of them: ')
    train = ["train", "--suggest", "--csv", path, "--label", "tone", "--epochs", 1, "--out", out, "--force"]
    assert words + "--classes a,b,c" in run(*train, status=1).stderr
    create = ["create", out, "--csv", path, "--label", "tone", "--layer", "lif:2", "--force"]
    assert words + "--class-label" in run(*create, status=1).stderr
    with pytest.raises(hypr.InvalidArgumentError, match=re.escape(words + "classes=[...]")):
        read_csv(path, "tone")
    error = run(*train, "--classes", "low,high", status=1).stderr
    assert 'line 1202, column "tone": the label is "hihg", expected low, high, or nothing for no label' in error
    run(*train, "--classes", "low,high,hihg")
    assert hypr.Model.load(out).class_labels == ("low", "high", "hihg")
    assert read_csv(path, "tone", classes=["low", "high", "hihg"]).classes == ("low", "high", "hihg")
    error = run("train", out, "--csv", path, "--label", "tone", "--classes", "low,high,hihg", "--out", tone_model / "o.hypr", status=1)
    assert "--classes names the classes of a fresh model, and" in error.stderr
    path.write_text(tones(1200) + "0.5,hihg\n" * 12)
    assert 'warning: ' in run(*train).stderr
    with pytest.warns(UserWarning, match='the class "hihg".* has 12 rows; did you mean "high", which has 600'):
        read_csv(path, "tone")


def test_a_stream_of_one_class_is_told(tone_model):
    stream = ["stream", tone_model / "tones.hypr", "--learn", "--label", "tone"]
    words = "taught 1 of 2 classes: low; the others may be forgotten: rehearsal (--option rehearsal_bytes=65536) holds"
    assert words in run(*stream, text=tones(150)).stderr
    assert "may be forgotten" not in run(*stream, text=tones(300)).stderr
    assert "may be forgotten" not in run(*stream, "--option", "rehearsal_bytes=65536", text=tones(150)).stderr
    assert "may be forgotten" not in run(*stream[:2], "--label", "tone", text=tones(150)).stderr


def test_a_check_with_labels_tells_the_accuracy(tone_model):
    model = tone_model / "tones.hypr"
    (tone_model / "more.csv").write_text(tones(1100))
    run("train", model, "--csv", tone_model / "more.csv", "--label", "tone", "--epochs", 1, "--out", tone_model / "checked.hypr")
    table = ["--csv", tone_model / "more.csv", "--label", "tone"]
    report = json.loads(run("check", tone_model / "checked.hypr", *table, "--json").stdout)
    assert report["accuracy"] == json.loads(run("eval", tone_model / "checked.hypr", *table, "--json").stdout)["stepAccuracy"]
    assert report["chance"] == pytest.approx(600 / 1100)
    text = run("check", tone_model / "checked.hypr", *table).stdout
    assert f"accuracy {report['accuracy']:.2%}; always saying the most frequent class gives 54.55 %".replace("%;", " %;") in text
    (tone_model / "bare.csv").write_text("\n".join(line.split(",")[0] for line in tones(1100).splitlines()))
    text = run("check", tone_model / "checked.hypr", "--csv", tone_model / "bare.csv").stdout
    assert text.startswith("nothing stands in the way\ninputs are where they were in training, and neurons spike; that says nothing of")
    data = read_csv(tone_model / "more.csv", "tone", test=None, sequence_steps=0)
    found = hypr.check(hypr.Model.load(tone_model / "checked.hypr"), data.train.sequences, data.train.labels)
    assert found.accuracy == pytest.approx(report["accuracy"]) and found.chance == pytest.approx(600 / 1100)
    assert f"accuracy {found.accuracy:.2%}; always saying" in str(found)
    np.save(tone_model / "x.npy", data.train.sequences[0][None])
    np.save(tone_model / "y.npy", data.train.labels[0][None])
    arrays = ["--inputs", tone_model / "x.npy", "--labels", tone_model / "y.npy"]
    assert json.loads(run("check", tone_model / "checked.hypr", *arrays, "--json").stdout)["accuracy"] == report["accuracy"]


def test_a_stream_learns_and_saves(tone_model):
    out = tone_model / "streamed.hypr"
    done = run("stream", tone_model / "tones.hypr", "--learn", "--label", "tone", "--out", out, "--force", text=tones(8000))
    lines = done.stdout.splitlines()
    assert lines[0] == "line,class,high,low" and len(lines) == 8001 and lines[1].startswith("2,")
    session = hypr.Session(hypr.Model.load(tone_model / "tones.hypr"), learning=True)
    correct = 0
    for row, line in zip(tones(8000).splitlines()[1:], lines[1:]):
        value, tone = row.split(",")
        output = session.step(np.float32(value))
        assert line.split(",")[1] == ("high", "low")[int(output.argmax())]
        assert [np.float32(text) for text in line.split(",")[2:]] == output.tolist()
        correct += ("high", "low")[int(output.argmax())] == tone
        session.teach(("high", "low").index(tone))
    assert f"8000 samples, 8000 labelled, accuracy while learning (before each label) {100 * correct / 8000:.1f} %" in done.stderr
    assert correct > 5000
    session.reset()
    np.testing.assert_array_equal(hypr.Session(hypr.Model.load(out)).parameters, session.parameters)


def test_the_tool_and_python_suggest_the_same(tone_model):
    """The same data, without what is kept to test on: the same words, and the same network."""
    done = run("train", "--suggest", "--csv", tone_model / "tones.csv", "--label", "tone", "--validation-split", "0.2", "--epochs", 1,
               "--learning-rate", 0, "--out", tone_model / "suggested.hypr", "--force")
    data = read_csv(tone_model / "tones.csv", "tone", test=0.2)
    suggestion = hypr.suggest(data.train.sequences, data.train.labels, names=data.channels, labels=data.classes)
    assert done.stdout.startswith(f"{suggestion}\n")
    model = hypr.Model.load(tone_model / "suggested.hypr")
    assert all(np.array_equal(values, model.parameters[name]) for name, values in suggestion.model.parameters.items())


def test_seconds_need_the_time_step(tone_model):
    for option in ("--high-pass", "--running-normalization"):
        error = run("create", tone_model / "no.hypr", "--csv", tone_model / "tones.csv", "--label", "tone", "--layer", "lif:2", option,
                    "0.5", status=1).stderr
        assert f"{option} 0.5 is in seconds" in error and "--time-step" in error and "--time," in error


def test_a_full_disk_is_named_and_what_was_learned_is_saved(tone_model):
    out = tone_model / "full.hypr"
    with open("/dev/full", "w") as full:
        done = subprocess.run([TOOL, "stream", str(tone_model / "tones.hypr"), "--learn", "--label", "tone", "--out", str(out), "--force"],
                              input=tones(5000), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "cannot write the outputs to standard output: No space left on device" in done.stderr
    assert out.exists()


def test_a_reader_that_is_slow_loses_nothing(tone_model):
    """Standard output that does not block, as a shell may leave it."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with subprocess.Popen([TOOL, "stream", str(tone_model / "tones.hypr"), "--label", "tone"], stdin=subprocess.PIPE, stdout=write,
                          stderr=subprocess.DEVNULL, text=True) as process:
        os.close(write)
        process.stdin.write(tones(8000))
        process.stdin.close()
        time.sleep(1)  # the pipe is full
        with open(read) as lines:
            assert len(lines.readlines()) == 8001
        assert process.wait(20) == 0


def test_a_stream_of_json_lines(tone_model):
    text = '{"x": 0.5, "tone": "low"}\n{"x": 0.25, "tone": null}\n[0.5]\n'
    done = run("stream", tone_model / "tones.hypr", "--label", "tone", text=text, status=1)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["line"] == 1 and first["class"] in first["scores"] and second["line"] == 2
    assert "line 3 is an array" in done.stderr and "2 samples, 1 labelled" in done.stderr
    done = run("stream", tone_model / "tones.hypr", "--skip-bad-lines", text="[0.5]\n[]\n[0.25]\n")
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [1, 3]
    assert "skipped: standard input, line 2 has 0 values, the model 1 inputs" in done.stderr and "1 line skipped" in done.stderr


def test_without_samples_nothing_is_saved(tone_model):
    out = tone_model / "nothing.hypr"
    done = run("stream", tone_model / "tones.hypr", "--learn", "--label", "tone", "--out", out, text="\n", status=1)
    assert "standard input is empty, expected samples" in done.stderr and not out.exists()
    done = run("stream", tone_model / "tones.hypr", "--learn", "--label", "tone", "--out", out, "--skip-bad-lines",
               text="x,tone\n?,low\n", status=1)
    assert "0 samples, 1 line skipped\nError: standard input has no samples that can be read" in done.stderr and not out.exists()


def test_an_output_comes_with_its_sample_and_a_signal_saves(tone_model):
    out = tone_model / "interrupted.hypr"
    arguments = [TOOL, "stream", str(tone_model / "tones.hypr"), "--learn", "--label", "tone", "--out", str(out), "--force"]
    with subprocess.Popen(arguments, **PIPES) as process:
        process.stdin.write("x,tone\n0.5,low\n")
        process.stdin.flush()
        assert process.stdout.readline() == "line,class,high,low\n"
        assert process.stdout.readline().startswith("2,")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert "1 sample, 1 labelled" in process.stderr.read()
    assert out.exists()


def test_a_bad_line_and_a_closed_pipe_save(tone_model):
    for name, text, status in (("bad", "x,tone\n0.5,low\n0.5,loud\n", 1), ("closed", tones(50_000), 128 + signal.SIGPIPE)):
        out = tone_model / f"{name}.hypr"
        arguments = [TOOL, "stream", str(tone_model / "tones.hypr"), "--learn", "--label", "tone", "--out", str(out), "--force"]
        with subprocess.Popen(arguments, **PIPES) as process:
            if name == "closed":
                process.stdout.close()
            try:
                process.stdin.write(text)
                process.stdin.close()
            except BrokenPipeError:
                pass
            assert process.wait(60) == status
            error = process.stderr.read()
        assert out.exists() and "saved:" in error
        assert name == "closed" or 'line 3: the label is "loud", expected high, low, or nothing for no label' in error
