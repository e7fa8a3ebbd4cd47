"""Golden files: what a net's file holds, and safetensors bytes that depend on nothing but their content."""

import json
import struct

import numpy as np
import safetensors.numpy

from golden_nets import Draw, GoldenNet
from losses import LOSSES
from network import Network, forward

TYPE_NAMES = {"float64": "F64", "float32": "F32", "int64": "I64"}


def tensor_name(layer: str, name: str) -> str:
    """The readout's only weight is called `readout.weight` in the files."""
    return "readout.weight" if (layer, name) == ("readout", "input_weight") else f"{layer}.{name}"


def named(prefix: str, tree) -> dict[str, np.ndarray]:
    return {f"{prefix}/{tensor_name(layer, name)}": np.asarray(array)
            for layer, tensors in tree.items() for name, array in tensors.items()}


def flat(network: Network, gradient) -> np.ndarray:
    """All tensors one after the other in float32: layers bottom to top, in each the weights, the bias and the neuron
    parameters in their order."""
    parts = []
    for layer, model in network.layers().items():
        names = ("input_weight", "recurrent_weight", "bias", *model.parameter_names)
        parts += [np.ravel(gradient[layer][name]) for name in names if name in gradient[layer]]
    return np.concatenate(parts).astype(np.float32)


def tensors_of(golden: GoldenNet, drawn: Draw, gradients: dict, loss_gradients: dict) -> dict[str, np.ndarray]:
    targets = drawn.targets
    traces = forward(golden.network, drawn.parameters, drawn.inputs)
    outputs = traces["readout"].spikes
    loss = LOSSES["cross_entropy"]
    tensors = {
        "input": drawn.inputs,
        "labels": targets.labels,
        "sequence_label": targets.sequence_label,
        "target": targets.values,
        "error": targets.error,
        "class_weights": targets.class_weights,
        "loss": loss.total(outputs, {}, targets, None),
        "loss_per_step": loss.per_step(outputs, targets),
        "forward/output": outputs,
        **named("parameter", drawn.parameters),
    }
    for name, trace in traces.items():
        if name != "readout":
            tensors |= {f"forward/{name}.state": trace.state, f"forward/{name}.spikes": trace.spikes}
    for kind, gradient in gradients.items():
        tensors |= named(f"gradient/{kind}", gradient)
    for kind, gradient in loss_gradients.items():
        if not golden.stores(int(kind.split("/")[-1])):
            continue
        tensors[f"loss_gradient/{kind}"] = flat(golden.network, gradient)
    for name, loss in LOSSES.items():
        if name != "cross_entropy" and loss.penalty is None:  # a penalty depends on the windows
            tensors[f"loss_value/{name}"] = loss.total(outputs, {}, targets, None)
    return {name: np.asarray(array, order="C") for name, array in tensors.items()}


def metadata_of(golden: GoldenNet, drawn: Draw) -> dict[str, str]:
    metadata = {
        "neurons": ",".join(golden.network.neurons),
        "sizes": ",".join(map(str, golden.network.sizes)),
        "windows": ",".join(map(str, golden.windows)),
        "loss": "cross_entropy",
        "seed": str(drawn.seed),
        **({"sparse": ",".join(name for name, _ in golden.network.sparse)} if golden.network.sparse else {}),
    }
    for name, model in golden.network.layers().items():
        if name != "readout":
            metadata[f"{name}.constants"] = ",".join(f"{key}={value}" for key, value in model.constants.items())
    return metadata


def serialize(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """The safetensors format: length of the header, header in JSON padded to 8 bytes, then the data.

    Written here because the library orders the metadata differently in every run. It reads the result back. Longer
    numbers come first, so that all are aligned.
    """
    header, chunks, offset = {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        little_endian = array.astype(array.dtype.newbyteorder("<"))
        chunks.append(little_endian.tobytes())
        end = offset + len(chunks[-1])
        header[name] = {"dtype": TYPE_NAMES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [offset, end]}
        offset = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    content = struct.pack("<Q", len(encoded)) + encoded + b"".join(chunks)
    read_back = safetensors.numpy.load(content)
    same = all(np.array_equal(read_back[name], array) for name, array in tensors.items() if name in read_back)
    if read_back.keys() != tensors.keys() or not same:
        raise RuntimeError("the safetensors library reads something else than was written")
    return content
