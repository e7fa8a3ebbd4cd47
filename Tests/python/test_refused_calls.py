"""A call that is refused, or fails midway, changes nothing: every public object, and a table of bad calls for each."""

import copy
import math
import pickle

import numpy as np
import pytest

import hypr

REFUSED = (hypr.Error, ValueError, TypeError)
NO_NUMBERS = [math.nan, math.inf, -math.inf, 1e39, 10**400, "x", "1", b"1", 1j, [1.0, 2.0], {}, object()]


def state(value):
    """What an object is, as plain values that can be compared: sessions by their saved state, others by their attributes."""
    if isinstance(value, hypr.Session):
        return value.model.data, tuple(value.options.items()), value.save_state()
    if isinstance(value, hypr.Model):
        return value.data
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return [(key, state(element)) for key, element in value.items()]
    if isinstance(value, (list, tuple)):
        return [state(element) for element in value]
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return type(value), state(vars(value))
    return value if value == value else repr(value)


def refused(subject, call, *others):
    """The call raises, and then all are as they were, in what they hold and in their pickles."""
    objects = (subject, *others)
    before, pickles = [state(value) for value in objects], pickle.dumps(objects)
    with pytest.raises(REFUSED):
        call(subject)
    assert [state(value) for value in objects] == before
    assert pickle.dumps(objects) == pickles


def test_state_sees_a_change(session):
    """Else nothing here could fail."""
    before = state(session)
    session.step(np.zeros(4))
    assert state(session) != before


# ---------------------------------------------------------------------------------------------------------------------- Sessions

BAD_SAMPLES = [np.full(4, math.nan), [0, 0, 0, math.inf], [1e39] * 4, [0] * 3, [0] * 5, [], None, "abcd", ["a"] * 4, [[0] * 4],
               [1j] * 4, [10**400] * 4, object()]
BAD_VALUES = [np.full(3, math.nan), [0, 0, math.inf], [1e39] * 3, [0.0] * 2, [], "abc", [1j] * 3, object()]
SEQUENCE = np.zeros((6, 4), np.float32)


def with_nan(shape=(6, 4)):
    x = np.zeros(shape, np.float32)
    x.flat[-1] = math.nan
    return x


