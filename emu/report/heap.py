"""The note on a C program whose heap was used up: newlib has set errno to ENOMEM."""

from __future__ import annotations

from typing import Final

from emu.arm.registers import LR, PC
from emu.report.context import Context

_REENTRANT: Final = "_impure_ptr"
"""newlib's pointer to its ``struct _reent``, whose first word is errno."""
_ENOMEM: Final = 12
"""Source: newlib's ``sys/errno.h``."""


def heap_text(context: Context) -> str | None:
    """A line on the heap, if the last request of the process's C library for memory failed.

    newlib's ``_sbrk`` sets errno, over semihosting and over the kernel alike, and nothing in newlib
    sets it back.
    """
    registers = context.registers
    if registers is None:
        return None
    for file in (context.file_at(registers[PC]), context.file_at(registers[LR])):
        symbols = () if file is None else file.symbols.all
        pointer = next((one for one in symbols if one.linkage == _REENTRANT), None)
        if pointer is None:
            continue
        reentrant = context.read_word(pointer.va)
        if reentrant and context.read_word(reentrant) == _ENOMEM:
            return "its heap was used up, errno is ENOMEM: --ram gives it more"
        return None
    return None
