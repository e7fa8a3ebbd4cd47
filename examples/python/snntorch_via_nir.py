"""A network trained in snnTorch goes on learning in hypr: the vowels of vowels.py, and a NIR file from one to the other.

hypr gives the spikes that snnTorch gives. Then another microphone changes the data, and the network learns to understand it
while it is in use: from every utterance once, as soon as it ends.
"""

import argparse
import time
from pathlib import Path

import nir
import numpy as np
import snntorch
import torch
from snntorch import surrogate, utils
from snntorch.export_nir import export_to_nir

import hypr
from evaluation import classify, load
from hypr import datasets

HIDDEN = 64


def network(inputs, outputs):
    """Recurrent LIF neurons under linear outputs. The export wants the constants of neurons one by one."""
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, HIDDEN),
        snntorch.RLeaky(beta=torch.full((HIDDEN,), 0.8), threshold=torch.ones(HIDDEN), linear_features=HIDDEN, init_hidden=True,
                        spike_grad=surrogate.fast_sigmoid(slope=10)),
        torch.nn.Linear(HIDDEN, outputs))


def run(net, x):
    """Spikes [sequences, steps, neurons] and outputs [sequences, steps, classes] for x [sequences, steps, channels]."""
    utils.reset(net)
    spikes, outputs = [], []
    for sample in x.unbind(1):
        spikes.append(net[1](net[0](sample)))
        outputs.append(net[2](spikes[-1]))
    return torch.stack(spikes, 1), torch.stack(outputs, 1)


def train(net, sequences, labels, epochs):
    """The class is that of the largest mean output, over the steps that an utterance has."""
    optimizer = torch.optim.Adam(net.parameters(), 0.005)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    x = torch.nn.utils.rnn.pad_sequence([torch.as_tensor(sequence) for sequence in sequences], batch_first=True)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    heard = (torch.arange(x.shape[1]) < lengths[:, None])[:, :, None]
    y = torch.as_tensor(np.asarray(labels, np.int64))
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            outputs = run(net, x[batch])[1]
            mean = (outputs * heard[batch]).sum(1) / lengths[batch, None]
            loss = torch.nn.functional.cross_entropy(mean, y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()


def compare(net, model, sequences):
    """Prints how many spikes differ, and outputs by how much; the classes that snnTorch finds."""
    session = hypr.Session(model, learning=False)
    wrong, fired, count, largest, classes = 0, 0, 0, 0.0, []
    for x in sequences:
        with torch.no_grad():
            spikes, outputs = (values[0].numpy() for values in run(net, torch.as_tensor(x)[None]))
        session.reset()
        recording = hypr.record(session, x)
        wrong += np.sum(recording.spikes[0] != spikes)
        fired += np.sum(spikes)
        count += spikes.size
        largest = max(largest, np.abs(recording.outputs - outputs).max())
        classes.append(outputs.mean(axis=0).argmax())
    print(f"{fired:.0f} spikes, {fired / count:.0%} of all neurons and steps; {wrong} differ; outputs differ by {largest:.0e} "
          "at most")
    return np.array(classes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/snntorch_via_nir"),
                        help="where the models go (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and the other microphone (default: 0)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    data = load(datasets.load_japanese_vowels)
    mean, deviation = data.train.statistics()

    def scaled(sequences):
        return [((x - mean) / deviation).astype(np.float32) for x in sequences]

    torch.manual_seed(options.seed)
    net = network(data.channel_count, len(data.classes))
    test, labels = scaled(data.test.sequences), np.array(data.test.labels)
    start = time.perf_counter()
    train(net, scaled(data.train.sequences), data.train.labels, epochs=40)
    print(f"trained in snnTorch in {time.perf_counter() - start:.0f} s")

    path = options.folder / "vowels.nir"
    nir.write(path, export_to_nir(net, torch.zeros(1, data.channel_count), ignore_dims=[0]))
    # What a file does not say: snnTorch's export counts in steps of 0.1 ms and integrates by the forward Euler method, and its
    # neurons subtract the threshold in the step after the spike.
    builder = hypr.nir.read(path, dialect="snntorch", name="Japanese vowels")
    model = builder.labels(data.classes).build()
    print(f"read from {path}: {model}")
    found = compare(net, model, test)
    print(f"test accuracy: {np.mean(found == labels):.1%} (snnTorch), {np.mean(classify(model, test) == labels):.1%} (hypr)")

    random = np.random.default_rng(options.seed)
    # In the cepstrum, a filter such as another microphone adds a constant to every coefficient.
    change = random.normal(size=data.channel_count).astype(np.float32)
    other = [x + change for x in test]
    order = random.permutation(len(other))
    learned, held = order[::2], order[1::2]
    session = hypr.Session(model, learning_rate=0.001, window=30, update="sequence")
    for each in learned:
        session.learn_labelled([other[each]], [labels[each]])
    session.save_model(options.folder / "vowels.hypr")
    adapted = hypr.Model.load(options.folder / "vowels.hypr")
    print(f"another microphone: learned from {len(learned)} utterances, once each; accuracy on {len(held)} others")
    for name, sequences in (("another", other), ("the first", test)):
        kept = [sequences[each] for each in held]
        before, after = (np.mean(classify(each, kept) == labels[held]) for each in (model, adapted))
        print(f"  {name + ' microphone':20} {before:.1%} before, {after:.1%} after")


if __name__ == "__main__":
    main()
