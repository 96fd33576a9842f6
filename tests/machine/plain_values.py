"""What a plain value is: found by looking at values, and at what their types say they may hold."""

from __future__ import annotations

import dataclasses
import types
import typing
from array import array
from collections.abc import Hashable, Iterator
from enum import Enum
from typing import Any, Final

ATOMS: Final = (int, str, bytes, float, bool, type(None))
MANY: Final = (tuple, list, set, frozenset)
NAMES: Final = {"array": list}
"""``array[int]`` is none for Python 3.11 unless it stands in quotes: as plain as a list."""


def members(value: object) -> Iterator[tuple[str, object]]:
    """The members of a named tuple or a dataclass."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        names = list(getattr(value, "_fields", ()))
    return ((name, getattr(value, name)) for name in names)


def is_record(kind: type) -> bool:
    """Whether a class is that of named tuples or of dataclasses."""
    return dataclasses.is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def strangers(value: object, where: str = "") -> Iterator[str]:
    """Where in a value there is what is no plain value: code, an open file, any other object."""
    kind = type(value)
    if kind in ATOMS or isinstance(value, Enum) or kind is array:
        return
    if kind is dict:
        assert isinstance(value, dict)
        for key, one in value.items():
            yield from strangers(key, f"{where} key {key!r}")
            yield from strangers(one, f"{where}[{key!r}]")
    elif kind in MANY:
        assert isinstance(value, tuple | list | set | frozenset)
        for number, one in enumerate(value):
            yield from strangers(one, f"{where}[{number}]")
    elif is_record(kind):
        for name, one in members(value):
            yield from strangers(one, f"{where}.{name}")
    else:
        yield f"{where}: {kind.__module__}.{kind.__qualname__}"


def records(value: object, found: dict[type, None] | None = None) -> dict[type, None]:
    """The classes of named tuples and dataclasses in a value, in the order in which they come."""
    found = {} if found is None else found
    if isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            records(one, found)
    elif is_record(type(value)):
        found.setdefault(type(value))
        for _, one in members(value):
            records(one, found)
    elif isinstance(value, MANY):
        for one in value:
            records(one, found)
    return found


def strange_types(kind: Any, where: str, seen: set[Any]) -> Iterator[str]:
    """Where the annotations of a type let in what is no plain value.

    ``Any`` and ``Hashable`` say nothing: what there is is for ``strangers``.
    """
    if kind in seen or kind in (Any, Hashable, Ellipsis):
        return
    seen.add(kind)
    origin = typing.get_origin(kind)
    if origin in (*MANY, dict, array, typing.Union, types.UnionType, typing.Literal):
        for one in typing.get_args(kind) if origin is not typing.Literal else ():
            yield from strange_types(one, where, seen)
    elif isinstance(kind, type) and (kind in (*ATOMS, *MANY, dict) or issubclass(kind, Enum)):
        return
    elif isinstance(kind, type) and is_record(kind):
        for name, one in typing.get_type_hints(kind, localns=NAMES).items():
            if typing.get_origin(one) is not typing.ClassVar:
                yield from strange_types(one, f"{kind.__qualname__}.{name}", seen)
    else:
        yield f"{where}: {kind}"
