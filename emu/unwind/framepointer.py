"""Unwinding by frame pointers: what compilers that keep them leave on the stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.unwind.frame import LR, SP, Frame, ReadWord, caller


class Layout(NamedTuple):
    """A frame record: offsets from the frame pointer ``register``.

    sp: where the caller's SP is kept, or None where it is just behind the return address.
    """

    register: int
    old: int
    pc: int
    sp: int | None


LAYOUTS = (
    Layout(11, -12, -4, -8),  # Arm, -mapcs-frame: push {fp, ip, lr, pc}
    Layout(11, -4, 0, None),  # Arm, GCC: push {fp, lr}; add fp, sp, #4
    Layout(11, 0, 4, None),  # Arm, clang: push {fp, lr}; mov fp, sp
    Layout(7, 0, 4, None),  # Thumb, clang: push {r7, lr}; mov r7, sp
)


def unwind(frame: Frame, read: ReadWord, is_return: Callable[[int], bool]) -> Frame | None:
    """The caller's frame, if a frame pointer leads to one that is believable."""
    for layout in LAYOUTS:
        fp = frame.registers[layout.register]
        if fp & 3 or fp < frame.sp:
            continue
        old, pc = read(fp + layout.old), read(fp + layout.pc)
        sp = fp + layout.pc + 4 if layout.sp is None else read(fp + layout.sp)
        if old is None or sp is None or pc is None or not is_return(pc):
            continue
        registers = list(frame.registers)
        registers[layout.register], registers[SP], registers[LR] = old, sp, pc
        return caller(registers, pc)
    return None


def keeps_frame_pointer(code: bytes, thumb: bool) -> bool:
    """Whether code from a function's start on points a frame pointer at the stack."""
    if thumb:
        return any(half == 0x466F or half >> 8 == 0xAF for half, _ in _units(code, 2))
    return any(
        word == 0xE1A0B00D  # mov fp, sp
        or word & 0xFFFFF000 in (0xE28DB000, 0xE24CB000)  # add fp, sp, #n; sub fp, ip, #n
        for word, _ in _units(code, 4)
    )


def pushes_lr(code: bytes, thumb: bool) -> bool:
    """Whether code from a function's start on keeps the link register on the stack."""
    if not thumb:
        return any(
            word & 0xFFFF4000 == 0xE92D4000 or word == 0xE52DE004 for word, _ in _units(code, 4)
        )
    return any(
        first & 0xFF00 == 0xB500  # push {.., lr}
        or (first == 0xE92D and second & 0x4000)  # push.w {.., lr}
        or (first == 0xF84D and second & 0xF000 == 0xE000)  # str lr, [sp, #-n]!
        or (first & 0xFFE0 == 0xE960 and first & 0xF == 0xD and second & 0xF00 == 0xE00)  # strd
        for first, second in _units(code, 2)
    )


def _units(code: bytes, size: int) -> list[tuple[int, int]]:
    """Each unit of so many bytes, with the one behind it (0 for none)."""
    units = [int.from_bytes(code[at : at + size], "little") for at in range(0, len(code), size)]
    return list(zip(units, units[1:] + [0], strict=True)) if units else []
