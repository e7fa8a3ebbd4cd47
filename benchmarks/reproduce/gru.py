"""A GRU of as many units, trained by PyTorch with backpropagation through time."""

import time
from collections.abc import Iterator

import numpy as np
import torch
from hypr.datasets import Dataset, Split
from result import Result
from settings import Gru
from tasks import Task
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from tqdm import trange

torch.set_num_threads(1)


class Network(nn.Module):
    """An output for every step of a batch [sequences, steps, channels]."""

    def __init__(self, data: Dataset, size: int, memory: int | None) -> None:
        super().__init__()
        mean, deviation = data.train.statistics()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("deviation", torch.from_numpy(deviation))
        self.gru = nn.GRU(data.channel_count, size, batch_first=True)
        self.readout = nn.Linear(size, len(data.classes))
        if memory is not None:
            with torch.no_grad():  # the biases of the update gate, in the middle of the three
                self.gru.bias_hh_l0[size:2 * size] = torch.empty(size).uniform_(1, memory - 1).log()
                self.gru.bias_ih_l0[size:2 * size] = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.readout(self.gru((x - self.mean) / self.deviation)[0])


class KeptBytes(torch.autograd.graph.saved_tensors_hooks):
    """Counts the tensors that a forward pass keeps for the backward pass, without the parameters."""

    def __init__(self, network: nn.Module) -> None:
        self.parameters = {parameter.data_ptr() for parameter in network.parameters()}
        self.kept: dict[int, int] = {}
        super().__init__(self._pack, lambda tensor: tensor)

    def _pack(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.parameters:
            self.kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    @property
    def bytes(self) -> int:
        return sum(self.kept.values())


def batches(split: Split, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(split), size):
        yield order[start:start + size]


def padded(rows: list[np.ndarray], chosen: np.ndarray, value: float) -> torch.Tensor:
    return pad_sequence([torch.from_numpy(np.ascontiguousarray(rows[index])) for index in chosen], True, value)


def run(task: Task, data: Dataset, settings: Gru, seed: int) -> Result:
    torch.manual_seed(seed)
    random, network, train = np.random.default_rng(seed), Network(data, settings.size, settings.memory), data.train
    targets = task.targets(train)
    optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)
    updates = settings.epochs * -(-len(train) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    activations, start = 0, time.process_time()
    with trange(updates, desc="gru", unit=" batches", mininterval=1) as progress:
        for epoch in range(settings.epochs):
            for chosen in batches(train, random.permutation(len(train)), settings.batch_size):
                x, y = padded(train.sequences, chosen, 0), padded(targets, chosen, -1).long()
                kept = KeptBytes(network)
                with kept:
                    outputs = network(x)
                    loss = nn.functional.cross_entropy(outputs.flatten(0, 1), y.flatten(), ignore_index=-1)
                activations = max(activations, kept.bytes)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1)
                optimizer.step()
                schedule.step()
                progress.set_postfix(epoch=epoch + 1, loss=f"{loss.item():.2f}", refresh=False)
                progress.update()
    seconds = time.process_time() - start

    outputs, test = [], data.test
    with torch.inference_mode():
        for chosen in batches(test, np.arange(len(test)), 50):
            outputs += [out[:len(test.sequences[index])].numpy()
                        for out, index in zip(network(padded(test.sequences, chosen, 0)), chosen)]
    parameters = sum(parameter.numel() for parameter in network.parameters())
    # Parameters, gradients and the two moments of Adam, four bytes each.
    return Result(learner=f"{settings.size} GRU units, PyTorch", accuracy=task.accuracy(outputs, test), seconds=seconds,
                  parameters=parameters, memory=16 * parameters + activations)
