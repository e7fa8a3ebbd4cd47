"""The arm that learns its load, with a plot and a strip of pictures: demo.py [--scenario NAME] [--seed 1] [--out FOLDER]

examples/cpp/arm runs all contenders and seeds in the time that this takes for some of them.
"""

import argparse
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # matrices of this size gain nothing by threads

import math
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from contenders import CONTENDERS, GRIPPING, SCENARIOS, settings
from control import figures, run
from dynamics import LINK, TIME_STEP, Reference

BEFORE = 20.0  # seconds
SHOWN = ("nominal model + PD", "disturbance observer", "perceptron, NLMS", "RSNN in hypr, NLMS")
PICTURES = (-1.0, 0.5, 1.5, 10.0, 20.0)  # seconds after the change


def arm(angles):
    """Shoulder, elbow and tip, [3, 2]."""
    first, second = angles[0], angles[0] + angles[1]
    elbow = LINK * np.array([math.cos(first), math.sin(first)])
    return np.array([(0, 0), elbow, elbow + LINK * np.array([math.cos(second), math.sin(second)])])


def plot(all_errors, path):
    """Root mean square of the tip's error in every second."""
    second = round(1 / TIME_STEP)
    figure, axes = plt.subplots(figsize=(8, 3.5))
    for name, errors in all_errors.items():
        whole = errors[:len(errors) // second * second].reshape(-1, second)
        axes.semilogy(np.arange(len(whole)) - BEFORE + 0.5, 1000 * np.sqrt((whole**2).mean(1)), label=name)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="seconds after the change", ylabel="tip error, mm rms")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def strip(poses, reference, path):
    """The arm at some moments, where it should be in grey; a row for each contender."""
    figure, grid = plt.subplots(len(poses), len(PICTURES), figsize=(9, 1.9 * len(poses)), squeeze=False)
    for row, (name, seen) in zip(grid, poses.items()):
        for axes, seconds in zip(row, PICTURES):
            step = round((BEFORE + seconds) / TIME_STEP)
            axes.plot(*arm(reference.at(step + 1)[0]).T, color="0.75", linewidth=6, solid_capstyle="round")
            if step in seen: axes.plot(*arm(seen[step]).T, "o-", color="tab:blue", markersize=3)
            axes.set(xlim=(-0.3, 0.9), ylim=(-0.8, 0.9), aspect="equal", xticks=[], yticks=[])
            axes.set_title(f"{seconds:g} s", fontsize=8)
        row[0].set_ylabel(name, fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


def show(scenario, arguments):
    """Makes both pictures; returns a table."""
    chosen, change, grips = settings(), SCENARIOS[scenario], scenario in GRIPPING
    lines = [f"\n{scenario}: {change.__doc__}; tip error in mm, seed {arguments.seed}\n",
             "| | before | 0-5 s | 10 s |\n|---|---|---|---|"]
    all_errors, poses = {}, {}
    for name in SHOWN:
        rate, observer = chosen[scenario, name]
        seen = poses[name] = {}
        wanted = {round((BEFORE + seconds) / TIME_STEP) for seconds in PICTURES}
        learner = CONTENDERS[name](arguments.seed, rate, 9 if grips else 8)
        errors = run(arguments.seed, change, learner, BEFORE, arguments.after, observer=observer, grips=grips,
                     watch=lambda plant, step: seen.update({step: plant.data.qpos[:2].tolist()}) if step in wanted else None)
        all_errors[name] = errors
        lines.append(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures(errors, BEFORE)[:3]) + " |")
    plot(all_errors, arguments.out / f"{scenario}.svg")
    strip(poses, Reference(arguments.seed, BEFORE + arguments.after + 1, grips), arguments.out / f"{scenario}-strip.svg")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", choices=SCENARIOS, help="this one alone; without it all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--after", type=float, default=25.0, help="seconds after the change")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for SCENARIO.svg and SCENARIO-strip.svg")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = [arguments.scenario] if arguments.scenario else list(SCENARIOS)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for table in pool.map(show, names, repeat(arguments)): print(table, flush=True)


if __name__ == "__main__":
    main()
