"""Reports of training runs, and the commands of ``python -m hypr``."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

import hypr  # noqa: E402
from hypr.report import save_predictions, write_report  # noqa: E402
from hypr.summary import model_facts  # noqa: E402


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


def hypr_command(*arguments):
    return subprocess.run([sys.executable, "-m", "hypr", *map(str, arguments)], capture_output=True, text=True)


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
    assert page.headings == ["<tiny>", "Model", "Learning", "Test data", "An example", "Weights", "Distributions of parameters",
                             "Configuration"]
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
    assert Page(write_report(tmp_path).read_text()).headings[1:5] == ["Model", "Learning", "Validation data", "An example"]
    save_predictions(tmp_path, [0, 1], [1, 1])
    assert Page(write_report(tmp_path).read_text()).headings[1:5] == ["Model", "Learning", "Test data", "Weights"]


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
