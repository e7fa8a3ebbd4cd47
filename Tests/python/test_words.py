"""What newcomers do, and what they are told: each message says what was wrong, where, and what to do instead."""

import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

import hypr
from hypr._optional import require

X = np.random.default_rng(0).normal(size=(8, 20, 3)).astype(np.float32)
Y = np.arange(8) % 4
STEPS = np.tile(np.arange(20) % 4, (8, 1))
NAMES = ["idle", "slow", "fast", "broken"]


@pytest.fixture(scope="module")
def model():
    return hypr.ModelBuilder(3).layer("se_adlif", 8).readout(4).labels(NAMES).build(seed=0)


def with_value(value):
    x = X.copy()
    x[1, 13, 2] = value
    return x


class Tensor:
    """As one of PyTorch that has a gradient."""

    def __array__(self, *arguments, **named):
        raise RuntimeError("use tensor.detach().numpy() instead")


def fit(x, y):
    return lambda model: hypr.Trainer(model, epochs=1, progress=False).fit(x, y)


FITS = {
    "whole floats": (fit(X, Y.astype(float)), "classes are integers: give y.astype(int)"),
    "whole floats and NaN": (fit(X, np.where(Y > 0, Y, np.nan)), "give numpy.nan_to_num(y, nan=-1).astype(int)"),
    "whole floats per step": (fit(X, STEPS.astype(float)), "classes are integers: give y.astype(int)"),
    "as many steps as outputs": (fit(X[:, :4], STEPS[:, :4].astype(float)), "may be a class per step, or a value per output"),
    "that, with missing ones": (fit(X[:, :4], np.where(STEPS[:, :4] > 0, STEPS[:, :4], np.nan)), "give classes as y.astype(int)"),
    "whole floats, unequal lengths": (fit([X[0], X[1, :7]], [STEPS[0] * 1.0, STEPS[1, :7] * 1.0]), "give y[0].astype(int)"),
    "texts": (fit(X, ["idle", "slow"] * 4), "y[0] is 'idle', expected whole numbers: a class is the place of its name in"),
    "objects": (fit(X, np.array(["idle", None] * 4, object)), "y[0] is 'idle', expected whole numbers"),
    "classes from 1": (fit(X, Y + 1),
                       "y has the class 4, expected 0 to 3, as classes count from 0 and the model has 4 outputs: give y - 1"),
    "a class too many": (fit(X, Y + 5), "y has the class 8, expected 0 to 3, as classes count from 0 and the model has 4 outputs"),
    "no label": (fit(X, Y * 0 - 1), "y has no targets: every label is negative"),
    "no y": (fit(X, None), "y is None, expected classes, whole numbers, or values, floating-point numbers"),
    "a column": (fit(X, Y[:, None]), "its steps are not those of x: give y[:, 0]"),
    "one-hot": (fit(X, np.eye(4, dtype=int)[Y]), "of one-hot labels give y.argmax(axis=1)"),
    "too few": (fit(X, Y[:5]), "y has the shape [5], x has 8 sequences"),
    "unequal rows": (fit(X, [[0, 1], [0]] * 4), "y[0] has 2 steps, x[0] has 20"),
    "channels first": (fit(X.swapaxes(1, 2), Y), "expected [sequences, steps, 3]; channels come last: give x.swapaxes(-1, -2)"),
    "unequal channels": (fit([X[0], X[1, :, :2]], [0, 1]), "x[1] has the shape [20, 2], expected [steps, 3]"),
    "ragged lists": (fit([[[1, 2, 3]], [[1, 2, 3], [1, 2]]], [0, 1]), "x[1] has rows of unequal lengths"),
    "no x": (fit(None, Y), "x is None, expected samples: an array [sequences, steps, channels] or [steps, channels]"),
    "a path": (fit("data.csv", Y), "x is 'data.csv', expected samples: an array"),
    "a dictionary": (fit({"x": X}, Y), "expected samples: an array [sequences, steps, channels]"),
    "empty": (fit([], []), "x has no sequences"),
    "no steps": (fit([X[0], X[1, :0]], [0, 1]), "x[1] has no steps"),
    "NaN": (fit(with_value(np.nan), Y), "x[1] is nan at step 13, channel 2, expected finite numbers"),
    "infinite": (fit(list(with_value(np.inf)), Y), "x[1] is inf at step 13, channel 2, expected finite numbers"),
    "a text among numbers": (fit([[[1, 2, "high"]]], [0]), "is '1', expected real numbers"),
    "an object among numbers": (fit([np.array([[1, 2, None]], object)], [0]), "x[0][0, 2] is None, expected real numbers"),
    "a tensor": (fit([Tensor()], [0]), "x[0] is a Tensor that is no array: use tensor.detach().numpy() instead"),
}

