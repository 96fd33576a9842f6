"""Semihosting calls as people read them, by the table of operations."""

from __future__ import annotations

from emu.decoding.arguments import KEPT_BYTES, Decoder, Value, quoted
from emu.semihosting import handlers
from emu.semihosting.operations import OPERATIONS, Operand


def operation_name(operation: int) -> str:
    """The name, such as ``SYS_WRITE``, or ``semihosting_0x99`` for an unknown operation."""
    row = OPERATIONS.get(operation)
    return f"semihosting_{operation:#x}" if row is None else row.name


def may_fail(operation: int) -> bool:
    """Whether a result of -1 means that the operation failed."""
    return operation not in OPERATIONS or OPERATIONS[operation].may_fail


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
    """The operands after a successful call: with what it stored."""
    row = OPERATIONS[operation].operands if operation in OPERATIONS else ()
    if len(row) != len(values) or not any(operand.is_out for operand in row):
        return values
    sizes = {value.name: value.value - result for value in values}
    return tuple(
        _value(decoder, operand, value.value, _length(operand, sizes)) if operand.is_out else value
        for operand, value in zip(row, values, strict=True)
    )


def exit_status(decoder: Decoder, operation: int, argument: int) -> int:
    """The exit status of the process that this operation ended."""
    row, words = _words(decoder, operation, argument)
    named = dict(zip((operand.name for operand in row), words, strict=True))
    return handlers.exit_status(named.get("reason", 0), named.get("status", 0))


def _words(
    decoder: Decoder, operation: int, argument: int
) -> tuple[tuple[Operand, ...], tuple[int, ...]]:
    """The operation's operands and their words; without a readable block, the argument alone."""
    row = OPERATIONS.get(operation)
    if row is None:
        return (Operand("argument"),), (argument,)
    block = decoder.read(argument, row.block_size) if row.block_size else b""
    if block is None:
        return (Operand("block"),), (argument,)
    return row.operands, row.words(argument, block)


def _length(operand: Operand, sizes: dict[str, int]) -> int:
    """Bytes to show of the memory that an operand points to; -1: up to a NUL."""
    if operand.length == "string":
        return -1
    return sizes.get(operand.length, int(operand.length == "1"))


def _value(decoder: Decoder, operand: Operand, word: int, length: int) -> Value:
    name = operand.name
    text = f"{word:#010x}" if operand.is_hex else f"{word}"
    if length == 0:
        return Value(name, word, text)
    data = _string(decoder, word) if length < 0 else decoder.read(word, min(length, KEPT_BYTES))
    if data is None:
        return Value(name, word, text)
    return Value(name, word, f"{text} {quoted(data, max(length, len(data)))}", data)


def _string(decoder: Decoder, va: int) -> bytes | None:
    """The bytes at ``va`` up to a NUL, as far as they are kept."""
    end = min(va + KEPT_BYTES, (va | 0xFFF) + 1)
    data = decoder.read(va, end - va)
    return None if data is None else data.partition(b"\0")[0]
