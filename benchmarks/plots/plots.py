"""Draws the cost of a step against the length of the window and against the spike rate.

    plots.py SWEEP.json FOLDER     SWEEP.json is what `bench --sweep` prints; writes window.png and spike-rate.png
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"  # distinct for the colour-blind


def axes(title, x_label):
    figure, plot = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    plot.set(title=title, xlabel=x_label, ylabel="µs per step", xscale="log", yscale="log")
    plot.grid(which="major", color="#dddddd")
    plot.set_axisbelow(True)
    return figure, plot


def window_plot(sweep, folder):
    figure, plot = axes(f"Learning, {sweep['network']}", "window λ (steps)")
    windows, times, floors = zip(*sweep["window"])
    plot.plot(windows, times, "o-", color=BLUE, label="measured")
    plot.plot(windows, floors, "--", color=GREY, label="floor of this machine")
    plot.legend()
    figure.savefig(folder / "window.png", dpi=120)


def spike_rate_plot(sweep, folder):
    figure, plot = axes(f"{sweep['network']}", "spikes per neuron and step (%)")
    rates, inference, learning = zip(*sweep["spike_rate"])
    percent = [100 * rate for rate in rates]
    plot.plot(percent, learning, "o-", color=ORANGE, label="learning, λ = 100")
    plot.plot(percent, inference, "o-", color=BLUE, label="inference")
    plot.legend()
    figure.savefig(folder / "spike-rate.png", dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    sweep = json.loads(arguments.sweep.read_text())
    arguments.folder.mkdir(parents=True, exist_ok=True)
    window_plot(sweep, arguments.folder)
    spike_rate_plot(sweep, arguments.folder)
    print("steps in all, µs per step, resident pages:")
    for steps, time, pages in sweep["stream"]:
        print(f"{steps:9d} {time:8.2f} {pages:8d}")


if __name__ == "__main__":
    main()
