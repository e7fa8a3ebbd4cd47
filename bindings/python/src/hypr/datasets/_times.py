"""Times of rows: numbers or dates, and how far they are apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from hypr.errors import InvalidArgumentError

TimeUnit = Literal["s", "ms", "us", "ns"]
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_WORDS: dict[str, TimeUnit] = {
    "s": "s", "sec": "s", "seconds": "s", "ms": "ms", "msec": "ms", "millis": "ms", "milliseconds": "ms", "us": "us", "µs": "us",
    "μs": "us", "usec": "us", "micros": "us", "microseconds": "us", "ns": "ns", "nsec": "ns", "nanos": "ns", "nanoseconds": "ns"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))?", re.ASCII)


def named_unit(column: str) -> TimeUnit | None:
    """What the last word of a column's name says, as in "time_ms", "t (us)", "t [s]" and "millis"; None: no unit."""
    letters = re.findall(r"[^\W\d_]+", column.lower())
    return _WORDS.get(letters[-1]) if letters else None


def unit_words(column: str, given: TimeUnit | None, step: float) -> tuple[str, bool]:
    """What was taken for the unit of a column of numbers, where that is worth a word; and whether it may be another one."""
    named = named_unit(column)
    if given is None and named not in (None, "s"):
        return f"column {column} counts {_NAMES[str(named)]}", False
    if given is None and named is None and step >= 1 and step == round(step):
        return f'{column} counts {step:.9g} s per row; if it counts milliseconds say time_unit="ms"', True
    return "", False


def parse_times(texts: Sequence[str], unit: TimeUnit, place: Callable[[int], str]) -> npt.NDArray[np.float64]:
    """Seconds: numbers, or dates as ISO 8601 writes them, counted from the first one's midnight. `place` names a row."""
    if unit not in _PER_SECOND:
        raise InvalidArgumentError(f"time_unit is {unit!r}, expected one of {', '.join(_PER_SECOND)}")
    times = np.empty(len(texts))
    first_day = None
    for row, text in enumerate(texts):
        if _NUMBER.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                times[row] = number / _PER_SECOND[unit]
                continue
        if not text:
            raise InvalidArgumentError(f"{place(row)}: the time is missing")
        parsed = _parse_date(text)
        if parsed is None:
            raise InvalidArgumentError(f'{place(row)} is "{text}", expected a number or a date such as 2025-06-01T08:30:00.02')
        first_day = parsed[0] if first_day is None else first_day
        times[row] = float(parsed[0] - first_day) * 86400 + parsed[1]
    return times


def _parse_date(text: str) -> tuple[int, float] | None:
    """Day, and seconds in it, UTC where a zone is given; None: it is no date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    fraction, sign, zone_hours, zone_minutes = match.groups()[6:]
    seconds = float(second)
    if fraction:
        seconds += int(fraction) / 10.0 ** len(fraction)
    offset = 0
    if sign:
        offset = (int(zone_hours) * 3600 + int(zone_minutes) * 60) * (-1 if sign == "-" else 1)
    return ordinal, seconds + float(hour * 3600) + float(minute * 60 - offset)


def time_step(times: npt.NDArray[np.float64], ends: npt.NDArray[np.bool_], name: str) -> float:
    """The median of the differences that are not negative, in as few digits as the times allow, since they are rounded."""
    differences = np.diff(times)[~ends[1:]]
    differences = np.sort(differences[differences >= 0])
    if not len(differences):
        return 0.0
    middle = len(differences) // 2
    median = float(differences[middle] if len(differences) % 2 else (differences[middle - 1] + differences[middle]) / 2)
    if median == 0:
        raise InvalidArgumentError(f"{name}: most samples have the time of the one before; the times are too coarse for them")
    tolerance = 4 * math.ulp(float(np.abs(times).max())) + 1e-9 * median
    for digits in range(9):
        rounded = float(f"{median:.{digits}e}")
        if abs(rounded - median) <= tolerance:
            return rounded
    return median
