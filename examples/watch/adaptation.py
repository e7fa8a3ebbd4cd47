"""A network for watches: trained on many wearers, then adapted online to one that it has never seen.

`hypr create` makes the model file; the tool is build/bin/hypr, or what the environment variable HYPR_TOOL names.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
from tqdm import tqdm

import hypr
import recordings

TOOL = os.environ.get("HYPR_TOOL", Path(__file__).resolve().parents[2] / "build" / "bin" / "hypr")

# How it is trained on many wearers: options of a session, and the sequences whose gradients make one update.
UPDATES = 2000
BATCH = 24
PRETRAINING = {
    "window": 100,
    "update": "manual",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "train_mask": "all",
}

# How it learns online, recommended by the model file. The neurons' parameters stay: their time constants suit everyone.
ADAPTATION = {
    "window": 10,
    "learning_rate": 0.01,
    "schedule": "linear",
    "schedule_updates": 1100,
    "train_mask": ["input_weights", "recurrent_weights", "biases", "readout"],
}

# The network: fast enough for movements of about a second, at 50 samples per second.
NEURONS = 64
CONSTANTS = {"tau_u_min": 3, "tau_u_max": 20, "tau_w_min": 20, "tau_w_max": 120}
TAU_OUT = 20


def create(path, training, seed):
    """Makes a fresh model file whose inputs are scaled to the training recordings."""
    values = np.concatenate([recording.values for recording in training])
    listed = lambda numbers: ",".join(f"{number:.6g}" for number in numbers)
    wearers = ", ".join(str(wearer) for wearer in sorted({recording.wearer for recording in training}))
    options = {
        "seed": [seed],
        "inputs": [len(recordings.CHANNELS)],
        "layer": [f"se_adlif:{NEURONS}"],
        "outputs": [len(recordings.EXERCISES)],
        "constant": [f"se_adlif.{name}={value}" for name, value in CONSTANTS.items()],
        "tau-out": [TAU_OUT],
        "name": ["exercises on a smartwatch"],
        "time-step": [recordings.TIME_STEP],
        "input-name": recordings.CHANNELS,
        "input-offset": [listed(values.mean(axis=0))],
        "input-scale": [listed(1 / values.std(axis=0))],
        "class-label": recordings.EXERCISES,
        "recommend": [f"{name}={hypr.option_info(name).encode(value):g}" for name, value in ADAPTATION.items()],
        "metadata": [f"{key}={value}" for key, value in recordings.SOURCE.items()] + [f"trained on=wearers {wearers}"],
    }
    arguments = [f"--{name}={value}" for name, values in options.items() for value in values]
    subprocess.run([TOOL, "create", "--force", path, *arguments], check=True, stdout=subprocess.DEVNULL)


def train(path, training, seed, updates=UPDATES):
    """Makes the model file `path`, trained on recordings."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    create(unfinished, training, seed)
    session = hypr.Session(hypr.Model.load(unfinished), schedule_updates=updates, **PRETRAINING)
    sequences = recordings.Sequences(training, seed)
    with tqdm(total=updates, desc=f"training {path.name}", unit=" updates", mininterval=1) as progress:
        for _ in range(updates):
            loss = np.mean([session.learn_sequence(*sequences.draw()) for _ in range(BATCH)])
            session.apply()
            progress.set_postfix(loss=f"{loss:.2f}", refresh=False)
            progress.update()
    session.save_model(unfinished)
    unfinished.replace(path)


def with_exemplars(model, training, size, steps=200, seed=0):
    """The model with stretches of the recordings that it was trained on, for devices to rehearse: at most `size` bytes."""
    builder = hypr.ModelBuilder.from_model(model)
    for recording in training:
        count = len(recording.values) // steps
        stretches = recording.values[:count * steps].reshape(count, steps, -1)
        builder.exemplars(stretches, np.full(count, recording.exercise), starts_sequence=False)
    return builder.keep_exemplars(size, seed).build()


def recognised(model, stream, learning=False, rehearse=0, **options):
    """Runs a model on a stream: which of its test samples are recognised, and the updates that were made.

    With learning the labels of the calibration session are taught as they arrive. When that is over, `rehearse` windows are
    rehearsed by themselves.
    """
    session = hypr.Session(model, learning, **options)
    values, test = recordings.values(stream), stream["kind"] == recordings.TEST
    labels, taught = stream["label"].tolist(), stream["kind"] == recordings.LABELLED_CALIBRATION
    if learning:
        for index in np.flatnonzero(~test):
            session.step(values[index])
            if taught[index]:
                session.teach(labels[index])
        if rehearse:
            session.rehearse(rehearse)
    else:
        session.run(values[~test])
    outputs = session.run(values[test])
    return outputs.argmax(axis=1) == stream["label"][test], session.statistics.updates
