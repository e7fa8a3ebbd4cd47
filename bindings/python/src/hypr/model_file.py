"""Descriptions of networks from the bytes of .hypr files. The library writes them (hypr.builder)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hypr._arrays import FloatArray
from hypr.conditioning import decode_stage
from hypr.datasets import encoders
from hypr.description import (
    Exemplar,
    InputDescription,
    LayerDescription,
    ModelDescription,
    ReadoutDescription,
    SparseRows,
    Surrogate,
    Tensor,
)
from hypr.flat import unpack
from hypr.neurons import neuron_model
from hypr.schema import enum_name


def decode(data: bytes) -> ModelDescription:
    """The network of a model file that the library has loaded, and so checked."""
    model = unpack("Model", data)
    readout = model["readout"]
    first, outputs = model["layers"][0]["input_weight"]["shape"], int(readout["weight"]["shape"][0])
    channels = int(model["input"]["size"] if "input" in model else first[1])
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
        metadata={entry.get("key", ""): entry.get("value", "") for entry in model.get("metadata", ())},
        exemplars=[_decode_exemplar(exemplar, channels, outputs) for exemplar in model.get("exemplars", ())])


def _decode_tensor(table: Mapping[str, Any]) -> Tensor:
    values, trainable = _decode_elements(table), bool(table.get("trainable", True))
    if enum_name("Layout", table.get("layout", 0)) == "sparse_rows":
        rows, columns = map(int, table["shape"])
        return Tensor(values, trainable, SparseRows((rows, columns), table["row_offsets"], table["column_indices"]))
    return Tensor(values.reshape(table["shape"]), trainable)


def _decode_elements(table: Mapping[str, Any]) -> FloatArray:
    element_type = enum_name("ElementType", table.get("element_type", 0))
    values: FloatArray = table["data"].view({"float32": "<f4", "float16": "<f2", "int8": "i1"}[element_type]).astype(np.float32)
    if element_type != "int8":
        return values
    scales, rows = table["scales"], int(table["shape"][0])
    offsets = table["row_offsets"] if "row_offsets" in table else np.arange(rows + 1) * (len(values) // rows)
    values *= scales if len(scales) == 1 else np.repeat(scales, np.diff(offsets))
    return values


def _optional_tensor(table: Mapping[str, Any] | None) -> Tensor | None:
    return None if table is None else _decode_tensor(table)


def _decode_input(table: Mapping[str, Any]) -> InputDescription:
    def numbers(name: str) -> Any:
        return np.array(table[name]) if len(table.get(name, ())) else None

    trained_range = (np.array(table["trained_lower"]), np.array(table["trained_upper"])) if len(
        table.get("trained_lower", ())) else None
    return InputDescription(
        table["size"], table.get("channel_names", []), numbers("scale"), numbers("offset"),
        _decode_encoding(*table["encoding"]) if "encoding" in table else None,
        [decode_stage(stage) for stage in table.get("conditioning", ())], trained_range)


def _decode_encoding(name: str, table: Mapping[str, Any]) -> encoders.Encoder:
    if name != "ReceptiveFields":
        kind: type[encoders.ThresholdEncoder] = getattr(encoders, name)
        output: Any = enum_name("LevelCrossingOutput", table.get("output", 0))
        return kind(np.array(table["thresholds"]), output)
    centers, widths = np.array(table["centers"]), np.array(table["widths"])
    if centers.size > table["fields"]:
        centers = centers.reshape(-1, table["fields"])
    output = enum_name("ReceptiveFieldOutput", table.get("output", 0))
    return encoders.ReceptiveFields(
        centers, widths.reshape(centers.shape) if widths.size > 1 else widths[0], table.get("cutoff", 0.01), output)


def _decode_exemplar(table: Mapping[str, Any], channels: int, outputs: int) -> Exemplar:
    labels = table["labels"]
    classes = np.repeat(labels["label"], labels["steps"])
    targets: Any = classes
    if len(table.get("targets", ())):
        targets = np.full((len(classes), outputs), np.nan, np.float32)
        targets[classes >= 0] = table["targets"].reshape(-1, outputs)
    if len(table.get("values", ())):
        inputs = table["value_offset"] + table["value_scale"] * table["values"].reshape(-1, channels).astype(np.float32)
    else:
        inputs = np.zeros((len(classes), channels), np.float32)
        inputs[np.repeat(np.arange(len(classes)), table["spike_counts"]), table.get("spike_channels", [])] = 1
    return Exemplar(inputs, targets, bool(table.get("starts_sequence", False)))


def _decode_layer(table: Mapping[str, Any]) -> LayerDescription:
    name, values = table["neuron"]
    model = neuron_model(name)
    surrogate = table.get("surrogate")
    return LayerDescription(
        neuron=model.name,
        input_weight=_decode_tensor(table["input_weight"]),
        recurrent_weight=_optional_tensor(table.get("recurrent_weight")),
        bias=_optional_tensor(table.get("bias")),
        parameters={name: _decode_tensor(values[name]) for name in model.parameters},
        constants={name: values[name] for name in model.constants if name in values},
        name=table.get("name", ""),
        surrogate=None if surrogate is None else Surrogate(
            enum_name("SurrogateKind", surrogate.get("kind", 0)), surrogate.get("slope"), surrogate.get("scale")),
        reset=enum_name("ResetKind", table.get("reset", 0)))
