"""Programs from files."""

from emu.loader.elf import LoadError, check_fits, load_elf

__all__ = ["LoadError", "check_fits", "load_elf"]
