"""Options of a session by name: what hypr.h says about them, and as keyword arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, TypeAlias, TypedDict, get_type_hints

from hypr._library import check, constants, ffi, lib, made, optional_text, text
from hypr.errors import InvalidArgumentError, UnknownOptionError, unknown

TrainGroup: TypeAlias = Literal[
    "input_weights", "recurrent_weights", "biases", "neuron_parameters", "readout", "readout_tau", "all"]


class SessionOptions(TypedDict, total=False):
    """The keyword arguments of ``Session``: the options of hypr.h by their names, for type checkers and editors.

    What is not given is as the model file recommends, or else has its default; ``option_info(name)`` gives bounds and default.
    """

    window: int  # lambda, steps per window; 0: as the size of the model suggests
    credit: Literal["spatial", "window", "recurrent", "filtered"]
    update: Literal["window", "sequence", "manual"]
    reduction: Literal["mean", "sum", "mean_over_steps"]
    train_mask: int | TrainGroup | Iterable[TrainGroup]
    label_smoothing: float
    loss: Literal["every_step", "last_steps", "sum_of_softmax"]
    loss_steps: int
    label_delay: int  # steps that targets may come late in a stream
    deferred: int  # 1: the end of a window is computed while the next one is filled
    learning_memory_type: Literal["float32", "bfloat16"]  # of moments and eligibility
    spike_rate_penalty: float
    spike_rate_lower: float
    spike_rate_upper: float
    optimizer: Literal["sgd", "adam", "momentum", "adamw", "nlms"]
    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    gradient_clip: float
    value_clip: float
    weight_decay: float
    anchor_strength: float
    schedule: Literal["constant", "linear", "cosine"]
    schedule_updates: int
    warm_up_updates: int
    rate_input_weights: float
    rate_recurrent_weights: float
    rate_biases: float
    rate_neuron_parameters: float
    rate_readout: float
    rate_readout_tau: float
    rehearsal_bytes: int  # memory for stretches of the stream; 0: nothing is rehearsed
    rehearsal_share: float  # of what is rehearsed in a gradient; 0: classes weigh alike
    rehearsal_steps: int  # after a window
    rehearsal_windows: int  # that are followed by rehearsal, from a taught one on
    rehearsal_stretch: int  # steps
    rehearsal_lead_in: int  # its first steps that teach nothing
    rehearsal_seed: int  # of what is drawn
    rehearsal_bits: int  # of an input in a stretch
    hold_untaught: float  # weight of what keeps the outputs of classes that were not taught
    guard: int  # labelled steps that losses are compared over; 0: no guard
    guard_margin: float  # part of the other's mean loss by which a network must be better to be ahead
    guard_answer: int  # 1: outputs are those of the network that is ahead
    threads: int  # of a learning session, the host's included
    rounding_seed: int  # of weights that a saved file stores in fewer bytes; 0: rounded to the nearest


@dataclass(frozen=True)
class OptionInfo:
    """What is known about one option.

    Attributes
    ----------
    name : str
    key : int
        Its ``HYPR_OPTION_`` number.
    lower, upper : float
        The bounds, both allowed.
    default : float
    choices : mapping of str to int
        The values of an enumeration, or the bits of a mask, by name; empty for numbers.
    is_mask : bool
        Whether the choices are bits that can be added.
    """

    name: str
    key: int
    lower: float
    upper: float
    default: float
    choices: Mapping[str, int]
    is_mask: bool

    def encode(self, value: Any) -> float:
        """The number for the library; InvalidArgumentError, with the names that are close, for one that does not exist."""
        if isinstance(value, str):
            return float(self._choice(value))
        if self.is_mask and isinstance(value, Iterable):
            bits = 0
            for name in value:
                bits |= self._choice(name)
            return float(bits)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(f"{self.name} is {value!r}, expected {self._expected()}") from None

    def decode(self, number: float) -> bool | int | float | str | tuple[str, ...]:
        """The value as a keyword argument would give it."""
        if self.is_mask:
            return tuple(name for name, bit in self.choices.items() if bit.bit_count() == 1 and int(number) & bit)
        for name, value in self.choices.items():
            if value == number:
                return name
        if self.name == "learning":
            return bool(number)
        return int(number) if self.name in _whole() else number

    def _choice(self, name: str) -> int:
        if name not in self.choices:
            if not self.choices:
                raise TypeError(f"{self.name} is {name!r}, expected {self._expected()}")
            advice = ": which steps the label of a sequence teaches, always by cross-entropy" if self.name == "loss" else ""
            raise unknown(InvalidArgumentError, self.name, name, self.choices, advice)
        return self.choices[name]

    def _expected(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        return f"a number from {self.lower:g} to {self.upper:g}"


@cache
def _whole() -> frozenset[str]:
    """The options that are whole numbers."""
    return frozenset(name for name, kind in get_type_hints(SessionOptions).items() if kind is int)


@cache
def _table() -> Mapping[str, OptionInfo]:
    table = {}
    bounds = ffi.new("double[3]")
    names = {key: text(lib.hypr_option_name(key)) for key in constants("OPTION").values()}
    for key, name in names.items():
        check(lib.hypr_option_bounds(key, bounds, bounds + 1, bounds + 2), name)
        is_mask = name.endswith("_mask")
        # Without those of options whose names go on from this one's.
        longer = tuple(f"{other}_" for other in names.values() if other.startswith(f"{name}_"))
        choices = {choice: value for choice, value in constants(name.removesuffix("_mask").upper()).items()
                   if not f"{name}_{choice}".startswith(longer)}
        table[name] = OptionInfo(name, key, bounds[0], bounds[1], bounds[2], choices, is_mask)
    return table


def option_names() -> tuple[str, ...]:
    """The names of all options, in the order of hypr.h."""
    return tuple(_table())


def option_info(name: str) -> OptionInfo:
    """Bounds, default and choices of an option; UnknownOptionError if there is none of that name."""
    key = ffi.new("hypr_option *")
    if lib.hypr_option_find(name.encode(), key):
        raise unknown_option(name)
    return _table()[name]


def unknown_option(name: str, others: Iterable[str] = ()) -> UnknownOptionError:
    """What is said of a name that is no option; `others` are names that would do as well where it was given."""
    named = next(iter(get_close_matches(name, others, 1)), None) or optional_text(lib.hypr_option_suggest(name.encode()))
    hint = f"did you mean {named!r}?" if named else "hypr.option_names() lists them, beside the arguments of hypr.Trainer"
    return UnknownOptionError(f"there is no option {name!r}; {hint}")


class NativeOptions:
    """A hypr_options of these settings. One that is None is not set."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.handle: Any = ffi.gc(made("hypr_options", lib.hypr_options_create), lib.hypr_options_free)
        for name, value in settings.items():
            if value is not None:
                option = option_info(name)
                check(lib.hypr_options_set(self.handle, option.key, option.encode(value)),
                      lib.hypr_options_message(self.handle))

    def get(self, name: str) -> float:
        """The number that is set, or the default."""
        value = ffi.new("double *")
        check(lib.hypr_options_get(self.handle, option_info(name).key, value), name)
        return float(value[0])
