"""What was tried to learn better, judged on validation data alone: one change at a time from a starting point."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from plan import ECG_EPOCHS, ECG_STEPS, adam, bptt
from records import Run
from settings import Spiking

SEEDS = 2
START = "as it began"


def variants(neuron: str, rate: float) -> Iterator[tuple[str, Spiking]]:
    """Of learning ECGs online."""
    def online(credit: str = "window", window: int = 100, rate: float = rate, **options: Any) -> dict[str, Any]:
        return adam(rate, credit, window, update="window", **options)

    start = Spiking(neuron, 36, 1, ECG_EPOCHS, standardised=False, centred=False, batch_size=1, options=online())
    yield START, start
    yield "slow weights, decay 0.98", replace(start, average_decay=0.98)
    yield "slow weights, decay 0.995", replace(start, average_decay=0.995)
    yield "rate falls as a cosine", replace(start, options=online(schedule="cosine"))
    yield "rate falls as a cosine, after a warm-up", replace(start, options=online(schedule="cosine", warm_up_updates=600))
    yield "credit `recurrent`", replace(start, options=online("recurrent"))
    yield "credit `recurrent`, slow weights, decay 0.995", replace(start, options=online("recurrent"), average_decay=0.995)
    yield "credit `recurrent`, slow weights, rate falls as a cosine", replace(
        start, options=online("recurrent", schedule="cosine"), average_decay=0.995)
    yield "window 50", replace(start, options=online(window=50))
    yield "gradient clipped at 1", replace(start, options=online(gradient_clip=1))
    yield "neuron parameters learn three times as fast", replace(start, options=online(rate_neuron_parameters=3))
    yield "label smoothing 0.1", replace(start, options=online(label_smoothing=0.1))
    yield "inputs 4 times as large", replace(start, input_scale=4)
    if neuron == "brf":
        yield "ω from 1 to 15, around the heart's", replace(start, layer={"omega": (1, 15)})
        yield "ω from 2 to 30", replace(start, layer={"omega": (2, 30)})
    else:
        yield "wider time constants, 3 to 40 and 20 to 300 steps", replace(
            start, layer={"tau_u_min": 3, "tau_u_max": 40, "tau_w_min": 20, "tau_w_max": 300})
    base = replace(start, average_decay=0.995)
    for name, batch, factor, options in (
            ("BPTT, one sequence at a time", 1, 1, {}), ("BPTT, the same, gradient clipped at 1", 1, 1, {"gradient_clip": 1}),
            ("BPTT, the same, three times the rate", 1, 3, {}), ("BPTT, batches of 4", 4, 1, {}),
            ("BPTT, batches of 16, three times the rate", 16, 3, {}),
            ("BPTT, batches of 16, ten times the rate, falling linearly", 16, 10, {"schedule": "linear"})):
        yield name, replace(base, batch_size=batch, average_decay=0.995 if batch == 1 else 0.98 if batch == 4 else 0.9,
                            options=bptt(factor * rate, ECG_STEPS, **options))


def ecg(seeds: int) -> Iterator[Run]:
    for network, neuron, rate in (("SE-adLIF", "se_adlif", 0.003), ("BRF", "brf", 0.01)):
        for what, settings in variants(neuron, rate):
            for seed in range(min(seeds, SEEDS)):
                yield Run("ecg-trials", network, what, "ecg", settings, seed, trial=True)


PARTS: dict[str, Callable[[int], Iterator[Run]]] = {"ecg-trials": ecg}
