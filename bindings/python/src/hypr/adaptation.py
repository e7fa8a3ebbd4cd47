"""Which settings a device should learn with: a list of profiles, each tried on streams that the network has not seen."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from hypr._adaptation_streams import Stream, streams
from hypr._library import lib, text
from hypr._scores import Judgement, Scores
from hypr._sequences import run_all
from hypr._teaching import Teacher
from hypr._training_data import TrainingData
from hypr._training_options import keep_training_options, training_options
from hypr._words import counted
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError, NotFiniteError, StoppedError
from hypr.model import Model
from hypr.options import SessionOptions, option_info
from hypr.session import Session

__all__ = ["Adaptation", "AdaptationPlan", "ProfileScore", "adaptation_profiles", "tune_adaptation"]

# Rounding alone moves the accuracy of a single stream by about so much.
_ROUNDING = 0.01


@dataclass(frozen=True)
class ProfileScore:
    """How one profile did.

    Attributes
    ----------
    options : mapping of str to value
        What the profile sets; empty for what the model recommends by itself.
    score : float
        Mean over the streams, without teaching: accuracy, or the part of the mean squared error without learning that is gone.
    gain : float
        Mean score less that without learning.
    worst_gain : float
        The same of the stream that gains least.
    scores : tuple of float
        Of the streams, in order. NaN: the network's state overflowed while it learned.
    """

    options: Mapping[str, Any]
    score: float
    gain: float
    worst_gain: float
    scores: tuple[float, ...]

    @property
    def name(self) -> str:
        """The options in a line."""
        if not self.options:
            return "as the model recommends"
        if self.options.get("learning_rate") == 0:
            return "no adaptation"
        shown = {name: "+".join(value) if isinstance(value, tuple) else value for name, value in self.options.items()}
        return " ".join(f"{name}={value}" for name, value in shown.items())


@dataclass(frozen=True)
class Adaptation:
    """What was measured, and the model that recommends the profile that was chosen.

    Attributes
    ----------
    model : Model
    profile : mapping of str to value
        The options of the chosen profile, as for ``Session``.
    chosen : int
        Its place in `table`.
    table : tuple of ProfileScore
        From the safest profile, which is not to adapt, to the boldest; the last is what the model recommended.
    streams : tuple of str
        The names of the streams.
    """

    model: Model
    profile: Mapping[str, Any]
    chosen: int
    table: tuple[ProfileScore, ...]
    streams: tuple[str, ...]

    @property
    def gain(self) -> float:
        """Of the chosen profile, in the mean of the streams."""
        return self.table[self.chosen].gain

    def csv(self) -> str:
        """The table as comma-separated values: profile, score, gain, worst gain, whether it was chosen, and the streams."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["profile", "score", "gain", "worst_gain", "chosen", *self.streams])
        for index, row in enumerate(self.table):
            writer.writerow([row.name, row.score, row.gain, row.worst_gain, int(index == self.chosen), *row.scores])
        return file.getvalue()

    def __str__(self) -> str:
        lines = [f"{counted(len(self.streams), 'stream'):<14} score    gain  least gain"]
        for index, row in enumerate(self.table):
            mark = "chosen" if index == self.chosen else ""
            lines.append(f"{mark:<12} {row.score:8.1%} {100 * row.gain:+7.1f} {100 * row.worst_gain:+11.1f}  {row.name}")
        return "\n".join(lines)


@cache
def adaptation_profiles() -> tuple[Mapping[str, Any], ...]:
    """The profiles that are tried, from the safest, which is not to adapt, to the boldest: options as for ``Session``. A schedule
    ends with what is taught. Those with options of rehearsal are tried if there is memory for it."""
    profiles: list[Mapping[str, Any]] = []
    while (line := lib.hypr_adaptation_profile(len(profiles))):
        pairs = (part.split("=") for part in text(line).split())
        profiles.append({name: option_info(name).decode(float(value)) for name, value in pairs})
    return tuple(profiles)


