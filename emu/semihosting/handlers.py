"""What each semihosting operation does: a function of the service and the operands.

Each returns what goes to r0.  OSError and BadPointer are the program's mistakes, which the
service turns into -1 and an errno.
Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64"; where that leaves
a choice, what newlib's rdimon does with the answer decides.
"""

from __future__ import annotations

import struct
from errno import EINVAL, EMFILE, ENAMETOOLONG, ENOTTY, EPERM
from typing import TYPE_CHECKING, Final

from emu.environment.cmdline import command_line
from emu.environment.files import host_error, lowest_free
from emu.environment.world import CLOCK_START
from emu.semihosting.streams import open_stream

if TYPE_CHECKING:
    from emu.semihosting.service import Semihosting

APPLICATION_EXIT: Final = 0x20026
"""ADP_Stopped_ApplicationExit, the reason to stop that is not a failure."""

END_OF_INPUT: Final = -1
TICKS_PER_SECOND: Final = 1_000_000
PATH_MAX: Final = 4096
HANDLES_MAX: Final = 256
_STRING_STEP: Final = 256


def open_(service: Semihosting, path: int, mode: int, length: int) -> int:
    name = _path(service, path, length)
    if len(service.streams) >= HANDLES_MAX:
        return service.fail(EMFILE)
    handle = lowest_free(service.streams, start=1)
    service.streams[handle] = open_stream(service.world, name, mode)
    return handle


def close(service: Semihosting, handle: int) -> int:
    service.stream(handle).close(service.world)
    del service.streams[handle]
    return 0


def writec(service: Semihosting, va: int) -> int:
    service.world.write_output(service.memory.read(va, 1))
    return 0


def write0(service: Semihosting, va: int) -> int:
    service.world.write_output(_string(service, va))
    return 0


def write(service: Semihosting, handle: int, va: int, length: int) -> int:
    """The number of bytes not written."""
    service.stream(handle).write(service.world, service.memory.read(va, length))
    return 0


def read(service: Semihosting, handle: int, va: int, length: int) -> int:
    """The number of bytes not read; all of them at the end.

    The buffer is written over with itself first: input that has been read cannot be
    put back if the program turns out to have no room for it.
    """
    stream = service.stream(handle)
    service.memory.write(va, service.memory.read(va, length))
    data = stream.read(service.world, length)
    service.memory.write(va, data)
    return length - len(data)


def readc(service: Semihosting) -> int:
    """The next byte of standard input; -1 at its end."""
    data = service.world.read_input(1)
    return data[0] if data else END_OF_INPUT


def iserror(_service: Semihosting, status: int) -> int:
    """Whether a result is an error's: the sign bit."""
    return status >> 31


def istty(service: Semihosting, handle: int) -> int:
    """The console is a terminal always, so that a run is the same in a pipe."""
    if service.stream(handle).is_tty:
        return 1
    service.errno = ENOTTY
    return 0


def seek(service: Semihosting, handle: int, position: int) -> int:
    service.stream(handle).seek(position)
    return 0


def flen(service: Semihosting, handle: int) -> int:
    return service.stream(handle).length(service.world)


def tmpnam(service: Semihosting, va: int, identifier: int, size: int) -> int:
    name = b"tmp%02x\0" % identifier
    if identifier > 0xFF or len(name) > size:
        return service.fail(EINVAL)
    service.memory.write(va, name)
    return 0


def remove(service: Semihosting, path: int, length: int) -> int:
    service.world.files.remove(_path(service, path, length))
    return 0


def rename(service: Semihosting, old: int, old_length: int, new: int, new_length: int) -> int:
    paths = _path(service, old, old_length), _path(service, new, new_length)
    service.world.files.rename(*paths)
    return 0


def clock(service: Semihosting) -> int:
    """Centiseconds since the run began."""
    return service.world.now() // 10_000


def time(service: Semihosting) -> int:
    """Seconds since 1970."""
    return CLOCK_START + service.world.now() // 1_000_000


def system(service: Semihosting, _block: int) -> int:
    """There is no command interpreter: what it did could not happen again in a replay."""
    service.note("semihosting: a program asked for a host command and was refused")
    return service.fail(EPERM)


def errno_(service: Semihosting) -> int:
    return service.errno


def get_cmdline(service: Semihosting, block: int) -> int:
    """Store the command line, and in the block its length over the buffer's size, without NUL."""
    va, size = struct.unpack("<2I", service.memory.read(block, 8))
    try:
        line = command_line(service.world.arguments)
    except ValueError as error:
        service.note(f"semihosting: no command line: {error}")
        return service.fail(EINVAL)
    if len(line) >= size:
        service.note(
            f"semihosting: no command line: it has {len(line)} bytes and the program"
            f" takes {max(0, size - 1)}"
        )
        return service.fail(EINVAL)
    service.memory.write(va, line + b"\0")
    service.memory.write(block + 4, struct.pack("<I", len(line)))
    return 0


def heapinfo(service: Semihosting, va: int) -> int:
    service.memory.write(va, struct.pack("<4I", *service.process.heap()))
    return 0


def exit_(service: Semihosting, reason: int) -> int:
    service.process.exit(exit_status(reason))
    return 0


def exit_extended(service: Semihosting, reason: int, status: int) -> int:
    service.process.exit(exit_status(reason, status))
    return 0


def exit_status(reason: int, status: int = 0) -> int:
    """The status with which a process ends that gives this reason to stop."""
    return status if reason == APPLICATION_EXIT else 1


def elapsed(service: Semihosting, va: int) -> int:
    service.memory.write(va, struct.pack("<Q", service.world.now()))
    return 0


def tickfreq(_service: Semihosting) -> int:
    return TICKS_PER_SECOND


def _path(service: Semihosting, va: int, length: int) -> bytes:
    if length >= PATH_MAX:
        raise host_error(ENAMETOOLONG)
    return service.memory.read(va, length)


def _string(service: Semihosting, va: int) -> bytes:
    """The string at ``va`` without its NUL.

    Read up to one aligned step at a time: the page behind it may not be there.
    """
    found = bytearray()
    while True:
        piece = service.memory.read(va, _STRING_STEP - va % _STRING_STEP)
        text, nul, _ = piece.partition(b"\0")
        found += text
        if nul:
            return bytes(found)
        va += len(piece)
