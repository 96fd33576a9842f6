"""The machine: its cores, RAM, devices and the kernel, joined by the run loop; its observers."""

from emu.machine.machine import DEFAULT_RAM, Machine, MachineEndedError, Options
from emu.machine.outcome import How, Outcome

__all__ = ["DEFAULT_RAM", "How", "Machine", "MachineEndedError", "Options", "Outcome"]
