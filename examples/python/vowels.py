"""Which of nine speakers says the vowels /ae/? 7 to 29 frames of 12 cepstrum coefficients, one label per utterance."""

import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hypr
from evaluation import arguments, classify, load, write_pictures
from hypr import datasets
from hypr.trainer import Trainer


def baseline(data):
    """Accuracy of a logistic regression on mean and deviation of every coefficient."""
    def features(sequences):
        return np.array([np.concatenate([x.mean(axis=0), x.std(axis=0)]) for x in sequences])

    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(features(data.train.sequences), data.train.labels)
    return classifier.score(features(data.test.sequences), data.test.labels)


def network(data, seed):
    """64 balanced resonate-and-fire neurons. Inputs are scaled up: a fresh network would be nearly silent."""
    mean, deviation = data.train.statistics()
    return (hypr.ModelBuilder(data.channel_count, data.time_step, "Japanese vowels")
            .input(scale=20 / deviation, offset=mean, names=data.channels)
            .layer("brf", 64)
            .readout(len(data.classes), tau=5, bias=False)
            .labels(data.classes)
            .metadata(data=data.source, **{"licence of the data": data.licence})
            .build(seed))


def main():
    options = arguments(__doc__, "vowels").parse_args()
    data = load(datasets.load_japanese_vowels)
    start = time.perf_counter()
    trainer = Trainer(network(data, options.seed), options.folder, epochs=30, batch_size=16, seed=options.seed,
                      learning_rate=0.03, schedule="cosine", window=30)
    model = trainer.fit(data.train.sequences, data.train.labels, resume=True).model
    print(f"trained in {time.perf_counter() - start:.0f} s: {model}")

    predictions = classify(model, data.test.sequences)
    print(f"test accuracy: {np.mean(predictions == data.test.labels):.1%} (spiking network), "
          f"{baseline(data):.1%} (logistic regression on means and deviations)")
    write_pictures(options.folder, model, data.test.labels, predictions, data.test.sequences[0], data.test.labels[0])


if __name__ == "__main__":
    main()
