"""Which networks learn which tasks, in which ways: all runs of `make long-sequences`, by part.

A way to learn is a method. Those of one part have one budget, the number of epochs, and one network:
    spatial, window, recurrent   the credits of hypr with a window of a part of the sequence
    BPTT                         backpropagation through time: credit `recurrent` with the whole sequence as its window
Online means one sequence at a time and an update after every window; BPTT can have no update before the sequence ends. Learning
rates, credit and slow weights of online learning on ECGs are from trials.py, on validation data. BPTT has the same rates; three times as
much was better for it there.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from long_tasks import CUE_LENGTHS
from records import Run
from settings import SETTINGS, Spiking

CREDITS = ("spatial", "window", "recurrent")
ECG_STEPS, PIXELS = 1300, 784


def adam(rate: float, credit: str, window: int, **options: Any) -> dict[str, Any]:
    return {"optimizer": "adam", "learning_rate": rate, "credit": credit, "window": window, **options}


def bptt(rate: float, steps: int, **options: Any) -> dict[str, Any]:
    return adam(rate, "recurrent", steps, **options)


# ---- ECG-QTDB: 36 neurons, 40 epochs

ECG_EPOCHS = 40


def ecg(neuron: str, rate: float, bptt_rate: float, *, bptt_batch: int = 1, bptt_average: float = 0.99,
        input_scale: float = 1) -> dict[str, Spiking]:
    """The methods by name."""
    network = Spiking(neuron, 36, input_scale, ECG_EPOCHS, standardised=False, centred=False, batch_size=1)
    online = {f"online {credit}": replace(network, average_decay=0.999, options=adam(rate, credit, 100, update="window"))
              for credit in CREDITS}
    return online | {"BPTT": replace(network, batch_size=bptt_batch, average_decay=bptt_average,
                                     options=bptt(bptt_rate, ECG_STEPS, gradient_clip=1))}


ECG = {
    "SE-adLIF": ecg("se_adlif", 0.003, 0.003),
    "BRF": ecg("brf", 0.01, 0.01),
    "ALIF": ecg("alif", 0.01, 0.01, input_scale=10),
    "GRU": ecg("gru", 0.003, 0.003),
}


def ecg_runs(seeds: int) -> Iterator[Run]:
    for seed, network in product(range(max(seeds, 5)), ECG):
        for method, settings in ECG[network].items():
            yield Run("ecg", network, method, "ecg", settings, seed)
    yield from pytorch("ecg", "ecg", seeds)


# ---- Images: 128 neurons, batches of 25

IMAGE_EPOCHS = 4
BRF_PIXELS = Spiking("brf", 128, 25, IMAGE_EPOCHS, centred=False, layer={"omega": (2, 60)}, tau=100, batch_size=25)
IMAGE_NETWORKS = {
    "128 BRF": BRF_PIXELS,
    "2 × 128 BRF": replace(BRF_PIXELS, depth=2),
    "128 SE-adLIF": Spiking("se_adlif", 128, 3, IMAGE_EPOCHS, centred=False, tau=100, batch_size=25),
    "128 ALIF": Spiking("alif", 128, 10, IMAGE_EPOCHS, centred=False, tau=100, batch_size=25),
    "128 GRU": Spiking("gru", 128, 1, IMAGE_EPOCHS, tau=100, batch_size=25),
}
IMAGE_RATES = {"brf": 0.03, "se_adlif": 0.01, "alif": 0.03, "gru": 0.003}


def image_methods(network: Spiking, window: int = 98) -> dict[str, Spiking]:
    rate = IMAGE_RATES[network.neuron]
    options = {credit: adam(rate, credit, window, schedule="linear") for credit in CREDITS}
    options["BPTT"] = bptt(rate, PIXELS, schedule="linear")
    return {method: replace(network, options=those) for method, those in options.items()}


def images(part: str, validation: float, epochs: int = IMAGE_EPOCHS) -> Callable[[int], Iterator[Run]]:
    def runs(seeds: int) -> Iterator[Run]:
        for seed, network in product(range(seeds), IMAGE_NETWORKS):
            for method, settings in image_methods(replace(IMAGE_NETWORKS[network], epochs=epochs)).items():
                yield Run(part, network, method, part, settings, seed, validation)
        if part in ("mnist", "fashion-5000"):
            yield from pytorch(part, {"mnist": "mnist", "fashion-5000": "fashion"}[part], seeds)

    return runs


# ---- Cue recall: the network and the options of docs/cue-recall.md

CUE_NETWORK = Spiking("brf", 32, (3, 3, 10, 10), epochs=1, standardised=False, centred=False, batch_size=1,
                      layer={"omega": (0.5, 2), "b_offset": (0.001, 0.01)})


def cue_methods(steps: int) -> dict[str, Spiking]:
    slow = {"rate_neuron_parameters": 0.1}
    options = {credit: adam(0.01, credit, 100, **slow) for credit in CREDITS}
    options["BPTT"] = bptt(0.01, steps, gradient_clip=1, **slow)
    return {method: replace(CUE_NETWORK, options=those) for method, those in options.items()}


def cue_runs(seeds: int) -> Iterator[Run]:
    for steps, seed in product(CUE_LENGTHS, range(seeds)):
        for method, settings in cue_methods(steps).items():
            yield Run("cue-recall", f"{steps} steps", method, f"cue-recall-{steps}", settings, seed, validation=0)


# ---- Spoken words, where their files are given: as the authors of HYPR set them up (arXiv 2506.14464)

SPOKEN = {
    "256 BRF": Spiking("brf", 256, 1, 20, standardised=False, centred=False, layer={"omega": (5, 10), "b_offset": (2, 3)},
                       tau=20, batch_size=32),
    "256 SE-adLIF": Spiking("se_adlif", 256, 1, 20, standardised=False, centred=False, batch_size=32),
}


def spoken(part: str) -> Callable[[int], Iterator[Run]]:
    def runs(seeds: int) -> Iterator[Run]:
        for seed, network in product(range(seeds), SPOKEN):
            options = {credit: adam(0.003, credit, 50, gradient_clip=1) for credit in CREDITS}
            options["BPTT"] = bptt(0.003, 250, gradient_clip=1)
            for method, those in options.items():
                yield Run(part, network, method, part, replace(SPOKEN[network], options=those), seed)

    return runs


# ---- All

def pytorch(part: str, reproduced: str, seeds: int) -> Iterator[Run]:
    """The GRU of ../reproduce, of the same number of units: another library, another number of epochs."""
    settings = SETTINGS[reproduced]["gru"]
    for seed in range(seeds):
        yield Run(part, f"{settings.size} GRU, PyTorch", "BPTT", part, settings, seed, validation=0)


PARTS: dict[str, Callable[[int], Iterator[Run]]] = {
    "ecg": ecg_runs,
    "mnist": images("mnist", 0.1, 30),
    "fashion-5000": images("fashion-5000", 0.1, 30),
    "fashion": images("fashion", 1 / 12),
    "fashion-permuted": images("fashion-permuted", 1 / 12),
    "cue-recall": cue_runs,
    "shd": spoken("shd"),
    "ssc": spoken("ssc"),
}


def brief(run: Run) -> Run:
    """Whether it works: one epoch with few sequences, as a part of its own, so that it takes no result's place."""
    return replace(run, part=f"{run.part}-quick", settings=replace(run.settings, epochs=1), limit=20)