def tune_adaptation(model: Model, x: Any, y: Any, groups: npt.ArrayLike | None = None, *, taught: float = 0.5, rounds: int = 6,
                    disturbance: float | None = None, rehearsal_bytes: int = 0, seconds: float = 300.0,
                    endless: bool = False, progress: bool = True) -> Adaptation:
    """Measures which adaptation profile gains most from a few labelled minutes, and recommends it in the model.

    Every profile of ``adaptation_profiles()``, and what the model recommends by itself, learns from the first part of each stream,
    and is judged on the rest, in which nothing is taught. The profile with the highest mean score wins, unless a safer one, which
    stands before it in the list, is no worse beyond noise: the standard error of their differences, at least a point of accuracy
    over the root of the number of streams.

    Parameters
    ----------
    model : Model
        A trained network. It must not have been trained on `x`, nor may `x` be what it is finally tested on.
    x, y : as for ``Trainer.fit``
        With a target per step the sequences of a group are one stream, in which the state goes on; with one per sequence each
        begins from a fresh state.
    groups : array_like [sequences], optional
        Whose each sequence is: a stream for each group, such as a wearer, a patient or a machine. Without, all sequences are one
        group and there are eight streams, in which the sensor is disturbed.
    taught : float
        The share of each sequence that is taught, from its start; with a target per sequence, of the sequences of each class.
    rounds : int
        What is taught of a group is cut into so many rounds, each with a piece of every sequence, none shorter than 100 steps, so
        that classes alternate; 1: one sequence after the other, as they come. A profile that is chosen for the one may harm in the
        other.
    disturbance : float, optional
        How much the sensor differs in each of eight streams per group: every channel is turned towards its neighbour by so many
        radians, and stronger or weaker by half as much, about its mean; 0 to 1.9. The default is 0, not at all, with groups, and 1
        without: a network meets nothing new in the end of the recording that it was trained on.
    rehearsal_bytes : int
        Memory for rehearsal that the device will give its sessions.
    seconds : float
        For how many seconds of labelled samples a device will be taught, above 0: a rate that falls reaches 0 after as many updates
        as that makes, and from there on a device does not change. No fewer than are made in a stream, in the mean; as many, if the
        model does not know its time step.
    endless : bool
        Whether the device will be taught without a known end: profiles whose rate falls to 0 are left out.
    progress : bool
        Whether to show a bar, if tqdm is installed.

    Raises
    ------
    InvalidArgumentError
        A group has nothing to teach, or nothing to test.
    """
    data = TrainingData.of(x, y, model)
    plan = AdaptationPlan(taught=taught, rounds=rounds, disturbance=disturbance, rehearsal_bytes=rehearsal_bytes,
                          seconds=seconds, endless=endless)
    return plan.tune(model, data, None if groups is None else checked_groups(groups, len(data)), progress=progress)


def checked_groups(groups: npt.ArrayLike, count: int) -> npt.NDArray[Any]:
    """What a user gives as groups of the sequences."""
    checked = np.asarray(groups)
    if checked.shape != (count,):
        raise InvalidArgumentError(f"groups has the shape {list(checked.shape)}, expected [{count}], one for each sequence")
    return checked


