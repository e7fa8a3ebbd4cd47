"""The estimators for River: its own checks, and that looking ahead changes nothing."""

import copy

import numpy as np
import pytest

import hypr

pytest.importorskip("river")
from river import checks, evaluate, metrics, preprocessing  # noqa: E402

from hypr.river import HyprClassifier, HyprRegressor  # noqa: E402


def tones(steps=8000, length=100):
    """Two tones that take turns: samples by name, and the name of the tone."""
    phase = 0.0
    for step in range(steps):
        slow = step // length % 2
        phase += 0.15 if slow else 0.4
        yield {"sin": np.sin(phase), "cos": np.cos(phase)}, "low" if slow else "high"


@pytest.mark.parametrize("check", [
    pytest.param((kind, check), id=f"{kind.__name__}-{check.__name__}-{number}") for kind in (HyprClassifier, HyprRegressor)
    for number, check in enumerate(checks.yield_checks(kind()))])
def test_checks_of_river(check):
    kind, function = check
    function(kind())


def test_learns_a_stream():
    model = HyprClassifier(n_classes=5, seed=1)
    metric = evaluate.progressive_val_score(tones(), model, metrics.Accuracy())
    assert metric.get() > 0.85
    assert set(model.predict_proba_one({"sin": 0, "cos": 1})) == {"low", "high"}
    assert model.session.statistics.steps == 8000 and model.session.statistics.updates == 800


def test_values_are_conditioned():
    estimator = HyprRegressor(features=("x",), conditioning=[hypr.RunningNormalization(2)], dt=0.02)
    for step in range(30):
        estimator.learn_one({"x": float(step % 7)}, 0.5)
    described = hypr.ModelBuilder.from_model(estimator.learned_model()).description()
    assert described.input.conditioning == [hypr.RunningNormalization(2.0, largest_gain=10.0, limit=10.0)]
    assert described.time_step == pytest.approx(0.02)


def test_in_a_pipeline():
    """What the scaler says of a sample changes between its prediction and its lesson."""
    model = preprocessing.StandardScaler() | HyprClassifier(n_classes=2, seed=1)
    assert evaluate.progressive_val_score(tones(), model, metrics.Accuracy()).get() > 0.85


def test_learns_values():
    """The phase of a tone, a quarter period ahead, which one sample does not tell."""
    model = HyprRegressor(seed=1, readout_tau=1)
    stream = [({"x": np.sin(0.2 * step)}, 100 + 50 * np.cos(0.2 * step)) for step in range(6000)]
    evaluate.progressive_val_score(stream[:4000], model, metrics.MAE())
    assert evaluate.progressive_val_score(stream[4000:], model, metrics.MAE()).get() < 15  # 32 for the mean


@pytest.mark.parametrize("window", [1, 7])
def test_looking_ahead_is_what_comes_and_changes_nothing(window):
    """Bit for bit the session that makes the same steps, whatever is predicted between them."""
    random = np.random.default_rng(0)
    one, other = (HyprClassifier(classes=(0, 1), window=window, features=("a", "b")) for _ in range(2))
    one.predict_one({"a": 0})  # makes the network
    session = hypr.Session(one.session.model, window=window, credit="window", optimizer="adam", learning_rate=0.01)
    for step in range(60):
        x, y = dict(zip("ab", random.normal(size=2))), int(random.integers(2))
        one.predict_one({"a": 1.0, "b": step})
        ahead = one.predict_proba_one(x)
        if step % 3 == 0:
            one.predict_one({"a": -1.0, "b": 0})
        one.learn_one(x, y)
        other.learn_one(x, y)
        output = np.exp(session.step([x["a"], x["b"]]), dtype=float)
        session.teach(y)
        np.testing.assert_allclose(list(ahead.values()), output / output.sum(), rtol=1e-6)
    session.flush()
    for model in (one, other):
        model.session.flush()
        assert model.session.parameters.flat.tobytes() == session.parameters.flat.tobytes()


def test_samples_without_a_label_are_heard():
    one, other = HyprClassifier(classes=(0, 1)), HyprClassifier(classes=(0, 1))
    for x, y in tones(200):
        one.learn_one(x, None)
    x = {"sin": 0.0, "cos": 1.0}
    assert one.session.statistics.steps == 200 and one.session.statistics.updates == 0
    assert one.predict_proba_one(x) != other.predict_proba_one(x)
    one.reset()
    assert one.predict_proba_one(x) == other.predict_proba_one(x)


