"""The handlers of semihosting operations: functions of the caller and the block's words, or r1.

Each returns the value for r0.  OSError and BadPointer are the program's mistakes, which the caller
turns into -1 and an errno.
Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64"; where that leaves a choice, the
answer is the one that newlib's rdimon takes best.
"""

from __future__ import annotations

import struct
from errno import EINVAL, EMFILE, ENAMETOOLONG, ENOTTY, EPERM
from typing import Final

from emu.environment.cmdline import command_line
from emu.environment.files import host_error, lowest_free
from emu.semihosting.caller import BadPointer, Caller
from emu.semihosting.streams import open_stream

Operands = tuple[int, ...]
"""The words of the block that r1 points to."""

APPLICATION_EXIT: Final = 0x20026
"""ADP_Stopped_ApplicationExit, the reason to stop that is not a failure."""

END_OF_INPUT: Final = -1
TICKS_PER_SECOND: Final = 1_000_000
NANOSECONDS_A_TICK: Final = 1_000_000_000 // TICKS_PER_SECOND
PATH_MAX: Final = 4096
HANDLES_MAX: Final = 256
STRING_MAX: Final = 1 << 20
"""Bytes of a string that ends in a NUL: what one call reads of memory is bounded."""
_STRING_STEP: Final = 256
_PAGE: Final = 4096
"""What is longer is charged by its pages."""


def open_(caller: Caller, operands: Operands) -> int:
    path, mode, length = operands
    name = _path(caller, path, length)
    if len(caller.streams) >= HANDLES_MAX:
        return caller.fail(EMFILE)
    handle = lowest_free(caller.streams, start=1)
    caller.streams[handle] = open_stream(caller.outside, name, mode)
    return handle


def close(caller: Caller, operands: Operands) -> int:
    (handle,) = operands
    caller.streams[handle].close(caller.outside)
    del caller.streams[handle]
    return 0


def writec(caller: Caller, va: int) -> int:
    memory = caller.memory
    caller.outside.write_output(memory.bytes_at(va, 1) or memory.read(va, 1))
    return 0


def write0(caller: Caller, va: int) -> int:
    caller.outside.write_output(_string(caller, va))
    return 0


def write(caller: Caller, operands: Operands) -> int:
    """Write bytes; the number of bytes not written."""
    handle, va, length = operands
    stream, memory = caller.streams[handle], caller.memory
    data = memory.bytes_at(va, length) if length <= _PAGE else None
    stream.write(caller.outside, memory.read(va, length) if data is None else data)
    return 0


def read(caller: Caller, operands: Operands) -> int:
    """Read bytes; the number of bytes not read, which is ``length`` at the end of input.

    Whether the buffer can be written is found out first: input that has been read cannot be put
    back.
    """
    handle, va, length = operands
    stream, memory = caller.streams[handle], caller.memory
    place = memory.page_place(va, length)
    if place < 0:
        place = memory.place(va, length)
    data = stream.read(caller.outside, length)
    memory.store(place, data)
    return length - len(data)


def readc(caller: Caller, _r1: int) -> int:
    """The next byte of standard input; -1 at its end."""
    data = caller.outside.read_input(1)
    return data[0] if data else END_OF_INPUT


def iserror(_caller: Caller, operands: Operands) -> int:
    """Whether a result is an error's: the sign bit."""
    (status,) = operands
    return status >> 31


def istty(caller: Caller, operands: Operands) -> int:
    """Whether the handle is the console and the console is a terminal."""
    (handle,) = operands
    if caller.streams[handle].is_terminal(caller.outside):
        return 1
    caller.errno = ENOTTY
    return 0


def seek(caller: Caller, operands: Operands) -> int:
    handle, position = operands
    caller.streams[handle].seek(position)
    return 0


def flen(caller: Caller, operands: Operands) -> int:
    (handle,) = operands
    return caller.streams[handle].length(caller.outside)


def tmpnam(caller: Caller, operands: Operands) -> int:
    va, identifier, size = operands
    name = b"tmp%02x\0" % identifier
    if identifier > 0xFF or len(name) > size:
        return caller.fail(EINVAL)
    caller.memory.write(va, name)
    return 0


def remove(caller: Caller, operands: Operands) -> int:
    path, length = operands
    caller.outside.files.remove(_path(caller, path, length))
    return 0


def rename(caller: Caller, operands: Operands) -> int:
    old, old_length, new, new_length = operands
    paths = _path(caller, old, old_length), _path(caller, new, new_length)
    caller.outside.files.rename(*paths)
    return 0


def clock(caller: Caller, _r1: int) -> int:
    """Centiseconds since the first look at the clock."""
    return caller.outside.now() // 10_000_000


def time(caller: Caller, _r1: int) -> int:
    """Seconds since 1970."""
    return caller.outside.beginning.began + caller.outside.now() // 1_000_000_000


def system(caller: Caller, _block: int) -> int:
    """Refuse: what a command of the host does could not be repeated in a replay."""
    caller.note("semihosting: a program asked for a host command and was refused")
    return caller.fail(EPERM)


def errno_(caller: Caller, _r1: int) -> int:
    return caller.errno


def get_cmdline(caller: Caller, block: int) -> int:
    """Store the command line, and its length without NUL in the block's second word."""
    va, size = struct.unpack("<2I", caller.memory.read(block, 8))
    try:
        line = command_line(caller.outside.beginning.arguments)
    except ValueError as error:
        caller.note(f"semihosting: no command line: {error}")
        return caller.fail(EINVAL)
    if len(line) >= size:
        caller.note(
            f"semihosting: no command line: it has {len(line)} bytes and the program"
            f" takes {max(0, size - 1)}"
        )
        return caller.fail(EINVAL)
    caller.memory.write(va, line + b"\0")
    caller.memory.write(block + 4, struct.pack("<I", len(line)))
    return 0


def heapinfo(caller: Caller, operands: Operands) -> int:
    (va,) = operands
    caller.memory.write(va, struct.pack("<4I", *caller.process.heap()))
    return 0


def exit_(caller: Caller, reason: int) -> int:
    caller.process.exit(exit_status(reason))
    return 0


def exit_extended(caller: Caller, operands: Operands) -> int:
    reason, status = operands
    caller.process.exit(exit_status(reason, status))
    return 0


def exit_status(reason: int, status: int = 0) -> int:
    """The exit status of a process that stops for this reason."""
    return status if reason == APPLICATION_EXIT else 1


def elapsed(caller: Caller, va: int) -> int:
    caller.memory.write(va, struct.pack("<Q", caller.outside.now() // NANOSECONDS_A_TICK))
    return 0


def tickfreq(_caller: Caller, _r1: int) -> int:
    return TICKS_PER_SECOND


def _path(caller: Caller, va: int, length: int) -> bytes:
    if length >= PATH_MAX:
        raise host_error(ENAMETOOLONG)
    return caller.memory.read(va, length)


def _string(caller: Caller, va: int) -> bytes:
    """The string at ``va`` without its NUL.

    It is read to one aligned step at a time, because the next page may not be mapped; a longer
    one by pages.
    Errors: BadPointer, also for a string longer than ``STRING_MAX``.
    """
    found, step = bytearray(), _STRING_STEP
    while True:
        piece = caller.memory.read(va, step - va % step)
        text, nul, _ = piece.partition(b"\0")
        found += text
        if len(found) > STRING_MAX:
            raise BadPointer
        if nul:
            return bytes(found)
        va, step = va + len(piece), _PAGE
        if va % _PAGE == 0:
            caller.memory.charge(_PAGE)
