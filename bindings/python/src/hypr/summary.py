"""Models and sessions in words: what ``python -m hypr info`` prints, the first part of a report, and what notebooks show."""

from __future__ import annotations

from html import escape

from hypr.model import Model
from hypr.model_file import decode
from hypr.options import option_info
from hypr.session import Session


def model_facts(model: Model) -> dict[str, str]:
    """What a model file says, and what the model takes, by name."""
    description = decode(model.data)
    facts = {"name": model.name or "–"}
    facts["inputs"] = _counted(model.input_size, model.input_names)
    for index, layer in enumerate(description.layers):
        kind = [f"{model.layers[index].size} {layer.neuron}"]
        kind.append("recurrent" if layer.recurrent_weight is not None else "not recurrent")
        kind += [] if layer.bias is not None else ["no bias"]
        kind += [f"{name} {value:.6g}" for name, value in layer.constants.items()]
        facts[f"layer {index}" + (f" ({layer.name})" if layer.name else "")] = ", ".join(kind)
    facts["outputs"] = _counted(model.output_size, model.class_labels)
    trained = sum(tensor.size for tensor in model.tensors if tensor.trainable)
    facts["parameters"] = f"{model.parameter_count:,}, {trained:,} of them trainable"
    facts["time step"] = f"{model.time_step:g} s" if model.time_step else "not said"
    facts["size of the file"] = _bytes(len(model.data))
    facts["memory of a session"] = (f"{_bytes(Session.memory_size(model, learning=False).bytes)}, with learning "
                                    f"{_bytes(Session.memory_size(model).bytes)}")
    if model.exemplar_infos:
        steps, size = (sum(numbers) for numbers in zip(*((info.steps, info.bytes) for info in model.exemplar_infos)))
        facts["exemplars"] = f"{len(model.exemplar_infos)} with {steps:,} steps, {_bytes(size)}"
    if description.recommended_options:
        options = ((name, option_info(name).decode(value)) for name, value in description.recommended_options.items())
        facts["recommended options"] = ", ".join(
            f"{name} {_value(value)}" for name, value in options)
    return facts | {f"metadata: {key}": value for key, value in model.metadata.items()}


def session_facts(session: Session) -> dict[str, str]:
    """What a session has done and what it takes, by name; the options are those that are not at their defaults."""
    options = session.options
    chosen = {name: value for name, value in options.items() if value != option_info(name).decode(option_info(name).default)}
    facts = {"model": repr(session.model)[1:-1], "memory": _bytes(session.memory_report.total)}
    facts["options"] = ", ".join(f"{name} {_value(value)}" for name, value in chosen.items()) or "the defaults"
    statistics = session.statistics
    facts["steps"] = f"{statistics.steps:,}"
    if statistics.taught_steps:
        facts["taught steps"] = f"{statistics.taught_steps:,}, {statistics.accuracy:.1%} of them right"
        facts["mean loss"] = f"{statistics.mean_loss:.4g}"
    if options["learning"]:
        facts["updates"] = f"{statistics.updates:,}, {statistics.skipped_updates:,} skipped"
    for index, rate in enumerate(statistics.spike_rates):
        facts[f"spike rate of layer {index}"] = f"{rate:.4f} per neuron and step"
    return facts


def as_html(title: str, facts: dict[str, str]) -> str:
    """Facts as a table of HTML, without a style of its own."""
    rows = "".join(f"<tr><th style='text-align: left'>{escape(name)}</th><td style='text-align: left'>{escape(value)}</td></tr>"
                   for name, value in facts.items())
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def as_text(facts: dict[str, str]) -> str:
    """Facts as lines, the names in one column."""
    width = max(map(len, facts))
    return "\n".join(f"{name:{width}}  {value}" for name, value in facts.items())


def _counted(count: int, names: tuple[str, ...]) -> str:
    return f"{count}: {', '.join(names)}" if names else str(count)


def _bytes(count: int) -> str:
    return f"{count / 1024:,.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MiB"


def _value(value: bool | int | float | str | tuple[str, ...]) -> str:
    """The value of an option."""
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
