"""The golden nets: their shapes, and the random draw of parameters, inputs and targets.

Seeds are tried one after the other until every spiking layer fires moderately and no membrane comes near its
threshold, so that float32 arithmetic gives the same spikes. All drawn numbers are exact in float32.
"""

from dataclasses import dataclass

import numpy as np

from losses import Targets
from network import Network, forward

FIRING_RATES = (0.08, 0.40)
SMALLEST_MARGIN = 2e-3
LAST_SEED = 100_000

# Scale of the input weights with which a model fires moderately. Spikes carry less current than analog inputs do.
WEIGHT_SCALE = {
    "lif": 10.0, "lif_hard": 10.0, "alif": 2.0, "ef_adlif": 12.0, "se_adlif": 12.0, "rf": 50.0, "brf": 60.0,
    "brf_exponential": 60.0, "general_lif": 10.0, "cuba_lif": 12.0, "cuba_alif": 12.0, "if": 1.0, "li": 1.0,
    "gru": 1.5, "lstm": 1.5,
}
SPIKE_INPUT_FACTOR = 2.0
READOUT_WEIGHT_SCALE = 2.0

# Uniform ranges of the neuron parameters.
PARAMETER_RANGES = {
    "tau_m": (4.0, 15.0), "tau_a": (4.0, 15.0),
    "p_u": (0.1, 0.9), "p_w": (0.1, 0.9), "a": (0.1, 0.9), "b": (0.2, 1.8),
    "omega": (3.0, 12.0), "b_offset": (0.1, 1.0),
    "tau": (3.0, 15.0),
    "tau_syn": (3.0, 10.0), "resistance": (0.5, 2.0), "leak_potential": (-0.2, 0.2),
    "threshold": (0.5, 1.5), "reset_potential": (-0.3, 0.3), "adaptation": (0.1, 0.5),
    "candidate_bias": (-0.5, 0.5),
}
ABSOLUTE_PARAMETERS = ("tau_m", "tau_a", "omega", "b_offset", "tau", "tau_syn")  # the models take their absolute value


@dataclass(frozen=True)
class GoldenNet:
    name: str
    network: Network
    recurrent: bool = True
    bias: bool = False  # in the layers
    readout_bias: bool = False
    negative: bool = False  # some of the parameters that are used by absolute value are negative
    steps: int = 40
    windows: tuple[int, ...] = (1, 7, 10, 40)
    variant: bool = False  # of another net: its file holds the gradients of the other losses for two windows only
    unlabelled: bool = False  # a third of the steps, among them steps 20 to 29
    readout_tau: float | None = None  # the same for all outputs, in place of those drawn
    smooth_steps: int | None = None  # the smooth twin is checked over so many steps; later it grows beyond all bounds

    def stores(self, window: int) -> bool:
        """Whether its file holds gradients of the other losses for this window; all of them are checked."""
        return not self.variant or window in self.windows[1::2]


@dataclass(frozen=True)
class Draw:
    seed: int
    parameters: dict
    inputs: np.ndarray
    targets: Targets


