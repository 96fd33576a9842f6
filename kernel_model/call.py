"""Calls as rows of a table: the numbers of one convention, and what they mean.

A kernel answers the calls of the table that it was made with; another convention is another
table over the same handlers.  Source: spec, "Calling convention".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from kernel_model.abi import Error
from kernel_model.errors import Refused

_UNKNOWN_KEPT = 256


class Argument(NamedTuple):
    """One argument: its name, its C type, and what it is, so that traces can show it.

    what: ``f_id``, ``pid``, ``offset``, ``length``, ``va``, ``pa``, ``index``, ``count``,
    ``status``, ``map_flags``, ``map_kind``, ``table_type``, ``frame_type``, or what a pointer is
    to: ``frame_out``, ``message_in``, ``message_out``, ``message_inout``, ``bytes_in``,
    ``bytes_out``.
    """

    name: str
    ctype: str
    what: str

    @property
    def signed(self) -> bool:
        return self.ctype == "int"

    def from_register(self, word: int) -> int:
        """The argument that a 32-bit register stands for."""
        return signed(word) if self.signed else word


def signed(word: int) -> int:
    """A 32-bit word as two's complement."""
    return word - (1 << 32) if word >> 31 else word


class Call(NamedTuple):
    """One call.  c_name: its C function where its own name is not free in C.

    handler: takes the kernel, the caller and the arguments, and returns the result.
    result: what a result that is no error means: ``count``, ``f_id``, ``pid`` or ``zero``.
    signed: which of the arguments are, by index.
    changes: whether it can change frames, tables, descriptors or which processes there are.
    groups: what it is about, for people who choose calls: ``frame``, ``process``, ``ipc``,
    ``console``; one call may be about several.
    """

    number: int
    name: str
    arguments: tuple[Argument, ...]
    handler: Callable[..., int]
    result: str
    summary: str
    c_name: str
    signed: tuple[int, ...]
    changes: bool
    groups: tuple[str, ...] = ()

    @property
    def rules(self) -> str:
        """The handler's contract, as its docstring gives it."""
        return self.handler.__doc__ or ""


class _Numbers(dict[int, Call]):
    """The calls by number.  Other numbers get what stands for no call, which is not kept here."""

    def __missing__(self, number: int) -> Call:
        return _unknown(number)


class CallTable:
    """The calls of one convention, in the order of the rows; numbers may leave gaps."""

    def __init__(self, rows: Iterable[Call]) -> None:
        """Errors: ValueError, when two rows have a number or a name in common."""
        self._rows = tuple(rows)
        numbers = _Numbers({call.number: call for call in self._rows})
        self._by_name = {call.name: call for call in self._rows}
        if not len(self._rows) == len(numbers) == len(self._by_name):
            raise ValueError("CallTable: two calls have the same number or name")
        self.find: Callable[[int], Call] = numbers.__getitem__
        """The call with this number; for other numbers one that is refused with NO_CALL.

        Every call of every process begins here, so this is the dictionary itself.
        """

    def named(self, name: str) -> Call:
        """The call of this name.  Errors: KeyError."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._rows)

    def __contains__(self, call: object) -> bool:
        return call in self._rows

    def __len__(self) -> int:
        return len(self._rows)


@lru_cache(maxsize=_UNKNOWN_KEPT)
def _unknown(number: int) -> Call:
    """What stands for a number that is no call."""

    def refuse(_kernel: object, _caller: object) -> int:
        raise Refused(Error.NO_CALL, "no call has number {number}", number=number)

    name = f"call_{number}"
    return Call(number, name, (), refuse, "zero", "no such call", name, (), False)
