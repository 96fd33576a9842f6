"""Register names and prepared reads: one call into Unicorn for a whole group of registers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Generic, TypeVar

from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

CORE = tuple(f"r{number}" for number in range(13)) + ("sp", "lr", "pc", "cpsr")
"""The register file of user mode, in the order of ``Engine.core_registers``."""

VFP = tuple(f"d{number}" for number in range(32))

THREAD = ("tpidrurw", "tpidruro", "tpidrprw")
"""Software thread registers: CP15 c13."""

THUMB_BIT = 1 << 5
IT_STATE = 0x0600FC00
"""The CPSR's ITSTATE: bits 26-25 and 15-10 (B1.3.3)."""
USER_MODE = 0x10

Word = TypeVar("Word", ctypes.c_uint32, ctypes.c_uint64)

_IDS = {
    **{f"r{number}": arm.UC_ARM_REG_R0 + number for number in range(13)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "cpsr": arm.UC_ARM_REG_CPSR,
    "fpscr": arm.UC_ARM_REG_FPSCR,
    "fpexc": arm.UC_ARM_REG_FPEXC,
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


class Batch(Generic[Word]):
    """A group of registers of one width read by one call, into the same memory each time."""

    def __init__(self, uc: ctypes.c_void_p, names: Sequence[str], width: type[Word]) -> None:
        count, step = len(names), ctypes.sizeof(width)
        self.values: ctypes.Array[Word] = (width * count)()
        first = ctypes.addressof(self.values)
        ids = (ctypes.c_int32 * count)(*(_IDS[name] for name in names))
        places = (ctypes.c_void_p * count)(*(first + n * step for n in range(count)))
        self._arguments = (uc, ids, places, count)

    def read(self) -> ctypes.Array[Word]:
        """The registers' values now.  The next read overwrites them."""
        uclib.uc_reg_read_batch(*self._arguments)
        return self.values
