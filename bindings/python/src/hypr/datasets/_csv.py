"""Files of comma-separated values, as in RFC 4180."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from hypr._arrays import FloatArray
from hypr.datasets._recordings import Columns, Recording, Roles, interned, plain
from hypr.datasets._times import parse_times
from hypr.errors import InvalidArgumentError

_CHUNK = 4096  # rows that are converted at once
_MISSING = {"nan", "na", "n/a", "null", "none", "inf", "-inf"}  # how others write that there is no number
_NUMERIC = re.compile(r"[0-9+\-.eE]+")


def _lines(file: IO[str], name: str) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise InvalidArgumentError(f"{name}, line {number} has a zero byte, expected text in UTF-8")
        yield line


def read_csv_file(file: IO[str], name: str, roles: Roles) -> Recording:
    lines = _lines(file, name)
    blank = 0
    for first in lines:
        if first.strip("\r\n"):
            break
        blank += 1
    else:
        raise InvalidArgumentError(f"{name} is empty, expected a line with the names of the columns")
    delimiter = _delimiter(first)

    def chained() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(chained(), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows = _records(reader, name, blank)
    line, header = next(rows)
    if all(is_number(text) for text in header):
        raise InvalidArgumentError(f"{name}, line {line} holds numbers, expected a line with the names of the columns")
    columns = roles.columns(header, name)
    collected = _Collected(name, header, columns, roles)
    for line, row in rows:
        if len(row) != len(header):
            hint = "; decimal commas are not read" if delimiter == "," and len(row) > len(header) else ""
            raise InvalidArgumentError(f"{name}, line {line} has {len(row)} fields, the header has {len(header)}{hint}")
        collected.add(line, row)
    return collected.recording()


def _records(reader: Any, name: str, blank: int) -> Iterator[tuple[int, list[str]]]:
    """Records that are not empty, with the line on which they begin."""
    while True:
        line = reader.line_num + blank + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidArgumentError(f"{name}, line {line}: {_words(str(error))}") from None
        if row:
            yield line, [text.strip(" \t") for text in row]


def _words(error: str) -> str:
    """What the csv module says, as the tool says it."""
    if "unexpected end of data" in error or "field larger" in error:
        return "a quote is opened and not closed"
    if "expected after" in error:
        return "there is text after a closing quote"
    return f"a carriage return inside, expected lines that end in LF or CR LF ({error})"


def _delimiter(line: str) -> str:
    """What there is most of outside of quotes; the first of equals."""
    outside = "".join(line.split('"')[::2])
    return max(",;\t", key=outside.count)


def is_number(text: str) -> bool:
    if not _NUMERIC.fullmatch(text):
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Collected:
    """What was read so far, converted chunk by chunk."""

    def __init__(self, name: str, header: list[str], columns: Columns, roles: Roles) -> None:
        self.name, self.header, self.columns, self.roles = name, header, columns, roles
        self.lines: list[int] = []
        self.rows: list[list[str]] = []
        self.values: list[FloatArray] = []
        self.labels: list[int] = []
        self.groups: list[int] = []
        self.times: list[str] = []
        self.time_lines: list[int] = []
        self.label_numbers: dict[str, int] = {}
        self.label_places: list[str] = []
        self.group_numbers: dict[str, int] = {}

    def add(self, line: int, row: list[str]) -> None:
        self.lines.append(line)
        self.rows.append(row)
        if len(self.rows) == _CHUNK:
            self.convert()

    def place(self, index: int, column: int) -> str:
        return f'{self.name}, line {self.lines[index]}, column "{self.header[column]}"'

    def convert(self) -> None:
        if not self.rows:
            return
        self.values.append(self.numbers())
        columns = self.columns
        if columns.label is not None:
            texts = []
            for index, row in enumerate(self.rows):
                text = row[columns.label]
                texts.append(plain(text, self.place(index, columns.label)) if "." in text else text)
            known = len(self.label_numbers)
            self.labels += interned(texts, self.label_numbers)
            self.label_places += [self.place(texts.index(text), columns.label) for text in list(self.label_numbers)[known:]]
        if columns.group is not None:
            names = [row[columns.group] for row in self.rows]
            if "" in names:
                raise InvalidArgumentError(f"{self.place(names.index(''), columns.group)}: the group is missing")
            self.groups += interned(names, self.group_numbers)
        if columns.time is not None:
            self.times += [row[columns.time] for row in self.rows]
            self.time_lines += self.lines
        self.lines, self.rows = [], []

    def numbers(self) -> FloatArray:
        texts = [[row[column] for column in self.columns.channels] for row in self.rows]
        try:
            if not all(_NUMERIC.fullmatch("".join(row)) and all(row) for row in texts):
                raise ValueError
            values = np.array(texts, np.float64)
        except ValueError:
            raise self.no_number() from None
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        if not np.isfinite(single).all():
            index, channel = np.argwhere(~np.isfinite(single))[0]
            column = self.columns.channels[channel]
            raise InvalidArgumentError(f"{self.place(index, column)} is {texts[index][channel]}, too large for single precision")
        return single

    def no_number(self) -> InvalidArgumentError:
        index, column = next((index, column) for index, row in enumerate(self.rows) for column in self.columns.channels
                             if not is_number(row[column]))
        text, place = self.rows[index][column], self.place(index, column)
        if not text:
            return InvalidArgumentError(f"{place}: the value is missing; fill it in, or leave the row out")
        if text.lower() in _MISSING:
            return InvalidArgumentError(f'{place} is "{text}", expected a number; fill it in, or leave the row out')
        decimal = " with a point: decimal commas are not read" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
        return InvalidArgumentError(f'{place} is "{text}", expected a number{decimal}')

    def recording(self) -> Recording:
        self.convert()
        if not self.values:
            raise InvalidArgumentError(f"{self.name} has no rows below the header")
        values = np.concatenate(self.values)
        labels = self.labels if self.columns.label is not None else [-1] * len(values)
        recording = Recording(self.name, [self.header[column] for column in self.columns.channels], values,
                               list(self.label_numbers), self.label_places, np.array(labels, np.int32),
                               list(self.group_numbers), np.array(self.groups, np.int32))
        times = None
        if self.columns.time is not None:
            def place(index: int) -> str:
                return f'{self.name}, line {self.time_lines[index]}, column "{self.roles.time}"'
            times = parse_times(self.times, self.roles.used_time_unit, place)
        recording.timed(times, self.roles, dates=not all(map(is_number, self.times)))
        return recording
