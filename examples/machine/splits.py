"""What three ways to hold data out say of one network: pieces at random, the end of the recording, another mounting.

    python splits.py [--seeds 5]
"""

import argparse

import numpy as np
import record

import hypr

PIECE = 100  # samples


def pieces(samples, modes):
    """Pieces of a second, each a sequence of its own."""
    count = len(samples) // PIECE
    return (samples[:count * PIECE].reshape(count, PIECE, -1).astype(np.float32),
            modes[:count * PIECE].reshape(count, PIECE).astype(np.int32))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="(default: %(default)s)")
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        x, y = pieces(*record.recording(seed, "training", 10)[:2])
        moved = pieces(*record.recording(seed, "test", 5)[:2])
        random, end = np.random.default_rng(seed).random(len(x)) < 0.2, np.arange(len(x)) >= 0.8 * len(x)
        row = []
        for held in (random, end):
            suggestion = hypr.suggest(x[~held], y[~held], dt=1 / record.RATE, seed=seed)
            trainer = hypr.Trainer(suggestion.model, update=suggestion.update, seed=seed, progress=False)
            model = trainer.fit(x[~held], y[~held]).model
            row.append(accuracy(model, x[held], y[held]))
        rows.append([*row, accuracy(model, *moved)])
    for name, value in zip(("pieces of a second, at random", "the end of the recording", "another mounting"), np.mean(rows, axis=0)):
        print(f"| {name} | {value:.1%} |")


def accuracy(model, x, y):
    """The share of the samples that are recognised."""
    session, right = hypr.Session(model, learning=False), 0
    for samples, labels in zip(x, y):
        session.reset()
        right += (session.run(samples).argmax(axis=1) == labels).sum()
    return right / y.size


if __name__ == "__main__":
    main()
