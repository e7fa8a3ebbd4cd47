"""A training run, or a session on a stream, on one page: ``python -m hypr report RUN`` writes a single HTML file, with its pictures
inside.

The folder of a run, of which only model.hypr must be there:

    model.hypr       the model
    diagnosis.txt    what stood in the way of the training
    log.csv          a line per epoch, with any of the columns that ``hypr.plot.learning_curves`` knows
    config.json      what was trained, on what and how
    stream.csv       how a session did on a stream, with spike_rates.csv and gauge.csv: see ``hypr.StreamLog``, or hypr stream --log
    adaptation.csv   how each adaptation profile did, see ``hypr.adaptation``
    predictions.npz  what the model says about validation or test data, see ``save_predictions``
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hypr import plot
from hypr._arrays import FloatArray
from hypr._files import replace_file
from hypr._library import library_version
from hypr._optional import require
from hypr._page import Section, one_column, picture
from hypr._stream_report import check_stream, stream_sections, stream_verdict
from hypr.errors import FileError
from hypr.model import Model
from hypr.recording import record
from hypr.run_folder import RunFolder
from hypr.schema import meaning
from hypr.session import Session
from hypr.stream_log import StreamRecord
from hypr.summary import model_facts
from hypr.verdict import Columns, saved_epoch, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EXAMPLE_STEPS = 5000  # more would be a picture of nothing but dots


def save_predictions(run: str | os.PathLike[str], labels: npt.ArrayLike | Sequence[npt.ArrayLike],
                     predictions: npt.ArrayLike | Sequence[npt.ArrayLike], example: npt.ArrayLike | None = None,
                     example_labels: npt.ArrayLike | None = None) -> None:
    """Writes predictions.npz into the folder of a run, for its report: in the place of what ``Trainer`` wrote about its
    validation data.

    Parameters
    ----------
    run : path
    labels, predictions : array_like of int, or list of them
        Of test data, per sequence or per step; a negative label is none.
    example : array_like [steps, channels], optional
        A sequence whose inputs, spikes and outputs the report shows.
    example_labels : int, or array_like of int [steps], optional
        Its right class.
    """
    RunFolder(run).save_predictions("Test data", _joined(labels), _joined(predictions), example, example_labels)


def write_report(run: str | os.PathLike[str], output: str | os.PathLike[str] | None = None,
                 example: npt.ArrayLike | None = None) -> Path:
    """Writes the page, which needs no other file and no network.

    Parameters
    ----------
    run : path
        The folder of the run.
    output : path, optional
        By default report.html in that folder.
    example : array_like [steps, channels], optional
        A sequence to show, instead of the one in predictions.npz.

    Returns
    -------
    Path
        The page.
    """
    folder = Path(run)
    model = Model.load(folder / "model.hypr")
    jinja2 = require("jinja2", "a report")
    template = Path(__file__).with_name("report.html.jinja").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template).render(
        title=model.name or folder.resolve().name, folder=str(folder), version=library_version(),
        date=datetime.now().strftime("%Y-%m-%d %H:%M"), sections=list(_sections(folder, model, example)))
    target = Path(output) if output is not None else folder / "report.html"
    replace_file(target, page.encode())
    return target


def _sections(folder: Path, model: Model, example: npt.ArrayLike | None) -> Iterator[Section]:
    kept, config = RunFolder(folder).predictions(), _config(folder)
    columns = plot.read_log(folder) if (folder / "log.csv").exists() else None
    stream = StreamRecord.load(folder)
    if stream is not None:
        check_stream(stream, model)
    said = [*verdict(columns or {}, config, kept, model), *(stream_verdict(stream) if stream else ())]
    if said:
        yield Section("Verdict", sentences=said)
    found = RunFolder(folder).diagnosis()
    if found:
        yield Section("What stands in the way", sentences=found)
    yield Section("Model", table=one_column(model_facts(model)))
    if stream is not None:
        yield from stream_sections(stream, model)
    if columns is not None:
        yield _learning(columns)
    rows = RunFolder(folder).adaptation()
    if rows:
        yield _adaptation(rows)
    if "labels" in kept and "predictions" in kept:
        yield Section(str(kept.get("data", "Test data")), pictures=[picture(
            lambda ax: plot.confusion_matrix(kept["labels"], kept["predictions"], ax, names=model.class_labels),
            "Right and predicted classes, in percent of the right ones.", 6, 5)])
    shown = kept.get("example") if example is None else np.asarray(example, np.float32)
    if shown is not None:
        labels = kept.get("example_labels") if example is None else None
        if labels is not None and labels.ndim:
            labels = labels[:_EXAMPLE_STEPS]
        yield _activity(model, shown[:_EXAMPLE_STEPS], labels)
    yield from _parameters(model)
    if config:
        yield Section("Configuration", table=one_column(dict(_flat(config))))


def _learning(columns: Columns) -> Section:
    section = Section("Learning")
    if not columns:
        section.text = "No epoch is done."
        return section
    for metric in ("loss", "accuracy"):
        if any(np.isfinite(columns.get(f"{part}_{metric}", np.nan)).any() for part in ("train", "validation")):
            section.pictures.append(picture(
                lambda ax, metric=metric: plot.learning_curves(columns, ax, metric=metric),  # type: ignore[misc]
                f"{metric.capitalize()} over the epochs.", 6, 3.5))
    saved, last = saved_epoch(columns), len(next(iter(columns.values()))) - 1
    places = [last] if saved is None or saved == last else [saved, last]
    section.text = "The last epoch, which was saved:" if saved == last else "The last epoch:" if saved is None else ""
    section.head = ("", "saved", "last") if len(places) > 1 else ()
    section.table = {name.replace("_", " "): [f"{values[place]:.5g}" if np.isfinite(values[place]) else "–" for place in places]
                     for name, values in columns.items() if np.isfinite(values[places]).any() and name != "best"}
    return section


def _adaptation(rows: Sequence[Mapping[str, str]]) -> Section:
    def words(row: Mapping[str, str]) -> str:
        score, gain, least = (100 * float(row[name]) for name in ("score", "gain", "worst_gain"))
        return f"{score:.1f} %, gain {gain:+.1f}, least {least:+.1f}{' (chosen)' if row['chosen'] == '1' else ''}"

    return Section("Adaptation", "What each profile gains on streams that were held out, in points; the model file recommends the "
                                 "chosen one.", table={row["profile"]: (words(row),) for row in rows})


def _activity(model: Model, x: FloatArray, labels: npt.NDArray[Any] | None) -> Section:
    recording = record(Session(model, learning=False), x)
    rates = ", ".join(f"{rate:.4f}" for rate in recording.spike_rates)
    section = Section("An example", f"{len(x)} steps; spikes per neuron and step: {rates}.")
    names = model.input_names if len(model.input_names) == x.shape[1] and x.shape[1] <= 12 else ()
    spiking = [layer for layer in range(model.layer_count) if recording.has_spikes(layer)]
    height = min(2 + sum(model.layers[layer].size for layer in spiking) / 40, 7)

    def inputs(ax: Axes) -> None:
        if np.isin(x, (-1, 0, 1)).all():
            plot.raster(x, ax, time_step=model.time_step).set_ylabel("channel")
        else:
            plot.traces(x, ax, names=names, time_step=model.time_step)

    section.pictures.append(picture(inputs, "Inputs.", 9, 2.5))
    if spiking:
        section.pictures.append(picture(
            lambda ax: plot.raster([recording.spikes[layer] for layer in spiking], ax, time_step=model.time_step,
                                   names=[f"layer {layer}, {model.layers[layer].neuron}" for layer in spiking]),
            "Spikes.", 9, height))
    for layer in range(model.layer_count):
        section.pictures.append(picture(
            lambda ax, layer=layer: plot.membrane(recording, ax, layer=layer),  # type: ignore[misc]
            f"Layer {layer}: three neurons.", 9, 3))
    section.pictures.append(picture(
        lambda ax: plot.readout(recording, ax, labels=labels, probabilities=model.output_size > 1), "Outputs.", 9, 3))
    return section


def _parameters(model: Model) -> Iterator[Section]:
    parameters = model.parameters
    tables = {f"layer{index}": layer.neuron for index, layer in enumerate(model.layers)} | {"readout": "Readout"}

    def caption(name: str) -> str:
        place, _, parameter = name.partition(".")
        said = meaning(tables[place], parameter)
        return f"{name}: {said}" if said else name

    maps = Section("Weights", "Rows are postsynaptic neurons or outputs, columns are inputs or presynaptic neurons.")
    histograms = Section("Distributions of parameters", "Time constants are in steps.")
    for name, values in parameters.items():
        if values.ndim == 2:
            maps.pictures.append(picture(
                lambda ax, name=name: plot.weight_map(parameters, name, ax), name, 5, 3.8))  # type: ignore[misc]
        if values.size > 1:
            histograms.pictures.append(picture(
                lambda ax, name=name: plot.distribution(parameters, name, ax), caption(name), 4, 2.6))  # type: ignore[misc]
    yield maps
    yield histograms


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FileError(f"{str(path)!r} cannot be read: {error}") from error


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of nested tables, with names such as ``options.window``."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _joined(values: Any) -> npt.NDArray[np.int32]:
    parts = [np.asarray(part).ravel() for part in values]
    return (np.concatenate(parts) if parts else np.empty(0)).astype(np.int32)
