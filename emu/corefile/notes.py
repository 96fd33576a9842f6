"""The notes of a core file: how the process and its threads were.

Source: Linux, include/uapi/linux/elfcore.h and arch/arm/include/asm/elf.h, whose structures
debuggers read; binutils, include/elf/common.h, for the numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from emu.corefile.regions import Region
from emu.cpu.registers import State
from emu.machine.fault import MachineFault, kind_of
from kernel_model.abi import NO_ID, FaultKind
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import FaultStatus

_PRSTATUS, _PRPSINFO, _AUXV, _ARM_VFP, _SIGINFO, _FILE = 1, 3, 6, 0x400, 0x53494749, 0x46494C45

_STATUS: Final = struct.Struct("<3IH2xII4I32x18II")
"""struct elf_prstatus: siginfo, signal, pending, held; pid, ppid, pgrp, sid; times; registers."""
_PSINFO: Final = struct.Struct("<BsBBIHHiiii16s80s")
_SIGNAL_INFO: Final = struct.Struct("<4I112x")

_AT_PAGESZ, _AT_ENTRY, _AT_HWCAP = 6, 9, 16
_HALF, _THUMB, _VFP, _NEON, _TLS, _VFPV3 = 1 << 1, 1 << 2, 1 << 6, 1 << 12, 1 << 15, 1 << 13
_HWCAP: Final = _HALF | _THUMB | _VFP | _NEON | _TLS | _VFPV3
"""What the processor has.  Source: Linux, arch/arm/include/uapi/asm/hwcap.h."""

_SIGILL, _SIGTRAP, _SIGBUS, _SIGSEGV = 4, 5, 7, 11
_ALIGNMENT, _NO_MAPPING, _NO_RIGHT, _OTHER = 1, 1, 2, 1


class Thread(NamedTuple):
    """A process of those that share the vspace, and its registers."""

    process: Process
    state: State


class Signal(NamedTuple):
    """The signal that Linux would have sent for a fault: number, code and address."""

    number: int
    code: int
    va: int


NO_SIGNAL: Final = Signal(0, 0, 0)


def signal_of(fault: MachineFault) -> Signal:
    """The signal for a fault.  Source: Linux, arch/arm/mm/fsr-2level.c."""
    kind = kind_of(fault)
    if kind is FaultKind.UNDEFINED_INSTRUCTION:
        return Signal(_SIGILL, _OTHER, fault.pc)
    if kind is FaultKind.BREAKPOINT_INSTRUCTION:
        return Signal(_SIGTRAP, _OTHER, fault.pc)
    va = max(fault.va, 0)
    if fault.status is FaultStatus.ALIGNMENT:
        return Signal(_SIGBUS, _ALIGNMENT, va)
    is_mapped = fault.walk is not None and fault.walk.fault is None
    return Signal(_SIGSEGV, _NO_RIGHT if is_mapped else _NO_MAPPING, va)


def auxiliary_vector(entry: int | None) -> bytes:
    """What Linux tells programs when they start, and debuggers read: ``info auxv`` in gdb.

    entry: the program's, if it is known.
    """
    pairs = [(_AT_HWCAP, _HWCAP), (_AT_PAGESZ, PAGE_SIZE)]
    pairs += [(_AT_ENTRY, entry)] if entry is not None else []
    return b"".join(struct.pack("<2I", *pair) for pair in (*pairs, (0, 0)))


def notes(
    threads: Sequence[Thread],
    signal: Signal,
    command: tuple[str, str] | None,
    entry: int | None,
    mapped: Sequence[Region],
) -> bytes:
    """All notes.  threads: the process itself first.  command: the program's name and the command
    line, if the program is known.

    signal: ended the process, or is ``NO_SIGNAL``.  entry: see ``auxiliary_vector``.
    """
    first, *others = (list(_of_thread(one, signal)) for one in threads)
    info = _SIGNAL_INFO.pack(signal.number, 0, signal.code, signal.va)
    one = [
        first[0],
        *([] if command is None else [_process_info(threads[0].process, *command)]),
        _note("CORE", _SIGINFO, info),
        _note("CORE", _AUXV, auxiliary_vector(entry)),
        _note("CORE", _FILE, _files(mapped)),
        *first[1:],
    ]
    return b"".join(one) + b"".join(map(b"".join, others))


def _note(owner: str, kind: int, data: bytes) -> bytes:
    name = owner.encode() + b"\0"
    return struct.pack("<3I", len(name), len(data), kind) + _padded(name) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _of_thread(thread: Thread, signal: Signal) -> Iterator[bytes]:
    process, state = thread
    number, parent = process.pid + 1, _parent(process)
    status = _STATUS.pack(
        signal.number, signal.code, 0, signal.number, 0, 0, number, parent, number, number,
        *state.core, state.core[0], 1,
    )  # fmt: skip
    yield _note("CORE", _PRSTATUS, status)
    yield _note("LINUX", _ARM_VFP, struct.pack("<32QI", *state.vfp, state.fpscr))


def _parent(process: Process) -> int:
    return 0 if process.parent == NO_ID else process.parent + 1


def _process_info(process: Process, name: str, arguments: str) -> bytes:
    number = process.pid + 1
    info = _PSINFO.pack(
        0, b"R", 0, 0, 0, 0, 0, number, _parent(process), number, number,
        name.encode(errors="replace")[:15], arguments.encode(errors="replace")[:79],
    )  # fmt: skip
    return _note("CORE", _PRPSINFO, info)


def _files(mapped: Sequence[Region]) -> bytes:
    named = [region for region in mapped if region.is_file]
    rows = [(one.va, one.end & 0xFFFFFFFF, one.offset // PAGE_SIZE) for one in named]
    names = b"".join(one.name.encode(errors="surrogateescape") + b"\0" for one in named)
    head = struct.pack("<2I", len(named), PAGE_SIZE)
    return head + b"".join(struct.pack("<3I", *row) for row in rows) + names
