"""A logistic regression on simple features: what no network is needed for."""

import time

import numpy as np
from hypr.datasets import Dataset, Split
from result import Result
from scipy.signal import lfilter
from settings import Logistic
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tasks import Task

EVERY = 20  # of the steps that have labels of their own, one in so many is enough for so few weights


def leaky_sums(x: np.ndarray) -> np.ndarray:
    """A row for every step: sums of each channel that forget with four time constants, in steps."""
    return np.concatenate([lfilter([1], [1, -np.exp(-1 / tau)], x, axis=0) for tau in (5, 20, 60, 200)], axis=1)


FEATURES = {
    "mean and deviation": lambda x: np.concatenate([x.mean(axis=0), x.std(axis=0)]),
    "all values": lambda x: x.ravel(),
    "leaky sums": leaky_sums,
}


def run(task: Task, data: Dataset, settings: Logistic, seed: int) -> Result:
    def table(split: Split, every: int) -> tuple[np.ndarray, np.ndarray]:
        rows = [FEATURES[settings.features](x) for x in split.sequences]
        if split.per_step:
            return np.concatenate(rows)[::every], np.concatenate(split.labels)[::every]
        return np.array(rows), split.labels

    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=settings.strength, max_iter=2000))
    start = time.process_time()
    classifier.fit(*table(data.train, EVERY))
    seconds = time.process_time() - start
    last = classifier[-1]
    return Result(learner=f"logistic regression, {settings.features}", accuracy=classifier.score(*table(data.test, 1)),
                  seconds=seconds, parameters=last.coef_.size + last.intercept_.size)
