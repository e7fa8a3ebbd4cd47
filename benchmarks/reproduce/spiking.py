"""A spiking network trained by hypr."""

import time

import hypr
from hypr.datasets import Dataset
from hypr.trainer import Trainer
from result import Result
from settings import Spiking
from tasks import Task


def fresh(data: Dataset, settings: Spiking, seed: int) -> hypr.Model:
    mean, deviation = data.train.statistics()
    return (hypr.ModelBuilder(data.channel_count, data.time_step, data.name)
            .input(scale=settings.input_scale / deviation, offset=mean if settings.centred else 0 * mean)
            .layer(settings.neuron, settings.size, **settings.layer)
            .readout(len(data.classes), tau=settings.tau, bias=settings.neuron != "brf")  # BRF as published
            .labels(data.classes)
            .build(seed))


def run(task: Task, data: Dataset, settings: Spiking, seed: int) -> Result:
    model = fresh(data, settings, seed)
    options = dict(settings.options)
    if task.judged:
        options |= {"loss": "last_steps", "loss_steps": task.judged}
    trainer = Trainer(model, epochs=settings.epochs, batch_size=settings.batch_size, seed=seed, **options)
    start = time.process_time()
    trained = trainer.fit(data.train.sequences, data.train.labels).model
    seconds = time.process_time() - start

    session, outputs = hypr.Session(trained, learning=False), []
    for x in data.test.sequences:
        session.reset()
        outputs.append(session.run(x))
    learning = {name: value for name, value in options.items() if name != "update"}
    return Result(
        learner=f"{settings.size} {settings.neuron} neurons, hypr", accuracy=task.accuracy(outputs, data.test),
        seconds=seconds, parameters=trained.parameter_count,
        memory=hypr.Session.memory_size(model, **learning).bytes, spikes=float(session.statistics.spike_rates[0]))
