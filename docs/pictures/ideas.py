"""Draws the pictures of docs/ideas.md: docs/pictures/ideas.py FOLDER. The eligibility is that of a session."""

import sys
from pathlib import Path

import hypr
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle
from style import BLUE, GREEN, GREY, ORANGE, PURPLE, plt, save


def eligibility(path):
    """One neuron with an adaptation, one input: what the eligibility of the input weight is after every step."""
    steps, label = 120, 110
    events = [8, 20, 24, 60, 64]
    x = np.zeros((steps, 1), np.float32)
    x[events] = 1
    builder = hypr.ModelBuilder(inputs=1).layer("alif", 1, recurrent=False, bias=False, input_weight=6.0, tau_m=8.0, tau_a=60.0,
                                                 baseline_threshold=0.5)
    session = hypr.Session(builder.readout(1, bias=False).build(seed=1), window=1)
    traces, states, spikes = [], [], []
    for sample in x:
        session.step(sample)
        states.append(session.layer_state(0).ravel())
        spikes.append(session.spikes(0)[0])
        session.flush()
        traces.append(session.eligibility("layer0.input_weight").ravel())
    u, a = np.array(states).T
    e_u, e_a = np.array(traces).T
    figure, plots = plt.subplots(3, 1, figsize=(8, 5.2), sharex=True, layout="constrained", height_ratios=[1, 2, 2])
    time = np.arange(steps)
    plots[0].vlines(events, 0, 1, color=GREY, linewidth=2.5)
    plots[0].set(ylabel="input", yticks=[], ylim=(0, 1.1))
    plots[1].plot(time, u / np.abs(u).max(), color=BLUE, linewidth=2)
    plots[1].plot(time, a / np.abs(a).max(), color=ORANGE, linewidth=2)
    plots[1].scatter(time[np.array(spikes) > 0], np.full(int(np.sum(spikes)), 1.1), marker="|", s=120, color="black")
    plots[1].set(ylabel="state", yticks=[0], ylim=(-0.05, 1.25))
    plots[1].text(steps, 0.75, "membrane u", color=BLUE)
    plots[1].text(steps, 0.25, "adaptation a", color=ORANGE)
    plots[1].text(steps, 1.05, "spikes", color="black")
    plots[2].plot(time, e_u / np.abs(e_u).max(), color=BLUE, linewidth=2)
    plots[2].plot(time, e_a / np.abs(e_a).max(), color=ORANGE, linewidth=2)
    plots[2].axvline(label, color=GREEN, linewidth=2, linestyle="--")
    plots[2].text(label - 1, 1.05, "a label: gradient = error × eligibility", color=GREEN, ha="right")
    plots[2].text(steps, 0.75, "of u: short", color=BLUE)
    plots[2].text(steps, 0.25, "of a: long", color=ORANGE)
    plots[2].set(ylabel="eligibility\nof the weight", yticks=[0], ylim=(-0.05, 1.25), xlabel="step", xlim=(0, steps - 1))
    save(figure, path)


def arrow(plot, begin, end, color, width=1.6, bend=0.0, style="-|>"):
    plot.add_patch(FancyArrowPatch(begin, end, arrowstyle=style, mutation_scale=11, color=color, linewidth=width,
                                   connectionstyle=f"arc3,rad={bend}", shrinkA=3, shrinkB=3, zorder=5))


