"""The ELF files of processes, by which mapped memory has its file's name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from emu.loader import LoadError, load_headers
from kernel_model.abi import NO_ID
from kernel_model.kernel import PROC0, Kernel
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import walk

if TYPE_CHECKING:
    from emu.loader import ProgramHeader

_SAMPLE: Final = 64
"""Bytes of code by which a process's program is recognised."""


class Program(NamedTuple):
    """An ELF file: its absolute path, entry, loadable segments, and a piece of its code at va."""

    path: str
    entry: int
    loads: tuple[ProgramHeader, ...]
    va: int
    code: bytes

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


def read_programs(names: Sequence[str], path_of: Callable[[str], str] = str) -> list[Program]:
    """The programs in these files, which have been loaded before.  path_of: where each is.

    One that cannot be read any more is left out; with the first, which is proc0's, all are.
    """
    found = [_read(name, path_of(name)) for name in names]
    return [one for one in found if one is not None] if found and found[0] is not None else []


def _read(name: str, path: str) -> Program | None:
    try:
        with open(path, "rb") as stream:
            entry, loads = load_headers(stream, name)
            start = entry & ~1
            code = next((one for one in loads if 0 <= start - one.vaddr < one.filesz), None)
            if code is None:
                return Program(os.path.abspath(name), entry, tuple(loads), start, b"")
            stream.seek(code.offset + start - code.vaddr)
            sample = stream.read(min(_SAMPLE, code.vaddr + code.filesz - start))
    except (OSError, LoadError):
        return None
    return Program(os.path.abspath(name), entry, tuple(loads), start, sample)


def program_of(kernel: Kernel, process: Process, programs: Sequence[Program]) -> Program | None:
    """The program that a process runs: for proc0 the first, else what is in its memory."""
    if process.pid == PROC0:
        return next(iter(programs), None)
    return next((one for one in programs if _holds(kernel, process, one)), None)


def _holds(kernel: Kernel, process: Process, program: Program) -> bool:
    if process.l1 == NO_ID or not program.code:
        return False
    code = program.code[: PAGE_SIZE - (program.va & PAGE_OFFSET)]
    pa = walk(kernel.memory, kernel.l1_pa(process), program.va).pa
    return kernel.memory.contains(pa, len(code)) and kernel.memory.read(pa, len(code)) == code
