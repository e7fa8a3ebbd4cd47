"""What `bench --save` writes, and what hypr itself makes of it."""

from pathlib import Path
from typing import NamedTuple

import hypr
import numpy as np

THETA = {"brf": ("omega", "b_offset"), "se_adlif": ("p_u", "p_w", "a", "b")}


class Case(NamedTuple):
    """A network and its sequence."""

    neuron: str  # such as brf
    net: str  # such as 4-36-6
    model: hypr.Model
    inputs: np.ndarray  # [steps, n], float32
    labels: np.ndarray  # [steps], int32

    @property
    def name(self) -> str:
        return f"{self.neuron}/{self.net}"


def load_case(folder: Path, neuron: str, net: str) -> Case:
    stem = f"{neuron}-{net}"
    inputs = np.fromfile(folder / f"{stem}.inputs.f32", "<f4").reshape(-1, int(net.split("-")[0]))
    labels = np.fromfile(folder / f"{stem}.labels.i32", "<i4")
    if len(inputs) != len(labels):
        raise SystemExit(f"{stem}: {len(inputs)} inputs, but {len(labels)} labels")
    return Case(neuron, net, hypr.Model.load(folder / f"{stem}.hypr"), inputs, labels)


def trained(session: hypr.Session) -> set[str]:
    """The names of the tensors that the session trains."""
    return {tensor.name for tensor in session.tensors if tensor.trainable}


def gradients(session: hypr.Session) -> dict[str, np.ndarray]:
    """The mean over the steps taught since the last update, of the trained tensors."""
    names = trained(session)
    return {name: values for name, values in session.gradients.items() if name in names}


def pack(tensors: dict[str, np.ndarray], neuron: str) -> dict[str, np.ndarray]:
    """Parameters, or their gradients, as the opponents hold them: see jax_networks."""
    def stack(names):
        rows = [np.atleast_2d(tensors[name].T) for name in names if name in tensors]
        return np.ascontiguousarray(np.concatenate(rows))

    packed = {"weight": stack(["layer0.input_weight", "layer0.recurrent_weight", "layer0.bias"]),
              "readout_weight": stack(["readout.weight", "readout.bias"])}
    packed |= {name: tensors[f"layer0.{name}"] for name in THETA[neuron]}
    if "readout.tau" in tensors:
        packed["readout_tau"] = tensors["readout.tau"]
    return packed


def unpack(packed: dict[str, np.ndarray], like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The opposite of pack, for the tensors named in `like`."""
    inputs, size = like["layer0.input_weight"].shape[::-1]
    weight, readout = np.asarray(packed["weight"]), np.asarray(packed["readout_weight"])
    tensors = {"layer0.input_weight": weight[:inputs].T, "layer0.recurrent_weight": weight[inputs:inputs + size].T,
               "layer0.bias": weight[-1], "readout.weight": readout[:size].T, "readout.bias": readout[-1],
               "readout.tau": packed.get("readout_tau")}
    tensors |= {name: packed.get(name.removeprefix("layer0.")) for name in like if name not in tensors}
    return {name: np.asarray(tensors[name]) for name in like}
