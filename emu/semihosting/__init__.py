"""Arm semihosting: how a program linked for a debugger's host speaks to the world."""

from emu.semihosting.service import (
    BadPointer,
    GuestMemory,
    HeapInfo,
    Semihosting,
    SemihostProcess,
)

__all__ = ["BadPointer", "GuestMemory", "HeapInfo", "SemihostProcess", "Semihosting"]
