"""Prints how near the gradient of each kind of credit is to that of full backpropagation through time, on ECG-QTDB.

For every trained tensor: the cosine between the two mean gradients over some training sequences, in nets that have
learned for some epochs; mean and standard deviation over several nets. Backpropagation through time is credit
`recurrent` with the whole sequence as its window; credit `window` with the whole sequence leaves out paths through the
recurrent weights only.
The library is build/lib/libhypr.so, or what the environment variable HYPR_LIBRARY names.
"""

import argparse
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import ecg

sys.path.append(str(ecg.ROOT / "examples" / "watch"))
from hypr_abi import Library, Session, ffi  # noqa: E402

CREDITS = ["spatial", "window", "recurrent", "filtered"]  # by the value of the option
Gradient = dict[str, np.ndarray]


class Learner(Session):
    def gradient(self) -> Gradient:
        """What was gathered since the last update, by the names of the trained tensors."""
        tensors = []
        for index in range(self._functions.hypr_session_tensor_count(self._session)):
            tensor = ffi.new("hypr_tensor_info *", {"struct_size": ffi.sizeof("hypr_tensor_info")})
            self._check(self._functions.hypr_session_tensor_info(self._session, index, tensor))
            tensors.append(tensor)
        flat = np.empty(sum(tensor.size for tensor in tensors), np.float32)
        pointer = ffi.from_buffer("float[]", flat)
        self._check(self._functions.hypr_session_get_gradients(self._session, pointer, flat.size))
        return {ffi.string(tensor.name).decode(): flat[tensor.offset:tensor.offset + tensor.size].astype(float)
                for tensor in tensors if tensor.trainable}


def known_credits(library: Library) -> list[str]:
    """The kinds of credit that the library has."""
    upper = ffi.new("double *")
    call = library.functions
    library.check(call.hypr_option_bounds(call.HYPR_OPTION_CREDIT, ffi.NULL, upper, ffi.NULL))
    return CREDITS[:int(upper[0]) + 1]


def gradient(library: Library, model: Path, sequences: int, credit: str, window: int) -> Gradient:
    """The mean gradient over the first training sequences."""
    session = Learner(library, model, learning=1, update=library.functions.HYPR_UPDATE_MANUAL,
                      credit=CREDITS.index(credit), window=window)
    inputs, labels = ecg.load("train")
    for sequence in range(sequences):
        session.learn_sequence(inputs[sequence], labels[sequence])
    return session.gradient()


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
    library = Library()
    known = known_credits(library)
    for credit in CREDITS[len(known):]:
        print(f"Skipped: this library has no credit `{credit}`\n")
    rules = list(product(known, arguments.windows))
    with TemporaryDirectory() as work:
        ecg.export(Path(work))
        for name in arguments.models:
            found: dict[tuple[str, int], list[dict[str, float]]] = {rule: [] for rule in rules}
            for seed in arguments.seeds:
                training = ecg.Training(name, "window", "offline", arguments.epochs, seed)
                model = training.run(Path(work), validation_split=0)
                exact = gradient(library, model, arguments.sequences, "recurrent", ecg.STEPS)
                for rule in rules:
                    found[rule].append(cosines(gradient(library, model, arguments.sequences, *rule), exact))
            rows = [[*rule, *(ecg.spread([cosine[tensor] for cosine in found[rule]], digits=2) for tensor in exact)]
                    for rule in rules]
            print(f"{name} (epochs: {arguments.epochs}, sequences: {arguments.sequences}, "
                  f"seeds: {len(arguments.seeds)})\n")
            print(ecg.table(rows, ["credit", "window", *exact]), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
