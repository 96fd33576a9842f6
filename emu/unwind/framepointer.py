"""Unwinding by frame pointers, for code whose functions are not known either."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.arm.registers import LR, SP
from emu.unwind.frame import ReadWord, StackFrame, caller


class FrameRecord(NamedTuple):
    """A frame record: offsets from the frame pointer ``register``.

    sp: where the caller's SP is kept, or None if it is the address just after the return address.
    """

    register: int
    old: int
    pc: int
    sp: int | None


RECORDS = (
    FrameRecord(11, -12, -4, -8),  # Arm, -mapcs-frame: push {fp, ip, lr, pc}
    FrameRecord(11, -4, 0, None),  # Arm, GCC: push {fp, lr}; add fp, sp, #4
    FrameRecord(11, 0, 4, None),  # Arm, clang: push {fp, lr}; mov fp, sp
    FrameRecord(7, 0, 4, None),  # Thumb, clang: push {r7, lr}; mov r7, sp
)


def unwind(
    frame: StackFrame, read: ReadWord, is_return: Callable[[int], bool]
) -> StackFrame | None:
    """The caller's frame, if a frame pointer leads to a plausible one."""
    for record in RECORDS:
        fp = frame.registers[record.register]
        if fp & 3 or fp < frame.sp:
            continue
        old, pc = read(fp + record.old), read(fp + record.pc)
        sp = fp + record.pc + 4 if record.sp is None else read(fp + record.sp)
        if old is None or sp is None or pc is None or not is_return(pc):
            continue
        registers = list(frame.registers)
        registers[record.register], registers[SP], registers[LR] = old, sp, pc
        return caller(registers, pc)
    return None