SESSION_CALLS = {
    **{f"step {index}": lambda s, x=x: s.step(x) for index, x in enumerate(BAD_SAMPLES)},
    **{f"look_ahead {index}": lambda s, x=x: s.look_ahead(x) for index, x in enumerate(BAD_SAMPLES)},
    **{f"step_spikes {index}": lambda s, x=x: s.step_spikes(x) for index, x in enumerate([[4], [-1], [1, 0], [0.5], [2**40], "a"])},
    "step, out": lambda s: s.step(np.zeros(4), out=np.zeros(3)),
    **{f"run {index}": lambda s, x=x: s.run(x) for index, x in enumerate([SEQUENCE[0], SEQUENCE[:, :3], "x", None, [["a"] * 4]])},
    "run, out": lambda s: s.run(SEQUENCE, out=np.zeros((6, 2), np.float32)),
    **{f"teach_values {index}": lambda s, y=y: s.teach_values(y) for index, y in enumerate(BAD_VALUES)},
    **{f"teach_error {index}": lambda s, y=y: s.teach_error(y) for index, y in enumerate(BAD_VALUES)},
    **{f"set_class_weights {index}": lambda s, y=y: s.set_class_weights(y) for index, y in enumerate([*BAD_VALUES, [-1, 1, 1]])},
    **{f"teach {index}": lambda s, y=y: s.teach(y) for index, y in enumerate([3, -1, 2**40, 10**400, 0.5, None, "1", [1]])},
    **{f"teach_class {index}": lambda s, y=y: s.teach_class(y) for index, y in enumerate([3, 1.5, "1", None, math.nan, math.inf])},
    **{f"teach_sequence {index}": lambda s, y=y: s.teach_sequence(y) for index, y in enumerate([3, 1.5, "1", None, math.nan])},
    **{f"teach long ago {index}": lambda s, n=n: s.teach(1, steps_ago=n) for index, n in enumerate([1000, -1, 2**70, 0.5])},
    "learn_sequence, NaN": lambda s: s.learn_sequence(with_nan(), np.zeros(6, int)),
    **{f"learn_sequence {index}": lambda s, y=y: s.learn_sequence(SEQUENCE, y)
       for index, y in enumerate([[0] * 5, [3] * 6, [0.5] * 6, ["a"] * 6, [2**40] * 6, None])},
    "learn_batch, NaN": lambda s: s.learn_batch([SEQUENCE, with_nan()], np.zeros(12, int)),
    "learn_labelled, NaN": lambda s: s.learn_labelled([SEQUENCE, with_nan()], [0, 1]),
    "learn_labelled, lengths": lambda s: s.learn_labelled(SEQUENCE, [0, 1], lengths=[3, 4]),
    **{f"learn, weights {index}": lambda s, w=w: s.learn(SEQUENCE[None], labels=[0] * 6, weights=w)
       for index, w in enumerate([[math.nan] * 6, [-1] * 6, [math.inf] * 6, [1e39] * 6, [1] * 5, ["1"] * 6])},
    "learn, two kinds": lambda s: s.learn(SEQUENCE[None], labels=[0] * 6, values=np.zeros((6, 3))),
    "learn, NaN": lambda s: s.learn(SEQUENCE[None], values=with_nan((6, 3))),
    **{f"parameters {index}": lambda s, y=y: s.parameters.__setitem__("readout.tau", y)
       for index, y in enumerate([[1, 2], math.nan, "a", [math.inf] * 3, None])},
    "parameters, two": lambda s: s.parameters.update({"readout.tau": 5, "nothing": 1}),
    "set_trainable": lambda s: s.set_trainable("nothing"),
    "set_spikes": lambda s: s.set_spikes(0, [math.nan] * 20),
    "set_layer_state": lambda s: s.set_layer_state(0, np.full(s.layer_state(0).shape, math.nan)),
    "set_layer_state, layer": lambda s: s.set_layer_state(5, [0]),
    "reset": lambda s: s.reset("state", "nothing"),
    "reset_layer": lambda s: s.reset_layer(7),
    "load_state": lambda s: s.load_state(s.save_state()[:-1]),
    "load_state of another": lambda s: s.load_state(bytes(100)),
    "transfer of another": lambda s: s.transfer(hypr.Session(hypr.ModelBuilder(4).layer("lif", 5).readout(3).build())),
    "transfer of itself": lambda s: s.transfer(s),
    "parameters of another": lambda s: s.copy_parameters(
        hypr.Session(hypr.ModelBuilder(4).layer("lif", 5).readout(3).build())),
    "parameters of itself": lambda s: s.copy_parameters(s),
    "record, NaN": lambda s: hypr.record(s, with_nan()),
    "record, overflow": lambda s: hypr.record(s, np.concatenate([SEQUENCE, np.full((1, 4), 3e38, np.float32)])),
}


@pytest.fixture
def busy(session, stream):
    """A session in the middle of a window."""
    for sample, label in zip(*(part[:27] for part in stream)):
        session.step(sample)
        if label >= 0:
            session.teach(label)
    return session


@pytest.mark.parametrize("call", SESSION_CALLS)
def test_session(busy, call):
    refused(busy, SESSION_CALLS[call])


def test_run_stops_before_what_it_refuses(busy, stream):
    """As hypr.h says: what came before was made."""
    other = copy.copy(busy)
    x = stream[0][:5].copy()
    x[3, 1] = math.nan
    with pytest.raises(hypr.NotFiniteError, match="step 3"):
        busy.run(x)
    other.run(x[:3])
    assert state(busy) == state(other)


@pytest.mark.parametrize("target", [0, 1, np.int64(0), True, np.True_, np.array(0), np.array(True)])
def test_a_class_is_never_a_value(target):
    """Of one output: refused by the library, or the class 0 as ever; not taught as the number."""
    model = hypr.ModelBuilder(1).layer("lif", 4).readout(1).build()
    session, other = hypr.Session(model, window=5), hypr.Session(model, window=5)
    session.step([1]), other.step([1])
    try:
        session.teach(target)
    except hypr.InvalidArgumentError:
        assert state(session) == state(other)
        return
    other.teach_class(int(target))
    assert state(session) == state(other)


# ----------------------------------------------------------------------------------------------------------------------- Builders

