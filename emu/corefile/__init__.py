"""Core files: what a process has mapped, and its registers, as gdb opens them."""

from emu.corefile.elf import write_core
from emu.corefile.notes import auxiliary_vector
from emu.corefile.programs import Program, program_of, read_programs
from emu.corefile.regions import Region, regions

__all__ = [
    "Program", "Region", "auxiliary_vector", "program_of", "read_programs", "regions", "write_core",
]  # fmt: skip
