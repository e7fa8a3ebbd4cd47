"""What suits each task: settings of the three learners, chosen on validation data (search.py)."""

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Spiking:
    """Recurrent layers of neurons. Inputs have the deviation `input_scale`, so that a fresh network spikes."""

    neuron: str
    size: int
    input_scale: float | tuple[float, ...]  # of all channels, or of each
    epochs: int
    depth: int = 1  # layers, each of `size` neurons
    standardised: bool = True  # whether inputs are divided by their deviation before they are scaled
    centred: bool = True  # whether the mean of the inputs is taken away
    layer: dict[str, Any] = field(default_factory=dict)  # constants and parameters of the neuron model
    tau: float | None = None  # of the readout, in steps
    batch_size: int = 16
    average_decay: float = 0  # of the parameters over batches
    options: dict[str, Any] = field(default_factory=dict)  # of the session


@dataclass(frozen=True)
class Gru:
    """A GRU with a linear readout: backpropagation through all of time, Adam with a rate that falls as a cosine."""

    size: int
    epochs: int
    learning_rate: float
    batch_size: int = 16
    memory: int | None = None  # steps that a fresh one remembers, at most: chrono initialisation (arXiv 1804.11188)


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on features of a sequence or a step: see logistic.py."""

    features: str
    strength: float = 1.0  # the parameter C of scikit-learn


Settings = Spiking | Gru | Logistic


def brief(settings: Settings) -> Settings:
    """One epoch instead of many."""
    return settings if isinstance(settings, Logistic) else replace(settings, epochs=1)


# Fast enough for movements of about a second at 50 samples per second: as in examples/watch.
ADLIF_WATCH = {"tau_u_min": 3, "tau_u_max": 20, "tau_w_min": 20, "tau_w_max": 120}

PIXELS = Spiking("brf", 128, input_scale=25, epochs=30, centred=False, layer={"omega": (1, 30)}, tau=100, batch_size=25,
                 options={"learning_rate": 0.1, "schedule": "cosine", "window": 200})
PIXELS_GRU = Gru(128, epochs=8, learning_rate=0.01, batch_size=50, memory=784)

SETTINGS: dict[str, dict[str, Settings]] = {
    "vowels": {
        "hypr": Spiking("brf", 64, input_scale=20, epochs=60, tau=5,
                        options={"learning_rate": 0.03, "schedule": "cosine", "window": 30}),
        "gru": Gru(64, epochs=30, learning_rate=0.01),
        "logistic": Logistic("mean and deviation"),
    },
    "watch": {
        "hypr": Spiking("se_adlif", 64, input_scale=1, epochs=60, tau=20, layer=ADLIF_WATCH,
                        options={"learning_rate": 0.01, "schedule": "cosine", "window": 250}),
        "gru": Gru(64, epochs=15, learning_rate=0.01),
        "logistic": Logistic("mean and deviation"),
    },
    "ecg": {
        "hypr": Spiking("se_adlif", 36, input_scale=1, centred=False, epochs=40,
                        options={"learning_rate": 0.003, "schedule": "cosine", "window": 100, "update": "window"}),
        "gru": Gru(36, epochs=12, learning_rate=0.01),
        "logistic": Logistic("leaky sums"),
    },
    "mnist": {"hypr": PIXELS, "gru": PIXELS_GRU, "logistic": Logistic("all values", 0.01)},
    "fashion": {"hypr": PIXELS, "gru": PIXELS_GRU, "logistic": Logistic("all values", 0.01)},
}
