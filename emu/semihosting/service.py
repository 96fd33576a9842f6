"""Semihosting calls: the operation's row, its operands, its handler.

A call never ends the run by a program's mistake, which gives -1 and an errno.
"""

from __future__ import annotations

from errno import EFAULT, ENOSYS
from struct import Struct
from typing import Final

from emu.semihosting.caller import FAILED, BadPointer, Caller, guest_errno
from emu.semihosting.operations import BLOCKS, OPERATIONS

_HANDLERS: Final = {number: row.handler for number, row in OPERATIONS.items()}
_UNPACK: Final = tuple(Struct(f"<{number}I").unpack for number in BLOCKS)
"""By operation: the words of a block."""


class Semihosting(Caller):
    """One process's semihosting."""

    def call(self, op: int, arg: int, operands: tuple[int, ...] | None = None) -> int:
        """The result of operation ``op`` (r0) with ``arg`` (r1), for r0; -1 is an error.

        operands: the words of the block at ``arg``, if they have been read.
        """
        try:
            if operands is not None:
                return _HANDLERS[op](self, operands)
            if op in _HANDLERS:
                if not BLOCKS[op]:
                    return _HANDLERS[op](self, arg)
                return _HANDLERS[op](self, _UNPACK[op](self.memory.read(arg, 4 * BLOCKS[op])))
        except BadPointer:
            return self.fail(EFAULT)
        except OSError as error:
            self.errno = guest_errno(error)
            return FAILED
        self.note(f"semihosting operation {op:#x} does not exist; it gets -1")
        return self.fail(ENOSYS)
