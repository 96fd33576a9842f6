"""Arm semihosting: how a program linked for a debugger's host reaches the outside."""

from emu.semihosting.caller import BadPointer, GuestMemory, HeapInfo, SemihostProcess
from emu.semihosting.service import Semihosting

__all__ = ["BadPointer", "GuestMemory", "HeapInfo", "SemihostProcess", "Semihosting"]