def all_golden_nets() -> list[GoldenNet]:
    biases = {  # layers, readout
        "lif": (False, False), "lif_hard": (True, True), "alif": (True, False), "ef_adlif": (True, True),
        "se_adlif": (True, True), "rf": (False, True), "brf": (False, False),
        "li": (True, True), "general_lif": (False, False), "cuba_lif": (True, True), "cuba_alif": (False, True),
        "if": (False, True),
        "brf_exponential": (False, False), "gru": (True, True), "lstm": (True, True),
    }
    nets = []
    for model, (bias, readout_bias) in biases.items():
        usual = {"bias": bias, "readout_bias": readout_bias}
        one_layer = Network((model,), (5, 8, 3))
        nets.append(GoldenNet(f"{model}_5-8-3", one_layer, **usual))
        nets.append(GoldenNet(f"{model}_5-8-6-3", Network((model, model), (5, 8, 6, 3)), **usual,
                              negative=model in ("lif", "alif", "cuba_lif", "cuba_alif", "brf_exponential")))
        if model in ("brf", "se_adlif"):
            nets.append(GoldenNet(f"{model}_5-8-3_no_recurrent", one_layer, **usual, recurrent=False,
                                  variant=True))
            nets.append(GoldenNet(f"{model}_5-8-3_bias_toggle", one_layer, bias=not bias,
                                  readout_bias=not readout_bias, variant=True))
            nets.append(GoldenNet(f"{model}_12-37-7", Network((model,), (12, 37, 7)), **usual, steps=60,
                                  windows=(1, 7, 10, 60), unlabelled=True, negative=model == "brf", variant=True))
    for below, above in (("brf", "se_adlif"), ("gru", "brf"), ("brf", "lstm")):
        nets.append(GoldenNet(f"{below}_{above}_5-8-6-3", Network((below, above), (5, 8, 6, 3)), bias=True,
                              readout_bias=True))
    for model, sizes, sparse in (
            ("brf", (5, 8, 3), {"layer0.input_weight": 0.7}),
            ("se_adlif", (5, 8, 6, 3), {"layer0.input_weight": 0.5, "layer1.input_weight": 0.5,
                                        "layer1.recurrent_weight": 0.4}),
            ("gru", (5, 8, 3), {"layer0.input_weight": 0.4})):
        bias, readout_bias = biases[model]
        network = Network((model,) * (len(sizes) - 2), sizes, sparse=tuple(sparse.items()))
        nets.append(GoldenNet(f"{model}_{'-'.join(map(str, sizes))}_sparse", network, bias=bias,
                              readout_bias=readout_bias, variant=True))
    nets.append(GoldenNet("gru_5-8-3_no_bias", Network(("gru",), (5, 8, 3)), variant=True))
    nets.append(GoldenNet("brf_5-8-3_equal_tau", Network(("brf",), (5, 8, 3)), readout_tau=8.0, variant=True))

    variants = [  # model, name of the variant, constants that it sets
        ("general_lif", "subtract", {"reset": "subtract"}),
        ("general_lif", "no_reset", {"reset": "none"}),
        ("cuba_lif", "subtract", {"synaptic_lag": 1.0, "reset": "subtract"}),
        ("if", "subtract", {"reset": "subtract"}),
        ("general_lif", "delayed_set", {"reset": "delayed_set"}),
        ("cuba_lif", "delayed_subtract", {"reset": "delayed_subtract"}),
        ("cuba_alif", "lag", {"synaptic_lag": 1.0}),
    ]
    for model, kind, scale in (("lif", "fast_sigmoid", 0.6), ("brf", "arc_tangent", 0.6),
                               ("se_adlif", "straight_through", 0.3)):
        variants.append((model, kind, {"surrogate": kind, "surrogate_slope": 2.0, "surrogate_scale": scale}))
    for model, variant, constants in variants:
        bias, readout_bias = biases[model]
        nets.append(GoldenNet(f"{model}_5-8-3_{variant}", Network((model,), (5, 8, 3), tuple(constants.items())),
                              bias=bias, readout_bias=readout_bias, variant=True,
                              smooth_steps=5 if variant == "straight_through" else None))
    return nets


