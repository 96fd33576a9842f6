"""A machine over a few lines of assembly, and the calls that a test makes for it before it runs."""

from __future__ import annotations

import functools
import hashlib
import os
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from elftools.elf.elffile import ELFFile

from emu.environment.world import ScriptedWorld
from emu.machine import Machine, Options, Outcome
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.process import Process, Resume
from kernel_model.syscalls import CALLS
from tests.guests import BUILT, need_tool
from tests.kernel import driver
from tests.kernel.driver import CODE_VA, DATA_VA, MIB, PAGE, RAM_SIZE
from tests.kernel.host import RecordingHost
from tests.observing import OnFault

STACK_TOP: Final = DATA_VA + 4 * PAGE
"""Of a child's stack; behind the data there is nothing."""
NOWHERE: Final = 0x00300000
"""An address where nothing is mapped, though there is a table for it."""


_PREAMBLE: Final = "\n".join(
    (
        "        .syntax unified",
        "        .arch_extension virt",
        "        .arch_extension sec",
        "        .fpu neon-vfpv4",
        f"        .equ    data, {DATA_VA}",
        f"        .equ    code, {CODE_VA}",
        f"        .equ    nowhere, {NOWHERE}",
        *(f"        .equ    call_{call.name}, {call.number}" for call in CALLS),
        "        .macro  set register, value:vararg",  # any constant
        "        movw    \\register, #:lower16:(\\value)",
        "        movt    \\register, #:upper16:(\\value)",
        "        .endm",
        "        .macro  call name",  # by way of r12
        "        mov     r12, #call_\\name",
        "        svc     #0",
        "        .endm",
        "        .macro  exit status",
        "        mov     r0, #\\status",
        "        call    exit",
        "        .endm",
        "",
    )
)


KEPT: Final = BUILT.parent / "assembled"
"""Machine code by what it was made of: starting an assembler takes longer than most tests."""


@functools.cache
def assemble(source: str, thumb: bool = False) -> bytes:
    """The machine code of a source; skips the test if there is no assembler."""
    assembler = need_tool("arm-none-eabi-as")
    text = f"{_PREAMBLE}        .{'thumb' if thumb else 'arm'}\n{source}\n"
    made_of = f"{assembler} {os.stat(assembler).st_mtime_ns}\n{text}"
    kept = KEPT / hashlib.sha256(made_of.encode()).hexdigest()
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_bytes(_assembled(assembler, text))
        partial.replace(kept)
    return kept.read_bytes()


def _assembled(assembler: str, text: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        unlinked = Path(directory, "code.o")
        subprocess.run(
            [assembler, "-mcpu=cortex-a15", "-o", unlinked], input=text, text=True, check=True
        )
        with unlinked.open("rb") as stream:
            code: bytes = ELFFile(stream).get_section_by_name(".text").data()
            return code


class Guest(driver.Machine):
    """A program at ``CODE_VA`` with four pages of data at ``DATA_VA``, and what came of it.

    The driver's calls are made as proc0; they are for the time before the machine runs.
    faults: all of them, in order.
    """

    def __init__(
        self,
        source: str,
        mmu: str = "tlb",
        thumb: bool = False,
        writable: bool = False,
        entry: int = CODE_VA,
        world: ScriptedWorld | None = None,
        **options: Any,
    ) -> None:
        """writable: whether the program may write to its code.  options: of the machine."""
        code = assemble(source, thumb)
        self.world = world or ScriptedWorld()
        rights = READ | EXEC | (WRITE if writable else 0)
        segments = (
            Segment(CODE_VA, max(len(code), PAGE), code, rights),
            Segment(DATA_VA, 4 * PAGE, b"", READ | WRITE),
        )
        options.setdefault("ram", RAM_SIZE)
        options.setdefault("max_insns", 1_000_000)  # what runs away comes back
        self.machine = Machine(
            Image(segments, entry | thumb), self.world, Options(mmu=mmu, **options)
        )
        self.core, self.kernel, self.ram = 0, self.machine.kernel, self.machine.ram.ram
        self.host = RecordingHost(self.ram)
        self._next_va = driver.FREE_VA + MIB
        self.faults: list[MachineFault] = []
        self.machine.observers.add(OnFault(self.faults.append))

    def check(self) -> None:
        """The kernel has tests of its own."""

    def run(self) -> Outcome:
        return self.machine.run()

    @property
    def proc0(self) -> Process:
        return self.kernel.processes[0]

    def put(self, va: int, *words: int) -> None:
        """Words in proc0's memory."""
        self.poke(va, struct.pack(f"<{len(words)}I", *words))

    def load_child(
        self, source: str, thumb: bool = False, start: bool = True, entry: int = CODE_VA
    ) -> driver.Child:
        """A child over code of its own, which starts with r0-r3 = 10, 11, 12, 13 and a stack."""
        child = self.child(start=False)
        self.ram.write(self.kernel.frames[child.code].pa, assemble(source, thumb))
        if start:
            self.start(child.pid, entry | thumb, STACK_TOP)
        return child

    @property
    def registers(self) -> tuple[int, ...]:
        """r0-r12, sp, lr, pc, cpsr of the process that ran last."""
        return self.machine.cores[0].engine.registers.core()

    def memory(self, va: int, length: int, process: Process | None = None) -> bytes:
        """What is in the memory of a process that lives, whoever runs; pages of its data."""
        return b"".join(self.ram.read(self.pa(at, process or self.proc0), 1)
                        for at in range(va, va + length))  # fmt: skip

    def words_of_data(self, count: int) -> tuple[int, ...]:
        """The first words of proc0's data."""
        return struct.unpack(f"<{count}I", self.memory(DATA_VA, count * 4))

    def only_fault(self) -> MachineFault:
        """The one fault that there was."""
        (fault,) = self.faults
        return fault


class Turns(Observer):
    """Who gets the core, and with which registers: an entry a turn."""

    def __init__(self, machine: Machine) -> None:
        self.seen: list[tuple[int, tuple[int, ...]]] = []
        machine.observers.add(self)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if switched:
            self.seen.append((process.pid, core.engine.registers.core()))
