"""What one instruction does, by Unicorn: the registers and the accesses when it has executed."""

from __future__ import annotations

from typing import NamedTuple

from unicorn import UC_ARCH_ARM, UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE, UC_MEM_WRITE, UC_MODE_ARM, Uc
from unicorn import arm_const as arm

CODE, RAM, END = 0x1000, 0x10000, 0x20000
USER, CARRY = 0x10, 1 << 29

REGISTERS = (
    *(arm.UC_ARM_REG_R0 + number for number in range(13)),
    arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR, arm.UC_ARM_REG_PC, arm.UC_ARM_REG_CPSR,
)  # fmt: skip


VALUES = {2: 0x24, 3: 0x30, 8: 0x80010000, 12: 0x40}
"""What some registers hold: the index registers, and a base for one with its highest bit set."""


class Access(NamedTuple):
    va: int
    size: int
    is_write: bool


class Step(NamedTuple):
    """One instruction executed.  before, after: r0 to r15 and CPSR.  words: as they were before."""

    thumb: bool
    before: tuple[int, ...]
    after: tuple[int, ...]
    accesses: list[Access]
    words: dict[int, int]
    ram: bytes

    def word(self, va: int) -> int:
        """The word at ``va``, which is in RAM, afterwards."""
        return int.from_bytes(self.ram[va - RAM :][:4], "little")


def executed(code: bytes, thumb: bool) -> Step:
    """Execute it with addresses of RAM in all other registers, and in all words of memory."""
    uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)
    uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_A15)
    uc.mem_map(0, END)
    words = {va: RAM + (va >> 1 & 0x7FFC) for va in range(0, END, 4)}
    uc.mem_write(0, b"".join(word.to_bytes(4, "little") for word in words.values()))
    uc.mem_write(CODE, code)
    uc.reg_write(arm.UC_ARM_REG_FPEXC, 1 << 30)
    uc.reg_write(arm.UC_ARM_REG_CPSR, USER | CARRY)
    for number, register in enumerate(REGISTERS[:15]):
        uc.reg_write(register, VALUES.get(number, 0x14000 + 0x200 * number))
    uc.reg_write(arm.UC_ARM_REG_PC, CODE)
    accesses: list[Access] = []

    def accessed(_uc: Uc, kind: int, va: int, size: int, _value: int, _data: object) -> None:
        accesses.append(Access(va, size, kind == UC_MEM_WRITE))

    uc.hook_add(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, accessed)
    before = tuple(uc.reg_read(register) for register in REGISTERS)
    uc.emu_start(CODE | thumb, END, count=1)
    after = tuple(uc.reg_read(register) for register in REGISTERS)
    return Step(thumb, before, after, accesses, words, bytes(uc.mem_read(RAM, END - RAM)))
