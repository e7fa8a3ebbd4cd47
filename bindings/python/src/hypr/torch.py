"""Published networks from the state dicts that PyTorch saved.

Two families are known by their keys:

- Higuchi et al. 2024, arXiv 2402.14603 (AdaptiveAILab/brf-neurons): BRF, RF, LIF, and ALIF after Yin, Corradi & Bohté 2021
- Baronig et al. 2024, arXiv 2408.07517 (IGITUGraz/SE-adlif): SE-adLIF, EF-adLIF, LIF

>>> builder = hypr.torch.from_state_dict("best.pt", "brf")
>>> model = builder.labels(["P", "PQ", "QR", "RS", "ST", "TP"]).build()

PyTorch is needed for files only: a dict of arrays will do.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._optional import require
from hypr._state_dicts import Tensors, baronig, higuchi
from hypr.builder import ModelBuilder
from hypr.description import Surrogate
from hypr.errors import FileError, ModelFileNotFoundError, ModelUnsupportedError

__all__ = ["from_state_dict"]


def from_state_dict(source: str | os.PathLike[str] | Mapping[str, Any], neuron: str | None = None, *, recurrent: bool = True,
                    boundary_dt: float = 0.01, surrogate: str | Surrogate | None = None, time_step: float = 0.0, name: str = "",
                    **constants: float) -> ModelBuilder:
    """A builder with the network of a state dict: it computes what the published code does.

    Parameters
    ----------
    source : path or mapping
        A checkpoint (.pt, .pth, .ckpt), or a state dict: tensors or arrays by their keys. If there is a `state_dict` or
        `model_state_dict` inside, that is taken. A prefix that all keys share, such as ``module.``, is left out.
    neuron : str, optional
        "brf", "rf", "alif" or "lif"; "se_adlif", "ef_adlif" or "lif_hard". It must be given where keys leave it open: those
        of BRF and RF are the same, and those of SE-adLIF and EF-adLIF. (The harmonic oscillators of the first family have
        them, too; no neuron model here computes these.)
    recurrent : bool
        First family: whether the last columns of a layer's weight are for the spikes of the layer itself.
    boundary_dt : float
        BRF: the dt that p(omega), the divergence boundary, is computed with. The published code takes 0.01 even if its dt is
        another one. `b_offset` then makes up for the difference.
    surrogate : str or Surrogate, optional
        For learning; by default that of the neuron model.
    time_step : float
        Seconds between two samples; 0: not said.
    name : str
        Of the model, for people.
    **constants
        Constants of the neuron model by name, such as ``dt=0.005`` or ``adaptation_gain=60``: a state dict does not have
        them. The defaults are the published ones, the same as in docs/neuron-models.md.

    Raises
    ------
    UnknownTensorError
        A key is missing.
    SizeMismatchError
        An array has another shape than expected; the message has its key.
    InvalidArgumentError
        `neuron` must be given, or is not one with these keys; or a number is out of its range.
    ModelUnsupportedError
        There is a key that these networks do not have, or no neuron model computes the same.
    NotFoundError
        The neuron model has no such constant.
    ModelFileNotFoundError, FileError
        There is no such checkpoint, or it cannot be read; one that holds more than tensors and plain values is not.
    """
    tensors = Tensors(_arrays(source))
    network = higuchi(tensors, neuron, constants, recurrent, boundary_dt) or baronig(tensors, neuron, constants)
    if network is None:
        raise ModelUnsupportedError(_advice(tensors))
    tensors.finish()
    builder = ModelBuilder(network.layers[0].input_weight.shape[1], time_step, name)
    for layer in network.layers:
        recurrent_weight = layer.recurrent_weight
        values: dict[str, Any] = {**layer.values, **({} if recurrent_weight is None else {"recurrent_weight": recurrent_weight})}
        builder.layer(layer.neuron, len(layer.input_weight), recurrent=recurrent_weight is not None, sparse=layer.sparse,
                      input_sparse=layer.input_sparse, bias=False if layer.bias is None else layer.bias, surrogate=surrogate,
                      input_weight=layer.input_weight, **values)
    top = network.readout
    builder.readout(len(top.weight), weight=top.weight, bias=False if top.bias is None else top.bias, tau=top.tau)
    for tensor, trainable in network.trainable.items():
        builder.set_trainable(tensor, trainable)
    return builder


def _arrays(source: Any) -> dict[str, npt.NDArray[Any]]:
    """The arrays by their keys, without a common prefix."""
    found = source if isinstance(source, Mapping) else _load(source)
    for inner in ("state_dict", "model_state_dict"):
        if isinstance(found, Mapping) and isinstance(found.get(inner), Mapping):
            found = found[inner]
    if not isinstance(found, Mapping) or not found:
        raise ModelUnsupportedError(f"expected a state dict, arrays by their keys, but this is a {type(found).__name__}"
                                    f"{' without keys' if isinstance(found, Mapping) else ''}")
    keys = {key: str(key).split(".") for key in found}
    while all(len(parts) > 1 for parts in keys.values()) and len({parts[0] for parts in keys.values()}) == 1:
        keys = {key: parts[1:] for key, parts in keys.items()}
    return {".".join(parts): _array(".".join(parts), found[key]) for key, parts in keys.items()}


def _array(key: str, value: Any) -> npt.NDArray[Any]:
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()  # of any type: NumPy has no bfloat16
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{key} is a {type(value).__name__}, expected a tensor or an array of numbers")
    return array


def _load(path: str | os.PathLike[str]) -> Any:
    file = os.fspath(path)
    if not os.path.exists(file):
        raise ModelFileNotFoundError(f"there is no checkpoint {file!r}")
    torch = require("torch", "reading a checkpoint")
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise FileError(f"the checkpoint {file!r} cannot be read: {reason}. Where it was made, "
                        "torch.save(model.state_dict(), path) writes one with nothing but tensors") from error


def _advice(tensors: Tensors) -> str:
    if "i2h" in tensors.modules or any("tau_adp_h" in module for module in tensors.modules):
        return ("these are keys of the code of Yin, Corradi & Bohté (2021) itself: its neurons subtract the threshold of the "
                "next step, undamped, which no neuron model here does")
    return (f"the keys begin with {', '.join(tensors.modules)}; expected 'hidden' (or 'hidden1', 'hidden2', ...) and 'out' of "
            "Higuchi et al. (2024), or 'l1', 'l2', ... and 'out_layer', or '0', '1', ..., of Baronig et al. (2024)")
