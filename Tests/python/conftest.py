"""Models and streams that the tests share."""

import numpy as np
import pytest

import hypr


@pytest.fixture(scope="session")
def model():
    """Four inputs, two hidden layers that spike, three outputs."""
    return (
        hypr.ModelBuilder(inputs=4, dt=0.01, name="test")
        .input(scale=20, offset=0.1, names="abcd")
        .layer("brf", 20, threshold=0.02)
        .layer("se_adlif", 13, threshold=0.05)
        .readout(3)
        .labels(["left", "right", "none"])
        .metadata(licence="MIT", source="tests")
        .build(seed=1))


@pytest.fixture(scope="session")
def stream():
    """Samples [500, 4] and labels [500], a third of them negative."""
    random = np.random.default_rng(2)
    return random.normal(size=(500, 4)).astype(np.float32), random.integers(-1, 3, 500).astype(np.int32)


@pytest.fixture
def session(model):
    return hypr.Session(model, window=20, learning_rate=0.01)
