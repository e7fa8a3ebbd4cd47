"""Makes what an accelerometer on a machine could have recorded, as CSV files: one from where it was mounted first, and two after it
was mounted anew, turned and 30 % weaker. The README beside says what is in them; only NumPy is needed.

    python record.py [--seed 0] [--minutes 10] [--folder .]
"""

import argparse
import csv
from pathlib import Path

import numpy as np

RATE = 100  # samples per second
GRAVITY = 9.81  # m/s², as all accelerations here
MODES = ("idle", "running", "loaded", "knocking")
CHANNELS = ("ax", "ay", "az")

# Of each mode: turns per second; how far a turn moves the machine along its own axes, and its second harmonic's share of that; and
# what rattles: at how many Hz, give or take how many, and how strongly.
VIBRATION = {
    "idle": (3.0, (0.30, 0.25, 0.20), 0.1, (4.0, 1.5, 0.20)),
    "running": (12.0, (1.10, 0.70, 0.90), 0.3, (14.0, 2.0, 1.00)),
    "loaded": (7.0, (0.70, 1.10, 0.90), 0.2, (6.0, 2.0, 1.00)),
    "knocking": (8.0, (0.40, 0.30, 0.35), 0.3, (25.0, 3.0, 0.60)),
}
KNOCK_TURNS, KNOCK = 2, (0.4, 0.5, 0.8)  # a worn tooth knocks every second turn, mostly in this direction
TOUCHES_PER_MINUTE = 4  # somebody leans on the machine, in any direction
NOISE, DRIFT = 0.25, 0.004  # of the sensor; and of its zero, per sample
GAIN = 0.7  # of the second mounting, which is softer

# Files, each with its mounting (0 or 1), for how many seconds a mode lasts, and for how many seconds after a change nobody says
# which mode it is.
FILES = {"training": (0, (4, 10), 0), "calibration": (1, (2, 4), 0.5), "test": (1, (4, 10), 0)}


def mounting(seed, which):
    """The sensor's axes in the machine's, [3, 3]: at first they are the same, then it sits on one of the machine's sides."""
    if which == 0:
        return np.eye(3)
    random = np.random.default_rng([seed, len(FILES)])
    direction, angle = random.uniform(0, 2 * np.pi), np.radians(random.uniform(75, 105))
    x, y, z = np.array([np.cos(direction), np.sin(direction), 0.2]) / np.sqrt(1.04)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross  # a turn about x, y, z (Rodrigues)


def schedule(random, steps, shortest, longest):
    """The mode of each sample: all modes in random order, and so on."""
    parts = []
    while sum(map(len, parts)) < steps:
        order = random.permutation(len(MODES))
        if parts and order[0] == parts[-1][0]:
            order = order[::-1]
        parts += [np.full(int(random.uniform(shortest, longest) * RATE), mode) for mode in order]
    return np.concatenate(parts)[:steps]


def lag(values, seconds):
    """What has inertia comes after what drives it."""
    keep, result, state = np.exp(-1 / (seconds * RATE)), np.empty(len(values)), values[0]
    for t, value in enumerate(values):
        state = keep * state + (1 - keep) * value
        result[t] = state
    return result


def rattle(random, steps, centre, width, strength):
    """Noise of one band of frequencies, along three axes that do not know of each other."""
    spectrum = np.fft.rfft(random.normal(size=(steps, 3)), axis=0)
    window = np.exp(-((np.fft.rfftfreq(steps, 1 / RATE) - centre) / width) ** 2 / 2)
    noise = np.fft.irfft(spectrum * window[:, None], steps, axis=0)
    return strength * noise / noise.std(axis=0)


def add_knocks(body, moments, pushes):
    """Adds what rings for a moment after each push."""
    time = np.arange(40) / RATE
    ring = np.exp(-time / 0.08) * np.sin(2 * np.pi * 25 * time)
    for moment, push in zip(moments, pushes):
        part = body[moment:moment + len(ring)]
        part += ring[:len(part), None] * push


def machine(random, modes):
    """The acceleration of the machine along its own axes, without gravity: [steps, 3]."""
    steps = len(modes)
    starts = np.flatnonzero(np.diff(modes, prepend=-1))
    lengths = np.diff(starts, append=steps)
    speed = [VIBRATION[MODES[mode]][0] * random.normal(1, 0.04) for mode in modes[starts]]
    turns = np.cumsum(lag(np.repeat(speed, lengths), 0.15)) / RATE
    strength = lag(np.repeat(np.exp(random.normal(0, 0.15, len(starts))), lengths), 0.15)

    body = np.zeros((steps, 3))
    for mode, (_, direction, second, band) in enumerate(VIBRATION.values()):
        share = lag((modes == mode).astype(float), 0.1) * strength
        turning = np.sin(2 * np.pi * turns) + second * np.sin(4 * np.pi * turns + mode)
        body += share[:, None] * (turning[:, None] * direction + rattle(random, steps, *band))
    knocks = np.flatnonzero((np.diff(turns // KNOCK_TURNS, prepend=0) > 0) & (modes == MODES.index("knocking")))
    count = len(knocks)
    add_knocks(body, knocks, random.uniform(4, 6, (count, 1)) * KNOCK + random.normal(0, 1.5, (count, 3)))
    touches = np.flatnonzero(random.random(steps) < TOUCHES_PER_MINUTE / (60 * RATE))
    add_knocks(body, touches, random.normal(0, 3, (len(touches), 3)))
    return body


def recording(seed, name, minutes):
    """What the file of this name has: samples [steps, 3], modes [steps], and whether somebody says the mode [steps]."""
    which, (shortest, longest), silence = FILES[name]
    random = np.random.default_rng([seed, list(FILES).index(name)])
    modes = schedule(random, round(minutes * 60 * RATE), shortest, longest)
    moving = machine(random, modes) * (GAIN if which else 1) + np.cumsum(random.normal(0, DRIFT, (len(modes), 3)), axis=0)
    samples = ([0, 0, GRAVITY] + moving) @ mounting(seed, which).T + random.normal(0, NOISE, (len(modes), 3))
    starts = np.flatnonzero(np.diff(modes, prepend=-1))
    since = np.arange(len(modes)) - np.repeat(starts, np.diff(starts, append=len(modes)))
    return samples, modes, since >= silence * RATE


def write(path, samples, modes, known):
    """Writes a recording as comma-separated values."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["time", *CHANNELS, "mode"])
        for step, sample in enumerate(samples):
            mode = MODES[modes[step]] if known[step] else ""
            rows.writerow([f"{step / RATE:.2f}", *(f"{value:.3f}" for value in sample), mode])


def write_all(folder, seed, minutes):
    """Writes the three files, the training recording of so many minutes."""
    for name, length in {"training": minutes, "calibration": 2, "test": 5}.items():
        write(folder / f"{name}.csv", *recording(seed, name, length))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="another day of the machine, another mounting (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="of the training recording (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the files go (default: here)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    write_all(options.folder, options.seed, options.minutes)
    print("wrote " + ", ".join(f"{name}.csv" for name in FILES))


if __name__ == "__main__":
    main()
