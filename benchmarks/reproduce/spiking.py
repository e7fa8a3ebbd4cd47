"""A spiking network trained by hypr."""

import time
from typing import Any

import hypr
import numpy as np
from hypr.datasets import Dataset, Split
from hypr.trainer import Trainer
from result import Result
from settings import Spiking
from tasks import Task


def fresh(data: Dataset, settings: Spiking, seed: int) -> hypr.Model:
    builder = hypr.ModelBuilder(data.channel_count, data.time_step, data.name)
    scale = np.full(data.channel_count, settings.input_scale, np.float32)
    offset = 0 * scale
    if settings.standardised or settings.centred:
        mean, deviation = data.train.statistics()
        scale = scale / deviation if settings.standardised else scale
        offset = mean if settings.centred else offset
    builder.input(scale=scale, offset=offset)
    for _ in range(settings.depth):
        builder.layer(settings.neuron, settings.size, **settings.layer)
    builder.readout(len(data.classes), tau=settings.tau, bias=settings.neuron != "brf")  # BRF as published
    return builder.labels(data.classes).build(seed)


def learning(task: Task, settings: Spiking) -> dict[str, Any]:
    """The options of a session."""
    judged = {"loss": "last_steps", "loss_steps": task.judged} if task.judged else {}
    return settings.options | judged


def run(task: Task, data: Dataset, settings: Spiking, seed: int) -> Result:
    model, options = fresh(data, settings, seed), learning(task, settings)
    trainer = Trainer(model, epochs=settings.epochs, batch_size=settings.batch_size, average_decay=settings.average_decay,
                      seed=seed, **options)
    start = time.process_time()
    trained = trainer.fit(data.train.sequences, data.train.labels).model
    seconds = time.process_time() - start

    outputs, rates = judge(trained, data.test)
    return Result(
        learner=f"{settings.size} {settings.neuron} neurons, hypr", accuracy=task.accuracy(outputs, data.test),
        seconds=seconds, parameters=trained.parameter_count, memory=memory(model, options), spikes=rates[0])


def judge(model: hypr.Model, split: Split) -> tuple[list[np.ndarray], list[float]]:
    """The outputs of each sequence [steps, classes], and the spikes per neuron and step of each layer."""
    session, outputs = hypr.Session(model, learning=False), []
    for x in split.sequences:
        session.reset()
        outputs.append(session.run(x))
    return outputs, [float(rate) for rate in session.statistics.spike_rates]


def memory(model: hypr.Model, options: dict[str, Any]) -> int:
    """Of a session that learns, in bytes."""
    return hypr.Session.memory_size(model, **{name: value for name, value in options.items() if name != "update"}).bytes
