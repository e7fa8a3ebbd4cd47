"""Draws what the demo did at every sample: docs/pictures/demo.py SAMPLES.csv PICTURE.svg (examples/c/adapt.c writes SAMPLES.csv)"""

import sys

import numpy as np
from style import BLUE, GREEN, GREY, ORANGE, plt, save

RATE = 50  # samples per second
WINDOW = 30 * RATE  # that shares are counted over
TEST = 2
PANELS = [("Sets of the exercises alternate", [("without learning", GREY), ("learning", BLUE)]),
          ("One exercise after the other", [("learning", ORANGE), ("learning, with rehearsal", GREEN)])]


def share(correct):
    """Of the samples up to each one, at most WINDOW of them, percent that were recognised; nothing before there are a few."""
    total = np.concatenate([[0], np.cumsum(correct)])
    last = np.arange(1, len(correct) + 1)
    first = np.maximum(last - WINDOW, 0)
    return np.where(last < 3 * RATE, np.nan, 100 * (total[last] - total[first]) / (last - first))


def draw(plot, title, lines, passes):
    for (of_pass, tested), (name, color) in zip(passes, lines):
        begin = np.argmax(tested)
        minutes = np.arange(len(of_pass)) / RATE / 60
        for part in (slice(0, begin), slice(begin, None)):  # the test is counted by itself
            plot.plot(minutes[part], share(of_pass[part]), color=color, linewidth=2)
    border, end = minutes[begin], minutes[-1]
    plot.axvspan(border, end, color="#f2f2f2", zorder=0)
    plot.set_title(title, loc="left", weight="bold", fontsize=11)
    shares = [100 * of_pass[tested].mean() for of_pass, tested in passes]
    for height, index in zip((86, 50), np.argsort(shares)[::-1]):
        name, color = lines[index]
        plot.text(end + 0.15, height, f"{shares[index]:.1f} %", color=color, va="bottom", weight="bold", fontsize=13)
        plot.text(end + 0.15, height, name, color=color, va="top")
    plot.set(ylabel="recognised, %", xlim=(0, end), ylim=(0, 103), yticks=range(0, 101, 25), xticks=range(int(end) + 1))
    plot.grid(axis="y", color="#dddddd")
    return border, end


def main():
    source, path = sys.argv[1:]
    number, kind, _, correct = np.loadtxt(source, delimiter=",", skiprows=1, dtype=int).T
    passes = [(correct[number == index], kind[number == index] == TEST) for index in range(4)]
    figure, plots = plt.subplots(2, 1, figsize=(9, 4.9), sharex=True, layout="constrained")
    for index, (plot, (title, lines)) in enumerate(zip(plots, PANELS)):
        border, end = draw(plot, title, lines, passes[2 * index:2 * index + 2])
    plots[0].text(0.1, 4, "calibration: labels are taught", color=GREY)
    plots[0].text(border + 0.1, 4, "test: nothing is taught", color=GREY)
    plots[1].set_xlabel("minutes of the stream; samples recognised in the last 30 s, and on the right in the whole test")
    save(figure, path)


main()
