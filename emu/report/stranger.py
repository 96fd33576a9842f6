"""Programs built for another system, or for none: one line of advice."""

from __future__ import annotations

from kernel_model.descriptors import EXEC
from kernel_model.image import Image

_THUMB_SVC, _ARM_SVC = 0xDF, 0xEF
"""The last byte of an SVC: of two in Thumb code, of four in Arm code (always executed)."""


def stranger_text(image: Image, name: str, calls: int) -> str | None:
    """A line for a program that has no system call in it, or None.

    calls: how many calls it has made, of the kernel or of semihosting.
    """
    if calls or any(_has_svc(one.data) for one in image.segments if one.rights & EXEC):
        return None
    return (
        f"{name} has no system call in it, so it can neither write nor end: link it with emu cc, "
        "with -specs=emu.specs or with -specs=rdimon.specs, not with nosys.specs"
    )


def _has_svc(code: bytes) -> bool:
    return _THUMB_SVC in code[1::2] or _ARM_SVC in code[3::4]
