"""Reports of training runs, and the commands of ``python -m hypr``."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

import hypr  # noqa: E402
from hypr.report import save_predictions, write_report  # noqa: E402
from hypr.schema import meaning  # noqa: E402
from hypr.summary import model_facts  # noqa: E402
from hypr.verdict import verdict  # noqa: E402


class Page(HTMLParser):
    """Headings, pictures, cells and links of a page, which must be well-formed."""

    VOID = {"meta", "img", "br", "link"}

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.images, self.cells, self.links = [], [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(attributes)
        self.links += [value for name, value in attributes.items() if name in ("href", "src", "srcset")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)
        elif self.open and self.open[-1] in ("th", "td"):
            self.cells.append(data)


def hypr_command(*arguments, tool="/none"):
    return subprocess.run([sys.executable, "-m", "hypr", *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "HYPR_TOOL": str(tool)})


@pytest.fixture
def run(tmp_path):
    """The folder of a run, as small as one can be."""
    small = hypr.ModelBuilder(2, name="<tiny>").input(scale=20).layer("lif", 5, threshold=0.1).readout(2).labels(["a", "b&c"])
    small.save(tmp_path / "model.hypr")
    return tmp_path


def test_a_whole_report(run):
    log = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,new\n1,0.9,0.5,1,0.5,2,?\n2,0.4,0.8,,,4,?\n"
    (run / "log.csv").write_text(log)
    (run / "config.json").write_text(json.dumps({"options": {"window": 50, "credit": "<window>"}, "seeds": [1, 2]}))
    example = np.random.default_rng(0).normal(size=(80, 2))
    save_predictions(run, [[0, 1], [1, -1, 0]], [[0, 1], [0, 0, 0]], example, example_labels=1)
    path = write_report(run)
    assert path == run / "report.html"
    text = path.read_text()
    page = Page(text)
    assert page.headings == ["<tiny>", "Verdict", "Model", "Learning", "Test data", "An example", "Weights",
                             "Distributions of parameters", "Configuration"]
    cells = dict(zip(page.cells[::2], page.cells[1::2]))
    assert cells["outputs"] == "2: a, b&c" and cells["options.credit"] == "<window>" and cells["seeds"] == "[1, 2]"
    assert cells["options.window"] == "50" and cells["train loss"] == "0.4" and "new" not in cells
    # Nothing is loaded from elsewhere.
    assert all(link.startswith(("data:image/png;base64,iVBOR", "#section-")) for link in page.links)
    assert not re.search(r"https?://|@import|url\(", text.split("<body>")[0])
    assert all(image["alt"] for image in page.images)
    matrices = [values for values in hypr.Model.load(run / "model.hypr").parameters.values() if values.ndim == 2]
    assert len(page.images) == 2 + 1 + 4 + len(matrices) + len(hypr.Model.load(run / "model.hypr").parameters)


def test_a_model_alone_is_enough(run, tmp_path):
    path = write_report(run, tmp_path / "page.html")
    assert Page(path.read_text()).headings[1:] == ["Model", "Weights", "Distributions of parameters"]


def test_a_run_that_has_just_begun(run):
    (run / "log.csv").write_text("epoch,train_loss\n")
    assert "No epoch is done." in write_report(run).read_text()


def test_example_of_a_file(run):
    np.save(run / "x.npy", np.zeros((30, 2), np.float32))
    result = hypr_command("report", run, "--output", run / "other.html", "--example", run / "x.npy")
    assert result.returncode == 0 and result.stdout.strip() == str(run / "other.html"), result.stderr
    assert "An example" in Page((run / "other.html").read_text()).headings


@pytest.mark.parametrize("per_step", [False, True])
def test_the_folder_of_a_trainer(model, stream, tmp_path, per_step):
    """Validation data is shown without further ado; test data takes its place."""
    x, labels = stream[0].reshape(10, 50, 4), stream[1].reshape(10, 50)
    y = labels if per_step else labels.max(axis=1)
    hypr.Trainer(model, tmp_path, epochs=2, validation=0.3, progress=False).fit(x, y)
    assert Page(write_report(tmp_path).read_text()).headings[1:6] == [
        "Verdict", "Model", "Learning", "Validation data", "An example"]
    save_predictions(tmp_path, [0, 1], [1, 1])
    assert Page(write_report(tmp_path).read_text()).headings[1:6] == ["Verdict", "Model", "Learning", "Test data", "Weights"]


# ---------------------------------------------------------------------------------------------------------------------- Verdict

FALLING = np.linspace(1, 0.1, 10)
LEVEL = np.concatenate([np.linspace(1, 0.3, 5), np.full(5, 0.3)])
COURSES = {
    "still improving": ({"train_loss": FALLING, "validation_loss": FALLING},
                        "It was still improving: the validation loss fell from 0.3"),
    "level": ({"train_loss": LEVEL, "validation_loss": LEVEL}, "It had levelled off: the validation loss was 0.3 and then 0.3."),
    "by heart": ({"train_loss": FALLING, "validation_loss": np.concatenate([FALLING[:5], FALLING[5:][::-1]])},
                 "It over-fits since epoch 6: in training the loss went on falling, from 0.5 to 0.1, on the validation data it"),
    "without validation": ({"train_loss": FALLING}, "It was still improving: the training loss fell from 0.3 to 0.1 at last"),
    "diverged": ({"train_loss": np.array([0.9, 0.5, 80])},
                 "It diverged: the loss in training is 80 in the last epoch, and was 0.5 in"),
    "infinite": ({"train_loss": np.array([0.9, np.inf])}, "It diverged: the loss in training is inf in the last epoch"),
    "too short": ({"train_loss": FALLING[:3]}, None),
    "nothing known": ({"train_loss": np.full(5, np.nan)}, None),
}


@pytest.mark.parametrize("course", COURSES)
def test_where_a_run_was_going(model, course):
    columns, words = COURSES[course]
    said = verdict(columns, {}, {}, model)
    assert len(said) == (words is not None) and (words is None or said[0].startswith(words)), said


@pytest.mark.parametrize(("predictions", "words"), [
    ([0, 0, 1, 2], "It has learned: 100.0% are right, where always saying the most frequent class gives 50.0% (test data)."),
    ([0, 0, 0, 0], "It has not learned: 50.0% are right, where always saying"),
    ([1, 1, 0, 0], "It has not learned: 0.0% are right")])
def test_what_a_run_reached(model, predictions, words):
    kept = {"data": np.array("Test data"), "labels": np.array([0, 0, 1, 2, -1]), "predictions": np.array([*predictions, 0])}
    assert verdict({}, {}, kept, model)[0].startswith(words)


def test_which_epoch_was_saved(model):
    columns = {"epoch": np.array([1, 2, 3]), "best": np.array([1, 1, 0]), "train_accuracy": np.array([0.2, 0.5, 0.6])}
    said = verdict(columns, {}, {}, model)
    assert said[0].startswith("It has learned: 50.0% are right, where guessing among 3 classes gives 33.3% (training data, which")
    assert said[1].startswith("Saved is epoch 2 of 3, the last, as no data was held out")
    held = {**columns, "validation_accuracy": np.array([0.2, 0.9, 0.3])}
    said = verdict(held, {"trainer": {"epochs": 9, "monitor": "accuracy"}}, {}, model)
    assert said[0].startswith("It has learned: 90.0% are right") and "(validation data)" in said[0]
    assert said[1] == "Saved is epoch 2 of 3, where 9 were planned, the best by accuracy on the validation data."


def test_names_are_explained(model, tmp_path):
    """In the words of the schema, of every neuron model."""
    model.save(tmp_path / "model.hypr")
    text = write_report(tmp_path).read_text()
    assert "layer1.p_w: adaptation time constant as a fraction, 0 to 1, of tau_w_min to tau_w_max" in text
    assert "readout.tau: time constants, magnitude 0.01 to 1e6" in text and "layer0.omega: angular frequency in radians" in text
    own = {"resistance", "leak_potential", "threshold", "reset_potential", "candidate_bias"}  # names that explain themselves
    for neuron in hypr.neuron_models().values():
        assert all(bool(meaning(neuron.name, name)) != (name in own) for name in neuron.parameters), neuron.name


def test_models_without_spikes(tmp_path):
    hypr.ModelBuilder(3).layer("gru", 4).readout(1).save(tmp_path / "model.hypr")
    save_predictions(tmp_path, [], [], np.ones((10, 3)))
    with np.load(tmp_path / "predictions.npz") as kept:
        arrays = {"example": kept["example"]}
    np.savez(tmp_path / "predictions.npz", **arrays)
    assert "An example" in Page(write_report(tmp_path).read_text()).headings


def test_mistakes(run):
    with pytest.raises(hypr.ModelFileNotFoundError, match="model.hypr"):
        write_report(run / "elsewhere")
    (run / "config.json").write_text("{")
    with pytest.raises(hypr.FileError, match="config.json"):
        write_report(run)
    (run / "config.json").unlink()
    (run / "predictions.npz").write_text("no archive")
    with pytest.raises(hypr.FileError, match="predictions.npz"):
        write_report(run)
    with pytest.raises(hypr.SizeMismatchError, match="3 labels, but 2 predictions"):
        save_predictions(run, [0, 1, 1], [0, 1])


def test_model_facts(model):
    facts = model_facts(model)
    assert facts["name"] == "test" and facts["inputs"] == "4: a, b, c, d" and facts["outputs"] == "3: left, right, none"
    assert facts["layer 0"] == "20 BRF, recurrent, no bias, threshold 0.02" and facts["metadata: licence"] == "MIT"
    assert facts["layer 1"] == "13 SEAdLIF, recurrent, threshold 0.05" and facts["time step"] == "0.01 s"
    assert facts["parameters"].startswith(f"{model.parameter_count:,}, ")


def test_info(model, tmp_path):
    builder = hypr.ModelBuilder.from_model(model).recommend(window=20, learning_rate=0.5, train_mask=["readout", "biases"])
    builder.save(tmp_path / "model.hypr")
    result = hypr_command("info", tmp_path / "model.hypr")
    assert result.returncode == 0 and re.search(r"^layer 1 +13 SEAdLIF, recurrent", result.stdout, re.MULTILINE), result.stderr
    assert "window 20, learning_rate 0.5, train_mask biases readout" in result.stdout
    missing = hypr_command("info", tmp_path / "no.hypr")
    assert missing.returncode == 1 and missing.stderr.startswith("error: there is no model file") and not missing.stdout
    assert hypr_command().returncode == 2 and hypr_command("--version").stdout == f"hypr {hypr.__version__}\n"


def test_commands_of_the_tool(tmp_path):
    """Where the tool is, it gets the words and gives the exit status; where not, the help and the error say so."""
    tool = tmp_path / "hypr"
    tool.write_text("#!/bin/sh\necho the tool: \"$@\"\nexit 7\n")
    tool.chmod(0o755)
    result = hypr_command("eval", "x y", "--json", tool=tool)
    assert (result.returncode, result.stdout) == (7, "the tool: eval x y --json\n")
    assert f"hypr, which is {tool}" in " ".join(hypr_command("--help", tool=tool).stdout.split())
    result = hypr_command("eval", tool=tmp_path / "none")
    assert result.returncode == 2 and "there is no 'eval' in the Python package" in result.stderr and "hypr-tools" in result.stderr


def test_what_notebooks_show(model):
    """Tables of HTML; what a model says cannot become a tag."""
    named = hypr.ModelBuilder.from_model(model).metadata(note="a<b>").build()
    page = ElementTree.fromstring(named._repr_html_())
    rows = {row[0].text: row[1].text for row in page.iter("tr")}
    assert page[0].text == "hypr.Model" and rows["layer 0"] == "20 BRF" and rows["metadata: note"] == "a<b>"
    session = hypr.Session(model, window=7)
    for step in range(14):
        session.step(np.ones(4))
        session.teach(step % 3)
    rows = {row[0].text: row[1].text for row in ElementTree.fromstring(session._repr_html_()).iter("tr")}
    assert rows["steps"] == "14" and rows["taught steps"].startswith("7, ") and rows["options"] == "learning True, window 7"
    assert rows["updates"] == "1, 0 skipped" and "spike rate of layer 1" in rows
    session.close()
    assert "closed" in session._repr_html_()
