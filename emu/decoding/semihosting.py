"""Semihosting calls as people read them: each operation's operands, from a table.

Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64".
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from emu.decoding.arguments import KEPT_BYTES, Decoder, quoted
from emu.semihosting.operations import APPLICATION_EXIT, Operation
from emu.trace.events import Value


class Operand(NamedTuple):
    """One operand.  length: the operand that says how many bytes it points to, or "1" or "string".

    is_out: the call stores there.
    """

    name: str
    length: str = ""
    is_out: bool = False


def _row(*words: str) -> tuple[Operand, ...]:
    """Operands written as ``name``, ``name<length`` (read) or ``name>length`` (stored)."""
    operands = []
    for word in words:
        name, _, source = word.partition("<")
        name, _, target = name.partition(">")
        operands.append(Operand(name, source or target, bool(target)))
    return tuple(operands)


_BLOCK: Final = {
    Operation.OPEN: _row("path<len", "mode", "len"),
    Operation.CLOSE: _row("handle"),
    Operation.WRITE: _row("handle", "ptr<len", "len"),
    Operation.READ: _row("handle", "ptr>len", "len"),
    Operation.ISERROR: _row("status"),
    Operation.ISTTY: _row("handle"),
    Operation.SEEK: _row("handle", "position"),
    Operation.FLEN: _row("handle"),
    Operation.TMPNAM: _row("ptr>string", "id", "len"),
    Operation.REMOVE: _row("path<len", "len"),
    Operation.RENAME: _row("old<old_len", "old_len", "new<new_len", "new_len"),
    Operation.SYSTEM: _row("command<len", "len"),
    Operation.GET_CMDLINE: _row("ptr>string", "len"),
    Operation.HEAPINFO: _row("ptr"),
    Operation.EXIT_EXTENDED: _row("reason", "status"),
}
"""Operations whose argument points to a block of words."""

_DIRECT: Final = {
    Operation.WRITEC: _row("ptr<1"),
    Operation.WRITE0: _row("ptr<string"),
    Operation.EXIT: _row("reason"),
    Operation.ELAPSED: _row("ptr"),
}
"""Operations whose argument is their one operand; all others have none."""

_HEXADECIMAL: Final = ("reason", "command", "old", "new", "path", "ptr")
_RESULT_IS_NO_ERROR: Final = (Operation.READC, Operation.ISERROR)


def operation_name(operation: int) -> str:
    """``SYS_WRITE``, or the number of what is no operation."""
    known = operation in Operation._value2member_map_
    return f"SYS_{Operation(operation).name}" if known else f"semihosting_{operation:#x}"


def may_fail(operation: int) -> bool:
    """Whether a result of -1 means that the operation failed."""
    return operation not in _RESULT_IS_NO_ERROR


def operands(decoder: Decoder, operation: int, argument: int) -> tuple[Value, ...]:
    """The operands before the call."""
    row, words = _words(decoder, operation, argument)
    sizes = dict(zip((operand.name for operand in row), words, strict=True))
    return tuple(
        _value(decoder, operand, word, 0 if operand.is_out else _length(operand, sizes))
        for operand, word in zip(row, words, strict=True)
    )


def filled(
    decoder: Decoder, operation: int, values: tuple[Value, ...], result: int
) -> tuple[Value, ...]:
    """The operands after a call that went well: with what it stored."""
    row = _BLOCK.get(Operation(operation), ()) if _is_known(operation) else ()
    if len(row) != len(values) or not any(operand.is_out for operand in row):
        return values
    sizes = {value.name: value.value - result for value in values}
    return tuple(
        _value(decoder, operand, value.value, _length(operand, sizes)) if operand.is_out else value
        for operand, value in zip(row, values, strict=True)
    )


def exit_status(decoder: Decoder, operation: int, argument: int) -> int:
    """The status with which an operation that ended its process did so."""
    words = {value.name: value.value for value in operands(decoder, operation, argument)}
    return words.get("status", 0) if words.get("reason") == APPLICATION_EXIT else 1


def _is_known(operation: int) -> bool:
    return operation in Operation._value2member_map_


def _words(
    decoder: Decoder, operation: int, argument: int
) -> tuple[tuple[Operand, ...], tuple[int, ...]]:
    """The operation's operands and their words; without a readable block, the argument alone."""
    if not _is_known(operation):
        return _row("argument"), (argument,)
    number = Operation(operation)
    if number in _DIRECT:
        return _DIRECT[number], (argument,)
    row = _BLOCK.get(number, ())
    block = decoder.read(argument, 4 * len(row)) if row else b""
    if block is None:
        return _row("block"), (argument,)
    return row, struct.unpack(f"<{len(row)}I", block)


def _length(operand: Operand, sizes: dict[str, int]) -> int:
    """Bytes to show behind an operand; -1: up to a NUL."""
    if operand.length == "string":
        return -1
    return sizes.get(operand.length, int(operand.length == "1"))


def _value(decoder: Decoder, operand: Operand, word: int, length: int) -> Value:
    name = operand.name
    text = f"{word:#010x}" if name in _HEXADECIMAL else f"{word}"
    if length == 0:
        return Value(name, word, text)
    data = _string(decoder, word) if length < 0 else decoder.read(word, min(length, KEPT_BYTES))
    if data is None:
        return Value(name, word, text)
    return Value(name, word, f"{text} {quoted(data, max(length, len(data)))}", data)


def _string(decoder: Decoder, va: int) -> bytes | None:
    """What is at ``va`` up to a NUL, or a good part of it."""
    end = min(va + KEPT_BYTES, (va | 0xFFF) + 1)
    data = decoder.read(va, end - va)
    return None if data is None else data.partition(b"\0")[0]