@dataclass(frozen=True)
class AdaptationPlan:
    """How profiles are tried: the arguments of ``tune_adaptation``."""

    taught: float = 0.5
    rounds: int = 6
    disturbance: float | None = None
    rehearsal_bytes: int = 0
    seconds: float = 300.0
    endless: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.taught < 1:
            raise InvalidArgumentError(f"taught is {self.taught}, expected a share between 0 and 1")
        if self.rounds < 1 or self.rounds != int(self.rounds):
            raise InvalidArgumentError(f"rounds is {self.rounds}, expected a whole number from 1")
        if self.disturbance is not None and not 0 <= self.disturbance <= 1.9:
            raise InvalidArgumentError(f"disturbance is {self.disturbance}, expected 0 to 1.9")
        if not 0 < self.seconds < np.inf:
            raise InvalidArgumentError(f"seconds is {self.seconds}, expected more than 0, or endless=True for a device that is "
                                       "taught without a known end")

    def streams(self, data: TrainingData, groups: npt.NDArray[Any] | None) -> list[Stream]:
        """The streams that profiles are tried on."""
        disturbance = self.disturbance if self.disturbance is not None else 1.0 if groups is None else 0.0
        return streams(data, groups, taught=self.taught, rounds=int(self.rounds), disturbance=disturbance)

    def tune(self, model: Model, data: TrainingData, groups: npt.NDArray[Any] | None, base: Mapping[str, Any] | None = None, *,
             progress: bool = False, stop: Callable[[], bool] = lambda: False) -> Adaptation:
        """What ``tune_adaptation`` gives; StoppedError if `stop` said so, which is asked before every run. `base`: options of the
        training that say what is taught; the device gets them, too."""
        base = base or {}
        own = {name: value for name, value in training_options(model).items() if name not in base}
        made = self.streams(data, groups)
        observer = Session(model, False, **base)
        judgement = Judgement.of(observer)
        profiles = self._profiles(made, judgement, int(str(observer.options["window"])), self._lifetime(made, model.time_step))
        scores = np.empty((len(profiles), len(made)))
        with _bar(scores.size, progress) as bar:
            for column, stream in enumerate(made):
                loss = 0.0
                for row, options in enumerate(profiles):
                    if stop():
                        raise StoppedError("adaptation was not tuned to the end")
                    result = self._run(model, stream, {**base, **(own if options else {}), **options}, judgement)
                    loss = result.loss if row == 0 and result is not None else loss
                    scores[row, column] = _score(result, loss, data.classes)
                    bar.update()
        chosen = choose(scores)
        means, gains = scores.mean(axis=1), scores - scores[0]
        table = tuple(ProfileScore(options, float(means[row]), float(gains[row].mean()), float(gains[row].min()),
                                   tuple(scores[row].tolist())) for row, options in enumerate(profiles))
        recommending = _recommending(model, base, own, profiles[chosen])
        return Adaptation(recommending, profiles[chosen], chosen, table, tuple(stream.name for stream in made))

    def _profiles(self, made: Sequence[Stream], judgement: Judgement, window: int, lifetime: float) -> list[dict[str, Any]]:
        """Every profile, with what depends on the streams; at the end that of the model."""
        profiles: list[dict[str, Any]] = []
        for profile in adaptation_profiles():
            options = dict(profile)
            if not self.rehearsal_bytes and any(name.startswith("rehearsal") for name in options):
                continue
            falls = options.get("schedule", "constant") != "constant"
            if self.endless and falls:
                continue
            if not made[0].taught.per_step and judgement.loss == "sum_of_softmax":
                options.pop("window", None)  # that of the model holds a whole sequence
            if falls:
                count = sum(stream.windows(int(options.get("window", window)), judgement) for stream in made)
                options["schedule_updates"] = max(1, math.floor(lifetime * count / len(made) + 0.5))
            profiles.append(options)
        return [*profiles, {}]

    def _lifetime(self, made: Sequence[Stream], time_step: float) -> float:
        """How many times as long as in a stream a device is taught, at least once; as long, if the time step is not known."""
        taught = time_step * sum(stream.taught_steps for stream in made) / len(made)
        return max(1.0, self.seconds / taught) if taught > 0 else 1.0

    def _run(self, model: Model, stream: Stream, options: Mapping[str, Any], judgement: Judgement) -> Scores | None:
        """Teaches the first part of a stream, and judges the rest; None if the state overflowed."""
        settings = cast(SessionOptions, {**options, "update": "window", "rehearsal_bytes": self.rehearsal_bytes})
        teacher = Teacher(model, settings, stream.taught.classes)
        scores = Scores()
        try:
            teacher.teach(stream.taught)
            outputs = (teacher.session.run(stream.test.inputs) if stream.taught.per_step
                       else run_all(teacher.session, stream.test.inputs, stream.test.lengths))
        except NotFiniteError:
            return None
        scores.add(outputs, stream.test, judgement)
        return scores


def _recommending(model: Model, base: Mapping[str, Any], own: Mapping[str, Any], profile: Mapping[str, Any]) -> Model:
    """The model that recommends a profile to devices; {}: what it recommended before."""
    builder = ModelBuilder.from_model(model)
    if profile:
        keep_training_options(builder, model, base)
        profile = {**own, **profile}
    new = {**base, **profile}
    return builder.recommend(**new).build() if new else model


def choose(scores: npt.NDArray[np.float64]) -> int:
    """The first profile that is no worse than the best one beyond noise; scores [profiles, streams]."""
    means = np.where(np.isnan(scores).any(axis=1), -np.inf, scores.mean(axis=1))
    best, count = int(means.argmax()), scores.shape[1]
    for row in np.flatnonzero(np.isfinite(means)):
        lost = scores[best] - scores[row]
        error = lost.std(ddof=1) / np.sqrt(count) if count > 1 else 0.0
        if lost.mean() <= max(error, _ROUNDING / np.sqrt(count)):
            return int(row)
    return 0


def _score(result: Scores | None, loss: float, classes: bool) -> float:
    """Accuracy, or the part of the loss without learning that is gone."""
    if result is None or not np.isfinite(result.loss):
        return float("nan")
    if classes:
        return result.accuracy
    return 1 - result.loss / loss if loss > 0 else 0.0


class _NoBar:
    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self) -> None:
        pass


def _bar(total: int, progress: bool) -> Any:
    """A tqdm bar; nothing if it is not wanted, or tqdm not installed."""
    if progress:
        try:
            from tqdm.auto import tqdm

            return tqdm(total=total, desc="adaptation profiles", unit=" runs", mininterval=0.5)
        except ImportError:
            pass
    return _NoBar()
