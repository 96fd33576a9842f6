"""The numbers of Arm semihosting, version 2.0 (ARM-software/abi-aa, "semihosting")."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

ARM_SVC: Final = 0x123456
"""The immediate of the SVC that is a semihosting call in Arm state."""
THUMB_SVC: Final = 0xAB
"""The immediate of the SVC that is a semihosting call in Thumb state."""


class Operation(IntEnum):
    """What r0 asks for."""

    OPEN = 0x01
    CLOSE = 0x02
    WRITEC = 0x03
    WRITE0 = 0x04
    WRITE = 0x05
    READ = 0x06
    READC = 0x07
    ISERROR = 0x08
    ISTTY = 0x09
    SEEK = 0x0A
    FLEN = 0x0C
    TMPNAM = 0x0D
    REMOVE = 0x0E
    RENAME = 0x0F
    CLOCK = 0x10
    TIME = 0x11
    SYSTEM = 0x12
    ERRNO = 0x13
    GET_CMDLINE = 0x15
    HEAPINFO = 0x16
    EXIT = 0x18
    EXIT_EXTENDED = 0x20
    ELAPSED = 0x30
    TICKFREQ = 0x31


APPLICATION_EXIT: Final = 0x20026
"""ADP_Stopped_ApplicationExit, the reason to stop that is not a failure."""

FEATURES: Final = b"SHFB" + bytes([0b11])
"""What ":semihosting-features" holds: the magic, then SH_EXT_EXIT_EXTENDED and
SH_EXT_STDOUT_STDERR."""
