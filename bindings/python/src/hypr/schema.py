"""The schema of model files, hypr.fbs: it is read, not written down again; a neuron model added to it is known here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypr.errors import NotFoundError, unknown


class Field(NamedTuple):
    """A field of a table: its type as the schema writes it, and its slot (a union takes two, the first for its type)."""

    name: str
    kind: str
    slot: int


@cache
def _declarations() -> dict[str, tuple[str, str]]:
    """The schema's tables, structs, unions and enums by name: what they are, and their bodies."""
    text = re.sub(r"//.*", "", Path(__file__).with_name("hypr.fbs").read_text())
    found = re.findall(r"\b(table|struct|union|enum)\s+(\w+)[^{;]*\{([^}]*)\}", text)
    return {name: (kind, body) for kind, name, body in found}


def kind_of(name: str) -> str:
    """"table", "struct", "union" or "enum"; "" for types that are built in."""
    return _declarations().get(name, ("", ""))[0]


@cache
def fields(table: str) -> tuple[Field, ...]:
    """The fields of a table or a struct, in the schema's order."""
    found, slot = [], 0
    for name, kind in re.findall(r"(\w+)\s*:\s*(\[\w+\]|\w+)[^;]*;", _declarations()[table][1]):
        slot += kind_of(kind) == "union"
        found.append(Field(name, kind, slot))
        slot += 1
    return tuple(found)


@cache
def _notes() -> dict[tuple[str, str], str]:
    """What the schema says of the fields of its tables."""
    notes: dict[tuple[str, str], str] = {}
    table, above = "", ""
    for line in Path(__file__).with_name("hypr.fbs").read_text().splitlines():
        begins, doc = re.match(r"table (\w+)", line), re.match(r"\s*/// ?(.*)", line)
        if begins:
            table = begins[1]
        if doc:
            above = f"{above} {doc[1]}".strip()
            continue
        field = re.match(r"\s+(\w+):[^;]*;\s*(?://\s*(.*))?", line)
        if field:
            notes[table, field[1]] = field[2] or above
        above = ""
    return notes


def meaning(table: str, field: str) -> str:
    """What a field is in a few words, such as "membrane time constant"; "" where the schema says only its bounds."""
    note = _notes().get((table, field), "")
    other = re.match(r"As (\w+)\.", note)
    if other:
        return meaning(other[1], field)
    words = re.match(r"[A-Z][a-z].*?(?=[:;]|\.(?: |$)|$)", re.sub(r" \[\w+\]", "", note))
    return words[0][0].lower() + words[0][1:] if words else ""


@cache
def union_members(union: str) -> tuple[str, ...]:
    """The tables of a union; their numbers begin with 1."""
    return tuple(re.findall(r"\w+", _declarations()[union][1]))


@cache
def enum_members(enumeration: str) -> dict[str, int]:
    """The members of an enumeration by their names in snake case, such as ``double_gaussian``; they count from 0."""
    names = re.findall(r"\b([A-Za-z]\w*)", _declarations()[enumeration][1])
    return {snake_case(name): number for number, name in enumerate(names)}


def enum_number(enumeration: str, name: str, what: str) -> int:
    """The number of a member, whatever its case and without regard to ``_`` and ``-``; NotFoundError."""
    for known, number in enum_members(enumeration).items():
        if _plain(known) == _plain(name):
            return number
    raise unknown(NotFoundError, what, name, enum_members(enumeration))


def enum_name(enumeration: str, number: int) -> str:
    return list(enum_members(enumeration))[number]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def snake_case(name: str) -> str:
    """BRFExponential: brf_exponential; GeneralLIF: general_lif; SEAdLIF, whose AdLIF is one word: se_adlif."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return words.replace("ad_lif", "adlif")
