"""What three ways to hold data out say of a network: pieces at random, the end of the recording, another mounting.

    python splits.py [--seeds 5]
"""

import argparse

import numpy as np
import record

import hypr

PIECE = 100  # samples: a second


def trained(samples, modes, held, seed):
    """A network that learned all pieces but those that are held out."""
    x = samples.reshape(-1, PIECE, samples.shape[1])[~held]
    y = modes.reshape(-1, PIECE)[~held]
    suggestion = hypr.suggest(x, y, dt=1 / record.RATE, seed=seed)
    return hypr.Trainer(suggestion.model, update=suggestion.update, seed=seed, progress=False).fit(x, y).model


def right(model, samples, modes):
    """Which samples are recognised, in one run through the recording."""
    return hypr.Session(model, learning=False).run(samples).argmax(axis=1) == modes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="(default: %(default)s)")
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        (samples, modes, _), (moved, moved_modes, _) = record.recording(seed, "training", 10), record.recording(seed, "test", 5)
        samples, moved, modes = samples.astype(np.float32), moved.astype(np.float32), modes.astype(np.int32)
        pieces = len(samples) // PIECE
        random, end = np.random.default_rng(seed).random(pieces) < 0.2, np.arange(pieces) >= 0.8 * pieces
        row = []
        for held in (random, end):
            model = trained(samples, modes, held, seed)
            row.append(right(model, samples, modes)[np.repeat(held, PIECE)].mean())
        rows.append([*row, right(model, moved, moved_modes).mean()])
    print("| held out | accuracy |\n|---|---:|")
    for name, value in zip(("pieces of a second, at random", "the end of the recording", "another mounting"), np.mean(rows, axis=0)):
        print(f"| {name} | {value:.1%} |")


if __name__ == "__main__":
    main()
