"""A network that recognises exercises from a smartwatch meets a person it has never seen, and learns while it runs.

The first two passes of examples/c/adapt.c in Python. The stream begins with a calibration session: the exercises alternate, and
labels arrive. A test follows, in which nothing is taught; only the test counts. About model and stream:
examples/watch/README.md.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

import hypr
from hypr import plot

matplotlib.use("Agg")  # pictures go to files

WATCH = Path(__file__).resolve().parents[1] / "watch"
SAMPLE = np.dtype([("values", "<i2", 6), ("exercise", "u1"), ("kind", "u1")])  # values in thousandths of g and rad/s
LABELLED_CALIBRATION, TEST = 1, 2


def run(session, stream, learning, late=0):
    """Makes a step with every sample, and teaches those of the calibration that have a label, which comes `late` samples after
    its own: which outputs were right, and how many labels came too late."""
    samples = stream["values"].astype(np.float32) / np.float32(1000)
    taught = ((stream["kind"] == LABELLED_CALIBRATION) & learning).tolist()
    exercises = stream["exercise"].tolist()
    right, lost = np.empty(len(stream), bool), 0
    for index, sample in enumerate(samples):
        right[index] = session.step(sample).argmax() == exercises[index]
        if index >= late and taught[index - late]:
            try:
                session.teach(exercises[index - late], steps_ago=late)
            except hypr.WrongStateError:  # the window of that step is closed
                lost += 1
    return right, lost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=WATCH / "without-wearer-2.hypr", help="(default: that of nine wearers)")
    parser.add_argument("--stream", type=Path, default=WATCH / "wearer-2.stream", help="(default: that of the tenth)")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "adapt_to_wearer",
                        help="where the picture and the adapted model go (default: %(default)s)")
    parser.add_argument("--late", type=int, default=0, metavar="SAMPLES", help="how much later labels come (default: %(default)s)")
    parser.add_argument("--label-delay", type=int, metavar="STEPS", help="how long steps can be taught (default: as --late)")
    options = parser.parse_args()
    model, stream = hypr.Model.load(options.model), np.fromfile(options.stream, SAMPLE)
    options.folder.mkdir(parents=True, exist_ok=True)

    # The model file recommends how to learn (python -m hypr info MODEL shows it); arguments would override that.
    learning = hypr.Session(model, label_delay=options.late if options.label_delay is None else options.label_delay)
    right = {"without learning": run(hypr.Session(model, learning=False), stream, False)[0]}
    right["with learning"], lost = run(learning, stream, True, options.late)
    learning.save_model(options.folder / "adapted.hypr")

    test = stream["kind"] == TEST
    for exercise, name in enumerate(model.class_labels):
        here = test & (stream["exercise"] == exercise)
        print(f"  {name:<20}" + "".join(f"{row[here].mean():8.1%}" for row in right.values()))
    accuracy = {name: row[test].mean() for name, row in right.items()}
    print(f"test accuracy: {accuracy['without learning']:.1%} (without learning), {accuracy['with learning']:.1%} (with learning, "
          f"{learning.statistics.updates} updates{f', {lost} labels came too late' if lost else ''})")

    begin = int(test.argmax())
    picture = plot.stream_accuracy({f"{name}, {accuracy[name]:.1%} of the test": row for name, row in right.items()},
                                   time_step=model.time_step, marks={"test": begin})
    picture.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    picture.figure.savefig(options.folder / "stream.png", dpi=150, bbox_inches="tight")
    print(f"pictures: stream.png in {options.folder}; the adapted model: adapted.hypr")


if __name__ == "__main__":
    main()
