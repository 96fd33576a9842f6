"""Calls as rows of a table: the numbers and names of one convention, and what they ask for.

Rows and tables are plain values: they hold no code, so they can be compared, copied and pickled.
Source: docs/kernel.md, "Making a call" and "Conventions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from kernel_model.operations import CHANGING, PARAMETERS, Operation

_UNKNOWN_KEPT = 256


class Argument(NamedTuple):
    """One argument: its name, its C type, and its kind, which tells traces how to show it.

    what: the kind: ``f_id``, ``pid``, ``offset``, ``length``, ``va``, ``pa``, ``index``, ``count``,
    ``status``, ``map_flags``, ``map_kind``, ``table_type``, ``frame_type``, or for a pointer
    ``frame_out``, ``message_in``, ``message_out``, ``message_inout``, ``bytes_in``,
    ``bytes_out``.
    """

    name: str
    ctype: str
    what: str

    @property
    def signed(self) -> bool:
        return self.ctype == "int"

    def from_register(self, word: int) -> int:
        """The argument's value, from the 32-bit word in its register."""
        return signed(word) if self.signed else word


def signed(word: int) -> int:
    """A 32-bit word as two's complement."""
    return word - (1 << 32) if word >> 31 else word


class CallRow(NamedTuple):
    """One call of a convention.

    operation: what it asks of the kernel.  arguments: in the order of the registers r0 to r3.
    result: the kind of a successful result: ``count``, ``f_id``, ``pid`` or ``zero``.
    c_name: the name of its C function, which differs from ``name`` where C has taken that.
    signed: the indices of the arguments that are signed.
    changes: whether it can change frames, tables, descriptors or which processes there are.
    groups: by which users select calls: ``frame``, ``process``, ``ipc``, ``console``; a call may
    be in several.
    order: the register of each parameter of the operation; empty where it is r0, r1, ...
    """

    number: int
    name: str
    operation: Operation
    arguments: tuple[Argument, ...]
    result: str
    summary: str
    c_name: str
    signed: tuple[int, ...]
    changes: bool
    groups: tuple[str, ...] = ()
    order: tuple[int, ...] = ()

    def parameters(self, words: Iterable[int]) -> dict[str, int]:
        """The operation's parameters, in its order and by the kernel's names, from registers."""
        values = [
            argument.from_register(word)
            for argument, word in zip(self.arguments, words, strict=False)
        ]
        if self.order:
            values = [values[index] for index in self.order]
        return dict(zip(PARAMETERS[self.operation], values, strict=False))

    def registers(self, parameters: tuple[int, ...]) -> tuple[int, ...]:
        """Words in the order of registers, from parameters in the operation's order."""
        if not self.order:
            return parameters
        return tuple(parameters[self.order.index(index)] for index in range(len(parameters)))


def call_row(
    number: int,
    name: str,
    operation: Operation,
    arguments: tuple[Argument, ...] = (),
    result: str = "zero",
    summary: str = "",
    c_name: str = "",
    about: str = "",
    order: tuple[int, ...] = (),
) -> CallRow:
    """A row of a table.  about: the groups, separated by spaces."""
    are_signed = tuple(index for index, argument in enumerate(arguments) if argument.signed)
    return CallRow(
        number, name, operation, arguments, result, summary, c_name or name, are_signed,
        operation in CHANGING, tuple(about.split()), order,
    )  # fmt: skip


class _Numbers(dict[int, CallRow]):
    """The calls by number.  Any other number gives a call with operation NONE, not stored here."""

    def __missing__(self, number: int) -> CallRow:
        return _unknown(number)


class CallTable:
    """The calls of one convention, in the order of the rows; numbers may leave gaps."""

    def __init__(self, rows: Iterable[CallRow]) -> None:
        """Errors: ValueError, when two rows have a number or a name in common."""
        self._rows = tuple(rows)
        numbers = _Numbers({call.number: call for call in self._rows})
        self._by_name = {call.name: call for call in self._rows}
        if not len(self._rows) == len(numbers) == len(self._by_name):
            raise ValueError("CallTable: two calls have the same number or name")
        self._by_operation = {call.operation: call for call in self._rows}
        self.find: Callable[[int], CallRow] = numbers.__getitem__
        """The call with this number; for an unknown number a call with the operation NONE.

        Each system call looks its number up here, so this is a method of the dictionary.
        """

    def named(self, name: str) -> CallRow:
        """The call of this name.  Errors: KeyError."""
        return self._by_name[name]

    def of(self, operation: Operation) -> CallRow | None:
        """The call that asks for an operation, if this convention has one."""
        return self._by_operation.get(operation)

    def name_of(self, operation: Operation) -> str:
        """An operation's name in this convention; where it has no such call, the kernel's name."""
        call = self.of(operation)
        return operation.value if call is None else call.name

    def text(self, template: str) -> str:
        """The template with its operations, as in ``{frame_map}``, replaced by their names here."""
        return template.format_map({one.value: self.name_of(one) for one in Operation})

    def __iter__(self) -> Iterator[CallRow]:
        return iter(self._rows)

    def __contains__(self, call: object) -> bool:
        return call in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallTable) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(self._rows)

    def __reduce__(self) -> tuple[type[CallTable], tuple[tuple[CallRow, ...]]]:
        return CallTable, (self._rows,)


@lru_cache(maxsize=_UNKNOWN_KEPT)
def _unknown(number: int) -> CallRow:
    """The call that stands for an unknown number."""
    return call_row(number, f"call_{number}", Operation.NONE, summary="no such call")
