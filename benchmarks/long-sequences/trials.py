"""What was tried to learn better, judged on validation data alone: one change at a time from a starting point."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from plan import ECG_EPOCHS, ECG_STEPS, adam, bptt, cue_methods
from records import Run
from settings import Spiking

SEEDS, CUE_STEPS = 1, 4000
START = "as it began"


def variants(neuron: str, rate: float) -> Iterator[tuple[str, Spiking]]:
    """Of learning ECGs: first one after the other what may help, then changes of the best of that, then BPTT."""
    def online(credit: str = "recurrent", window: int = 100, rate: float = rate, **options: Any) -> dict[str, Any]:
        return adam(rate, credit, window, update="window", **options)

    start = Spiking(neuron, 36, 1, ECG_EPOCHS, standardised=False, centred=False, batch_size=1, options=online("window"))
    best = replace(start, options=online(), average_decay=0.999)
    yield START, start
    yield "slow weights, decay 0.999", replace(start, average_decay=0.999)
    yield "credit `recurrent`", replace(start, options=online())
    yield "credit `recurrent`, slow weights, decay 0.999", best

    def bptt_with(batch: int, factor: float, decay: float, **options: Any) -> Spiking:
        return replace(best, batch_size=batch, average_decay=decay, options=bptt(factor * rate, ECG_STEPS, **options))

    yield "BPTT, one sequence at a time, decay 0.99", bptt_with(1, 1, 0.99)
    yield "BPTT, the same, gradient clipped at 1", bptt_with(1, 1, 0.99, gradient_clip=1)
    yield "BPTT, the same, three times the rate", bptt_with(1, 3, 0.99, gradient_clip=1)
    yield "BPTT, batches of 4, three times the rate", bptt_with(4, 3, 0.98, gradient_clip=1)
    yield "BPTT, batches of 16, ten times the rate, falling linearly", bptt_with(16, 10, 0.9, gradient_clip=1, schedule="linear")

    yield "decay 0.995", replace(best, average_decay=0.995)
    yield "rate falls as a cosine", replace(best, options=online(schedule="cosine"))
    yield "twice the rate", replace(best, options=online(rate=2 * rate))
    if neuron == "brf":
        yield "ω from 1 to 15 instead of 3 to 5", replace(best, layer={"omega": (1, 15)})
    else:
        yield "time constants of 3 to 40 and 20 to 300 steps", replace(
            best, layer={"tau_u_min": 3, "tau_u_max": 40, "tau_w_min": 20, "tau_w_max": 300})
    yield "inputs 4 times as large", replace(best, input_scale=4)
    yield "window 50", replace(best, options=online(window=50))
    yield "neuron parameters learn three times as fast", replace(best, options=online(rate_neuron_parameters=3))
    yield "gradient clipped at 1", replace(best, options=online(gradient_clip=1))
    yield "warm-up over the first 600 updates", replace(best, options=online(warm_up_updates=600))
    yield "label smoothing 0.1", replace(best, options=online(label_smoothing=0.1))


def ecg(seeds: int) -> Iterator[Run]:
    for network, neuron, rate in (("SE-adLIF", "se_adlif", 0.003), ("BRF", "brf", 0.01)):
        for what, settings in variants(neuron, rate):
            for seed in range(min(seeds, SEEDS)):
                yield Run("ecg-trials", network, what, "ecg", settings, seed, trial=True)


def cue_recall(seeds: int) -> Iterator[Run]:
    """Whether BPTT does better over 4000 steps with other settings than those that it shares with the credits of hypr."""
    start = cue_methods(CUE_STEPS)
    slow = {"rate_neuron_parameters": 0.1}
    variants = {"window": start["window"], "BPTT": start["BPTT"]}
    for what, rate, options in (
            ("BPTT, gradient not clipped", 0.01, slow), ("BPTT, gradient clipped at 0.1", 0.01, slow | {"gradient_clip": 0.1}),
            ("BPTT, a third of the rate", 0.003, slow | {"gradient_clip": 1}),
            ("BPTT, neuron parameters learn a hundredth as fast", 0.01, {"rate_neuron_parameters": 0.01, "gradient_clip": 1})):
        variants[what] = replace(start["BPTT"], options=bptt(rate, CUE_STEPS, **options))
    for what, settings in variants.items():
        for seed in range(seeds):
            yield Run("cue-recall-trials", f"{CUE_STEPS} steps", what, f"cue-recall-{CUE_STEPS}", settings, seed, validation=0.25,
                      trial=True)


PARTS: dict[str, Callable[[int], Iterator[Run]]] = {"ecg-trials": ecg, "cue-recall-trials": cue_recall}
