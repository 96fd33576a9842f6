"""What gdb looks for in Linux's ``/proc/PID``: the mappings of an inferior, and its command line.

gdb takes the target for a Linux (see ``emu.gdb.names``), reads these files of a process over the
connection, and makes of them ``info proc`` and the core files of ``generate-core-file``.
Source: proc(5); gdb, linux-tdep.c, which reads them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from emu.corefile import Region, auxiliary_vector, program_of, read_programs, regions
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.kernel import PROC0
from kernel_model.memory import PhysicalMemory

if TYPE_CHECKING:
    from emu.corefile import Program
    from emu.gdb.target import Target

_PATH: Final = re.compile(r"/proc/(\d+)/(maps|smaps|cmdline|exe|cwd)")
_COLUMN, _BLOCK = 49, 64 << 10
_FLAGS: Final = ((READ, "rd"), (WRITE, "wr"), (EXEC, "ex"))
_LETTERS: Final = ((READ, "r"), (WRITE, "w"), (EXEC, "x"))


def proc_file(target: Target, path: str) -> bytes | None:
    """The content of a file in ``/proc``, or None if it is none of these, or not of an inferior."""
    pid, name = _named(target, path)
    if name == "cmdline":
        words = [os.fsencode(target.executable(pid)), *(target.arguments if pid == PROC0 else ())]
        return b"\0".join(words) + b"\0"
    if name not in ("maps", "smaps"):
        return None
    mapped = regions(target.machine, target.process(pid), _programs(target, pid))
    if name == "smaps":
        memory = target.machine.kernel.memory
        parts = (part for one in mapped for part in _parts(memory, one))
        return "".join(_line(one) + _details(one, is_used) for one, is_used in parts).encode(
            errors="surrogateescape"
        )
    return "".join(map(_line, mapped)).encode(errors="surrogateescape")


def proc_link(target: Target, path: str) -> bytes | None:
    """What a link in ``/proc`` leads to: an inferior's executable, or its directory, which is /."""
    pid, name = _named(target, path)
    if name == "cwd":
        return b"/"
    return os.fsencode(target.executable(pid)) if name == "exe" else None


def _named(target: Target, path: str) -> tuple[int, str]:
    """The pid and the name in a path, which is "" if the path is of no inferior."""
    match = _PATH.fullmatch(path)
    members = target.inferiors.members(int(match[1]) - 1) if match is not None else []
    if match is None or not any(pid in target.pids for pid in members):
        return 0, ""
    return target.inferiors.first(int(match[1]) - 1), match[2]


def auxv(target: Target, pid: int) -> bytes:
    """The auxiliary vector of an inferior."""
    process = target.process(pid)
    program = program_of(target.machine.kernel, process, _programs(target, pid))
    return auxiliary_vector(None if program is None else program.entry)


def _programs(target: Target, pid: int) -> Sequence[Program]:
    """The program of proc0, and that of the process, if it is known."""
    paths = [target.program, *([] if pid == PROC0 else [target.executable(pid)])]
    return read_programs([path for path in paths if path])


def _line(region: Region) -> str:
    rights = "".join(letter if region.rights & right else "-" for right, letter in _LETTERS)
    place = f"{region.va:08x}-{region.end:08x} {rights}p {region.offset:08x}"
    number = 1 if region.is_file else 0
    return f"{place} 00:00 {number}".ljust(_COLUMN) + f"{region.name}\n"


def _parts(memory: PhysicalMemory, region: Region) -> Iterator[tuple[Region, bool]]:
    """The used and the unused part of a region, in order of address.

    Unused are device memory, and the zeros at the end of a heap and at the start of a stack.
    """
    is_stack = region.name.startswith("[stack")
    if not region.pieces or not (is_stack or region.name == "[heap]"):
        yield region, bool(region.pieces)
        return
    zeros = _zeros(memory, region.pieces if is_stack else region.pieces[::-1], is_stack)
    at = region.va + (zeros if is_stack else region.size - zeros)
    for va, end, is_used in (region.va, at, not is_stack), (at, region.end, is_stack):
        if va < end:
            yield region._replace(va=va, size=end - va), is_used


def _zeros(memory: PhysicalMemory, pieces: Iterable[tuple[int, int]], is_upward: bool) -> int:
    """How many bytes of whole blocks are zero at the start of these pieces, or at the end."""
    found = 0
    for pa, size in pieces:
        for done in range(0, size, _BLOCK):
            length = min(_BLOCK, size - done)
            if not memory.is_zero(pa + done if is_upward else pa + size - done - length, length):
                return found
            found += length
    return found


def _details(region: Region, is_used: bool) -> str:
    """For core files, from which gdb leaves out what is not used."""
    size = region.size >> 10
    flags = [name for right, name in _FLAGS if region.rights & right]
    flags += [] if is_used else ["dd"] if region.pieces else ["io", "dd"]
    return f"Size: {size} kB\nRss: {size} kB\nAnonymous: {size} kB\nVmFlags: {' '.join(flags)} \n"
