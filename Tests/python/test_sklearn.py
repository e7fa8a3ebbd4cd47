"""The estimators for scikit-learn: its own checks, sequences, and its tools around them."""

import pickle

import numpy as np
import pytest

import hypr

pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from hypr.sklearn import HyprClassifier, HyprRegressor  # noqa: E402
from hypr.trainer import drawn  # noqa: E402

SMALL = dict(hidden_layer_sizes=(16,), epochs=15, random_state=0)
QUICK = dict(SMALL, epochs=10, steps=6, loss_steps=3)


def tones(count=60, seed=0, steps=40):
    """Tones [count, steps, 1], and their names."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    phase = np.array([0.1, 0.2, 0.4])[labels][:, None] * np.arange(steps) + random.uniform(0, 6, (count, 1))
    return np.sin(phase)[:, :, None], np.array(["low", "middle", "high"])[labels]


@pytest.fixture(scope="module")
def fitted():
    return HyprClassifier(**{**SMALL, "epochs": 30}).fit(*tones(100))


def expected_to_fail(estimator):
    """What scikit-learn expects to fail of its own estimators that learn in batches, too; test_sample_weight has what holds."""
    reason = "batches and their order change when samples are repeated or left out"
    return {"check_sample_weight_equivalence_on_dense_data": reason}


@parametrize_with_checks([HyprClassifier(**QUICK), HyprRegressor(**QUICK)], expected_failed_checks=expected_to_fail)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_sequences(fitted):
    x, y = tones(40, seed=1)
    assert fitted.score(x, y) > 0.9
    assert list(fitted.classes_) == ["high", "low", "middle"] == list(fitted.model_.class_labels)
    assert fitted.n_features_in_ == 1 and fitted.n_iter_ == 30 == len(fitted.history_)
    probabilities = fitted.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(axis=1)], fitted.predict(x))


def test_a_list_of_sequences_is_an_array_of_them(fitted):
    x, _ = tones(10)
    np.testing.assert_array_equal(fitted.predict_proba(list(x)), fitted.predict_proba(x))
    parts = [part[:15 + index] for index, part in enumerate(x)]
    each = np.concatenate([fitted.predict_proba(part[None]) for part in parts])
    np.testing.assert_array_equal(fitted.predict_proba(parts), each)
    objects = np.empty(10, object)
    objects[:] = parts
    np.testing.assert_array_equal(fitted.predict_proba(objects), each)
    assert HyprClassifier(**{**SMALL, "epochs": 1}).fit(parts, tones(10)[1]).n_features_in_ == 1


def test_the_model_is_what_predicts(fitted, tmp_path):
    x, _ = tones(5)
    fitted.model_.save(tmp_path / "tones.hypr")
    session = hypr.Session(hypr.Model.load(tmp_path / "tones.hypr"), learning=False)
    for part, label in zip(x, fitted.predict(x)):
        session.reset()
        assert session.model.class_labels[session.run(part).mean(axis=0).argmax()] == label


def test_flat(fitted):
    """A feature vector is a constant input, or a series."""
    x, y = tones(100)
    series = HyprClassifier(**{**SMALL, "epochs": 30}, flat="series").fit(x[:, :, 0], y)
    assert series.model_ == fitted.model_ and series.n_features_in_ == 40
    constant = HyprClassifier(**{**SMALL, "epochs": 1}, steps=7).fit(x[:, :3, 0], y)
    assert constant.model_.input_size == 3
    repeated = np.repeat(x[:, None, :3, 0], 7, axis=1)
    np.testing.assert_array_equal(constant.predict_proba(x[:, :3, 0]), constant.predict_proba(repeated))
    with pytest.raises(ValueError, match="flat"):
        HyprClassifier(flat="row").fit(x[:, :, 0], y)


def test_partial_fit():
    x, y = tones(100)
    classifier = HyprClassifier(**SMALL)
    with pytest.raises(ValueError, match="classes"):
        classifier.partial_fit(x, y)
    classifier.partial_fit(x, y, classes=["low", "middle", "high"])
    half = pickle.loads(pickle.dumps(classifier))
    for estimator in (classifier, half):
        for _ in range(20):
            estimator.partial_fit(x, y)
    assert classifier.model_ == half.model_
    assert classifier.score(x, y) > 0.9
    with pytest.raises(ValueError, match="not among classes"):
        classifier.partial_fit(x[:1], ["other"])


def test_partial_fit_goes_on_after_fit(fitted):
    x, y = tones(40, seed=2)
    further = pickle.loads(pickle.dumps(fitted)).partial_fit(x, y)
    assert further.model_ != fitted.model_ and further.score(x, y) > 0.8


def test_regressor():
    """The frequency of a tone."""
    random = np.random.default_rng(0)
    frequency = random.uniform(0.1, 0.5, 150)
    x = np.sin(frequency[:, None] * np.arange(40) + random.uniform(0, 6, (150, 1)))[:, :, None]
    one = HyprRegressor(**{**SMALL, "epochs": 25}).fit(x[:100], 1000 * frequency[:100])
    assert one.score(x[100:], 1000 * frequency[100:]) > 0.6
    both = HyprRegressor(**{**SMALL, "epochs": 25}).fit(x[:100], np.stack([frequency, -frequency], 1)[:100])
    assert both.predict(x[100:]).shape == (50, 2) and both.score(x[100:], np.stack([frequency, -frequency], 1)[100:]) > 0.6
    further = clone(one).partial_fit(x, frequency)
    first = further.score(x, frequency)
    for _ in range(8):
        further.partial_fit(x, frequency)
    assert further.score(x, frequency) > max(first, 0.3)


def test_parameters_are_those_of_the_network():
    x, y = tones(20)
    classifier = HyprClassifier("brf", (8, 6), layer_values={"threshold": 0.5, "omega": (5, 10)}, readout_tau=9, input_scale=2,
                                epochs=1, options={"train_mask": "readout", "update": "window"}, window=7).fit(x, y)
    assert [tuple(layer) for layer in classifier.model_.layers] == [("BRF", 8), ("BRF", 6)]
    builder = hypr.ModelBuilder.from_model(classifier.model_)
    assert 5 <= builder["layer1.omega"].min() and builder["layer1.omega"].max() <= 10
    assert HyprClassifier(hidden_layer_sizes=5, epochs=1).fit(x, y).model_.layers[0].size == 5
    with pytest.raises(hypr.InvalidArgumentError, match="credit"):
        HyprClassifier(credit="windw").fit(x, y)
    assert HyprClassifier("gru", 5, epochs=1).fit(x, y).history_[0].spike_rate == 0


def test_the_input_is_conditioned_and_fitted():
    x, y = tones(20)
    moved = x + np.float32(50)
    stages = [hypr.HighPass(0.5)]
    classifier = HyprClassifier(hidden_layer_sizes=8, epochs=1, conditioning=stages, dt=0.01, random_state=0).fit(moved, y)
    described = hypr.ModelBuilder.from_model(classifier.model_).description().input
    assert described.conditioning == stages and classifier.model_.time_step == pytest.approx(0.01)
    fitted = hypr.ModelBuilder(x.shape[2], dt=0.01).input(conditioning=stages, fit=moved).layer("lif", 1).readout(1).description().input
    assert np.allclose(described.offset, fitted.offset)
    scaled = HyprClassifier(hidden_layer_sizes=8, epochs=1, conditioning=stages, dt=0.01, input_scale=2).fit(moved, y).model_
    values = np.concatenate([scaled.condition(part) for part in moved])
    assert values.std() == pytest.approx(2, rel=0.01)


def test_what_is_held_out_is_not_fitted_to():
    x, y = tones(50)
    x = np.array(x)
    classifier = HyprClassifier(**{**SMALL, "epochs": 1, "random_state": 3}, validation=0.2)
    first = classifier.fit(x, y).model_
    seed = int(np.random.RandomState(3).randint(2**31 - 1))
    x[drawn(50, 0.2, seed)] *= 100
    assert np.array_equal(hypr.ModelBuilder.from_model(classifier.fit(x, y).model_).description().input.scale,
                          hypr.ModelBuilder.from_model(first).description().input.scale)


def test_validation():
    x, y = tones(50)
    classifier = HyprClassifier(**{**SMALL, "epochs": 50}, validation=0.2, patience=2).fit(x, y)
    assert classifier.n_iter_ < 50 and classifier.history_[0].validation_accuracy >= 0


def test_sample_weight():
    """What is contradicted by samples of no weight is learned all the same."""
    x, y = tones(60)
    wrong = np.unique(y)[(np.searchsorted(np.unique(y), y) + 1) % 3]
    both, names = np.concatenate([x, x, x]), np.concatenate([y, wrong, wrong])
    weights = np.repeat([5.0, 0, 0], 60)
    settings = {**SMALL, "batch_size": 24, "epochs": 30}
    classifier = HyprClassifier(**settings).fit(both, names, sample_weight=weights)
    assert classifier.score(x, y) > 0.9 > 0.3 > HyprClassifier(**settings).fit(both, names).score(x, y)
    assert classifier.model_ == HyprClassifier(**settings).fit(both, names, sample_weight=weights / 8).model_
    further = HyprClassifier(**SMALL)
    for _ in range(20):
        further.partial_fit(both, names, classes=np.unique(y), sample_weight=weights)
    assert further.score(x, y) > 0.9
    before = further.model_
    assert further.partial_fit(x, y).model_ != before  # the weight of 0 that came last is not that of these samples
    target = x[:, :, 0].std(axis=1) + np.searchsorted(np.unique(y), y)
    values = np.concatenate([target, np.full(120, 1e6)])
    regressor = HyprRegressor(**{**settings, "loss_steps": 20}).fit(both, values, sample_weight=weights)
    assert regressor.score(x, target) > 0.6 and abs(regressor.y_mean_[0] - target.mean()) < 1e-6
    with pytest.raises(hypr.InvalidArgumentError, match="update 'sequence'"):
        HyprClassifier(**SMALL, options={"update": "window"}).fit(x, y, sample_weight=np.ones(60))
    for shape in (59, (60, 1)):
        with pytest.raises(ValueError, match="sample_weight"):
            HyprClassifier(**SMALL).fit(x, y, sample_weight=np.ones(shape))


def test_pipeline_and_grid_search():
    x, y = tones(90)
    pipeline = make_pipeline(FunctionTransformer(np.asarray), HyprClassifier(**SMALL))
    search = GridSearchCV(pipeline, {"hyprclassifier__learning_rate": [1e-6, 0.02]}, cv=2).fit(x, y)
    assert search.best_params_ == {"hyprclassifier__learning_rate": 0.02}
    # A list of sequences.
    assert cross_val_score(HyprClassifier(**{**SMALL, "epochs": 30}), list(x), y, cv=2).mean() > 0.85
    flat = make_pipeline(StandardScaler(), HyprClassifier(**{**SMALL, "epochs": 1}, flat="series")).fit(x[:, :, 0], y)
    assert flat.predict(x[:, :, 0]).shape == (90,)


def test_refuses_what_does_not_fit(fitted):
    x, y = tones(10)
    with pytest.raises(NotFittedError):
        HyprClassifier().predict(x)
    with pytest.raises(ValueError, match="2 channels"):
        fitted.predict(np.concatenate([x, x], axis=2))
    for estimator in (HyprClassifier(), HyprRegressor()):
        with pytest.raises(ValueError, match="inconsistent"):
            estimator.fit(x, np.zeros(9))
        with pytest.raises(ValueError, match="y to be passed"):
            estimator.fit(list(x), None)
        with pytest.raises(ValueError, match="NaN"):
            estimator.fit(x * np.nan, np.zeros(10))
