"""The same network with its weights in fewer bytes."""

from __future__ import annotations

from collections.abc import Iterable

from hypr._tensors import ElementType
from hypr.builder import ModelBuilder
from hypr.model import Model, checked_model


def quantize(model: Model, element_type: ElementType = "int8", tensors: Iterable[str] | None = None) -> Model:
    """A model whose file stores weights in fewer bytes, rounded to the nearest; the rest stays as it is (docs/quantization.md).

    Parameters
    ----------
    model : Model
    element_type : {"int8", "float16", "float32"}
        A byte for each weight and a scale for each row of a matrix (its largest magnitude / 127), IEEE binary16, or four bytes.
        What was rounded once stays so, with "float32" too.
    tensors : iterable of str, optional
        Only these weights, such as ``"layer0.recurrent_weight"``; the others stay as they are. Not given: all weights.

    Raises
    ------
    UnknownTensorError, InvalidArgumentError
        There is no such tensor, or it is no weight: biases and neuron parameters are float32.
    NotFiniteError
        A weight is beyond what float16 holds, 65504; the message names it.

    Examples
    --------
    >>> small = hypr.quantize(hypr.Model.load("watch.hypr"), "int8")
    >>> small.save("watch-int8.hypr")
    """
    builder = ModelBuilder.from_model(checked_model(model))
    for name in [None] if tensors is None else tensors:
        builder.set_element_type(element_type, name)
    return builder.build()
