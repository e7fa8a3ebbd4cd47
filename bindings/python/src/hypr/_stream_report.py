"""What a report says of a session on a stream."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hypr import plot
from hypr._page import Section, one_column, picture
from hypr.errors import FileError
from hypr.model import Model
from hypr.stream_log import StreamRecord

# From how many points on a class counts as forgotten: below is the noise of few samples.
_FORGOTTEN = 0.05


def stream_verdict(stream: StreamRecord) -> list[str]:
    """Sentences, the most important first."""
    judged = stream.labels >= 0
    if not judged.any():
        return [f"The stream has {len(stream):,} steps, and no label: nothing can be judged."]
    right = stream.correct[judged]
    quarter = max(right.size // 4, 1)
    guessed = np.bincount(stream.labels[judged]).max() / right.size
    said = [f"On the stream {right[-quarter:].mean():.1%} of the last quarter of the labelled steps were right, "
            f"{right[:quarter].mean():.1%} of the first; always saying the most frequent class gives {guessed:.1%}."]
    lost = np.flatnonzero(stream.forgotten > _FORGOTTEN)  # NaN is not
    if lost.size:
        worst = stream.forgotten[lost].max()
        known = np.isfinite(stream.forgotten).sum()
        said.append(f"It forgot: of samples kept aside, {lost.size} of {known} classes are recognised worse than before, the worst "
                    f"by {100 * worst:.1f} points.")
    return said


def check_stream(stream: StreamRecord, model: Model) -> None:
    """Raises FileError if it is of another model."""
    for found, expected, what in ((stream.spike_rates.shape[1], model.layer_count, "layers"),
                                  (stream.gauge_correct.shape[1], model.output_size, "classes")):
        if found != expected:
            raise FileError(f"the stream is of a model with {found} {what}, model.hypr has {expected}")
    largest = max(stream.labels.max(initial=-1), stream.predictions.max(initial=-1))
    if largest >= model.output_size:
        raise FileError(f"stream.csv has the class {largest}, model.hypr has {model.output_size}")


def stream_sections(stream: StreamRecord, model: Model) -> Iterator[Section]:
    """Accuracy over the stream, per class, what is still known, spike rates, time per step; each if the stream has it."""
    time_step = model.time_step
    judged = stream.labels >= 0
    if judged.any():
        window = int(np.clip(len(stream) // 40, 20, 2000))
        yield Section("Stream", f"{len(stream):,} steps, {judged.sum():,} of them with a label.", pictures=[
            picture(lambda ax: plot.stream_accuracy({"the session": stream.correct}, ax, window=window, time_step=time_step),
                    "How many outputs were right before the step was taught.", 9, 3.5)])
        yield _classes(stream, model)
    if len(stream.gauge_steps):
        yield _gauge(stream, model)
    if len(stream.spike_rates):
        spiking = np.asarray(stream.spike_rates.any(axis=0))
        layers = [f"layer {index}, {layer.neuron}" for index, layer in enumerate(model.layers)]
        text = "" if spiking.all() else "Without spikes: " + ", ".join(
            name for name, spikes in zip(layers, spiking, strict=True) if not spikes) + "."
        yield Section("Spike rates", text, pictures=[picture(
            lambda ax: plot.spike_rates(stream.spike_rate_steps, stream.spike_rates, ax, names=layers, time_step=time_step),
            "Spikes per neuron and step.", 9, 3)])
    if len(stream):
        yield _latency(stream, model)


def _classes(stream: StreamRecord, model: Model) -> Section:
    names = model.class_labels or tuple(map(str, range(model.output_size)))
    section = Section("Classes", head=("", "steps", "right, first half", "right, second half"))
    for index, name in enumerate(names):
        right = stream.correct[stream.labels == index]
        halves = right[: right.size // 2], right[right.size // 2:]
        section.table[name] = [f"{right.size:,}", *(f"{half.mean():.1%}" if half.size else "–" for half in halves)]
    window = int(np.clip(len(stream) // (5 * len(names)), 20, 2000))  # a class comes in stretches: several of them
    section.pictures.append(picture(
        lambda ax: plot.class_accuracy(stream.labels, stream.predictions, ax, names=names, window=window,
                                       time_step=model.time_step),
        "How many outputs were right, of each class.", 9, 3.5))
    section.pictures.append(picture(
        lambda ax: plot.confusion_matrix(stream.labels, stream.predictions, ax, names=names),
        "Right and predicted classes, in percent of the right ones.", 7.5, 5.5))
    return section


def _gauge(stream: StreamRecord, model: Model) -> Section:
    names = model.class_labels or tuple(map(str, range(model.output_size)))
    section = Section(
        "What is still known",
        "Of samples kept aside and never taught; forgotten is the best reading before the last one, less the last one.",
        head=("", "first", "best", "last", "forgotten, points"))
    for index in np.flatnonzero(np.isfinite(stream.gauge_correct).any(axis=0)).tolist():
        read, lost = stream.gauge_correct[:, index], stream.forgotten[index]
        section.table[names[index]] = [f"{read[0]:.1%}", f"{read.max():.1%}", f"{read[-1]:.1%}",
                                       f"{100 * lost:+.1f}" if np.isfinite(lost) else "–"]
    section.pictures.append(picture(
        lambda ax: plot.gauge(stream.gauge_steps, stream.gauge_correct, ax, names=names, time_step=model.time_step),
        "Of samples kept aside, how many are recognised.", 9, 3.5))
    return section


def _latency(stream: StreamRecord, model: Model) -> Section:
    times = {"median": 0.5, "99 %": 0.99, "99.9 %": 0.999, "slowest": 1.0}
    facts = {name: f"{1e3 * float(np.quantile(stream.seconds, share)):.3f} ms" for name, share in times.items()}
    text = "Of a step and its lesson, as the program saw them; Python takes some microseconds for each itself."
    if model.time_step:
        late = int((stream.seconds > model.time_step).sum())
        text += f" Between two samples there are {1e3 * model.time_step:g} ms: {late:,} steps took longer."
    return Section("Time per step", text, table=one_column(facts), pictures=[picture(
        lambda ax: plot.latency(stream.seconds, ax, deadline=model.time_step), "Steps that took long.", 9, 3.5)])
