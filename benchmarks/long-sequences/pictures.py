"""Pictures of the results: how accuracy comes with the epochs, and memory with the steps."""

from pathlib import Path

import matplotlib
import numpy as np
import plan
import records
from tables import by, in_order

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

COLOURS = ("#0072B2", "#009E73", "#D55E00", "#777777", "#CC79A7")  # distinct for the colour-blind
NAMES = ("ecg", "fashion", "memory")
# The same bytes from the same results.
plt.rcParams["svg.hashsalt"] = "long sequences"
METADATA = {"Date": None, "Creator": None}


def curves(results: Path, part: str, path: Path) -> None:
    """Validation accuracy after each epoch: the mean over the seeds, and their deviation as a band; a panel for each network."""
    groups = {key: those for key, those in by(records.every(results, part), "network", "method").items() if "epochs" in those[0]}
    planned = list(plan.PARTS[part](1))
    networks = in_order((network for network, _ in groups), (run.network for run in planned))
    methods = in_order((method for _, method in groups), (run.method for run in planned))
    figure, panels = plt.subplots(1, len(networks), figsize=(4.2 * len(networks) + 0.6, 3.6), squeeze=False, sharey=True,
                                  layout="constrained")
    for panel, network in zip(panels[0], networks):
        for method, colour in zip(methods, COLOURS):
            those = groups.get((network, method))
            if those is None:
                continue
            rows = 100 * np.array([record["epochs"]["validation_accuracy"] for record in those], float)
            epochs, mean = 1 + np.arange(rows.shape[1]), rows.mean(axis=0)
            panel.plot(epochs, mean, color=colour, label=method, marker="o" if len(epochs) < 10 else None)
            if len(rows) > 1:
                spread = rows.std(axis=0, ddof=1)
                panel.fill_between(epochs, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0)
        top = max(100 * max(record["epochs"]["validation_accuracy"]) for those in groups.values() for record in those)
        panel.set(title=network, xlabel="epoch", ylim=(top - 20, top + 1))
        panel.grid(color="#dddddd")
        panel.set_axisbelow(True)
    panels[0][0].set_ylabel("validation accuracy (%)")
    panels[0][0].legend()
    figure.savefig(path, metadata=METADATA)
    plt.close(figure)


def memory(results: Path, path: Path) -> None:
    figure, panel = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    groups = by(records.every(results, "memory"), "method")
    for (method, colour) in zip(in_order((name for name, in groups), plan.cue_methods(1000)), COLOURS):
        those = sorted(groups[method,], key=lambda record: record["run"]["steps"])
        panel.plot([record["run"]["steps"] for record in those], [record["memory"] / 1e6 for record in those], "o-", color=colour,
                   label=method)
    panel.set(title="Cue recall, 32 BRF neurons", xlabel="steps of a sequence", ylabel="memory of a session (MB)", xscale="log",
              yscale="log")
    panel.grid(which="major", color="#dddddd")
    panel.set_axisbelow(True)
    panel.legend()
    figure.savefig(path, metadata=METADATA)
    plt.close(figure)


def draw(results: Path, folder: Path) -> None:
    """All pictures of which there are results."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        if any((results / name).glob("*.json")):
            path = folder / f"{name}.svg"
            memory(results, path) if name == "memory" else curves(results, name, path)
