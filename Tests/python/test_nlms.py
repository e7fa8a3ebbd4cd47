"""Normalized least mean squares against its definition in NumPy, and the range of its rate."""

import numpy as np
import pytest

import hypr

TAU = np.array([4.0, 9.0, 1.5])


def spiking(sparse):
    weight = np.random.default_rng(4).normal(size=(3, 12))
    mask = np.arange(36).reshape(3, 12) % 5 != 0 if sparse else False
    return (hypr.ModelBuilder(3).input(scale=20).layer("se_adlif", 12).readout(3, tau=TAU, bias=True, weight=weight, sparse=mask)
            .build(2), mask if sparse else np.ones((3, 12), bool))


class Reference:
    """A readout of leaky integrators on known spikes, in double precision: y = κ y' + (1 - κ) W x, and for every weight the
    derivative of its output e = κ e' + (1 - κ) x."""

    def __init__(self, weight, bias, there, rate, epsilon, window):
        self.weight, self.there = np.hstack([weight, bias[:, None]]).astype(float), np.hstack([there, np.ones((3, 1), bool)])
        self.rate, self.epsilon, self.window = rate, epsilon, window
        self.decay = np.exp(-1 / TAU)[:, None]
        self.eligibility, self.output = np.zeros((3, 13)), np.zeros(3)
        self.gradients = []
        self.steps = 0

    def step(self, spikes):
        if self.steps and self.steps % self.window == 0: self.update()
        x = np.append(spikes, 1)
        self.eligibility = self.decay * self.eligibility + (1 - self.decay) * x * self.there
        self.output = self.decay[:, 0] * self.output + (1 - self.decay[:, 0]) * (self.weight @ x)
        self.steps += 1
        return self.output

    def teach(self, error):
        norm = self.epsilon + (self.eligibility**2).sum(1)
        self.gradients.append((error / norm)[:, None] * self.eligibility)

    def update(self):
        if self.gradients: self.weight -= self.rate * np.mean(self.gradients, 0)
        self.gradients = []


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("window", [1, 2, 7])
def test_updates_are_those_of_the_definition(window, sparse):
    model, there = spiking(sparse)
    session = hypr.Session(model, optimizer="nlms", learning_rate=0.3, window=window, epsilon=0.01, gradient_clip=0,
                           train_mask="readout")
    weight, bias = (model.parameters[name] for name in ("readout.weight", "readout.bias"))
    full = np.zeros((3, 12))
    full[there] = np.ravel(weight) if sparse else weight[there]
    reference = Reference(full, bias, there, 0.3, 0.01, window)
    random = np.random.default_rng(1)
    for step in range(200):
        if step == 120:
            session.flush()
            reference.update()
            session.reset("state", "traces")
            reference.eligibility[:], reference.output[:], reference.steps = 0, 0, 0
        output = session.step(random.normal(size=3).astype(np.float32))
        np.testing.assert_allclose(output, reference.step(session.spikes(0)), atol=2e-5)
        kind = step % 4
        target = random.normal(size=3)
        if kind == 0:
            session.teach_values(target)
            reference.teach(reference.output - target)
        elif kind == 1:
            session.teach_error(target)
            reference.teach(target)
        elif kind == 2:
            session.teach_class(step % 3)
            likely = np.exp(reference.output - reference.output.max())
            reference.teach(likely / likely.sum() - np.eye(3)[step % 3])
    session.flush()
    reference.update()
    learned = np.ravel(session.parameters["readout.weight"])
    np.testing.assert_allclose(learned, reference.weight[:, :-1][there], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(session.parameters["readout.bias"], reference.weight[:, -1], rtol=1e-4, atol=1e-4)
    assert np.abs(learned - full[there]).max() > 0.1


def distance(rate, scale, tau=0.01, window=1, **options):
    """How much closer a readout on four analog channels comes to a linear map of them: the last distance over the first. With
    the time constant 0.01 an integrator passes on what it gets; `scale` is of the channels."""
    options = {"optimizer": "nlms", "gradient_clip": 0, "epsilon": 1e-12, **options}
    model = (hypr.ModelBuilder(4).input(scale=scale).layer("li", 4, input_weight=np.eye(4), recurrent=False, tau=np.full(4, 0.01))
             .readout(2, bias=False, tau=np.full(2, tau), weight=np.zeros((2, 4))).build())
    random = np.random.default_rng(7)
    true = random.normal(size=(2, 4))
    decay, output = np.exp(-1 / tau), np.zeros(2)
    session = hypr.Session(model, learning_rate=rate, window=window, train_mask="readout", **options)
    for _ in range(600):
        x = random.normal(size=4).astype(np.float32)
        session.step(x)
        output = decay * output + (1 - decay) * (true @ x) * scale
        session.teach_values(output)
    session.flush()
    return np.linalg.norm(session.parameters["readout.weight"] - true) / np.linalg.norm(true)


@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
@pytest.mark.parametrize("rate", [0.1, 0.5, 1, 1.5, 1.9])
def test_rates_below_two_converge_whatever_the_scale(rate, scale):
    assert distance(rate, scale) < 1e-3
    assert distance(rate, scale, tau=3, window=5) < 0.1


@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
def test_rates_above_two_diverge(scale):
    assert distance(2.1, scale) > 1e3


def test_a_readout_that_remembers_longer_than_a_window_needs_lower_rates():
    """Its output is still made of weights that it has no more."""
    assert distance(0.3, 1, tau=5, window=1) < 0.1
    assert distance(0.7, 1, tau=5, window=1) > 1e3
    assert distance(0.7, 1, tau=5, window=5) < 1e-3


def test_plain_gradient_descent_depends_on_the_scale():
    assert distance(0.1, 1, optimizer="sgd") < 1e-3
    assert distance(0.1, 1e-4, optimizer="sgd") > 0.9
    assert distance(0.1, 10, optimizer="sgd") > 1e3


def test_it_keeps_no_moments():
    model, _ = spiking(False)
    sgd, nlms = (hypr.Session(model, optimizer=name).memory_report.optimizer for name in ("sgd", "nlms"))
    assert nlms == sgd
