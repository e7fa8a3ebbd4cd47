"""What `bench --save` writes, and what hypr itself makes of it.

The library is build/lib/libhypr.so, or what the environment variable HYPR_LIBRARY names.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "examples" / "watch"))
from hypr_abi import Library, Session, ffi  # noqa: E402

THETA = {"brf": ("omega", "b_offset"), "se_adlif": ("p_u", "p_w", "a", "b")}
RECURRENT_CREDIT = 2  # of the option credit: backpropagation through time inside a window


class Case(NamedTuple):
    """A network and its sequence."""

    neuron: str  # such as brf
    net: str  # such as 4-36-6
    model: Path
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
    return Case(neuron, net, folder / f"{stem}.hypr", inputs, labels)


class Hypr(Session):
    """A session whose tensors can be seen."""

    def _tensors(self):
        for index in range(self._functions.hypr_session_tensor_count(self._session)):
            tensor = ffi.new("hypr_tensor_info *", {"struct_size": ffi.sizeof("hypr_tensor_info")})
            self._check(self._functions.hypr_session_tensor_info(self._session, index, tensor))
            yield ffi.string(tensor.name).decode(), tensor

    def _named(self, read, only_trained) -> dict[str, np.ndarray]:
        tensors = dict(self._tensors())
        flat = np.empty(sum(tensor.size for tensor in tensors.values()), np.float32)
        self._check(read(self._session, ffi.from_buffer("float[]", flat), flat.size))
        return {name: flat[tensor.offset:tensor.offset + tensor.size].reshape(list(tensor.shape)[:tensor.rank])
                for name, tensor in tensors.items() if tensor.trainable or not only_trained}

    def trained(self) -> set[str]:
        return {name for name, tensor in self._tensors() if tensor.trainable}

    def parameters(self) -> dict[str, np.ndarray]:
        return self._named(self._functions.hypr_session_get_parameters, only_trained=False)

    def gradients(self) -> dict[str, np.ndarray]:
        """The mean over the steps taught since the last update, of the trained tensors."""
        return self._named(self._functions.hypr_session_get_gradients, only_trained=True)

    def step_spikes(self, sample, size) -> tuple[np.ndarray, np.ndarray]:
        """One step; returns the spikes of the layer, and the outputs."""
        outputs = self.step(sample).copy()
        spikes = np.empty(size, np.float32)
        self._check(self._functions.hypr_session_get_spikes(
            self._session, 0, ffi.from_buffer("float[]", spikes), size))
        return spikes, outputs


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
