"""The table of semihosting operations, version 2.0 (ARM-software/abi-aa, "semihosting").

A row for each operation, from which dispatch and the decoding of traces are made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from emu.semihosting import handlers

_WORDS: Final = tuple(struct.Struct(f"<{count}I") for count in range(5))
"""The structure of a block, by its number of words."""


class Operand(NamedTuple):
    """One operand, a word.

    length: of a pointer: the name of the operand with the number of bytes, or "1", or "string";
    "" for a plain number.  is_out: whether the call stores there.  is_hex: whether it is shown in
    hexadecimal.
    """

    name: str
    length: str = ""
    is_out: bool = False
    is_hex: bool = False


class Operation(NamedTuple):
    """One operation.

    in_block: whether r1 points to a block of operands; else r1 is the only operand.
    handler: called with the service and the words of the block, or with r1 where there is none or
    ``takes_r1``.
    may_fail: whether a result of -1 means that the operation failed.
    """

    number: int
    name: str
    operands: tuple[Operand, ...]
    in_block: bool
    handler: Callable[..., int]
    takes_r1: bool
    may_fail: bool

    @property
    def block_size(self) -> int:
        """The size in bytes of the block that r1 points to; 0 where there is none."""
        return 4 * len(self.operands) if self.in_block else 0

    @property
    def reads_block(self) -> bool:
        """Whether the words of the block, and not r1, are the handler's arguments."""
        return self.in_block and not self.takes_r1

    @property
    def is_short(self) -> bool:
        """Whether the handler neither ends the process nor changes what it has mapped or open."""
        return self.handler in _SHORT

    def words(self, r1: int, block: bytes) -> tuple[int, ...]:
        """The operands' values.  block: the ``block_size`` bytes at r1."""
        if self.in_block:
            return _WORDS[len(self.operands)].unpack(block)
        return (r1,) * len(self.operands)


def _operand(word: str) -> Operand:
    """``name``; ``name/x`` for hexadecimal; ``name<length`` and ``name>length`` for pointers,
    to what the call reads and to what it stores."""
    name, is_hex, _ = word.partition("/x")
    name, reads, source = name.partition("<")
    name, stores, target = name.partition(">")
    return Operand(name, source or target, bool(stores), bool(is_hex or reads or stores))


def _block(
    number: int,
    name: str,
    operands: str,
    handler: Callable[..., int],
    takes_r1: bool = False,
    may_fail: bool = True,
) -> Operation:
    """An operation with its operands in a block that r1 points to."""
    row = tuple(map(_operand, operands.split()))
    return Operation(number, name, row, True, handler, takes_r1, may_fail)


def _direct(
    number: int, name: str, operand: str, handler: Callable[..., int], may_fail: bool = True
) -> Operation:
    """An operation with r1 as its only operand, or without operands."""
    row = tuple(map(_operand, operand.split()))
    return Operation(number, name, row, False, handler, False, may_fail)


_ROWS: Final = (
    _block(0x01, "SYS_OPEN", "path<len mode len", handlers.open_),
    _block(0x02, "SYS_CLOSE", "handle", handlers.close),
    _direct(0x03, "SYS_WRITEC", "ptr<1", handlers.writec),
    _direct(0x04, "SYS_WRITE0", "ptr<string", handlers.write0),
    _block(0x05, "SYS_WRITE", "handle ptr<len len", handlers.write),
    _block(0x06, "SYS_READ", "handle ptr>len len", handlers.read),
    _direct(0x07, "SYS_READC", "", handlers.readc, may_fail=False),
    _block(0x08, "SYS_ISERROR", "status", handlers.iserror, may_fail=False),
    _block(0x09, "SYS_ISTTY", "handle", handlers.istty),
    _block(0x0A, "SYS_SEEK", "handle position", handlers.seek),
    _block(0x0C, "SYS_FLEN", "handle", handlers.flen),
    _block(0x0D, "SYS_TMPNAM", "ptr>string id len", handlers.tmpnam),
    _block(0x0E, "SYS_REMOVE", "path<len len", handlers.remove),
    _block(0x0F, "SYS_RENAME", "old<old_len old_len new<new_len new_len", handlers.rename),
    _direct(0x10, "SYS_CLOCK", "", handlers.clock),
    _direct(0x11, "SYS_TIME", "", handlers.time),
    _block(0x12, "SYS_SYSTEM", "command<len len", handlers.system, takes_r1=True),
    _direct(0x13, "SYS_ERRNO", "", handlers.errno_),
    _block(0x15, "SYS_GET_CMDLINE", "ptr>string len", handlers.get_cmdline, takes_r1=True),
    _block(0x16, "SYS_HEAPINFO", "ptr/x", handlers.heapinfo),
    _direct(0x18, "SYS_EXIT", "reason/x", handlers.exit_),
    _block(0x20, "SYS_EXIT_EXTENDED", "reason/x status", handlers.exit_extended),
    _direct(0x30, "SYS_ELAPSED", "ptr/x", handlers.elapsed),
    _direct(0x31, "SYS_TICKFREQ", "", handlers.tickfreq),
)

_SHORT: Final = frozenset(
    (
        handlers.writec, handlers.write0, handlers.write, handlers.read, handlers.readc,
        handlers.iserror, handlers.istty, handlers.seek, handlers.flen, handlers.clock,
        handlers.time, handlers.errno_, handlers.elapsed, handlers.tickfreq,
    )
)  # fmt: skip

OPERATIONS: Final = {operation.number: operation for operation in _ROWS}
"""Every operation, by its number in r0."""

_WITH_BLOCKS: Final = {row.number: len(row.operands) for row in _ROWS if row.reads_block}
BLOCKS: Final = bytes(_WITH_BLOCKS.get(number, 0) for number in range(max(OPERATIONS) + 1))
"""By number, how many words of the block that r1 points to are the handler's arguments."""
