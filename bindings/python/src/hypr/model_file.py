"""Descriptions of networks to and from the bytes of .hypr files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hypr.description import (
    InputDescription,
    LayerDescription,
    LevelCrossingDescription,
    ModelDescription,
    ReadoutDescription,
    SparseRows,
    Surrogate,
    Tensor,
)
from hypr.flat import pack, unpack
from hypr.schema import enum_name, enum_number, neuron

FORMAT_VERSION = 1
IDENTIFIER = b"HYPR"


def encode(model: ModelDescription) -> bytes:
    """The bytes of the model file. Only the loader checks them."""
    return pack("Model", {
        "format_version": FORMAT_VERSION,
        "name": model.name or None,
        "time_step": model.time_step,
        "input": None if model.input is None else _encode_input(model.input),
        "layers": [_encode_layer(layer) for layer in model.layers],
        "readout": {
            "weight": _encode_tensor(model.readout.weight),
            "bias": _encode_tensor(model.readout.bias),
            "tau": _encode_tensor(model.readout.tau)},
        "class_labels": model.class_labels or None,
        "recommended_options": [{"name": name, "value": value} for name, value in model.recommended_options.items()] or None,
        "metadata": [{"key": key, "value": value} for key, value in model.metadata.items()] or None,
    }, IDENTIFIER)


def decode(data: bytes) -> ModelDescription:
    """The network of a model file that the library has loaded, and so checked."""
    model = unpack("Model", data)
    readout = model["readout"]
    return ModelDescription(
        layers=[_decode_layer(layer) for layer in model["layers"]],
        readout=ReadoutDescription(
            _decode_tensor(readout["weight"]), _optional_tensor(readout.get("bias")), _decode_tensor(readout["tau"])),
        name=model.get("name", ""),
        time_step=model.get("time_step", 0.0),
        input=_decode_input(model["input"]) if "input" in model else None,
        class_labels=model.get("class_labels", []),
        recommended_options={
            option.get("name", ""): option.get("value", 0.0) for option in model.get("recommended_options", ())},
        metadata={entry.get("key", ""): entry.get("value", "") for entry in model.get("metadata", ())})


def _encode_tensor(tensor: Tensor | None) -> dict[str, Any] | None:
    if tensor is None:
        return None
    values = np.ascontiguousarray(tensor.values, "<f4")
    table = {"shape": values.shape, "data": values.reshape(-1).view(np.uint8), "trainable": tensor.trainable}
    if tensor.sparse is None:
        return table
    return {**table, "shape": tensor.sparse.shape, "layout": enum_number("Layout", "sparse_rows", "layout"),
            "row_offsets": tensor.sparse.row_offsets, "column_indices": tensor.sparse.column_indices}


def _decode_tensor(table: Mapping[str, Any]) -> Tensor:
    values, trainable = table["data"].view("<f4"), bool(table.get("trainable", True))
    if enum_name("Layout", table.get("layout", 0)) == "sparse_rows":
        rows, columns = map(int, table["shape"])
        return Tensor(values, trainable, SparseRows((rows, columns), table["row_offsets"], table["column_indices"]))
    return Tensor(values.reshape(table["shape"]), trainable)


def _optional_tensor(table: Mapping[str, Any] | None) -> Tensor | None:
    return None if table is None else _decode_tensor(table)


def _encode_input(description: InputDescription) -> dict[str, Any]:
    encoding = description.encoding
    return {
        "size": description.size, "channel_names": description.channel_names or None, "scale": description.scale,
        "offset": description.offset, "encoding": None if encoding is None else ("LevelCrossing", {
            "thresholds": encoding.thresholds, "output": enum_number("LevelCrossingOutput", encoding.output, "output")})}


def _decode_input(table: Mapping[str, Any]) -> InputDescription:
    def numbers(name: str) -> Any:
        return np.array(table[name]) if len(table.get(name, ())) else None

    encoding = None
    if "encoding" in table:
        _, values = table["encoding"]  # the loader knows no other
        encoding = LevelCrossingDescription(
            np.array(values["thresholds"]), enum_name("LevelCrossingOutput", values.get("output", 0)))
    return InputDescription(
        table["size"], table.get("channel_names", []), numbers("scale"), numbers("offset"), encoding)


def _encode_layer(layer: LayerDescription) -> dict[str, Any]:
    parameters = {name: _encode_tensor(tensor) for name, tensor in layer.parameters.items()}
    surrogate = layer.surrogate
    return {
        "name": layer.name or None,
        "neuron": (neuron(layer.neuron).name, {**parameters, **layer.constants}),
        "surrogate": None if surrogate is None else {
            "kind": enum_number("SurrogateKind", surrogate.kind, "surrogate"), "slope": surrogate.slope,
            "scale": surrogate.scale},
        "reset": enum_number("ResetKind", layer.reset, "reset"),
        "input_weight": _encode_tensor(layer.input_weight),
        "recurrent_weight": _encode_tensor(layer.recurrent_weight),
        "bias": _encode_tensor(layer.bias)}


def _decode_layer(table: Mapping[str, Any]) -> LayerDescription:
    name, values = table["neuron"]
    schema = neuron(name)
    surrogate = table.get("surrogate")
    return LayerDescription(
        neuron=schema.name,
        input_weight=_decode_tensor(table["input_weight"]),
        recurrent_weight=_optional_tensor(table.get("recurrent_weight")),
        bias=_optional_tensor(table.get("bias")),
        parameters={name: _decode_tensor(values[name]) for name in schema.parameters},
        constants={name: values[name] for name in schema.constants if name in values},
        name=table.get("name", ""),
        surrogate=None if surrogate is None else Surrogate(
            enum_name("SurrogateKind", surrogate.get("kind", 0)), surrogate.get("slope"), surrogate.get("scale")),
        reset=enum_name("ResetKind", table.get("reset", 0)))
