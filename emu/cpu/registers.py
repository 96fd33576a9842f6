"""The processor's registers, through prepared calls into Unicorn.

One call reads a whole group of registers that belong together.  The one register that every kernel
call writes costs next to nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

from emu import native
from emu.cpu import unicorn_abi as const
from emu.cpu.libunicorn import uclib, uclib_holding_gil

CORE = tuple(f"r{number}" for number in range(13)) + ("sp", "lr", "pc", "cpsr")
"""The register file of user mode, in the order of ``State.core``."""

SYSCALL = ("r0", "r1", "r2", "r3", "r12", "esr", "pc", "cpsr")
"""What a call consists of; the syndrome register has the SVC's immediate in its low half."""

VFP = tuple(f"d{number}" for number in range(32))

THREAD = ("tpidrurw", "tpidruro", "tpidrprw")
"""Software thread registers: CP15 c13."""

PC, CPSR = 15, 16
"""Their places in ``CORE``."""

THUMB_BIT = 1 << 5
IT_STATE = 0x0600FC00
"""The CPSR's ITSTATE: bits 26-25 and 15-10 (B1.3.3)."""
USER_MODE = 0x10


def in_it_block(cpsr: int) -> int:
    """How many instructions of an IT block are to come, 0 outside of one.  Arm ARM, A2.5.2."""
    mask = cpsr >> 8 & 0xC | cpsr >> 25 & 3
    return 4 - (mask & -mask).bit_length() + 1 if mask else 0


def advanced(cpsr: int) -> int:
    """The CPSR behind an instruction of an IT block, or of none.  Arm ARM, A2.5.2."""
    it = cpsr >> 8 & 0xFC | cpsr >> 25 & 3
    it = it & 0xE0 | it << 1 & 0x1F if it & 7 else 0
    return cpsr & ~IT_STATE | (it & 0xFC) << 8 | (it & 3) << 25


IDS = {
    **{f"r{number}": const.UC_ARM_REG_R0 + number for number in range(13)},
    "sp": const.UC_ARM_REG_SP,
    "lr": const.UC_ARM_REG_LR,
    "pc": const.UC_ARM_REG_PC,
    "cpsr": const.UC_ARM_REG_CPSR,
    "fpscr": const.UC_ARM_REG_FPSCR,
    "fpexc": const.UC_ARM_REG_FPEXC,
    "esr": const.UC_ARM_REG_ESR,
    **{name: const.UC_ARM_REG_D0 + number for number, name in enumerate(VFP)},
}


class CoprocessorRegister(ctypes.Structure):
    """Unicorn's ``uc_arm_cp_reg``: which coprocessor register, and its value."""

    _fields_ = (
        ("cp", ctypes.c_uint32),
        ("is64", ctypes.c_uint32),
        ("secure", ctypes.c_uint32),
        ("crn", ctypes.c_uint32),
        ("crm", ctypes.c_uint32),
        ("opc1", ctypes.c_uint32),
        ("opc2", ctypes.c_uint32),
        ("value", ctypes.c_uint64),
    )

    def read(self, uc: ctypes.c_void_p) -> int:
        """The register's value now."""
        uclib.uc_reg_read(uc, const.UC_ARM_REG_CP_REG, ctypes.addressof(self))
        return int(self.value)

    def write(self, uc: ctypes.c_void_p, value: int) -> None:
        """Set the register."""
        self.value = value
        uclib.uc_reg_write(uc, const.UC_ARM_REG_CP_REG, ctypes.addressof(self))


# Name: CRn, CRm, opc1, opc2 of coprocessor 15 (Arm ARM DDI 0406C, B3.17).
COPROCESSOR = {
    "sctlr": (1, 0, 0, 0),
    "ttbr0": (2, 0, 0, 0),
    "ttbcr": (2, 0, 0, 2),
    "dacr": (3, 0, 0, 0),
    "tlbimva": (8, 7, 0, 1),
    "tpidrurw": (13, 0, 0, 2),
    "tpidruro": (13, 0, 0, 3),
    "tpidrprw": (13, 0, 0, 4),
}


def coprocessor_register(name: str) -> CoprocessorRegister:
    """The structure that names this register to Unicorn.  The core is in the Non-secure state."""
    crn, crm, opc1, opc2 = COPROCESSOR[name]
    return CoprocessorRegister(15, 0, 0, crn, crm, opc1, opc2, 0)


class Batch:
    """A group of registers of one width read by one call, into the same memory each time.

    ``fetch`` reads them into ``values``; ``read`` does so and returns ``values``.
    """

    def __init__(self, uc: ctypes.c_void_p, names: Sequence[str], bits: int = 32) -> None:
        count, size = len(names), bits // 8
        memory = (ctypes.c_uint8 * (count * size))()
        first = ctypes.addressof(memory)
        ids = (ctypes.c_int32 * count)(*(IDS[name] for name in names))
        places = (ctypes.c_void_p * count)(*(first + n * size for n in range(count)))
        self.values = memoryview(memory).cast("B").cast("I" if bits == 32 else "Q")
        self.fetch = partial(uclib_holding_gil.uc_reg_read_batch, uc, ids, places, count)

    def read(self) -> memoryview:
        """The registers' values now.  The next read overwrites them."""
        self.fetch()
        return self.values