SESSIONS = {
    "lr": (lambda m: hypr.Session(m, lr=0.1), "there is no option 'lr'; did you mean 'learning_rate'?"),
    "batch_size": (lambda m: hypr.Session(m, batch_size=3),
                   "hypr.option_names() lists them, beside the arguments of hypr.Trainer"),
    "recommended lr": (lambda m: hypr.ModelBuilder(3).recommend(lr=0.1), "did you mean 'learning_rate'?"),
    "trainer, lr": (lambda m: hypr.Trainer(m, lr=0.1), "there is no option 'lr'; did you mean 'learning_rate'?"),
    "trainer, batch": (lambda m: hypr.Trainer(m, batchsize=3), "there is no option 'batchsize'; did you mean 'batch_size'?"),
    "trainer, split": (lambda m: hypr.Trainer(m, validation_split=0.1), "did you mean 'validation'?"),
    "trainer, epochs": (lambda m: hypr.Trainer(m, epochs="ten"), "epochs is 'ten', expected a whole number from 1"),
    "trainer, validation": (lambda m: hypr.Trainer(m, validation="0.2"), "validation is '0.2', expected a number"),
    "trainer, path": (lambda m: hypr.Trainer("m.hypr"), "model is a str, expected a hypr.Model: hypr.Model.load(path) reads one"),
    "builder": (lambda m: hypr.Session(hypr.ModelBuilder(3)),
                "model is a ModelBuilder, expected a hypr.Model: its build() makes one"),
    "optimizer": (lambda m: hypr.Session(m, optimizer="Adam"), "there is no optimizer 'Adam'; did you mean 'adam' or 'adamw'?"),
    "loss": (lambda m: hypr.Session(m, loss="mse"), "which steps the label of a sequence teaches, always by cross-entropy"),
    "neuron": (lambda m: hypr.ModelBuilder(3).layer("adlif", 4), "did you mean 'alif' or 'se_adlif' or 'ef_adlif'?"),
    "tensor": (lambda m: hypr.Session(m).parameters["w_in"], "there is no tensor 'w_in'; known are layer0.input_weight"),
    "layer": (lambda m: hypr.Session(m).spikes("layer0"), "there is no layer 'layer0'; layers go by numbers, 0, and the last is"),
    "layer of a reset": (lambda m: hypr.Session(m).reset_layer(2), "there is no layer 2; layers go by numbers"),
    "sample": (lambda m: hypr.Session(m).step([0, 0]), "x has the shape [2], expected [3]"),
    "several sequences": (lambda m: hypr.Session(m).run(X), "expected [steps, 3]; this takes one sequence at a time"),
    "transposed": (lambda m: hypr.Session(m).run(X[0].T), "expected [steps, 3]; channels come last: give x.swapaxes(-1, -2)"),
    "float labels": (lambda m: hypr.Session(m).learn_sequence(X[0], STEPS[0] * 1.0),
                     "classes are integers: give labels.astype(int)"),
    "labels from 1": (lambda m: hypr.Session(m).learn_sequence(X[0], STEPS[0] + 1),
                      "labels[3] is 4, expected 0 to 3, as classes count"),
    "transposed labels": (lambda m: hypr.Session(m).learn_batch(X, STEPS.T), "labels has the shape [20, 8], expected [8, 20]"),
    "recording": (lambda m: hypr.record(m, X[0]), "session is a Model, expected a hypr.Session"),
    "one channel": (lambda m: hypr.Session(hypr.ModelBuilder(1).layer("lif", 2).readout(2).build()).run(X[0, :, 0]),
                    "x has the shape [20], expected [steps, 1]; of a single channel give x[..., None]"),
    "no readout": (lambda m: hypr.ModelBuilder(3).layer("lif", 4).build(), "the model has no readout: add one on top"),
    "labels first": (lambda m: hypr.ModelBuilder(3).layer("lif", 4).labels("ab"), "no readout yet, whose outputs have the names"),
}

