"""One group of patients after the other: nets that learn ECG-QTDB online, every sequence once, with and without rehearsal.

The files do not say whose a sequence is; test and training data are of different recordings, as published. Groups are what the
ECGs look like: k-means of the sequences of the training data by how often each input has an event and how long each wave
takes. The order of the groups, and of the sequences in them, is random; shuffled, all sequences are in random order. After one
pass, mean accuracy of the steps of the test data in percent, and of that part of them which is like the first group.

    HYPR_TEST_DATA=folder benchmarks/ecg/run groups.py [--groups 5] [--seeds 5] [--option NAME=VALUE]...
"""

import argparse

import numpy as np
from scipy.cluster.vq import kmeans2, vq
from tabulate import tabulate

import ecg
import hypr

LEARNING = {"window": 100, "learning_rate": ecg.MODELS["se_adlif"].online.start}
# All classes are in every heartbeat: as much is rehearsed as is learned, in stretches of a whole sequence.
REHEARSAL = {"rehearsal_bytes": 65536, "rehearsal_share": 0.5, "rehearsal_steps": 100, "rehearsal_stretch": ecg.STEPS}


def features(inputs, labels):
    """[sequences, inputs + classes]: how often each input has an event, and each class."""
    return np.concatenate([np.abs(inputs).mean(axis=1), np.eye(ecg.OUTPUTS)[labels].mean(axis=1)], axis=1)


def grouped(train, test, count):
    """The group of every sequence of the training data, and of the test data."""
    offset, scale = train.mean(axis=0), train.std(axis=0)
    centres, groups = kmeans2((train - offset) / scale, count, minit="++", seed=0)
    return groups, vq((test - offset) / scale, centres)[0]


def order(groups, random, shuffled):
    """Indices of all sequences, and the group that comes first."""
    ranks = random.permutation(groups.max() + 1)
    sequences = random.permutation(len(groups))
    if not shuffled:
        sequences = sequences[np.argsort(ranks[groups[sequences]], kind="stable")]
    return sequences, ranks.argmin()


def network(seed):
    return hypr.ModelBuilder(ecg.INPUTS).layer("se_adlif", ecg.NEURONS).readout(ecg.OUTPUTS).build(seed)


def learned(model, inputs, labels, sequences, rehearse, options):
    """A session after one pass."""
    session = hypr.Session(model, **options)
    for index in sequences:
        session.learn_sequence(inputs[index].astype(np.float32), labels[index].astype(np.int32))
    if rehearse:
        session.rehearse(rehearse)
    return session


def right(session, inputs, labels):
    """Per sequence, the share of steps."""
    result = []
    for values, classes in zip(inputs, labels):
        session.reset()
        result.append((session.run(values.astype(np.float32)).argmax(axis=1) == classes).mean())
    return 100 * np.array(result)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--groups", type=int, default=5, help="(default: %(default)s)")
    add("--seeds", type=int, default=5, help="of network and order (default: %(default)s)")
    add("--rehearse", type=int, default=0, metavar="WINDOWS", help="by themselves at the end (default: %(default)s)")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of learning")
    arguments = parser.parse_args()
    chosen = {name: float(value) for name, value in (text.split("=") for text in arguments.option)}
    (inputs, labels), (test_inputs, test_labels) = ecg.load("train"), ecg.load("test")
    groups, test_groups = grouped(features(inputs, labels), features(test_inputs, test_labels), arguments.groups)
    print(f"sequences in the groups: {np.bincount(groups)} and in the test {np.bincount(test_groups, minlength=arguments.groups)}")

    rows = []
    for shuffled in (True, False):
        for rehearsal in (False, True):
            accuracies, first = [], []
            for seed in range(arguments.seeds):
                sequences, group = order(groups, np.random.default_rng(seed), shuffled)
                options = LEARNING | (REHEARSAL if rehearsal else {}) | chosen
                session = learned(network(seed), inputs, labels, sequences, rehearsal and arguments.rehearse, options)
                shares = right(session, test_inputs, test_labels)
                accuracies.append(shares.mean())
                first.append(shares[test_groups == group].mean() if (test_groups == group).any() else np.nan)
            rows.append(["shuffled" if shuffled else "one group after the other", "yes" if rehearsal else "no",
                         np.mean(accuracies), np.min(accuracies), np.nanmean(first)])
    print(tabulate(rows, ["order", "rehearsal", "mean", "worst seed", "like the first group"], floatfmt=".1f", tablefmt="github"))


if __name__ == "__main__":
    main()