class PcAndCpsr(Protocol):
    """PC and CPSR, which are read before and after each run."""

    def read(self) -> Sequence[int]:
        """Both, now.  The next read may overwrite them."""


def _pc_and_cpsr(uc: ctypes.c_void_p) -> PcAndCpsr:
    if native.hooks is None:
        return Batch(uc, ("pc", "cpsr"))
    in_c: PcAndCpsr = native.hooks.PcAndCpsr(uc.value, IDS["pc"], IDS["cpsr"])
    return in_c


class Slot:
    """One register of 32 bits that is written often."""

    def __init__(self, uc: ctypes.c_void_p, name: str) -> None:
        self._word = ctypes.c_uint32()
        self._put = partial(uclib_holding_gil.uc_reg_write, uc, IDS[name], ctypes.byref(self._word))

    def write(self, value: int) -> None:
        """Set the register.  Negative numbers as two's complement."""
        self._word.value = value
        self._put()


class State(NamedTuple):
    """The architectural state of user mode as plain data.

    core: r0-r12, sp, lr, pc, cpsr.  vfp: d0-d31.  thread: TPIDRURW, TPIDRURO, TPIDRPRW.
    exclusive: what the local monitor remembers of the last LDREX, in a form of Unicorn's own.
    """

    core: tuple[int, ...]
    vfp: tuple[int, ...]
    fpscr: int
    thread: tuple[int, ...]
    exclusive: bytes = b""


class Registers:
    """The registers of a core, as they are now.

    were_set: whether all core registers were set since this was last made False.
    """

    def __init__(self, uc: ctypes.c_void_p) -> None:
        self._uc = uc
        self.were_set = False
        self.syscall = Batch(uc, SYSCALL)
        self._core = Batch(uc, CORE)
        self._vfp = Batch(uc, VFP, bits=64)
        self.pc_and_cpsr = _pc_and_cpsr(uc)
        self._coprocessor = {name: coprocessor_register(name) for name in COPROCESSOR}
        self.write_r0 = Slot(uc, "r0").write

    def core(self) -> tuple[int, ...]:
        """r0-r12, sp, lr, pc, cpsr."""
        return tuple(self._core.read())

    def set_core(self, values: Sequence[int]) -> None:
        """Set r0-r12, sp, lr, pc and cpsr.

        The CPSR is written last, because writing the PC, whose bit 0 is the Thumb bit, changes it.
        """
        self.were_set = True
        for name, value in zip(CORE[:PC], values, strict=False):
            self.write(name, value)
        self.write("pc", values[PC] | values[CPSR] >> 5 & 1)
        self.write("cpsr", values[CPSR])

    def read(self, name: str) -> int:
        """One register by name: r0-r12, sp, lr, pc, cpsr, d0-d31, fpscr, tpidruro, ttbr0 ..."""
        if name in self._coprocessor:
            return self._coprocessor[name].read(self._uc)
        value = ctypes.c_uint64()
        uclib.uc_reg_read(self._uc, IDS[name], ctypes.byref(value))
        return value.value

    def write(self, name: str, value: int) -> None:
        """Set one register by name.  For the PC, bit 0 is the Thumb bit."""
        if name in self._coprocessor:
            self._coprocessor[name].write(self._uc, value)
        else:
            uclib.uc_reg_write(self._uc, IDS[name], ctypes.byref(ctypes.c_uint64(value)))

    def position(self) -> tuple[int, int]:
        """PC, without the Thumb bit, and CPSR."""
        pc, cpsr = self.pc_and_cpsr.read()
        return pc, cpsr

    @property
    def pc(self) -> int:
        """The PC without the Thumb bit."""
        return int(self.pc_and_cpsr.read()[0])

    @property
    def thumb(self) -> bool:
        return bool(self.pc_and_cpsr.read()[1] & THUMB_BIT)

    def state(self) -> State:
        """All that a program can see, without the monitor, which only a saved context shows."""
        return State(
            self.core(),
            tuple(self._vfp.read()),
            self.read("fpscr"),
            tuple(self.read(name) for name in THREAD),
        )

    def set_state(self, state: State) -> None:
        """Make this the processor's state; the monitor stays as it is."""
        for name, value in zip(VFP, state.vfp, strict=True):
            self.write(name, value)
        self.write("fpscr", state.fpscr)
        for name, value in zip(THREAD, state.thread, strict=True):
            self.write(name, value)
        self.set_core(state.core)
