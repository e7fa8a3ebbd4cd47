"""What the examples share: options, predictions, pictures."""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

import hypr
from hypr import datasets, plot
from hypr.report import save_predictions, write_report

matplotlib.use("Agg")  # pictures go to files


def arguments(description, name):
    """The options of every example."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs") / name,
                        help="where model, log, pictures and report go (default: %(default)s); a run that is there is resumed")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and the order (default: 0)")
    return parser


def load(reader, *where):
    """A data set; if it is not there, the program ends and says where to get it."""
    try:
        data = reader(*where)
    except datasets.MissingDataError as error:
        raise SystemExit(str(error)) from None
    print(data)
    return data


def outputs(model, sequences):
    """The outputs [steps, classes] of every sequence, from a fresh state."""
    session = hypr.Session(model, learning=False)
    for x in sequences:
        session.reset()
        yield session.run(x)


def classify(model, sequences, last_steps=0):
    """The class of every sequence [sequences]: the largest mean output over all steps, or over the last ones."""
    return np.array([out[-last_steps:].mean(axis=0).argmax() for out in outputs(model, sequences)])


def write_pictures(folder, model, labels, predictions, example, example_labels):
    """Learning curves, confusion matrix, and the network at work on one sequence; then all of them on one page."""
    recording = hypr.record(hypr.Session(model, learning=False), example)
    pictures = {
        "learning": plot.learning_curves(folder, metric="accuracy"),
        "confusion": plot.confusion_matrix(np.concatenate([np.atleast_1d(row) for row in labels]),
                                           np.concatenate([np.atleast_1d(row) for row in predictions]),
                                           names=model.class_labels),
        "spikes": plot.raster(recording.spikes, time_step=model.time_step),
        "membranes": plot.membrane(recording),
        "outputs": plot.readout(recording, labels=example_labels),
    }
    for name, ax in pictures.items():
        ax.figure.savefig(folder / f"{name}.png", dpi=150)
    save_predictions(folder, labels, predictions, example, example_labels)
    print(f"pictures: {', '.join(f'{name}.png' for name in pictures)} in {folder}; all on one page: {write_report(folder)}")
