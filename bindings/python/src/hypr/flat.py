"""FlatBuffers tables as dictionaries, by the schema: what it says about fields decides how they are read.

(flatc's classes for Python would do the same, but those of the version that Debian has are no Python for a table named IF.)

A table is a dictionary; what is absent in the file is absent there. A member of a union is a pair of the table's name and the
table; vectors of numbers and of structs are NumPy arrays, other vectors lists; enumerations are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flatbuffers import encode, number_types
from flatbuffers.table import Table

from hypr.schema import Field, fields, kind_of, union_members

_SCALARS = {
    "bool": number_types.BoolFlags, "ubyte": number_types.Uint8Flags, "uint32": number_types.Uint32Flags,
    "float": number_types.Float32Flags, "double": number_types.Float64Flags}
_NUMPY: Mapping[str, np.dtype[Any]] = {
    "byte": np.dtype("i1"), "ubyte": np.dtype("u1"), "ushort": np.dtype("<u2"), "uint32": np.dtype("<u4"),
    "int32": np.dtype("<i4"), "float": np.dtype("<f4")}


def unpack(table: str, data: bytes) -> dict[str, Any]:
    """The root table of a file that was verified."""
    root = number_types.UOffsetTFlags
    return _unpack_table(table, Table(data, encode.Get(root.packer_type, data, 0)))


def _is_scalar(kind: str) -> bool:
    return kind in _SCALARS or kind_of(kind) == "enum"


def _scalar_flags(kind: str) -> Any:
    return _SCALARS["ubyte" if kind_of(kind) == "enum" else kind]


def _numpy_type(element: str) -> np.dtype[Any]:
    if element in _NUMPY:
        return _NUMPY[element]
    return np.dtype([(field.name, _NUMPY[field.kind]) for field in fields(element)])


def _unpack_table(name: str, table: Table) -> dict[str, Any]:
    values = {}
    for field in fields(name):
        position = table.Offset(4 + 2 * field.slot)
        if position:
            values[field.name] = _unpack_field(field, table, position)
    return values


def _unpack_field(field: Field, table: Table, offset: int) -> Any:
    kind, position = field.kind, offset + table.Pos
    if _is_scalar(kind):
        return table.Get(_scalar_flags(kind), position)
    if kind == "string":
        return table.String(position).decode()
    if kind_of(kind) == "union":
        number = table.Get(number_types.Uint8Flags, table.Offset(4 + 2 * (field.slot - 1)) + table.Pos)
        member = union_members(kind)[number - 1]
        return member, _unpack_table(member, Table(table.Bytes, table.Indirect(position)))
    if not kind.startswith("["):
        return _unpack_table(kind, Table(table.Bytes, table.Indirect(position)))
    element, start, length = kind[1:-1], table.Vector(offset), table.VectorLen(offset)
    if element in _NUMPY or kind_of(element) == "struct":
        return np.frombuffer(table.Bytes, _numpy_type(element), length, start)
    places = [start + 4 * index for index in range(length)]
    if element == "string":
        return [table.String(place).decode() for place in places]
    return [_unpack_table(element, Table(table.Bytes, table.Indirect(place))) for place in places]
