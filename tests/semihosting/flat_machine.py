"""The least machine that runs a semihosting program: flat memory, no kernel, no translation."""

from __future__ import annotations

from pathlib import Path

from unicorn import UC_ARCH_ARM, UC_HOOK_INTR, UC_MODE_ARM, Uc, UcError
from unicorn.arm_const import (
    UC_ARM_REG_CPSR,
    UC_ARM_REG_PC,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_CPU_ARM_CORTEX_A15,
)

from emu.environment.outside import Moment, Outside
from emu.environment.world import World
from emu.loader import load_elf
from emu.semihosting import BadPointer, HeapInfo, Semihosting

START, END = 0x1000, 0x1000000
STACK_SIZE = 0x100000
USER_MODE, THUMB = 0x10, 1 << 5
SVC = 2
ARM_SVC, THUMB_SVC = 0x123456, 0xAB
"""The immediates that make an SVC a semihosting call, by the state it is made in."""


class FlatMachine:
    """One program, its memory [START, END), and its semihosting."""

    def __init__(self, program: Path, world: World, moment: Moment | None = None) -> None:
        """moment: of each request; the beginning if None."""
        with program.open("rb") as stream:
            self.image = load_elf(stream, program.name)
        self.status: int | None = None
        self.notes: list[str] = []
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_ARM, UC_CPU_ARM_CORTEX_A15)
        self.uc.mem_map(START, END - START)
        for segment in self.image.segments:
            self.uc.mem_write(segment.va, segment.data)
        self.uc.reg_write(UC_ARM_REG_CPSR, USER_MODE)
        self.uc.hook_add(UC_HOOK_INTR, self._trap)
        outside = Outside(world)
        if moment is not None:
            outside.moment = moment
        self.semihosting = Semihosting(self, outside, self, self.notes.append)

    def run(self) -> int:
        """Run to the exit and return the status as a shell sees it."""
        self.uc.emu_start(self.image.entry, 0)
        assert self.status is not None
        return self.status & 0xFF

    def _trap(self, uc: Uc, number: int, _data: object) -> None:
        assert number == SVC
        thumb = uc.reg_read(UC_ARM_REG_CPSR) & THUMB
        size = 2 if thumb else 4
        code = bytes(uc.mem_read(uc.reg_read(UC_ARM_REG_PC) - size, size))
        immediate = int.from_bytes(code, "little") & (0xFF if thumb else 0xFFFFFF)
        assert immediate == (THUMB_SVC if thumb else ARM_SVC)
        op, arg = uc.reg_read(UC_ARM_REG_R0), uc.reg_read(UC_ARM_REG_R1)
        uc.reg_write(UC_ARM_REG_R0, self.semihosting.call(op, arg) & 0xFFFFFFFF)

    def charge(self, length: int) -> None:
        pass

    def bytes_at(self, va: int, length: int) -> bytes | None:
        return None

    def read(self, va: int, length: int) -> bytes:
        try:
            return bytes(self.uc.mem_read(va, length))
        except UcError:
            raise BadPointer from None

    def write(self, va: int, data: bytes) -> None:
        try:
            self.uc.mem_write(va, data)
        except UcError:
            raise BadPointer from None

    def page_place(self, va: int, length: int) -> int:
        return -1

    def place(self, va: int, length: int) -> int:
        self.write(va, self.read(va, length))
        return va

    def store(self, place: int, data: bytes) -> None:
        self.write(place, data)

    def exit(self, status: int) -> None:
        self.status = status
        self.uc.emu_stop()

    def heap(self) -> HeapInfo:
        return HeapInfo(self.image.segments[-1].end, END - STACK_SIZE, END, END - STACK_SIZE)
