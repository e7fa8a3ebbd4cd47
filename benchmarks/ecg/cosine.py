"""Prints how near the gradient of each kind of credit is to that of full backpropagation through time, on ECG-QTDB.

For every trained tensor: the cosine between the two mean gradients over some training sequences, in nets that have
learned for some epochs; mean and standard deviation over several nets. Backpropagation through time is credit
`recurrent` with the whole sequence as its window; credit `window` with the whole sequence leaves out paths through the
recurrent weights only.
"""

import argparse
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import hypr
import numpy as np

import ecg

CREDITS = ["spatial", "window", "recurrent", "filtered"]
Gradient = dict[str, np.ndarray]


def gradient(model: Path, sequences: int, credit: str, window: int) -> Gradient:
    """The mean gradient over the first training sequences, of the tensors that are trained."""
    session = hypr.Session(hypr.Model.load(model), update="manual", credit=credit, window=window)
    inputs, labels = ecg.load("train")
    for sequence in range(sequences):
        session.learn_sequence(inputs[sequence], labels[sequence])
    trained = {tensor.name for tensor in session.tensors if tensor.trainable}
    return {name: values.ravel().astype(float) for name, values in session.gradients.items() if name in trained}


def cosines(a: Gradient, b: Gradient) -> dict[str, float]:
    return {name: float(a[name] @ b[name] / (np.linalg.norm(a[name]) * np.linalg.norm(b[name]))) for name in b}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--models", nargs="+", choices=ecg.MODELS, default=["brf", "se_adlif"], metavar="NAME",
        help="neuron models (default: brf se_adlif)")
    add("--windows", type=int, nargs="+", default=[10, 50, 100, ecg.STEPS], metavar="STEPS",
        help=f"(default: 10 50 100 {ecg.STEPS}; the last is the whole sequence)")
    add("--epochs", type=int, default=8, metavar="N", help="of training, offline (default: %(default)s)")
    add("--sequences", type=int, default=64, metavar="N", help="to take the gradient of (default: %(default)s)")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N",
        help="of weights and order of the sequences (default: 0 1 2)")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    rules = list(product(CREDITS, arguments.windows))
    with TemporaryDirectory() as work:
        ecg.export(Path(work))
        for name in arguments.models:
            found: dict[tuple[str, int], list[dict[str, float]]] = {rule: [] for rule in rules}
            for seed in arguments.seeds:
                training = ecg.Training(name, "window", "offline", arguments.epochs, seed)
                model = training.run(Path(work), validation_split=0)
                exact = gradient(model, arguments.sequences, "recurrent", ecg.STEPS)
                for rule in rules:
                    found[rule].append(cosines(gradient(model, arguments.sequences, *rule), exact))
            rows = [[*rule, *(ecg.spread([cosine[tensor] for cosine in found[rule]], digits=2) for tensor in exact)]
                    for rule in rules]
            print(f"{name} (epochs: {arguments.epochs}, sequences: {arguments.sequences}, "
                  f"seeds: {len(arguments.seeds)})\n")
            print(ecg.table(rows, ["credit", "window", *exact]), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
