"""A core file: the ELF file that holds one process at one moment.

Source: System V ABI, "Object Files"; elf(5), of PN_XNUM; Linux, fs/binfmt_elf.c.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO, Final

from emu.corefile.notes import NO_SIGNAL, Thread, notes, signal_of
from emu.corefile.programs import Program, program_of
from emu.corefile.regions import Region, groups, joined, regions, threads_of
from emu.machine.fault import MachineFault
from emu.machine.machine import Machine
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.kernel import PROC0
from kernel_model.memory import PAGE_SIZE, PhysicalMemory
from kernel_model.process import Process

_IDENTIFICATION: Final = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
_HEADER: Final = struct.Struct("<16s2H5I6H")
_PROGRAM_HEADER: Final = struct.Struct("<8I")
_SECTION_HEADER: Final = struct.Struct("<10I")
_ET_CORE, _EM_ARM, _EABI5 = 4, 40, 0x05000000
_PT_LOAD, _PT_NOTE = 1, 4
_MANY: Final = 0xFFFF
"""PN_XNUM: the count of program headers is in the first section header."""
_FLAGS: Final = ((READ, 4), (WRITE, 2), (EXEC, 1))
_BLOCK: Final = 64 << 10

_Command = tuple[str, str]


def write_core(
    stream: BinaryIO,
    machine: Machine,
    process: Process,
    programs: Sequence[Program] = (),
    fault: MachineFault | None = None,
) -> int:
    """Write a core file of a process, with those that share its vspace as its threads.

    It holds the RAM that the process can access, and no other: where that is zero, a hole.
    stream: an empty file that can be sought in.  programs: for names; the first is proc0's.
    fault: at which the process stands, or None.  Returns the bytes (of memory) in the file.
    Errors: OSError.
    """
    mapped = regions(machine, process, programs)
    in_ram = (one for one in mapped if one.pieces)
    segments = [joined(group) for group in groups(in_ram, _continues)]
    threads = [Thread(one, machine.state_of(one)) for one in threads_of(machine, process)]
    if fault is not None:
        threads[0] = Thread(process, threads[0].state._replace(core=fault.registers))
    program = program_of(machine.kernel, process, programs)
    signal = NO_SIGNAL if fault is None else signal_of(fault)
    entry = None if program is None else program.entry
    said = notes(threads, signal, _command(machine, process, program), entry, mapped)
    start = write_headers(stream, segments, said)
    memory = machine.kernel.memory
    for segment in segments:
        _write_memory(stream, start, memory, segment)
        start += segment.size
    for segment in segments[-1:]:  # so that the file does not end with a hole
        stream.seek(start - PAGE_SIZE)
        stream.write(memory.read(sum(segment.pieces[-1]) - PAGE_SIZE, PAGE_SIZE))
    return sum(segment.size for segment in segments)


def _command(machine: Machine, process: Process, program: Program | None) -> _Command | None:
    if program is None:
        return None
    arguments = machine.outside.beginning.arguments[1:] if process.pid == PROC0 else ()
    return program.name, " ".join([program.name, *arguments])


def _continues(last: Region, region: Region) -> bool:
    return (last.end, last.rights) == (region.va, region.rights)


def write_headers(stream: BinaryIO, segments: Sequence[Region], said: bytes) -> int:
    """Write all but the memory; returns where that begins in the file."""
    count = len(segments) + 1
    is_many = count >= _MANY
    table = _HEADER.size + count * _PROGRAM_HEADER.size
    notes_at = table + (_SECTION_HEADER.size if is_many else 0)
    start = at = -(-(notes_at + len(said)) // PAGE_SIZE) * PAGE_SIZE
    sections = (table, _SECTION_HEADER.size, 1) if is_many else (0, 0, 0)
    stream.write(_HEADER.pack(
        _IDENTIFICATION, _ET_CORE, _EM_ARM, 1, 0, _HEADER.size, sections[0], _EABI5, _HEADER.size,
        _PROGRAM_HEADER.size, min(count, _MANY), *sections[1:], 0,
    ))  # fmt: skip
    stream.write(_PROGRAM_HEADER.pack(_PT_NOTE, notes_at, 0, 0, len(said), 0, 4, 4))
    for one in segments:
        flags = sum(flag for right, flag in _FLAGS if one.rights & right)
        stream.write(
            _PROGRAM_HEADER.pack(_PT_LOAD, at, one.va, 0, one.size, one.size, flags, PAGE_SIZE)
        )
        at += one.size
    if is_many:
        stream.write(_SECTION_HEADER.pack(0, 0, 0, 0, 0, 0, 0, count, 0, 0))
    stream.write(said)
    return start


def _write_memory(stream: BinaryIO, offset: int, memory: PhysicalMemory, segment: Region) -> None:
    """Write a segment at ``offset`` in the file; blocks of zeros are left out."""
    for start, size in segment.pieces:
        for pa in range(start, start + size, _BLOCK):
            length = min(_BLOCK, start + size - pa)
            if not memory.is_zero(pa, length):
                stream.seek(offset + pa - start)
                stream.write(memory.read(pa, length))
        offset += size
