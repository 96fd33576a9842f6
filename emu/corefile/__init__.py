"""Core files: what a process has mapped, and its registers, as gdb opens them."""

from emu.corefile.elf import write_core
from emu.corefile.programs import Program, read_programs
from emu.corefile.regions import Region, regions

__all__ = ["Program", "Region", "read_programs", "regions", "write_core"]
