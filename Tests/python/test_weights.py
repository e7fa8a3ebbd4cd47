"""Weights of sequences: a weight of 2 is as the sequence twice in its batch, one of 0 as if it were not there."""

import numpy as np
import pytest

import hypr
from hypr._scores import Judgement, Scores
from hypr._sequences import Sequences
from hypr._teaching import Teacher
from hypr._training_data import TrainingData

WEIGHTS = np.array([2.0, 0.0, 1.0, 3.0])
AS_OFTEN = np.array([0, 0, 2, 3, 3, 3])


@pytest.fixture(scope="module")
def model():
    return hypr.ModelBuilder(inputs=2).input(scale=20).layer("se_adlif", 10).readout(3).build(0)


def data(kind, weights=None):
    """Four sequences of 20 to 35 steps: labels for each, for some steps, or values for some steps or each sequence."""
    random = np.random.default_rng(0)
    lengths = [20, 35, 28, 22]
    x = [random.normal(size=(length, 2)).astype(np.float32) for length in lengths]
    classes = [random.integers(-1, 3, length) for length in lengths]
    values = [np.where(random.random((length, 1)) < 0.3, np.nan, random.normal(size=(length, 3))) for length in lengths]
    y = {"sequence": np.array([0, 1, 2, 1]), "step": classes, "values": values, "sequence values": random.normal(size=(4, 3))}
    return x, y[kind], weights


def whole(parts, model):
    return TrainingData.of(parts[0], parts[1], model, parts[2])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind, loss", [
    ("sequence", "every_step"), ("sequence", "last_steps"), ("sequence", "sum_of_softmax"), ("step", "every_step"),
    ("values", "every_step"), ("sequence values", "last_steps")])
def test_an_update_is_as_with_repeated_sequences(model, kind, loss, reduction):
    def learned(part):
        teacher = Teacher(model, dict(loss=loss, loss_steps=6, window=40, optimizer="sgd", learning_rate=0.1, gradient_clip=0,
                                      reduction=reduction), part.classes, np.array([1, 2, 0.5], np.float32))
        teacher.teach(part)
        scores = Scores()
        scores.add(teacher.teach(part), part, teacher.judgement)
        return teacher.session.parameters.flat, teacher.session.statistics.updates, scores

    weighted, updates, scores = learned(whole(data(kind, WEIGHTS), model).take(np.arange(4)))
    repeated, _, others = learned(whole(data(kind), model).take(AS_OFTEN))
    before = hypr.Session(model).parameters.flat
    assert updates == 2 and np.abs(repeated - before).max() > 1e-3
    np.testing.assert_allclose(weighted - before, repeated - before, rtol=1e-3, atol=2e-6)
    assert scores.loss == pytest.approx(others.loss, rel=1e-5) and scores.losses == others.losses
    np.testing.assert_equal(scores.accuracy, others.accuracy)


@pytest.mark.parametrize("kind", ["sequence", "step", "values"])
def test_equal_weights_are_none(model, kind):
    def learned(weights):
        x, y, _ = data(kind)
        trainer = hypr.Trainer(model, epochs=2, batch_size=2, progress=False, optimizer="sgd", learning_rate=0.1)
        return trainer.fit(x, y, sample_weight=weights).model.parameters

    for one, other in zip(learned(None).values(), learned(np.full(4, 0.25)).values()):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_batch_of_no_weight_teaches_nothing(model):
    for kind in ("sequence", "values"):
        part = whole(data(kind, WEIGHTS), model).take(np.array([1]))
        teacher = Teacher(model, {"optimizer": "sgd"}, part.classes)
        teacher.teach(part)
        np.testing.assert_array_equal(teacher.session.parameters.flat, hypr.Session(model).parameters.flat)


def test_scores_are_weighted():
    outputs = np.array([[2, 0], [0, 2], [1, 0], [0, 0.0]], np.float32)
    part = Sequences(np.zeros((4, 1), np.float32), np.array([1, 1, 1, 1], np.int32), np.array([0, 0, 1, 1], np.int32), False,
                     WEIGHTS)
    scores = Scores()
    scores.add(outputs, part, Judgement("every_step", 1))
    losses = -np.log([1 / (1 + np.exp(-2)), 1, 1 / (1 + np.exp(1)), 0.5])
    assert scores.loss == pytest.approx((losses * WEIGHTS).sum() / 6) and scores.accuracy == 2 / 6


def test_validation_and_resume(model, tmp_path):
    x, y, _ = data("sequence")
    x, y, weights = x * 5, np.tile(y, 5), np.linspace(0.5, 2, 20)
    settings = dict(epochs=2, batch_size=4, validation=0.25, progress=False)
    once = hypr.Trainer(model, tmp_path, **settings).fit(x, y, sample_weight=weights)
    assert 0 <= once.history[-1].validation_accuracy <= 1
    more = hypr.Trainer(model, tmp_path, **{**settings, "epochs": 3}).fit(x, y, sample_weight=weights, resume=True)
    assert more.history[:2] == once.history
    assert more.model == hypr.Trainer(model, **{**settings, "epochs": 3}).fit(x, y, sample_weight=weights).model
    for others in (None, weights * 2):
        with pytest.raises(hypr.StateMismatchError, match="data.sha256"):
            hypr.Trainer(model, tmp_path, **settings).fit(x, y, sample_weight=others, resume=True)


def test_mistakes(model, tmp_path):
    x, y, _ = data("sequence")
    trainer = hypr.Trainer(model, tmp_path / "run", progress=False, update="window")
    with pytest.raises(hypr.InvalidArgumentError, match="sample_weight needs the update 'sequence'"):
        trainer.fit(x, y, sample_weight=WEIGHTS)
    assert not (tmp_path / "run").exists()
    trainer = hypr.Trainer(model, progress=False)
    for wrong in ([1, 2, 3, -1], [1, 2, 3, np.nan], np.zeros(4)):
        with pytest.raises(hypr.InvalidArgumentError, match="has (a number that is negative|only weights of zero)"):
            trainer.fit(x, y, sample_weight=wrong)
    for kind in ("sequence", "step", "values"):
        for place in range(4):  # either what is held out or what is left has no weight
            with pytest.raises(hypr.InvalidArgumentError, match="has no targets with a weight above 0"):
                hypr.Trainer(model, progress=False, validation=0.25).fit(*data(kind)[:2], sample_weight=np.eye(4)[place])
    with pytest.raises(hypr.SizeMismatchError, match=r"sample_weight has the shape \[3\], expected \[4\]"):
        trainer.fit(x, y, sample_weight=np.ones(3))
    with pytest.raises(hypr.InvalidArgumentError, match="1e-06|1e-6|weights"):
        trainer.fit(x, y, sample_weight=np.full(4, 1e-9))