NO_STEP = "there is no step to teach: make a step first"
NO_CALL = "expected 0 to 3, as classes count from 0; make no call for what shall not be taught"
TARGETS = {
    "before": (0, lambda s: s.teach(1), NO_STEP),
    "late, before": (0, lambda s: s.teach(1, steps_ago=2), NO_STEP),
    "values before": (0, lambda s: s.teach([0.0] * 4), NO_STEP),
    "error before": (0, lambda s: s.teach_error([0.0] * 4), NO_STEP),
    "sequence before": (0, lambda s: s.teach_sequence(1), NO_STEP),
    "-1": (1, lambda s: s.teach(-1), f"label is -1, {NO_CALL}"),
    "-1 late": (1, lambda s: s.teach(-1, steps_ago=0), f"label is -1, {NO_CALL}"),
    "-1, of a sequence": (1, lambda s: s.teach_sequence(-1), f"label is -1, {NO_CALL}"),
    "no class": (1, lambda s: s.teach(4), "label is 4, expected 0 to 3, as classes count from 0"),
    "far from a class": (1, lambda s: s.teach(2**40), "label is 1099511627776, which is no class"),
    "float": (1, lambda s: s.teach(1.0), "target is 1.0, expected a class, which is an integer, or the 4 values of the outputs"),
    "name": (1, lambda s: s.teach("slow"), "expected a class by its number, here 1: model.class_labels.index('slow')"),
    "text": (1, lambda s: s.teach("1"), "target is '1', expected a class, a whole number, or values"),
    "None": (1, lambda s: s.teach(None), "target is None, expected a class or values: make no call for what shall not be taught"),
    "after flush": (1, lambda s: (s.flush(), s.teach(1)), "the window of the last step is closed"),
    "closed": (1, lambda s: (s.close(), s.teach(1)), "the session is closed, by close() or by the end of its with block"),
}

RAISED = (hypr.Error, TypeError)


@pytest.mark.parametrize("call", FITS)
def test_fits(model, call):
    bad, words = FITS[call]
    with pytest.raises(RAISED, match=re.escape(words)):
        bad(model)


@pytest.mark.parametrize("call", SESSIONS)
def test_sessions_and_builders(model, call):
    bad, words = SESSIONS[call]
    with pytest.raises(RAISED, match=re.escape(words)):
        bad(model)


@pytest.mark.parametrize("call", TARGETS)
def test_targets(model, call):
    steps, bad, words = TARGETS[call]
    session = hypr.Session(model)
    for _ in range(steps):
        session.step([0, 0, 0])
    with pytest.raises(RAISED, match=re.escape(words)):
        bad(session)


def test_a_session_that_does_not_learn(model):
    session = hypr.Session(model, learning=False)
    session.step([0, 0, 0])
    with pytest.raises(hypr.WrongStateError, match="created without learning: set the option learning to 1 before"):
        session.teach(1)


