"""Handwritten digits, one pixel per step: 784 steps, one input, and only at the end is it known what was drawn.

A subset of MNIST-5k and a small network, so that it takes a minute; with more of both it gets better (--help).
"""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

import hypr
from evaluation import arguments, classify, load, write_pictures
from hypr import datasets
from hypr.trainer import Trainer

JUDGED = 200  # the steps at the end that are taught and judged


def baseline(data, features):
    """Accuracy of a logistic regression on features of an image."""
    def table(sequences):
        return np.array([features(x[:, 0]) for x in sequences])

    classifier = LogisticRegression(max_iter=2000).fit(table(data.train.sequences), data.train.labels)
    return classifier.score(table(data.test.sequences), data.test.labels)


def network(neurons, seed):
    """Resonators for strokes that come back with every row of 28 pixels, and for slower ones."""
    return (hypr.ModelBuilder(1, name="sequential digits")
            .input(scale=80)
            .layer("brf", neurons, omega=(2, 60))
            .readout(10, tau=100, bias=False)
            .labels(map(str, range(10)))
            .build(seed))


def main():
    parser = arguments(__doc__, "sequential_digits")
    parser.add_argument("--images", type=int, default=1500, help="to learn from, up to 4000 (default: 1500)")
    parser.add_argument("--neurons", type=int, default=64, help="(default: 64)")
    parser.add_argument("--epochs", type=int, default=12, help="(default: 12)")
    options = parser.parse_args()
    data = load(datasets.load_mnist_5k).sample(options.images, 500)
    start = time.perf_counter()
    trainer = Trainer(network(options.neurons, options.seed), options.folder, epochs=options.epochs, batch_size=25,
                      seed=options.seed, learning_rate=0.1, schedule="cosine", window=JUDGED, loss="last_steps",
                      loss_steps=JUDGED)
    model = trainer.fit(data.train.sequences, data.train.labels, resume=True).model
    print(f"trained in {time.perf_counter() - start:.0f} s: {model}")

    predictions = classify(model, data.test.sequences, JUDGED)
    print(f"test accuracy: {np.mean(predictions == data.test.labels):.1%} (spiking network, pixel by pixel)\n"
          f"  logistic regression on the mean of every 28 steps: "
          f"{baseline(data, lambda pixels: pixels.reshape(28, 28).mean(axis=1)):.1%}\n"
          f"  logistic regression on the whole image at once:    {baseline(data, lambda pixels: pixels):.1%}")
    write_pictures(options.folder, model, data.test.labels, predictions, data.test.sequences[0], data.test.labels[0])


if __name__ == "__main__":
    main()
