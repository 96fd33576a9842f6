"""Why the processor refused an instruction: the name of the mistake, and what explains it."""

from __future__ import annotations

import re
from typing import Final

from emu.arm.disassembly import disassemble
from emu.machine.fault import Fault
from emu.report.cause import Cause
from emu.report.context import Context

_CPSR: Final = 16
_THUMB: Final = 1 << 5

_SYSTEM: Final = "the system registers are the kernel's, and user mode has no access to them"
_CACHES: Final = (
    "user mode may not maintain caches; a program need not: changed code is executed as it is"
)
_MODES: Final = "it is for privileged modes, and programs run in user mode"
_NEVER: Final = "compilers put udf where a program must never come"
_CORTEX_M: Final = (
    "that is semihosting as Cortex-M code asks for it, and this is a Cortex-A15;"
    " build with -mcpu=cortex-a15"
)
_NONE: Final = "a Cortex-A15 has no such instruction for user mode"

_PRIVILEGED: Final = "privileged instruction"

# Patterns for an instruction's text; the first that matches counts.
_REFUSED: Final = (
    (r"mcr\w* p15, #0, \w+, c7,", _PRIVILEGED, _CACHES),
    (r"(mcrr?|mrrc|mrc)2?\w* p1[45],", _PRIVILEGED, _SYSTEM),
    (r"vm(rs|sr)", _PRIVILEGED, _SYSTEM),
    (r"mrs|msr|smc|hvc|rfe|srs|eret", _PRIVILEGED, _MODES),
    (r"udf", "undefined instruction", _NEVER),
    (r"bkpt #0xab$", "semihosting for Cortex-M", _CORTEX_M),
    (r"bkpt", "breakpoint instruction", "no debugger is attached"),
)


def cause_of_instruction(context: Context, fault: Fault) -> Cause:
    """Why the instruction at the fault's pc was not executed."""
    thumb = bool(fault.registers[_CPSR] & _THUMB)
    text = _text(context, fault.pc, thumb)
    for pattern, name, why in _REFUSED:
        if re.match(pattern, text):
            return Cause(name, why)
    return Cause(fault.kind, _NONE)


def _text(context: Context, va: int, thumb: bool) -> str:
    """The instruction at ``va``, of which only two bytes may be readable."""
    code = context.read(va, 4) or context.read(va, 2) or b""
    return next((instruction.text for instruction in disassemble(code, va, thumb)), "")
