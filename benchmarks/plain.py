"""The same programs over plain Unicorn: ``mem_map`` and the binding's wrapped hooks.

``python -m benchmarks.plain PROGRAM NUMBER`` runs one, to time a whole process.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from unicorn import UC_ARCH_ARM, UC_HOOK_INTR, UC_MODE_ARM, Uc
from unicorn.arm_const import (
    UC_ARM_REG_CP_REG,
    UC_ARM_REG_CPSR,
    UC_ARM_REG_FPEXC,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R12,
)

from emu.loader import load_elf

SEMIHOSTING = 0xFFFFFFFF
"""The value of r12 at a semihosting call of these programs."""
WRITE0, GET_CMDLINE, EXIT_EXTENDED = 0x04, 0x15, 0x20

USER_MODE = 0x10
CPACR = (15, 0, 0, 1, 0, 0, 2)
PAGE = 0x1000


class PlainRun(NamedTuple):
    """A run that ended by the program's exit.  seconds: from ``emu_start`` to its return."""

    seconds: float
    output: str


class Plain:
    """A loaded program."""

    def __init__(self, path: Path, number: int) -> None:
        self.arguments = f"{path.name} {number}\0".encode()
        self.output = bytearray()
        self.ended = False
        with path.open("rb") as stream:
            self.image = load_elf(stream, path.name)
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)
        self._load()
        enter_user_mode(self.uc)
        self.uc.hook_add(UC_HOOK_INTR, self._interrupt)

    def _load(self) -> None:
        first = min(segment.va for segment in self.image.segments) & -PAGE
        end = -(-max(segment.end for segment in self.image.segments) // PAGE) * PAGE
        self.uc.mem_map(first, end - first)
        for segment in self.image.segments:
            self.uc.mem_write(segment.va, bytes(segment.data))

    def run(self) -> PlainRun:
        started = perf_counter()
        self.uc.emu_start(self.image.entry, 0)
        seconds = perf_counter() - started
        if not self.ended:
            raise RuntimeError("the program did not exit")
        return PlainRun(seconds, self.output.decode())

    def _interrupt(self, uc: Any, _number: int, _data: object) -> None:
        """Answer a call of the kernel by reading two registers and writing one."""
        number = uc.reg_read(UC_ARM_REG_R12)
        operation = uc.reg_read(UC_ARM_REG_R0)
        if number == SEMIHOSTING:
            self._semihosting(uc, operation)
        else:
            uc.reg_write(UC_ARM_REG_R0, 1)

    def _semihosting(self, uc: Any, operation: int) -> None:
        block = uc.reg_read(UC_ARM_REG_R1)
        if operation == WRITE0:
            text = uc.mem_read(block, PAGE - block % PAGE)
            self.output += text[: text.index(0)]
        elif operation == GET_CMDLINE:
            line = int.from_bytes(uc.mem_read(block, 4), "little")
            uc.mem_write(line, self.arguments)
            uc.reg_write(UC_ARM_REG_R0, 0)
        else:
            self.ended = operation == EXIT_EXTENDED
            uc.emu_stop()


def enter_user_mode(uc: Any) -> None:
    """Enter user mode with VFP; the CPSR is written last, which makes the rest take effect."""
    uc.reg_write(UC_ARM_REG_CP_REG, (*CPACR, 0xF << 20))
    uc.reg_write(UC_ARM_REG_FPEXC, 1 << 30)
    uc.reg_write(UC_ARM_REG_CPSR, USER_MODE)


def plain(path: Path, number: int) -> PlainRun:
    """Run a program of guest/bench over plain Unicorn."""
    prepared = Plain(path, number)
    gc.collect()  # machines of earlier runs go now, not during this one
    return prepared.run()


if __name__ == "__main__":
    print(plain(Path(sys.argv[1]), int(sys.argv[2])).output, end="")
