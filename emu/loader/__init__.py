"""Programs from files."""

from emu.loader.elf import LoadError, ProgramHeader, check_fits, load_elf, load_headers

__all__ = ["LoadError", "ProgramHeader", "check_fits", "load_elf", "load_headers"]