def test_what_is_no_mistake(model):
    """Truth values are the classes 0 and 1; values are what they were, where they cannot be classes."""
    results = [fit(X, y)(model).model for y in (Y > 1, (Y > 1).astype(int))]
    assert results[0] == results[1]
    halves = np.full((8, 4), 0.5)
    assert fit(X[:, :4], halves)(model).history
    assert fit(X[:, :4], np.repeat(halves[:, None], 4, axis=1))(model).history
    assert fit(X[:, :5], np.zeros((8, 4)))(model).history


def test_one_class_is_warned_of(model):
    with pytest.warns(UserWarning, match="y has one class only, 2: the network learns to answer nothing else"):
        fit(X, [2] * 8)(model)


@pytest.mark.parametrize(("content", "words"), [
    (None, "there is no model file"), (b"", "file.hypr: not a .hypr file: it is empty"),
    (b"a,b\n1,2\n3,4\n", 'file.hypr: not a .hypr file: bytes 4 to 7 are not the identifier "HYPR"'),
    ("array", "file.hypr: not a .hypr file but a NumPy array (.npy): data, expected a model"),
    ("half", "file.hypr: the file of"), ("folder", "cannot be read: Is a directory")])
def test_files_that_are_no_models(model, tmp_path, content, words):
    path = tmp_path / "file.hypr"
    if content == "folder":
        path.mkdir()
    elif content == "array":
        with open(path, "wb") as file:
            np.save(file, X)
    elif content is not None:
        path.write_bytes(model.data[:len(model.data) // 2] if content == "half" else content)
    with pytest.raises(hypr.Error, match=re.escape(words)):
        hypr.Model.load(path)


def test_what_is_no_source_of_a_model(model):
    for source, words in ((None, "source is a NoneType, expected a path"), (model, "source is a Model, expected a path")):
        with pytest.raises(TypeError, match=words):
            hypr.Model.load(source)
    with pytest.raises(TypeError, match=re.escape("data is a str, expected the bytes of a model file: hypr.Model.load(path)")):
        hypr.Model("model.hypr")


def test_nir_without_a_step(tmp_path):
    nir = pytest.importorskip("nir")
    ones = np.ones(2)
    graph = nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))), nir.LIF(tau=ones, r=ones, v_leak=ones * 0, v_threshold=ones))
    nir.write(tmp_path / "net.nir", graph)
    with pytest.raises(hypr.InvalidArgumentError, match="give dt and integration and reset; or the dialect of the library"):
        hypr.nir.read(tmp_path / "net.nir")
    with pytest.raises(hypr.InvalidArgumentError, match="the dialect 'nir' needs dt, seconds per step, such as dt=1e-3"):
        hypr.nir.read(tmp_path / "net.nir", dialect="nir")


# ------------------------------------------------------------------------------------------------------------------- Packages

EXTRAS = {"flwr": "flower", "jinja2": "report", "matplotlib": "plot", "nir": "nir", "scipy.io": "datasets", "h5py": "datasets",
          "river": "river", "sklearn": "sklearn", "tqdm": "train", "tensorboardX": "train"}


@pytest.mark.parametrize("module", EXTRAS)
def test_extras_by_their_names(module, monkeypatch):
    package = module.partition(".")[0]
    for name in (module, package):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        require(module, "a page")
    assert str(caught.value) == f'a page needs the package {package}: pip install "hypr[{EXTRAS[module]}]"'


def test_every_extra_is_known():
    assert set(EXTRAS.values()) == set(metadata.metadata("hypr").get_all("Provides-Extra"))


def test_packages_without_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match="reading a checkpoint needs the package torch: pip install torch$"):
        require("torch", "reading a checkpoint")


@pytest.mark.parametrize("module", ["sklearn", "river"])
def test_estimators_name_their_extra(module):
    code = f"import sys; sys.modules[{module!r}] = None; import hypr; hypr.{module}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode and f'hypr.{module} needs the package {module}: pip install "hypr[{module}]"' in result.stderr