BUILDER_CALLS = {
    **{f"input, scale {index}": lambda b, v=v: b.input(scale=v) for index, v in enumerate([[1, 2], [[1]], "a", math.nan])},
    "input, offset after scale": lambda b: b.input(scale=2, offset=math.inf),
    "input, names after scale": lambda b: b.input(scale=2, names=["a"]),
    "input, a name that is none": lambda b: b.input(scale=2, offset=1, names=["a", "b\0", "c", "d"]),
    "input, encoding late": lambda b: b.input(scale=2, encoding=hypr.datasets.LevelCrossing(0.1)),
    "input, encoding": lambda b: b.input(scale=2, encoding=3),
    "layer": lambda b: b.layer("brf", 0),
    "layer, neuron": lambda b: b.layer("bfr", 5),
    "layer, value": lambda b: b.layer("brf", 5, omega=math.nan),
    "layer, array": lambda b: b.layer("brf", 5, omega=[1, 2]),
    "layer, name": lambda b: b.layer("brf", 5, omega=3, nothing=1),
    "layer, weight": lambda b: b.layer("brf", 5, input_weight=np.full((5, 6), math.inf)),
    "layer, constant": lambda b: b.layer("brf", 5, threshold="a"),
    "layer, density": lambda b: b.layer("brf", 5, recurrent_density=2),
    "readout": lambda b: b.readout(0),
    "readout, tau": lambda b: b.readout(2, tau=[1, 2, 3]),
    "readout, weight": lambda b: b.readout(2, tau=5, weight=np.full((2, 6), math.nan)),
    "labels": lambda b: b.labels(["a", 3, "b\0"]),
    "metadata": lambda b: b.metadata(licence="MIT", source="a\0"),
    "recommend": lambda b: b.recommend(window=20, learning_rate=-1),
    "recommend, name": lambda b: b.recommend(window=20, windw=3),
    "recommend, NaN": lambda b: b.recommend(window=20, learning_rate=math.nan),
    "recommend, never of a file": lambda b: b.recommend(window=20, learning=0),
    "set_trainable": lambda b: b.set_trainable("layer3.omega"),
    "array": lambda b: b.__setitem__("layer0.omega", [1, 2]),
    "array, name": lambda b: b.__setitem__("layer0.omga", 1),
    "array, text": lambda b: b.__setitem__("layer0.omega", "a"),
    "save": lambda b: b.save("/nowhere/at/all.hypr"),
    "build": lambda b: b.build(-1),
}


@pytest.mark.parametrize("call", BUILDER_CALLS)
def test_builder(call):
    """Two alike, of which one refuses a call, make the same model."""
    one, other = (hypr.ModelBuilder(4, name="x").input(scale=3, names="abcd").layer("brf", 6).metadata(licence="none")
                  for _ in range(2))
    with pytest.raises(REFUSED):
        BUILDER_CALLS[call](one)
    assert repr(one) == repr(other) and one.shapes == other.shapes
    assert one.layer("lif", 3).readout(2).build(3) == other.layer("lif", 3).readout(2).build(3)


# ------------------------------------------------------------------------------------------------------------------------- Others


@pytest.mark.parametrize("sample", [[math.nan, 0], [0, math.inf], [0, 0, 0], [], "ab", None, [1j, 0], [[0, 0]]])
@pytest.mark.parametrize("begun", [False, True])
def test_encoder(sample, begun):
    encoder = hypr.datasets.LevelCrossing([0.1, 0.2])
    if begun:
        encoder.step([0, 1])
    refused(encoder, lambda e: e.step(sample))
    refused(encoder, lambda e: e([sample, sample]))


X = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)
TRAINER_CALLS = {
    **{f"x {index}": lambda t, x=x: t.fit(x, np.arange(6) % 3) for index, x in enumerate(
        [X[:, :, :3], X[:5], with_nan((6, 5, 4)), np.full((6, 5, 4), math.inf), [], None, "x", [[["a"] * 4]] * 6])},
    **{f"y {index}": lambda t, y=y: t.fit(X, y) for index, y in enumerate(
        [[0] * 5, [3] * 6, ["a"] * 6, [-1] * 6, [2**40] * 6, np.full((6, 3), math.nan), np.full((6, 3), math.inf), None,
         [[0] * 4] * 6])},
    **{f"weights {index}": lambda t, w=w: t.fit(X, [0] * 6, sample_weight=w) for index, w in enumerate(
        [[math.nan] * 6, [math.inf] * 6, [-1] * 6, [0] * 6, [1] * 5, ["a"] * 6])},
    "validation": lambda t: t.fit(X, [0] * 6, validation_data=(X, [5] * 6)),
    "validation of another kind": lambda t: t.fit(X, [0] * 6, validation_data=(X, np.zeros((6, 3)))),
}


@pytest.mark.parametrize("call", TRAINER_CALLS)
def test_trainer(model, call, tmp_path):
    trainer = hypr.Trainer(model, tmp_path / "run", epochs=1, progress=False)
    refused(trainer, TRAINER_CALLS[call], model)
    assert not list(tmp_path.iterdir())


