"""Who is compared, and what happens to the arm. The same as in examples/cpp/arm, which also tunes them: settings.txt."""

from functools import partial
from pathlib import Path

from learners import Nothing, Perceptron, Recurrent, RecursiveLeastSquares


def load_and_wear(plant):
    """a rigid load of 0.8 kg, four times the friction"""
    plant.carry(0.8)
    plant.wear()


def swinging_load(plant):
    """0.8 kg on a rod of 0.25 m that swings"""
    plant.swing(0.8)


SCENARIOS = {"load": load_and_wear, "swing": swinging_load}

# name -> make(seed, rate)
CONTENDERS = {
    "nominal model + PD": Nothing,
    "disturbance observer": Nothing,
    "least squares on the true equation": RecursiveLeastSquares,
    "perceptron, SGD": Perceptron,
    "perceptron, NLMS": partial(Perceptron, normalized=True),
    "perceptron with delay taps, NLMS": partial(Perceptron, taps=5, normalized=True),
    "GRU in hypr, NLMS": partial(Recurrent, neuron="gru", scale=1.0),
    "RSNN in hypr, as drawn": partial(Recurrent, learns=False),
    "RSNN in hypr, SGD": partial(Recurrent, optimizer="sgd"),
    "RSNN in hypr, NLMS": Recurrent,
}


def settings():
    """(scenario, contender) -> rate, bandwidth of the observer in rad/s."""
    chosen = {}
    for line in Path(__file__).with_name("settings.txt").read_text().splitlines():
        scenario, name, rate, observer = line.split("|")
        chosen[scenario, name] = float(rate), float(observer)
    return chosen
