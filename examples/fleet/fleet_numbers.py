"""A fleet's training in numbers: what wrists learn and send, and what FedAdam makes of it, without Flower's messages, which take
several times as long as one update on three sequences does. Tests compare it with the same fleet on Flower.
"""

from math import cos, pi

import numpy as np

import hypr
from hypr.flower import SharedTensors
from settings import BETA2, TAU


class Numbers:
    """Wearers, a model that they train, and what is remembered from round to round: Adam's moments at the server, and on each wrist
    what small messages have lost."""

    def __init__(self, model, wearers, setting, compression):
        if setting.adam != "server":
            raise ValueError("Adam is on the wrists: Flower carries that fleet, with messages")
        self.model, self.wearers, self.setting, self.compression = model, wearers, setting, compression
        self.tensors = SharedTensors(model)
        examples = np.array([wearer.samples for wearer in wearers], float)
        self.weights = examples / examples.sum()
        self.moment1 = self.moment2 = np.zeros(model.parameter_count)
        self.residuals = np.zeros((len(wearers), model.parameter_count), np.float32)

    def save(self, path, number):
        """What the next round needs, after round `number`."""
        new = path.with_name(f"new-{path.name}")
        np.savez(new, number=number, model=np.frombuffer(self.model.data, np.uint8), moment1=self.moment1, moment2=self.moment2,
                 residuals=self.residuals)
        new.replace(path)

    def go_on(self, path):
        """Takes that; the number of the round."""
        with np.load(path) as kept:
            self.model = hypr.Model(kept["model"].tobytes())
            self.moment1, self.moment2, self.residuals = kept["moment1"], kept["moment2"], kept["residuals"]
            return int(kept["number"])

    def round(self, number, rounds):
        """Makes a round; the bytes of all updates."""
        server = hypr.Session(self.model, learning=False)
        base, mean, sent = server.parameters.flat, np.zeros(self.model.parameter_count), 0
        for wearer, weight, residual in zip(self.wearers, self.weights, self.residuals):
            session = hypr.Session(self.model, **{**self.setting.options, "schedule": "constant"})
            wearer.learn(session, number)
            if self.compression is None:
                parameters = session.parameters.flat
                sent += parameters.nbytes
            else:
                update = session.get_update(self.compression.element_type, self.compression.share,
                                            residual=residual if self.compression.error_feedback else None)
                server.parameters.flat = base  # an update need not have all of them
                server.apply_update(update)
                parameters = server.parameters.flat
                sent += len(update)
            mean += weight * (parameters - base)
        server.parameters.flat = self.tensors.within_bounds((base + self.step(mean, number, rounds)).astype(np.float32))
        self.model = hypr.Model(server.model_bytes())
        return sent

    def step(self, mean, number, rounds):
        """FedAdam's, as Flower computes it (Reddi et al. 2020, arXiv 2003.00295), at a rate that falls by a cosine."""
        beta1, beta2, count = self.setting.momentum, BETA2, number + 1
        self.moment1 = beta1 * self.moment1 + (1 - beta1) * mean
        self.moment2 = beta2 * self.moment2 + (1 - beta2) * mean**2
        rate = self.setting.learning_rate * (0.5 + 0.5 * cos(pi * (number - 1) / rounds))
        rate *= np.sqrt(1 - beta2**count) / (1 - beta1**count)
        return rate * self.moment1 / (np.sqrt(self.moment2) + TAU)