def test_features_and_classes():
    model = HyprClassifier(n_classes=2)
    assert model.predict_one({"b": 1}) is None and model.predict_proba_one({"b": 1}) == {}
    model.learn_one({"b": 1.0, "a": 2.0, 10: 3.0}, "x")
    assert list(model._channels) == [10, "a", "b"] and model.session.model.input_names == ("10", "a", "b")
    model.learn_one({"new": 1.0}, "y")


def test_classes_that_come_later_get_outputs():
    """What was learned stays: the other outputs go on as if it had not come."""
    model = HyprClassifier(n_classes=2, seed=1)
    for x, y in tones(4005):
        model.learn_one(x, y)
    last, former = {"sin": 0.0, "cos": 1.0}, copy.copy(model.session)
    model.learn_one(last, "silence")
    former.flush()  # as the transfer did
    assert model.session.output_size == 3
    np.testing.assert_array_equal(former.step([1.0, 0.0]), model.session.spikes("readout")[:2])
    assert model.session.statistics.steps == 4006 and model.session.statistics.updates == former.statistics.updates == 401
    assert set(model.predict_proba_one(last)) == {"low", "high", "silence"}
    # Silence between the tones: all three are told apart.
    metric = metrics.Accuracy()
    for step, (x, y) in enumerate(tones(12000)):
        if step // 100 % 3 == 2:
            x, y = {"sin": 0.0, "cos": 0.0}, "silence"
        if step >= 8000:
            metric.update(y, model.predict_one(x))
        model.learn_one(x, y)
    assert metric.get() > 0.85
    twin = copy.deepcopy(model)
    assert twin.predict_proba_one(last) == model.predict_proba_one(last)
    assert model.clone().session is None


def test_a_class_that_is_refused_changes_nothing():
    model = HyprClassifier(n_classes=2, features=("a",), window=10)
    for step in range(25):
        model.learn_one({"a": float(step % 3)}, "x" if step % 2 else "y")
    session, state = model.session, model.session.save_state()
    for x, y, error in (({"a": float("nan")}, "z", hypr.NotFiniteError), ({"a": 3e38}, "z", hypr.NotFiniteError),
                        ({"a": 1.0}, float("nan"), hypr.InvalidArgumentError)):
        with pytest.raises(error):
            model.learn_one(x, y)
        assert model.session is session and session.save_state() == state and list(model._classes) == ["y", "x"]


def test_labels_of_a_model_grow_with_its_classes():
    model = hypr.ModelBuilder(inputs=1).layer("lif", 8).readout(2).labels(["low", "high"]).build(3)
    stream = HyprClassifier(model=model, features=("a",))
    stream.learn_one({"a": 1.0}, "middle")
    assert stream.learned_model().class_labels == ("low", "high", "middle")
    # It can be gone on with.
    again = HyprClassifier(model=stream.learned_model(), features=("a",))
    again.learn_one({"a": 1.0}, "middle")
    assert again.session.output_size == 3


def test_goes_on_with_a_trained_model():
    builder = hypr.ModelBuilder(inputs=2).input(scale=3, names=["cos", "sin"]).layer("se_adlif", 8).readout(2)
    model = builder.labels(["low", "high"]).build(3)
    stream = HyprClassifier(model=model)
    session = hypr.Session(model)
    assert max(stream.predict_proba_one({"sin": 2.0, "cos": 1.0}).items(), key=lambda item: item[1])[0] \
        == model.class_labels[session.step([1.0, 2.0]).argmax()]
    stream.learn_one({"sin": 2.0, "cos": 1.0}, "low")
    learned = stream.learned_model()
    assert learned.class_labels == ("low", "high")
    assert stream.clone().model == model and copy.deepcopy(stream).session.statistics.steps == 1
    with pytest.raises(hypr.InvalidArgumentError, match="channels"):
        HyprClassifier(model=model, features=("a",)).learn_one({"a": 1.0}, "low")
    with pytest.raises(hypr.InvalidArgumentError, match="outputs"):
        HyprRegressor(model=model).learn_one({"sin": 2.0}, 1.0)
    with pytest.raises(hypr.WrongStateError):
        HyprClassifier().learned_model()
