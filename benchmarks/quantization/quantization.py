"""Prints what weights in fewer bytes cost: bytes and accuracy; and what is left of learning in sessions that save and load.

Networks: that of examples/watch on wearer 2, whom it has never seen, and with HYPR_TEST_DATA nets on ECG-QTDB, which are trained
first, online, as benchmarks/ecg does it. Nothing is chosen on what is measured.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

import adaptation
import ecg
import hypr
import recordings

TYPES = ["float32", "float16", "int8"]
WATCH = ecg.ROOT / "examples" / "watch"


@dataclass
class Network:
    """A trained model, and the labelled samples [sequences][steps, channels] that it is tested on."""

    name: str
    model: hypr.Model
    inputs: list[np.ndarray]
    labels: list[np.ndarray]

    def accuracy(self, model: hypr.Model) -> float:
        """Of single steps, in percent."""
        session = hypr.Session(model, learning=False)
        right = 0
        for inputs, labels in zip(self.inputs, self.labels):
            session.reset()
            right += (session.run(inputs).argmax(axis=1) == labels).sum()
        return 100 * right / sum(map(len, self.labels))


def watch_stream() -> np.ndarray:
    return np.fromfile(WATCH / "wearer-2.stream", recordings.SAMPLE)


def networks(folder: Path, epochs: int) -> Iterator[Network]:
    stream = watch_stream()
    test = stream[stream["kind"] == recordings.TEST]
    watch = hypr.Model.load(WATCH / "without-wearer-2.hypr")
    yield Network("watch, 6-64-7 SE-adLIF", watch, [recordings.values(test)], [test["label"]])
    if not os.environ.get("HYPR_TEST_DATA"):
        return
    ecg.export(folder)
    inputs, labels = ecg.load("test")
    for name in ("brf", "se_adlif"):
        path = folder / f"{ecg.Training(name, 'window', 'online', epochs, 0)}.hypr"
        if not path.exists():
            ecg.Training(name, "window", "online", epochs, 0).run(folder)
        yield Network(f"ECG, 4-36-6 {name}", hypr.Model.load(path), list(inputs.astype(np.float32)), list(labels))


def weight_bytes(model: hypr.Model) -> int:
    """Of the elements and scales of weights."""
    sizes = {"float32": 4, "float16": 2, "int8": 1}
    return sum(tensor.size * sizes[tensor.element_type] + (4 * tensor.shape[0] if tensor.element_type == "int8" else 0)
               for tensor in model.tensors if len(tensor.shape) == 2)


def precision(network: Network) -> Iterator[list[str]]:
    before = hypr.Session(network.model, learning=False).run(network.inputs[0]).argmax(axis=1)
    for element_type in TYPES:
        model = hypr.quantize(network.model, element_type)
        same = (hypr.Session(model, learning=False).run(network.inputs[0]).argmax(axis=1) == before).mean()
        yield [network.name, element_type, f"{len(model.data):,}", f"{weight_bytes(model):,}", f"{network.accuracy(model):.2f}",
               f"{100 * same:.1f}"]


def adapted(model: hypr.Model, stream: np.ndarray, parts: int, seed: int, **options: object) -> hypr.Model:
    """What a device has after the calibration session, if it saves its model and starts again after each of some parts of it."""
    values, taught = recordings.values(stream), stream["kind"] == recordings.LABELLED_CALIBRATION
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.hypr"
        for part, indices in enumerate(np.array_split(np.flatnonzero(stream["kind"] != recordings.TEST), parts)):
            session = hypr.Session(model, learning=True, rounding_seed=seed * (part + 1), **options)
            for index in indices:
                session.step(values[index])
                if taught[index]:
                    session.teach(int(stream["label"][index]))
            session.flush()
            session.save_model(file)
            model = hypr.Model.load(file)
    return model


def learning(parts: list[int], rates: list[float]) -> Iterator[list[str]]:
    stream = watch_stream()
    network = next(networks(Path(), 0))
    ways = [("float32", 0), ("float16", 0), ("float16", 1), ("int8", 0), ("int8", 1)]
    with tqdm(total=len(ways) * len(parts) * len(rates), unit=" runs") as progress:
        for element_type, seed in ways:
            row = [element_type, "" if element_type == "float32" else "at random" if seed else "to the nearest"]
            for rate in rates:
                for count in parts:
                    model = adapted(hypr.quantize(network.model, element_type), stream, count, seed, learning_rate=rate,
                                    schedule="constant")
                    row.append(f"{network.accuracy(model):.1f}")
                    progress.update()
            yield row


def online() -> Iterator[list[str]]:
    """With the options that the model recommends, in one session, tested as examples/watch does it."""
    stream, model = watch_stream(), hypr.Model.load(WATCH / "without-wearer-2.hypr")
    for element_type in TYPES:
        small = hypr.quantize(model, element_type)
        yield [element_type, *(f"{100 * adaptation.recognised(small, stream, learns)[0].mean():.1f}" for learns in (False, True))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--tables", nargs="+", choices=["precision", "online", "sessions"], default=["precision", "online", "sessions"])
    add("--epochs", type=int, default=6, metavar="N", help="of the nets on ECGs (default: %(default)s)")
    add("--folder", type=Path, metavar="FOLDER", help="keep nets on ECGs here, and do not train those that are there")
    add("--parts", type=int, nargs="+", default=[1, 20, 200], metavar="N", help="sessions in a row (default: 1 20 200)")
    add("--rates", type=float, nargs="+", default=[0.003, 0.0003], metavar="RATE", help="learning rates (default: 0.003 0.0003)")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if "precision" in arguments.tables:
            rows = [row for network in networks(folder, arguments.epochs) for row in precision(network)]
            print(ecg.table(rows, ["network", "weights", "bytes of the file", "of its weights", "accuracy %",
                                   "steps of the first sequence answered as before %"]), "\n")
    if "online" in arguments.tables:
        print(ecg.table(online(), ["weights", "before learning %", "after %"]), "\n")
    if "sessions" in arguments.tables:
        headers = [f"sessions: {count}, rate {rate:g}" for rate in arguments.rates for count in arguments.parts]
        print(ecg.table(learning(arguments.parts, arguments.rates), ["weights", "rounded", *headers]))


if __name__ == "__main__":
    main()
