"""Compares ways to learn online on sets that alternate and on one exercise after the other: a table in Markdown.

Mean accuracy of the wearers who are left out in turn, and in parentheses the worst of them; the memory of a session; the time
of a step that is taught, as a multiple of that of learning as the model recommends. For example
  compare.py --orders 5                               the ways of docs/online-adaptation.md
  compare.py --orders 5 --taught 4                    the same where only four exercises are ever taught: two accuracies each
  compare.py --rehearse 2000 rehearsal_bytes=16384 rehearsal_bytes=65536,rehearsal_steps=20
A way is a list of options, after those of --option; rehearse=WINDOWS and exemplars=BYTES among them replace --rehearse and
--exemplars.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import adaptation
import hypr
import leave_one_out
import recordings

FROZEN = "without learning"
REHEARSAL = "rehearsal_bytes=65536"
WAYS = {
    FROZEN: FROZEN,
    "learning as recommended": "",
    "a small rate": "learning_rate=0.0003",
    "anchored": "anchor_strength=0.1",
    "readout only": "train_mask=readout",
    "rehearsal": REHEARSAL,
    "rehearsal, also at rest": f"{REHEARSAL},rehearse=2000",
}
ORDERS = {"sets alternate": False, "one exercise after the other": True}


class Way:
    """How a session learns: its options, the windows that it rehearses by themselves at the end, bytes of exemplars."""

    def __init__(self, text, options=(), rehearse=0, exemplars=0):
        self.learning = text != FROZEN
        self.options = dict(options) if self.learning else {}
        self.options |= map(leave_one_out.setting, filter(None, text.split(","))) if self.learning else {}
        self.rehearse = int(self.options.pop("rehearse", rehearse))
        self.exemplars = int(self.options.pop("exemplars", exemplars))


def accuracies(left_out, arguments, ways):
    """Percent [ways][orders of the exercises][taught, not taught] of one wearer."""
    table = np.empty((len(ways), len(ORDERS), 2))
    streams = [leave_one_out.streams(left_out, arguments, blocks) for blocks in ORDERS.values()]
    for row, way in enumerate(ways):
        model = leave_one_out.model_without(left_out, arguments, way.exemplars)
        for column, orders in enumerate(streams):
            right = [adaptation.recognised(model, stream, way.learning, way.rehearse, **way.options)[0] for stream in orders]
            table[row, column] = np.mean(list(map(leave_one_out.percentages, orders, right)), axis=0)
    return table


def costs(left_out, arguments, ways, trials=40):
    """Bytes of a session [ways], and seconds [ways] of a step in a calibration of which every step is taught."""
    models = [leave_one_out.model_without(left_out, arguments, way.exemplars) for way in ways]
    stream = leave_one_out.streams(left_out, arguments, False)[0]
    stream = stream[stream["kind"] != recordings.TEST]
    values, labels = recordings.values(stream), stream["label"].astype(int)
    memory = [hypr.Session.memory_size(model, way.learning, **way.options).bytes for model, way in zip(models, ways)]
    seconds = np.empty((trials, len(ways)))
    for trial in range(trials):
        for column, (model, way) in enumerate(zip(models, ways)):
            session = hypr.Session(model, way.learning, **way.options)
            start = time.process_time()
            session.learn_sequence(values, labels) if way.learning else session.run(values)
            seconds[trial, column] = time.process_time() - start
    return memory, seconds.min(axis=0) / len(values)


def cells(percentages):
    """Accuracies [wearers] as mean and worst."""
    return f"{percentages.mean():.1f} % ({percentages.min():.1f})"


def print_table(names, results, memory, seconds, reference, some):
    groups = ["taught", "never taught"] if some else [""]
    heads = [f"{order}, {group}".rstrip(", ") for order in ORDERS for group in groups]
    print("| | " + " | ".join(heads) + " | memory | time of a taught step |")
    print("|---|" + "---:|" * (len(heads) + 2))
    for row, name in enumerate(names):
        accuracy = [cells(results[:, row, order, group]) for order in range(len(ORDERS)) for group in range(len(groups))]
        print(f"| {name} | " + " | ".join(accuracy) + f" | {memory[row] / 1000:.1f} kB | {seconds[row] / reference:.2f} |")


def draw(path, names, results):
    """Every wearer a dot, and the mean, by way and order."""
    import matplotlib  # only here: the tables do without it

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, plot = plt.subplots(figsize=(7.5, 0.6 * len(names) + 1.2), layout="constrained")
    for column, (order, color) in enumerate(zip(ORDERS, ("#0072B2", "#D55E00"))):  # distinct for the colour-blind
        heights = -np.arange(len(names)) + 0.15 - 0.3 * column
        for height, wearers in zip(heights, results[:, :, column, 0].T):
            plot.plot(wearers, np.full(len(wearers), height), ".", color=color, alpha=0.35)
        means = results[:, :, column, 0].mean(axis=0)
        plot.plot(means, heights, "D", color=color, label=order)
        for mean, height in zip(means, heights):
            plot.annotate(f"{mean:.1f}", (100.5, height), color=color, va="center", fontsize=9, annotation_clip=False)
    plot.set(xlabel="accuracy in the test (%): mean, and every wearer", yticks=-np.arange(len(names)), yticklabels=names)
    plot.set_xlim(right=100)
    plot.grid(axis="x", color="#dddddd")
    plot.set_axisbelow(True)
    plot.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    figure.savefig(path, dpi=120)


def main():
    parser = leave_one_out.parser(__doc__)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"such as window=20,learning_rate=0.005, or '{FROZEN}'")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draws the accuracies as well (needs matplotlib)")
    arguments = parser.parse_args()
    names = arguments.ways or list(WAYS)
    ways = [Way(WAYS.get(name, name), arguments.option, arguments.rehearse, arguments.exemplars) for name in names]
    with ProcessPoolExecutor(arguments.processes) as pool:
        results = np.array(list(pool.map(partial(accuracies, arguments=arguments, ways=ways), arguments.wearers)))
    memory, seconds = costs(arguments.wearers[0], arguments, [*ways, Way("")])
    print_table(names, results, memory, seconds, seconds[-1], arguments.taught < len(recordings.EXERCISES))
    if arguments.picture:
        draw(arguments.picture, names, results)


if __name__ == "__main__":
    main()
