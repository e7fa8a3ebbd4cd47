"""A class that is rare, and comes in runs: what class weights are worth, and with which reduction.

A wheel turns, and in one of twenty runs of 50 samples it turns too fast. A fresh network hears two noisy coordinates of a
point of it, and is taught at every sample whether this one is such a fault. What it says of a sample before it is taught
counts, in the second half of the stream.
"""

import argparse

import numpy as np

import hypr

RUN, SHARE, STEPS = 50, 0.05, 60_000
SETTINGS = {
    "no weights": {},
    "weights, reduction mean": {"reduction": "mean"},
    "weights, reduction sum, no clip": {"reduction": "sum", "gradient_clip": 0},
    "weights, reduction mean_over_steps": {"reduction": "mean_over_steps"},
}


def turning_wheel(random):
    """Samples [STEPS, 2] and labels [STEPS]."""
    labels = np.repeat((random.random(STEPS // RUN) < SHARE).astype(int), RUN)
    phase = np.cumsum(np.where(labels == 1, 1.0, 0.4) + random.normal(0, 0.05, STEPS))
    samples = np.stack([np.sin(phase), np.cos(phase)], axis=1) + random.normal(0, 0.3, (STEPS, 2))
    return samples.astype(np.float32), labels


def recalls(seed, class_weights, options):
    """Of the usual and of the rare class: the share of its samples that were recognised."""
    model = hypr.ModelBuilder(inputs=2).input(scale=3).layer("se_adlif", 32).readout(2).build(seed=seed)
    session = hypr.Session(model, window=50, learning_rate=0.003, **options)
    session.set_class_weights(class_weights)
    samples, labels = turning_wheel(np.random.default_rng(seed))
    said = np.empty(STEPS, int)
    for step, (sample, label) in enumerate(zip(samples, labels.tolist())):
        said[step] = session.step(sample).argmax()
        session.teach(label)
    half = STEPS // 2
    return [np.mean(said[half:][labels[half:] == label] == label) for label in (0, 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="networks and streams (default: %(default)s)")
    options = parser.parse_args()
    print(f"{'recall of the':36}   usual    rare    mean")
    for name, settings in SETTINGS.items():
        weights = [1, 1] if name == "no weights" else [0.5 / (1 - SHARE), 0.5 / SHARE]
        usual, rare = np.mean([recalls(seed, weights, settings) for seed in range(options.seeds)], axis=0)
        print(f"{name:36}{usual:8.1%}{rare:8.1%}{(usual + rare) / 2:8.1%}", flush=True)


if __name__ == "__main__":
    main()
