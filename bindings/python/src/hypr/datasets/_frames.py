"""Tables of pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

from hypr.datasets._csv import is_number
from hypr.datasets._recordings import Recording, Roles, interned, plain
from hypr.datasets._times import parse_times
from hypr.errors import InvalidArgumentError


def read_frame(frame: Any, roles: Roles) -> Recording:
    """The same of a DataFrame; rows are counted from 0."""
    name = "the table"
    header = [str(column) for column in frame.columns]
    columns = roles.columns(header, name)
    if not len(frame):
        raise InvalidArgumentError(f"{name} has no rows")

    def place(row: int, column: int) -> str:
        return f'{name}, row {row}, column "{header[column]}"'

    values = np.empty((len(frame), len(columns.channels)), np.float32)
    for channel, column in enumerate(columns.channels):
        series = frame.iloc[:, column]
        missing = np.flatnonzero(series.isna().to_numpy())
        if len(missing):
            raise InvalidArgumentError(f"{place(missing[0], column)}: the value is missing; fill it in, or leave the row out")
        if series.dtype.kind not in "fiub":
            row = next((row for row, value in enumerate(series) if not is_number(str(value))), 0)
            raise InvalidArgumentError(f'{place(row, column)} is "{series.iloc[row]}", expected a number')
        with np.errstate(over="ignore"):
            values[:, channel] = series.to_numpy(np.float64)
        endless = np.flatnonzero(~np.isfinite(values[:, channel]))
        if len(endless):
            raise InvalidArgumentError(f"{place(endless[0], column)} is {series.iloc[endless[0]]}, too large for single precision")

    def texts(column: int) -> list[str]:
        series = frame.iloc[:, column]
        return ["" if missing else str(value).strip(" \t") for value, missing in zip(series, series.isna())]

    label_numbers: dict[str, int] = {}
    group_numbers: dict[str, int] = {}
    labels, label_places = [-1] * len(frame), list[str]()
    if columns.label is not None:
        label = columns.label
        given = [plain(text, place(row, label)) for row, text in enumerate(texts(label))]
        labels = interned(given, label_numbers)
        label_places = [place(given.index(text), label) for text in label_numbers]
    groups: list[int] = []
    if columns.group is not None:
        names = texts(columns.group)
        if "" in names:
            raise InvalidArgumentError(f"{place(names.index(''), columns.group)}: the group is missing")
        groups = interned(names, group_numbers)
    recording = Recording(name, [header[column] for column in columns.channels], values, list(label_numbers),
                          label_places, np.array(labels, np.int32), list(group_numbers), np.array(groups, np.int32))
    times, dates = None, False
    if columns.time is not None:
        series = frame.iloc[:, columns.time]
        time_column = columns.time
        dates = series.dtype.kind == "M"
        if dates:
            if series.isna().any():
                raise InvalidArgumentError(f"{place(int(np.argmax(series.isna())), time_column)}: the time is missing")
            times = (series - series.iloc[0]).dt.total_seconds().to_numpy(np.float64)
        else:
            written = texts(time_column)
            times = parse_times(written, roles.used_time_unit, lambda row: place(row, time_column))
            dates = not all(map(is_number, written))
    recording.timed(times, roles, dates)
    return recording
