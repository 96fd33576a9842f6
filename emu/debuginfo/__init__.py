"""What an ELF file says about its addresses: symbols, functions, source lines.

Imported only when something is to be named: pyelftools takes longer to load than most programs run.
"""

from emu.debuginfo.debugfile import DebugFile, DebugFiles, Place, open_files
from emu.debuginfo.lines import Line
from emu.debuginfo.symbols import Isa, Symbol

__all__ = ["DebugFile", "DebugFiles", "Isa", "Line", "Place", "Symbol", "open_files"]
