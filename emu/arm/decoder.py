"""capstone's decoders: for Arm or Thumb, with or without details of operands and registers."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from capstone import (
    CS_ARCH_ARM,
    CS_MODE_ARM,
    CS_MODE_THUMB,
    CS_MODE_V8,
    CS_OPT_SYNTAX_NOREGNAME,
    Cs,
    arm,
)

from emu.arm.registers import LR, PC, SP

CORE = {
    **{arm.ARM_REG_R0 + number: number for number in range(13)},
    arm.ARM_REG_SP: SP,
    arm.ARM_REG_LR: LR,
    arm.ARM_REG_PC: PC,
}
"""The number of a core register by capstone's."""


@cache
def decoder(thumb: bool, detail: bool = False) -> Any:
    """A decoder, the same each time.  detail: with operands, which takes ten times as long."""
    made = Cs(CS_ARCH_ARM, (CS_MODE_THUMB if thumb else CS_MODE_ARM) | CS_MODE_V8)
    made.syntax = CS_OPT_SYNTAX_NOREGNAME  # r9 to r12, as the registers are shown
    made.detail = detail
    return made


@lru_cache(maxsize=256)
def decode(code: bytes, va: int, thumb: bool) -> Any | None:
    """The instruction that ``code`` begins with, as capstone's CsInsn, or None if there is none.

    It is decoded by itself, as outside of any IT block.
    """
    return next(decoder(thumb, detail=True).disasm(code, va, 1), None)
