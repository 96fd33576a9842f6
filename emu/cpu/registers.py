"""Register names and prepared reads: one call into Unicorn for a whole group of registers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import partial

from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

CORE = tuple(f"r{number}" for number in range(13)) + ("sp", "lr", "pc", "cpsr")
"""The register file of user mode, in the order of ``Engine.core_registers``."""

SYSCALL = ("r0", "r1", "r2", "r3", "r12", "esr")
"""What a call consists of; the syndrome register has the SVC's immediate in its low half."""

VFP = tuple(f"d{number}" for number in range(32))

THREAD = ("tpidrurw", "tpidruro", "tpidrprw")
"""Software thread registers: CP15 c13."""

THUMB_BIT = 1 << 5
IT_STATE = 0x0600FC00
"""The CPSR's ITSTATE: bits 26-25 and 15-10 (B1.3.3)."""
USER_MODE = 0x10

# Unicorn once more, for what every call of the kernel's needs.  Without argument types the prepared
# arguments go through as they are, and a PyDLL keeps the interpreter's lock, which others could do
# little with in a fraction of a microsecond: together that more than halves what a call costs.
_swift = ctypes.PyDLL(uclib._name, handle=uclib._handle)

_IDS = {
    **{f"r{number}": arm.UC_ARM_REG_R0 + number for number in range(13)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "cpsr": arm.UC_ARM_REG_CPSR,
    "fpscr": arm.UC_ARM_REG_FPSCR,
    "fpexc": arm.UC_ARM_REG_FPEXC,
    "esr": arm.UC_ARM_REG_ESR,
    **{name: arm.UC_ARM_REG_D0 + number for number, name in enumerate(VFP)},
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


def register_id(name: str) -> int:
    """Unicorn's number for a register of the core or of VFP."""
    number: int = _IDS[name]
    return number


class Batch:
    """A group of registers of one width read by one call, into the same memory each time.

    ``fetch`` reads them into ``values``, which ``read`` does and returns.
    """

    def __init__(self, uc: ctypes.c_void_p, names: Sequence[str], bits: int = 32) -> None:
        count, size = len(names), bits // 8
        memory = (ctypes.c_uint8 * (count * size))()
        first = ctypes.addressof(memory)
        ids = (ctypes.c_int32 * count)(*(_IDS[name] for name in names))
        places = (ctypes.c_void_p * count)(*(first + n * size for n in range(count)))
        self.values = memoryview(memory).cast("B").cast("I" if bits == 32 else "Q")
        self.fetch = partial(_swift.uc_reg_read_batch, uc, ids, places, count)

    def read(self) -> memoryview:
        """The registers' values now.  The next read overwrites them."""
        self.fetch()
        return self.values


class Slot:
    """One register of 32 bits that is written often."""

    def __init__(self, uc: ctypes.c_void_p, name: str) -> None:
        self._word = ctypes.c_uint32()
        self._put = partial(_swift.uc_reg_write, uc, _IDS[name], ctypes.byref(self._word))

    def write(self, value: int) -> None:
        """Set the register.  Negative numbers as two's complement."""
        self._word.value = value
        self._put()
