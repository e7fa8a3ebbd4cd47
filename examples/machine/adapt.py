"""The whole of it in Python: a network for the machine's modes from a CSV file, and what two labelled minutes are worth when the
sensor was mounted anew.

    python record.py && python adapt.py
    python adapt.py --training mine.csv --label state --time time_ms --calibration moved.csv --test later.csv --out adapted.hypr

docs/your-own-sensor.md explains every step, with the command line tool.
"""

import argparse
from pathlib import Path

import numpy as np

import hypr
from hypr import datasets


def accuracy(session, split):
    """The share of the labelled samples that are recognised, one after the other."""
    right = np.concatenate([session.run(x).argmax(axis=1) == y for x, y in zip(split.sequences, split.labels)])
    return right[np.concatenate(split.labels) >= 0].mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(), help="where the files are (default: here)")
    parser.add_argument("--training", type=Path, default="training.csv", help="recorded at first (default: %(default)s)")
    parser.add_argument("--calibration", type=Path, default="calibration.csv",
                        help="recorded after the change, to adapt to (default: %(default)s)")
    parser.add_argument("--test", type=Path, default="test.csv", help="recorded after it, to count on (default: %(default)s)")
    parser.add_argument("--label", default="mode", help="the column of the class (default: %(default)s)")
    parser.add_argument("--time", default="time", help="the column of the time (default: %(default)s)")
    parser.add_argument("--time-unit", choices=["s", "ms", "us", "ns"],
                        help="what the time counts (default: as its name says, such as time_ms, or s)")
    parser.add_argument("--out", type=Path, default="adapted.hypr", help="the adapted model (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the network (default: 0)")
    options = parser.parse_args()

    training, calibration, test, out = (
        options.folder / path for path in (options.training, options.calibration, options.test, options.out))
    columns = {"label": options.label, "time": options.time, "time_unit": options.time_unit}
    data = datasets.read_csv(training, **columns, test=0.2)
    moved = datasets.read_csv(calibration, **columns, channels=data.channels, classes=data.classes, test=test, sequence_steps=0)
    print(data.source)

    suggestion = hypr.suggest(data.train.sequences, data.train.labels, dt=data.time_step, names=data.channels,
                              labels=data.classes, seed=options.seed)
    print(suggestion)
    trainer = hypr.Trainer(suggestion.model, update=suggestion.update, seed=options.seed, tune_adaptation=True, progress=False)
    result = trainer.fit(data.train.sequences, data.train.labels, validation_data=(data.test.sequences, data.test.labels))
    print(f"as it was recorded: {result.history[result.best_epoch - 1].validation_accuracy:.1%}")

    before = accuracy(hypr.Session(result.model, learning=False), moved.test)
    session = hypr.Session(result.model)  # learns as the model recommends
    for samples, labels in zip(moved.train.sequences, moved.train.labels):
        for sample, label in zip(samples, labels.tolist()):
            session.step(sample)
            if label >= 0:
                session.teach(label)
    after = accuracy(session, moved.test)
    session.save_model(out)
    print(f"after the change: {before:.1%}, with what was labelled learned {after:.1%}")


if __name__ == "__main__":
    main()
