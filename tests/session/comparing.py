"""What two machines differ in, by field and page: an assertion that fails prints no RAM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any, Final

from emu.machine.snapshot import Snapshot
from kernel_model.state import KernelState

LARGE: Final = 1024
"""Bytes that are compared by where they differ, and not shown."""

LINES: Final = 20
"""Differences that are told."""

WIDTH: Final = 100
"""Characters of a value that are shown."""

DEPTH: Final = 3
"""How deep in tuples, lists and dictionaries a machine is looked for."""


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """The text of ``assert left == right`` where either holds a machine's state or its memory."""
    if op not in ("==", "!=") or not (holds_memory(left) or holds_memory(right)):
        return None
    head = f"{type(left).__name__} {op} {type(right).__name__}"
    if op == "!=":
        return [head, "they are equal"]
    found = list(islice(differences(left, right), LINES + 1))
    more = ["and more"] if len(found) > LINES else []
    return [head, *found[:LINES], *more]


def holds_memory(value: object, depth: int = DEPTH) -> bool:
    """Whether a value is or holds a snapshot or as many bytes as are not to be shown."""
    match value:
        case Snapshot() | KernelState():
            return True
        case bytes() | bytearray() | memoryview():
            return len(value) > LARGE
        case dict():
            return depth > 0 and any(holds_memory(one, depth - 1) for one in value.values())
        case tuple() | list():
            return depth > 0 and any(holds_memory(one, depth - 1) for one in value)
    return False


def differences(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """A line for each part that differs, named as Python would reach it."""
    if left == right:
        return
    if type(left) is not type(right):
        yield f"{path}: {shown(left)} and {shown(right)}"
    elif isinstance(left, bytes | bytearray | memoryview):
        yield f"{path}: {of_bytes(bytes(left), bytes(right))}"
    elif isinstance(left, Mapping):
        yield from _of_mappings(left, right, path)
    elif names := field_names(left):
        for name in names:
            yield from differences(getattr(left, name), getattr(right, name), f"{path}.{name}")
    elif isinstance(left, Sequence) and not isinstance(left, str):
        yield from _of_sequences(left, right, path)
    else:
        yield f"{path}: {shown(left)} and {shown(right)}"


def field_names(value: Any) -> Sequence[str]:
    """Those of a NamedTuple or a dataclass."""
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    return getattr(value, "_fields", ())


def _of_mappings(left: Mapping[Any, Any], right: Mapping[Any, Any], path: str) -> Iterator[str]:
    for key in [*left, *(key for key in right if key not in left)]:
        place = f"{path}[{key:#x}]" if isinstance(key, int) else f"{path}[{key!r}]"
        if key not in right:
            yield f"{place}: only in the left"
        elif key not in left:
            yield f"{place}: only in the right"
        else:
            yield from differences(left[key], right[key], place)


def _of_sequences(left: Sequence[Any], right: Sequence[Any], path: str) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        yield from differences(one, other, f"{path}[{index}]")
    if len(left) != len(right):
        yield f"{path}: {len(left)} and {len(right)} items"


def of_bytes(left: bytes, right: bytes) -> str:
    """How many bytes differ, and the first that do."""
    if len(left) != len(right):
        return f"{len(left)} and {len(right)} bytes"
    at = [index for index, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    first, some = at[0], slice(at[0], at[0] + 8)
    return f"{len(at)} bytes differ, from +{first:#x}: {left[some].hex()} and {right[some].hex()}"


def shown(value: object) -> str:
    """A value in a line; of one that is long, its beginning."""
    if holds_memory(value):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}..."