def windows(path):
    """Three windows of six steps: forward, back, and what goes from one to the next."""
    figure, plot = plt.subplots(figsize=(9, 3.1), layout="constrained")
    size = 6
    for window in range(3):
        left = window * (size + 1.5)
        plot.add_patch(Rectangle((left - 0.5, 0), size, 1, facecolor="#eef4f9", edgecolor=BLUE))
        for step in range(size):
            plot.add_patch(Rectangle((left + step - 0.42, 0.1), 0.84, 0.8, facecolor="white", edgecolor="#bbbbbb"))
            if step < size - 1:
                arrow(plot, (left + step + 0.25, 0.5), (left + step + 0.75, 0.5), BLUE)
        taught = (2, 4)
        for step in taught:
            plot.text(left + step, 1.16, "label", color=GREEN, ha="center", fontsize=9)
        arrow(plot, (left + size - 0.6, -0.3), (left - 0.4, -0.3), PURPLE, 2.2)
        plot.text(left + size / 2 - 0.5, -0.42, "one sweep back: gradient", color=PURPLE, ha="center", va="top", fontsize=9)
        plot.text(left + size / 2 - 0.5, 1.75, f"window {window + 1}", ha="center", weight="bold")
        if window < 2:
            arrow(plot, (left + size - 0.45, 0.5), (left + size + 1.0, 0.5), ORANGE, 2.6)
            plot.text(left + size + 0.25, 0.72, "state", color=ORANGE, ha="center", fontsize=9)
            plot.text(left + size + 0.25, 0.28, "eligi-\nbility", color=ORANGE, ha="center", va="top", fontsize=9)
        plot.text(left + size - 0.5, -1.08, "update", color=GREY, ha="center", va="top", fontsize=9)
        arrow(plot, (left + size - 0.5, -1.05), (left + size - 0.5, -0.1), GREY, 1.2)
    plot.set(xlim=(-1, 3 * (size + 1.5) - 1), ylim=(-1.5, 2.2))
    plot.axis("off")
    save(figure, path)


KINDS = [("spatial", "the layer above, at the same step"), ("window", "and what layers above remember"),
         ("recurrent", "and through recurrent weights"), ("filtered", "and what the readout remembers of before")]


def credit(path):
    """For each kind of credit, the ways back from one error: a hidden layer and the readout over two windows."""
    figure, plots = plt.subplots(2, 2, figsize=(9, 4.4), layout="constrained")
    steps, error, border = 8, 7, 4
    for plot, (kind, said) in zip(plots.flat, KINDS):
        plot.set_title(kind, loc="left", weight="bold", fontsize=11)
        plot.text(-2.0, 1.95, said, color=GREY, fontsize=9, va="bottom")
        plot.plot([border - 0.5, border - 0.5], [-0.6, 1.5], color=GREY, linestyle="--", linewidth=1)
        reached = {error}
        if kind != "spatial":
            reached = set(range(border, error + 1))
        if kind == "filtered":
            reached = set(range(error + 1))
        for step in range(steps):
            for row in (0, 1):
                plot.plot(step, row, "o", markersize=12, color="white", markeredgecolor="#888888", zorder=3)
        arrow(plot, (error, 1.75), (error, 1.12), GREEN, 2.2)
        plot.text(error - 0.15, 1.5, "error", color=GREEN, ha="right", fontsize=9)
        for step in sorted(reached):
            if step < error:  # through the memory of the readout
                arrow(plot, (step + 1 - 0.12, 1), (step + 0.12, 1), BLUE, 1.8)
            arrow(plot, (step, 0.88), (step, 0.12), BLUE, 1.8)
        for step in range(error):  # inside neurons, without limit
            arrow(plot, (step + 1 - 0.12, 0), (step + 0.12, 0), ORANGE, 1.8)
        if kind == "recurrent":
            for step in range(border, error):
                arrow(plot, (step + 1 - 0.08, -0.12), (step + 0.08, -0.12), PURPLE, 1.8, -0.55)
        plot.text(-0.6, 1, "readout", ha="right", va="center", fontsize=9)
        plot.text(-0.6, 0, "layer", ha="right", va="center", fontsize=9)
        plot.set(xlim=(-2.1, steps - 0.3), ylim=(-0.75, 2.3))
        plot.axis("off")
    figure.supxlabel("time →          dashed: the end of a window", color=GREY, fontsize=9)
    save(figure, path)


def main():
    folder = Path(sys.argv[1])
    eligibility(folder / "eligibility.svg")
    windows(folder / "windows.svg")
    credit(folder / "credit.svg")


main()
