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


def pick_and_place(plant):
    """each time that it closes the gripper holds 2 kg until it opens"""
    plant.find(2.0)


def load_and_play(plant):
    """a rigid load of 0.8 kg, and gears with 3 degrees of play"""
    plant.carry(0.8)
    plant.loosen((2000.0, 1000.0), 0.0524)


SCENARIOS = {"load": load_and_wear, "swing": swinging_load, "pick": pick_and_place, "play": load_and_play}
GRIPPING = {"pick"}  # scenarios in which the gripper acts, and the networks hear it

# name -> make(seed, rate, inputs)
CONTENDERS = {
    "nominal model + PD": Nothing,
    "disturbance observer": Nothing,
    "least squares on the true equation": RecursiveLeastSquares,
    "perceptron, SGD": partial(Perceptron, normalized=False),
    "perceptron, NLMS": Perceptron,
    "perceptron with delay taps, NLMS": partial(Perceptron, taps=5),
    "perceptron with taps of 1 s, NLMS": partial(Perceptron, taps=20, spacing=25),
    "perceptron told of the grip, NLMS": partial(Perceptron, latched=True),
    "GRU in hypr, NLMS": partial(Recurrent, neuron="gru", scale=1.0),
    "slow GRU in hypr, NLMS": partial(Recurrent, neuron="gru", scale=1.0, slow=True),
    "RSNN in hypr, as drawn": partial(Recurrent, learns=False),
    "RSNN in hypr, SGD": partial(Recurrent, optimizer="sgd"),
    "RSNN in hypr, NLMS": Recurrent,
    "slow RSNN in hypr, NLMS": partial(Recurrent, slow=True),
}


def settings():
    """(scenario, contender) -> rate, bandwidth of the observer in rad/s."""
    chosen = {}
    for line in Path(__file__).with_name("settings.txt").read_text().splitlines():
        scenario, name, rate, observer = line.split("|")
        chosen[scenario, name] = float(rate), float(observer)
    return chosen
