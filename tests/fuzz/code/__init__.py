"""Random and mutated code, Arm and Thumb, with all registers set before it, and told behind it.

A program is a list of instructions between a prologue and an epilogue.  The epilogue writes out
every register and the data, so that what the code did is output.  The same code runs under
qemu-arm, where the architecture says what it does.
"""

from tests.fuzz.code.frame import program_of
from tests.fuzz.code.oracle import outside
from tests.fuzz.code.streams import LEFT_OUT, Code, generate, parse, smaller, variants

__all__ = ["LEFT_OUT", "Code", "generate", "outside", "parse", "program_of", "smaller", "variants"]
