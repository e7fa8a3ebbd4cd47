"""Prints what was tried to find the settings of settings.py: accuracy on validation data, held out of the training data.

The test data is not looked at. Validation data is a fifth of the sequences by chance; of the watch, two more wearers. Results
are kept as those of reproduce.py.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cache import measure
from hypr.datasets import MissingDataError
from settings import ADLIF_WATCH, Gru, Logistic, Settings, Spiking
from table import markdown, seconds
from tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]
SHORT = 1600  # images, where all of them would take long


class Trial(NamedTuple):
    task: str
    what: str
    settings: Settings
    limit: int | None = None  # sequences to learn from


def adam(rate: float, window: int, **options: Any) -> dict[str, Any]:
    return {"learning_rate": rate, "schedule": "cosine", "window": window, **options}


def vowels() -> Iterator[Trial]:
    brf = Spiking("brf", 64, input_scale=20, epochs=30, tau=5, options=adam(0.03, 30))
    adlif = Spiking("se_adlif", 64, input_scale=3, epochs=30, tau=5, options=adam(0.01, 30))
    yield Trial("vowels", "BRF, inputs 20, rate 0.03, τ of the readout 5, 30 epochs", brf)
    yield Trial("vowels", "inputs 10", replace(brf, input_scale=10))
    yield Trial("vowels", "rate 0.01", replace(brf, options=adam(0.01, 30)))
    yield Trial("vowels", "τ 10", replace(brf, tau=10))
    yield Trial("vowels", "60 epochs", replace(brf, epochs=60))
    yield Trial("vowels", "SE-adLIF, inputs 3, rate 0.01", adlif)
    yield Trial("vowels", "SE-adLIF, inputs 1", replace(adlif, input_scale=1))
    yield Trial("vowels", "SE-adLIF, rate 0.03", replace(adlif, options=adam(0.03, 30)))
    yield Trial("vowels", "GRU, rate 0.01, 30 epochs", Gru(64, 30, 0.01))


def watch() -> Iterator[Trial]:
    adlif = Spiking("se_adlif", 64, input_scale=1, epochs=30, tau=20, layer=ADLIF_WATCH, options=adam(0.01, 250))
    brf = Spiking("brf", 64, input_scale=20, epochs=30, tau=20, options=adam(0.03, 250))
    slow = {"omega": (1, 20)}
    yield Trial("watch", "SE-adLIF, inputs 1, rate 0.01, window 250, 30 epochs", adlif)
    yield Trial("watch", "10 epochs", replace(adlif, epochs=10))
    yield Trial("watch", "60 epochs", replace(adlif, epochs=60))
    yield Trial("watch", "rate 0.003", replace(adlif, options=adam(0.003, 250)))
    yield Trial("watch", "rate 0.03", replace(adlif, options=adam(0.03, 250)))
    yield Trial("watch", "credit `recurrent`", replace(adlif, options=adam(0.01, 250, credit="recurrent")))
    yield Trial("watch", "window 50", replace(adlif, options=adam(0.01, 50)))
    yield Trial("watch", "window 50, an update after each", replace(adlif, options=adam(0.01, 50, update="window")))
    yield Trial("watch", "the same, rate 0.003", replace(adlif, options=adam(0.003, 50, update="window")))
    yield Trial("watch", "label smoothing 0.1", replace(adlif, options=adam(0.01, 250, label_smoothing=0.1)))
    yield Trial("watch", "inputs 2", replace(adlif, input_scale=2))
    yield Trial("watch", "BRF, inputs 20, rate 0.03", brf)
    yield Trial("watch", "BRF, ω 1 to 20", replace(brf, layer=slow))
    yield Trial("watch", "BRF, ω 1 to 20, inputs 5", replace(brf, layer=slow, input_scale=5))
    yield Trial("watch", "GRU, rate 0.003, 15 epochs", Gru(64, 15, 0.003))
    yield Trial("watch", "GRU, rate 0.01", Gru(64, 15, 0.01))
    yield Trial("watch", "GRU, rate 0.01, 30 epochs", Gru(64, 30, 0.01))


def ecg() -> Iterator[Trial]:
    adlif = Spiking("se_adlif", 36, input_scale=1, centred=False, epochs=40, options=adam(0.01, 100))
    yield Trial("ecg", "SE-adLIF, rate 0.01, window 100, 40 epochs", adlif)
    yield Trial("ecg", "rate 0.003", replace(adlif, options=adam(0.003, 100)))
    yield Trial("ecg", "credit `recurrent`", replace(adlif, options=adam(0.01, 100, credit="recurrent")))
    yield Trial("ecg", "an update after each window, rate 0.005", replace(adlif, options=adam(0.005, 100, update="window")))
    yield Trial("ecg", "the same, rate 0.003", replace(adlif, options=adam(0.003, 100, update="window")))
    yield Trial("ecg", "the same, rate 0.001, 20 epochs", replace(adlif, epochs=20, options=adam(0.001, 100, update="window")))


def mnist() -> Iterator[Trial]:
    brf = Spiking("brf", 128, input_scale=25, epochs=8, centred=False, layer={"omega": (2, 60)}, tau=100, batch_size=25,
                  options=adam(0.1, 200))
    yield Trial("mnist", "BRF, ω 2 to 60, inputs 25, rate 0.1, batches of 25, 8 epochs", brf, SHORT)
    yield Trial("mnist", "ω 1 to 30", replace(brf, layer={"omega": (1, 30)}), SHORT)
    yield Trial("mnist", "inputs 50", replace(brf, input_scale=50), SHORT)
    yield Trial("mnist", "rate 0.05", replace(brf, options=adam(0.05, 200)), SHORT)
    yield Trial("mnist", "batches of 10", replace(brf, batch_size=10), SHORT)
    yield Trial("mnist", "GRU, rate 0.003, batches of 50, 6 epochs", Gru(128, 6, 0.003, 50), SHORT)
    yield Trial("mnist", "GRU, memory of up to 784 steps at first", Gru(128, 6, 0.003, 50, 784), SHORT)
    yield Trial("mnist", "the same, rate 0.01", Gru(128, 6, 0.01, 50, 784), SHORT)


def logistic() -> Iterator[Trial]:
    for name in ("mnist", "fashion"):
        for strength in (0.01, 0.1, 1.0):
            yield Trial(name, f"logistic regression, C {strength:g}", Logistic("all values", strength))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS), metavar="DATA",
                        help=f"some of {', '.join(TASKS)}")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "reproduce", metavar="FOLDER",
                        help="where results are kept (default: build/reproduce)")
    arguments = parser.parse_args()
    rows = []
    for trial in (trial for search in (vowels, watch, ecg, mnist, logistic) for trial in search()):
        if trial.task in arguments.only:
            try:
                result = measure(trial.task, trial.settings, 0, arguments.cache, validation=True, limit=trial.limit)
            except MissingDataError as error:
                raise SystemExit(f"{TASKS[trial.task].title}: {error}; --only searches for others") from None
            rows.append([trial.task, trial.what, f"{result.accuracy:.1%}", seconds(result.seconds)])
            print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
    print(markdown(rows, ["data", "settings", "validation", "training"]))


if __name__ == "__main__":
    main()
