"""The kernel's state as a value: to compare, to keep, and to restore."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kernel_model.process import Ending

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Values = tuple[Any, ...]
"""An object's fields in their order; an ordered set is the tuple of its members."""

T = TypeVar("T", bound="DataclassInstance")


class KernelState(NamedTuple):
    """The state of a kernel, without RAM, convention, devices and host.

    Kernels with equal states over equal RAM behave alike.  The order of lists counts, because
    ``frame_info`` and the scheduler follow it.
    frames, processes: in the order in which they were made.  running: the pid on each core, NO_ID
    for an idle core.  windows: the page that each core's window shows (pa).
    """

    frames: tuple[Values, ...]
    processes: tuple[Values, ...]
    next_f_id: int
    next_pid: int
    ready: tuple[int, ...]
    readers: tuple[int, ...]
    running: tuple[int, ...]
    halted: Ending | None
    is_device_tree_boot: bool
    windows: tuple[int, ...]


def freeze(thing: DataclassInstance) -> Values:
    """An object's fields as values, which later changes of the object do not affect."""
    return tuple(
        tuple(getattr(thing, name)) if is_set else getattr(thing, name)
        for name, is_set in _fields(type(thing))
    )


def thaw(kind: type[T], values: Values) -> T:
    """A new object of these values."""
    rows = zip(_fields(kind), values, strict=True)
    return kind(*(dict.fromkeys(value) if is_set else value for (_, is_set), value in rows))


@cache
def _fields(kind: type[DataclassInstance]) -> tuple[tuple[str, bool], ...]:
    """Each field's name, and whether it is an ordered set: the keys of a dictionary."""
    return tuple((field.name, field.default_factory is dict) for field in fields(kind))
