"""Prints the tables of docs/choosing.md: which neuron, how many, which time constants, how alive; and what hypr.suggest gives."""

import argparse
import warnings

import numpy as np

import hypr
from hypr import datasets

DATA = {"vowels": datasets.load_japanese_vowels, "motions": datasets.load_basic_motions}
EPOCHS, RATE = 20, 0.1


def standardised(data, neuron="se_adlif", size=32, layers=1, **values):
    """Inputs of mean 0 and deviation 1, layers, a readout."""
    samples = np.concatenate(data.train.sequences)
    builder = hypr.ModelBuilder(samples.shape[1]).input(scale=1 / samples.std(axis=0), offset=samples.mean(axis=0))
    for _ in range(layers):
        builder.layer(neuron, size, **values)
    return builder.readout(len(data.classes), bias=neuron not in ("lif", "alif", "brf"))  # as they were published


def accuracy(data, model, seed, **options):
    """In percent of the test sequences, by the mean output, after training."""
    options = {"learning_rate": 0.01, **options}
    options = {name: value for name, value in options.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is measured may be a network that never spikes
        trainer = hypr.Trainer(model, epochs=EPOCHS, seed=seed, progress=False, **options)
        session = hypr.Session(trainer.fit(data.train.sequences, data.train.labels).model, learning=False)
    right = 0
    for sequence, label in zip(data.test.sequences, data.test.labels):
        session.reset()
        right += session.run(sequence).mean(axis=0).argmax() == label
    return 100 * right / len(data.test.labels)


def cell(data, seeds, rate=RATE, **layer):
    """Mean and deviation over seeds; rate None: not calibrated."""
    results = []
    for seed in range(seeds):
        builder = standardised(data, **layer)
        if rate is not None:
            builder.calibrate(list(data.train.sequences), rate, seed)
        results.append(accuracy(data, builder.build(seed), seed))
    return f"{np.mean(results):.1f} ± {np.std(results):.1f}"


def table(title, columns, rows):
    print(f"\n{title}\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def by_rate(seeds):
    rates = (None, 0.02, 0.05, 0.1, 0.2)
    kinds = {name: {"neuron": name} for name in ("se_adlif", "lif", "alif", "brf")} | {"two layers of se_adlif": {"layers": 2}}
    for name, load in DATA.items():
        data = load()
        table(f"{name}: spikes per neuron and step before training", ["not calibrated", *map(str, rates[1:])],
              ((kind, [cell(data, seeds, rate, **values) for rate in rates]) for kind, values in kinds.items()))


def by_size(seeds):
    sizes = (8, 16, 32, 64, 128)
    table("se_adlif neurons", [str(size) for size in sizes],
          ((name, [cell(load(), seeds, size=size) for size in sizes]) for name, load in DATA.items()))


def by_neuron(seeds):
    spiking = ("se_adlif", "ef_adlif", "lif", "lif_hard", "alif", "brf", "brf_exponential", "cuba_lif")
    table("neuron model", list(DATA), (
        (name, [cell(load(), seeds, None if name in ("gru", "lstm") else RATE, neuron=name) for load in DATA.values()])
        for name in (*spiking, "gru", "lstm")))


def by_time_constant(seeds):
    usual = {"tau_u_min": 5, "tau_u_max": 25, "tau_w_min": 60, "tau_w_max": 300}
    factors = (0.25, 0.5, 1, 2, 4)
    table("se_adlif, all time constants times", [f"{factor:g}" for factor in factors], (
        (name, [cell(load(), seeds, **{key: factor * value for key, value in usual.items()}) for factor in factors])
        for name, load in DATA.items()))


def by_angular_frequency(seeds):
    ranges = {"3 to 5": {"omega": (3, 5)}, "as calibrated": {}, "3 to 30": {"omega": (3, 30)}}
    table("brf, omega drawn from", list(ranges), (
        (name, [cell(load(), seeds, neuron="brf", **values) for values in ranges.values()]) for name, load in DATA.items()))


def suggested(seeds):
    for name, load in DATA.items():
        data = load()
        results = []
        for seed in range(seeds):
            suggestion = hypr.suggest(list(data.train.sequences), data.train.labels, dt=data.time_step or 0.0, seed=seed)
            results.append(accuracy(data, suggestion.model, seed, learning_rate=None, update=suggestion.update))
        print(f"\n{name}, as suggested: {np.mean(results):.1f} ± {np.std(results):.1f} %\n\n{suggestion}", flush=True)


TABLES = {"rate": by_rate, "neuron": by_neuron, "size": by_size, "time-constant": by_time_constant,
          "angular-frequency": by_angular_frequency, "suggested": suggested}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="by default all")
    parser.add_argument("--seeds", type=int, default=4)
    arguments = parser.parse_args()
    for chosen in arguments.tables or TABLES:
        TABLES[chosen](arguments.seeds)