def test_classes_of_one_output():
    model = hypr.ModelBuilder(4).layer("lif", 4).readout(1).build()
    refused(hypr.Trainer(model, progress=False), lambda t: t.fit(X, [0] * 6))
    with pytest.raises(hypr.InvalidArgumentError, match="y has whole numbers, which are classes; these need two outputs"):
        hypr.Trainer(model, progress=False).fit(X, [0] * 6)
    assert hypr.Trainer(model, epochs=1, progress=False).fit(X, [0.0] * 6).history


# -------------------------------------------------------------------------------------------------------------------------- River


def river_subjects():
    river = pytest.importorskip("hypr.river", exc_type=ImportError)
    return {"classifier": lambda: river.HyprClassifier(n_classes=2, hidden_layer_sizes=8, window=4),
            "regressor": lambda: river.HyprRegressor(hidden_layer_sizes=8, window=4)}


GOOD = {"classifier": "ab", "regressor": (0.5, -2.0)}
BAD_FEATURES = [*({"a": value, "b": 1.0} for value in [*NO_NUMBERS, None]), None, [1.0], "ab", 3]
BAD_TARGETS = {"classifier": [math.nan, np.float32("nan"), [1], {}, np.arange(2)],
               "regressor": NO_NUMBERS}


def river_estimator(kind, steps):
    estimator = river_subjects()[kind]()
    for step in range(steps):
        estimator.learn_one({"a": math.sin(step), "b": 1.0}, GOOD[kind][step % 2])
    return estimator


@pytest.mark.parametrize("steps", [0, 6])
@pytest.mark.parametrize("kind", GOOD)
def test_river(kind, steps):
    estimator = river_estimator(kind, steps)
    for x in [*BAD_FEATURES, *([{}] if not steps else [])]:
        refused(estimator, lambda e: e.learn_one(x, GOOD[kind][0]))
        refused(estimator, lambda e: e.learn_one(x, None))
        if steps or kind == "regressor":
            refused(estimator, lambda e: e.predict_one(x))
        if steps and kind == "classifier":
            refused(estimator, lambda e: e.predict_proba_one(x))
    for y in BAD_TARGETS[kind]:
        refused(estimator, lambda e: e.learn_one({"a": 1.0, "b": 2.0}, y))
    new = {"classifier": "a third", "regressor": 1e6}[kind]  # of a class: the network would grow
    for y in (GOOD[kind][0], new):
        refused(estimator, lambda e: e.learn_one({"a": 3e38, "b": 2.0}, y))  # more than the network's states can be


@pytest.mark.parametrize("kind", GOOD)
def test_river_goes_on(kind):
    """As if the refused sample had not come."""
    one, other = (river_estimator(kind, 6) for _ in range(2))
    for x, y in [({"a": math.nan}, GOOD[kind][0]), ({"a": 1.0}, BAD_TARGETS[kind][0])]:
        with pytest.raises(REFUSED):
            one.learn_one(x, y)
    for step in range(20):
        for estimator in (one, other):
            estimator.learn_one({"a": math.cos(step), "b": 0.5}, GOOD[kind][step % 2])
    assert state(one) == state(other)
    assert one.predict_one({"a": 1.0}) == other.predict_one({"a": 1.0})


def test_river_with_bad_parameters():
    kinds = pytest.importorskip("hypr.river", exc_type=ImportError)
    for given in ({"neuron": "none"}, {"learning_rate": -1}, {"options": {"windw": 1}}, {"hidden_layer_sizes": 0}, {"seed": -1}):
        refused(kinds.HyprRegressor(**given), lambda e: e.learn_one({"a": 1.0}, 1.0))
    for given in ({"n_classes": 1}, {"n_classes": 0}, {"classes": ("one",)}, {"classes": ("a", "a")},
                  {"model": hypr.ModelBuilder(1).layer("lif", 3).readout(1).build()}):
        with pytest.raises(hypr.InvalidArgumentError, match="a classifier needs two|is there twice"):
            kinds.HyprClassifier(**given)


# ------------------------------------------------------------------------------------------------------------------- scikit-learn

FLAT = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
LABELS = np.array(["a", "b", "c"] * 3)
VALUES = np.linspace(0, 1, 9)
QUICK = dict(hidden_layer_sizes=(6,), epochs=1, batch_size=2, steps=4, loss_steps=2, random_state=0)


def flat_with(value):
    x = FLAT.copy()
    x[-1, -1] = value
    return x


