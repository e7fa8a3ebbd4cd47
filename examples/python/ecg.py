"""Waves of the heartbeat: a class out of six at every step of an ECG (ECG-QTDB), learned online, window by window.

The data is not part of a package: without its folder the program says where to get it.
"""

import time

import numpy as np
from scipy.signal import lfilter
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hypr
from evaluation import arguments, load, outputs, write_pictures
from hypr import datasets
from hypr.trainer import Trainer


def baseline(data):
    """Accuracy of a logistic regression on leaky sums of every channel, with four time constants."""
    def features(sequences):
        filtered = [np.concatenate([lfilter([1], [1, -np.exp(-1 / tau)], x, axis=0) for tau in (5, 20, 60, 200)], axis=1)
                    for x in sequences]
        return np.concatenate(filtered)

    # Every fifth step of a quarter of the sequences is enough for so few weights.
    some = data.train.subset(slice(None, None, 4))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    classifier.fit(features(some.sequences)[::5], np.concatenate(some.labels)[::5])
    return classifier.score(features(data.test.sequences), np.concatenate(data.test.labels))


def network(data, seed):
    """36 adaptive leaky integrate-and-fire neurons, as in the measurements of docs/accuracy.md."""
    return (hypr.ModelBuilder(data.channel_count, data.time_step, "ECG-QTDB")
            .layer("se_adlif", 36)
            .readout(len(data.classes))
            .labels(data.classes)
            .build(seed))


def main():
    parser = arguments(__doc__, "ecg")
    parser.add_argument("data", help="the folder with QTDB_train.mat and QTDB_test.mat")
    parser.add_argument("--epochs", type=int, default=8, help="(default: 8)")
    options = parser.parse_args()
    data = load(datasets.load_qtdb, options.data)
    start = time.perf_counter()
    trainer = Trainer(network(data, options.seed), options.folder, epochs=options.epochs, seed=options.seed,
                      update="window", window=100, learning_rate=0.003)
    model = trainer.fit(data.train.sequences, data.train.labels, resume=True).model
    print(f"trained in {time.perf_counter() - start:.0f} s: {model}")

    predictions = [out.argmax(axis=1) for out in outputs(model, data.test.sequences)]
    right = np.concatenate(predictions) == np.concatenate(data.test.labels)
    print(f"test accuracy: {right.mean():.1%} of the steps (spiking network), "
          f"{baseline(data):.1%} (logistic regression on leaky sums)")
    write_pictures(options.folder, model, data.test.labels, predictions, data.test.sequences[0], data.test.labels[0])


if __name__ == "__main__":
    main()