def draw_layer(random: np.random.Generator, golden: GoldenNet, name: str, index: int) -> dict:
    """Tensors of one layer; the scale of the weights is drawn, too, log-uniformly within a factor of four."""
    inputs, size = golden.network.sizes[index:index + 2]
    model = golden.network.layers()[name]
    rows = len(model.input_currents) * size
    is_readout = name == "readout"
    scale = READOUT_WEIGHT_SCALE if is_readout else WEIGHT_SCALE[golden.network.neurons[index]]
    scale *= 2.0 ** random.uniform(-1, 1) * (SPIKE_INPUT_FACTOR if index > 0 else 1.0)

    def weight(tensor: str, spread: float, columns: int):
        """The fewer stored, the stronger they are."""
        values = random.normal(0, spread / np.sqrt(columns), (rows, columns))
        stored = golden.network.stored(name, tensor, values.shape)
        return values if stored is None else np.where(stored, values / np.sqrt(stored.mean()), 0.0)

    layer = {"input_weight": weight("input_weight", scale, inputs)}
    if golden.recurrent and not is_readout:
        layer["recurrent_weight"] = weight("recurrent_weight", 0.5 * scale, size)
    if golden.readout_bias if is_readout else golden.bias:
        layer["bias"] = random.uniform(-0.2 * scale, 0.2 * scale, rows)
    for parameter in model.parameter_names:
        layer[parameter] = random.uniform(*PARAMETER_RANGES[parameter], size)
        if golden.negative and parameter in ABSOLUTE_PARAMETERS:
            flipped = random.choice(size, max(1, size // 3), replace=False)
            layer[parameter][flipped] *= -1
    if is_readout and golden.readout_tau is not None:
        layer["tau"][:] = golden.readout_tau
    return layer


def draw_targets(labels: np.ndarray, outputs: int, seed: int) -> Targets:
    """What the other losses ask for, from random numbers of its own."""
    random = np.random.default_rng([seed, 1])
    shape = (len(labels), outputs)
    return Targets(labels, random.integers(0, outputs), as_float32(random.normal(0, 1, shape)),
                   as_float32(random.normal(0, 1, shape)), as_float32(random.uniform(0.25, 2.0, outputs)))


def draw(golden: GoldenNet, seed: int) -> Draw:
    random = np.random.default_rng(seed)
    sizes, steps = golden.network.sizes, golden.steps
    parameters = {name: draw_layer(random, golden, name, index) for index, name in enumerate(golden.network.layers())}
    parameters = {layer: {name: as_float32(array) for name, array in tensors.items()}
                  for layer, tensors in parameters.items()}
    present = random.random((steps, sizes[0])) < 0.5
    inputs = as_float32(np.where(present, random.normal(0, 1, (steps, sizes[0])), 0.0))
    labels = random.integers(0, sizes[-1], steps)
    if golden.unlabelled:
        elsewhere = np.concatenate([np.arange(20), np.arange(30, steps)])
        labels[20:30] = -1
        labels[random.choice(elsewhere, steps // 3 - 10, replace=False)] = -1
    return Draw(seed, parameters, inputs, draw_targets(labels, sizes[-1], seed))


def as_float32(array):
    """float64 numbers that float32 represents exactly."""
    return array.astype(np.float32).astype(np.float64)


def firing_rates_and_margins(golden: GoldenNet, drawn: Draw) -> tuple[list[float], list[float]]:
    """Per spiking layer: the mean firing rate, and the smallest distance of a membrane from its threshold."""
    traces = forward(golden.network, drawn.parameters, drawn.inputs)
    spiking = [traces[name] for name in golden.network.spiking_layers()]
    return ([float(np.mean(trace.spikes)) for trace in spiking],
            [float(np.min(np.abs(trace.excess))) for trace in spiking])


def is_well_conditioned(golden: GoldenNet, drawn: Draw) -> bool:
    rates, margins = firing_rates_and_margins(golden, drawn)
    return (all(FIRING_RATES[0] <= rate <= FIRING_RATES[1] for rate in rates)
            and all(margin >= SMALLEST_MARGIN for margin in margins))


def first_well_conditioned_draw(golden: GoldenNet) -> Draw:
    for seed in range(LAST_SEED):
        drawn = draw(golden, seed)
        if is_well_conditioned(golden, drawn):
            return drawn
    raise RuntimeError(f"{golden.name}: no seed below {LAST_SEED} gives a well-conditioned net")
