"""A model in words: what ``python -m hypr info`` prints, and the first part of a report."""

from __future__ import annotations

from hypr._facts import bytes_text, counted, value_text
from hypr.model import Model
from hypr.model_file import decode
from hypr.options import option_info
from hypr.session import Session


def model_facts(model: Model) -> dict[str, str]:
    """What a model file says, and what the model takes, by name."""
    description = decode(model.data)
    facts = {"name": model.name or "–"}
    facts["inputs"] = counted(model.input_size, model.input_names)
    for index, layer in enumerate(description.layers):
        kind = [f"{model.layers[index].size} {layer.neuron}"]
        kind.append("recurrent" if layer.recurrent_weight is not None else "not recurrent")
        kind += [] if layer.bias is not None else ["no bias"]
        kind += [f"{name} {value:.6g}" for name, value in layer.constants.items()]
        facts[f"layer {index}" + (f" ({layer.name})" if layer.name else "")] = ", ".join(kind)
    facts["outputs"] = counted(model.output_size, model.class_labels)
    trained = sum(tensor.size for tensor in model.tensors if tensor.trainable)
    facts["parameters"] = f"{model.parameter_count:,}, {trained:,} of them trainable"
    facts["time step"] = f"{model.time_step:g} s" if model.time_step else "not said"
    facts["size of the file"] = bytes_text(len(model.data))
    facts["memory of a session"] = (f"{bytes_text(Session.memory_size(model, learning=False).bytes)}, with learning "
                                    f"{bytes_text(Session.memory_size(model).bytes)}")
    if model.exemplar_infos:
        steps, size = (sum(numbers) for numbers in zip(*((info.steps, info.bytes) for info in model.exemplar_infos)))
        facts["exemplars"] = f"{len(model.exemplar_infos)} with {steps:,} steps, {bytes_text(size)}"
    if description.recommended_options:
        options = ((name, option_info(name).decode(value)) for name, value in description.recommended_options.items())
        facts["recommended options"] = ", ".join(
            f"{name} {value_text(value)}" for name, value in options)
    return facts | {f"metadata: {key}": value for key, value in model.metadata.items()}
