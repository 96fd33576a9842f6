"""Switches between two processes, each in an address space of its own."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from unicorn import UC_ARCH_ARM, UC_HOOK_INTR, UC_MODE_ARM, UC_PROT_ALL, Uc
from unicorn.arm_const import UC_ARM_REG_PC, UC_ARM_REG_R0

from benchmarks.emulated import Run, emulated
from benchmarks.figures import Figure, Samples, at_most, paired_ratio
from benchmarks.plain import PAGE, enter_user_mode
from benchmarks.programs import program
from benchmarks.settings import Settings

COUNT, TURNS = 1000, 15
CODE, DATA = 0x10000, 0x20000

# loop: ldr r1, [r2]; add r1, #1; str r1, [r2]; svc #0; b loop
LOOP = b"".join(
    word.to_bytes(4, "little")
    for word in (0xE5921000, 0xE2811001, 0xE5821000, 0xEF000000, 0xEAFFFFFA)
)
UC_ARM_REG_R2 = UC_ARM_REG_R0 + 2


class PlainSwitches:
    """Two processes over plain Unicorn that differ in registers and in one page at ``DATA``."""

    def __init__(self) -> None:
        self.uc = uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)
        self.memory = mmap.mmap(-1, 2 * PAGE)
        self.pages = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        uc.mem_map(CODE, PAGE)
        uc.mem_write(CODE, LOOP)
        enter_user_mode(uc)
        uc.reg_write(UC_ARM_REG_R2, DATA)
        uc.reg_write(UC_ARM_REG_PC, CODE)
        self.contexts = [uc.context_save(), uc.context_save()]
        uc.hook_add(UC_HOOK_INTR, self._interrupt)
        uc.mem_map_ptr(DATA, PAGE, UC_PROT_ALL, self.pages)

    def seconds(self, count: int) -> float:
        """Seconds for one switch: context, memory map, and the run up to the next call."""
        started = perf_counter()
        for turn in range(count):
            self._run(turn % 2)
        seconds = (perf_counter() - started) / count
        turns = [
            self.memory[0] | self.memory[1] << 8,
            self.memory[PAGE] | self.memory[PAGE + 1] << 8,
        ]
        if turns != [(count + 1) // 2, count // 2]:
            raise RuntimeError(f"{count} turns were {turns}")
        return seconds

    def _run(self, process: int) -> None:
        uc = self.uc
        uc.context_restore(self.contexts[process])
        uc.mem_unmap(DATA, PAGE)
        uc.mem_map_ptr(DATA, PAGE, UC_PROT_ALL, self.pages + process * PAGE)
        uc.emu_start(uc.reg_read(UC_ARM_REG_PC), 0)
        uc.reg_write(UC_ARM_REG_R0, 0)
        uc.context_update(self.contexts[process])

    def _interrupt(self, uc: Any, _number: int, _data: object) -> None:
        uc.emu_stop()


def switches(settings: Settings) -> Iterator[Figure]:
    """Seconds for one switch, beside a call that switches nothing."""
    path, count = program("timing/switches"), settings.count(COUNT)
    runs: list[Run] = []
    plain: list[float] = []
    for _ in range(settings.turns(TURNS)):
        runs.append(emulated(path, count))
        plain.append(PlainSwitches().seconds(count))
    call = _seconds("call", 10 * count, runs)
    yield Figure("switches", "a call that switches nothing", {"emu": call})
    switch: Samples = {"emu": _seconds("yield", 2 * count, runs), "plain": plain}
    ratio = paired_ratio(switch["emu"], call)
    yield Figure("switches", "yield to another", switch, ratio, "calls", at_most(10))
    message: Samples = {"emu": _seconds("message", count, runs)}
    ratio = paired_ratio(message["emu"], call)
    yield Figure("switches", "send a message", message, ratio, "calls")


def _seconds(line: str, count: int, runs: list[Run]) -> list[float]:
    return [run.intervals(line)[0] / count for run in runs]
