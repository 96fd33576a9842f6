"""Backtraces: which function called which, from the registers and the stack of a process."""

from emu.unwind.backtrace import Step, backtrace
from emu.unwind.frame import StackFrame

__all__ = ["StackFrame", "Step", "backtrace"]
