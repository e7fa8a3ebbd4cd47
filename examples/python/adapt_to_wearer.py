"""A network that recognises exercises from a smartwatch meets a person it has never seen, and learns while it runs.

The program of examples/c/adapt.c in Python. The stream begins with a calibration session: the exercises alternate, and
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


def run(session, stream, learning):
    """Makes a step with every sample, and teaches those of the calibration that have a label: which outputs were right."""
    samples = stream["values"].astype(np.float32) / np.float32(1000)
    taught = (stream["kind"] == LABELLED_CALIBRATION) & learning
    right = np.empty(len(stream), bool)
    for index, (sample, exercise, teach) in enumerate(zip(samples, stream["exercise"].tolist(), taught.tolist())):
        right[index] = session.step(sample).argmax() == exercise
        if teach:
            session.teach(exercise)
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=WATCH / "without-wearer-2.hypr", help="(default: that of nine wearers)")
    parser.add_argument("--stream", type=Path, default=WATCH / "wearer-2.stream", help="(default: that of the tenth)")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "adapt_to_wearer",
                        help="where the picture and the adapted model go (default: %(default)s)")
    options = parser.parse_args()
    model, stream = hypr.Model.load(options.model), np.fromfile(options.stream, SAMPLE)
    options.folder.mkdir(parents=True, exist_ok=True)

    # The model file recommends how to learn (python -m hypr info MODEL shows it); arguments would override that.
    learning = hypr.Session(model)
    right = {"without learning": run(hypr.Session(model, learning=False), stream, False),
             "with learning": run(learning, stream, True)}
    learning.save_model(options.folder / "adapted.hypr")

    test = stream["kind"] == TEST
    for exercise, name in enumerate(model.class_labels):
        here = test & (stream["exercise"] == exercise)
        print(f"  {name:<20}" + "".join(f"{row[here].mean():8.1%}" for row in right.values()))
    accuracy = {name: row[test].mean() for name, row in right.items()}
    print(f"test accuracy: {accuracy['without learning']:.1%} (without learning), {accuracy['with learning']:.1%} (with learning, "
          f"{learning.statistics.updates} updates)")

    begin = int(test.argmax())
    picture = plot.stream_accuracy({f"{name}, {accuracy[name]:.1%} of the test": row for name, row in right.items()},
                                   time_step=model.time_step, marks={"test": begin})
    picture.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    picture.figure.savefig(options.folder / "stream.png", dpi=150, bbox_inches="tight")
    print(f"pictures: stream.png in {options.folder}; the adapted model: adapted.hypr")


if __name__ == "__main__":
    main()
