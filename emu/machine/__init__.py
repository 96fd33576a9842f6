"""The machine: its cores, RAM, devices and the kernel, joined by the run loop; who watches it."""

from emu.machine.machine import DEFAULT_RAM, Ended, Machine, Options, Outcome

__all__ = ["DEFAULT_RAM", "Ended", "Machine", "Options", "Outcome"]