BAD_X = [flat_with(math.nan), flat_with(math.inf), FLAT.astype(np.float64) * 1e39, FLAT[:, :0], FLAT[:0], FLAT[0], 3.0, None, "x",
         np.full((9, 3), "a"), [["a"] * 3] * 9, [[1, 2, 3], [1, 2]] * 4, FLAT * 1j, [np.zeros((0, 3))] * 9,
         [np.full((4, 3), math.nan)] * 9]
BAD_WEIGHTS = [[math.nan] * 9, [math.inf] * 9, [-1.0] * 9, [0] * 9, [1] * 8, ["a"] * 9, np.ones((9, 2))]
BAD_Y = {"classifier": [LABELS[:8], None, VALUES + 0.1, np.full(9, math.nan), ["a"] * 9, [[1, 2]] * 9],
         "regressor": [VALUES[:8], None, np.full(9, math.nan), np.full(9, math.inf), LABELS, [[]] * 9]}


def sklearn_estimator(kind, way):
    estimators = pytest.importorskip("hypr.sklearn", exc_type=ImportError)
    estimator = (estimators.HyprClassifier if kind == "classifier" else estimators.HyprRegressor)(**QUICK)
    y = LABELS if kind == "classifier" else VALUES
    if way == "fitted":
        estimator.fit(FLAT, y)
    elif way == "partly":
        classes = {"classes": ["a", "b", "c"]} if kind == "classifier" else {}
        estimator.partial_fit(FLAT, y, **classes).partial_fit(FLAT, y)
    return estimator, y


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["fresh", "fitted", "partly"])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_sklearn(kind, way):
    estimator, y = sklearn_estimator(kind, way)
    classes = {"classes": ["a", "b", "c"]} if kind == "classifier" else {}
    for x in BAD_X:
        refused(estimator, lambda e: e.fit(x, y))
        refused(estimator, lambda e: e.partial_fit(x, y, **classes))
        refused(estimator, lambda e: e.predict(x))
        refused(estimator, lambda e: e.score(x, y))
    for wrong in BAD_Y[kind]:
        refused(estimator, lambda e: e.fit(FLAT, wrong))
        if not (kind == "classifier" and isinstance(wrong, list) and wrong[0] == "a"):
            refused(estimator, lambda e: e.partial_fit(FLAT, wrong, **classes))
    for weights in BAD_WEIGHTS:
        refused(estimator, lambda e: e.fit(FLAT, y, sample_weight=weights))
        refused(estimator, lambda e: e.partial_fit(FLAT, y, sample_weight=weights, **classes))
    if kind == "classifier":
        refused(estimator, lambda e: e.partial_fit(FLAT, ["d"] * 9, **classes))
        refused(estimator, lambda e: e.partial_fit(FLAT, LABELS, classes=["a", "b"]))
        refused(estimator, lambda e: e.partial_fit(FLAT, ["a"] * 9, classes=["a"]))
    if way != "fresh":
        refused(estimator, lambda e: e.predict(FLAT[:, :2]))
        refused(estimator, lambda e: e.partial_fit(FLAT[:, :2], y))


@pytest.mark.parametrize("way", ["fresh", "fitted", "partly"])
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
@pytest.mark.parametrize("wrong", [
    {"neuron": "none"}, {"learning_rate": -1}, {"epochs": 0}, {"flat": "x"}, {"options": {"windw": 1}},
    {"hidden_layer_sizes": (0,)}, {"validation": 2}, {"loss": "none"}])
def test_sklearn_with_bad_parameters(kind, way, wrong):
    estimator, y = sklearn_estimator(kind, way)
    estimator.set_params(**wrong)
    refused(estimator, lambda e: e.fit(FLAT, y))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_sklearn_fails_midway(kind):
    """The last sample is more than the states of the network can be, when the ones before have been learnt."""
    estimator, y = sklearn_estimator(kind, "partly")
    made = []
    teach = estimator._teacher.teach
    estimator._teacher.teach = lambda part: made.append(teach(part))
    with pytest.raises(hypr.NotFiniteError):
        estimator.partial_fit(flat_with(3e38), y)
    assert len(made) == 4
    del estimator._teacher.teach
    refused(estimator, lambda e: e.partial_fit(flat_with(3e38), y))


def test_sklearn_one_class():
    estimators = pytest.importorskip("hypr.sklearn", exc_type=ImportError)
    with pytest.raises(ValueError, match="there is one class, .*'a'.*, and a classifier needs two"):
        estimators.HyprClassifier(**QUICK).fit(FLAT, ["a"] * 9)
