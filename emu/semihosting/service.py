"""Semihosting calls: the operation's row, its operands, its handler.

A call never ends the run by a program's mistake, which gives -1 and an errno.
"""

from __future__ import annotations

from errno import ENOSYS
from struct import Struct
from typing import Final

from emu.semihosting.caller import Caller
from emu.semihosting.operations import BLOCKS, OPERATIONS

_HANDLERS: Final = {number: row.handler for number, row in OPERATIONS.items()}
_SHORT: Final = tuple(
    row.handler if (row := OPERATIONS.get(number)) and row.is_short else None
    for number in range(len(BLOCKS))
)
_UNPACK: Final = tuple(Struct(f"<{number}I").unpack for number in BLOCKS)
"""By operation: the words of a block."""


class Semihosting(Caller):
    """One process's semihosting.

    handlers: by operation, called with this and the words of the block, or with r1.  An OSError
    that they raise is for ``failed``.  short_ones: those that neither end the process nor change
    what it has mapped, by operation; None in the place of others.
    """

    handlers: Final = _HANDLERS
    short_ones: Final = _SHORT

    def call(self, op: int, arg: int) -> int:
        """The result of operation ``op`` (r0) with ``arg`` (r1), for r0; -1 is an error."""
        try:
            if op in _HANDLERS:
                if not BLOCKS[op]:
                    return _HANDLERS[op](self, arg)
                return _HANDLERS[op](self, _UNPACK[op](self.memory.read(arg, 4 * BLOCKS[op])))
        except OSError as error:
            return self.failed(error)
        self.note(f"semihosting operation {op:#x} does not exist; it gets -1")
        return self.fail(ENOSYS)
