"""Semihosting calls: the operation's row, its operands, its handler.

A call never ends the run by a program's mistake, which gives -1 and an errno.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EFAULT, ENOSYS
from struct import Struct
from typing import Final

from emu.semihosting.caller import FAILED, BadPointer, Caller, guest_errno
from emu.semihosting.operations import OPERATIONS, Operation

_Prepared = tuple[Callable[..., int], int, Callable[[bytes], tuple[int, ...]], bool]


def _prepare(operation: Operation) -> _Prepared:
    """The handler; the size and the words of the block that holds its arguments, size 0 for none;
    and then whether r1 is its argument."""
    size = 0 if operation.takes_r1 else operation.block_size
    takes_r1 = operation.takes_r1 or bool(operation.operands)
    return operation.handler, size, Struct(f"<{size // 4}I").unpack, takes_r1


_PREPARED: Final = {number: _prepare(row) for number, row in OPERATIONS.items()}


class Semihosting(Caller):
    """One process's semihosting."""

    def call(self, op: int, arg: int) -> int:
        """The result of operation ``op`` (r0) with ``arg`` (r1), for r0; -1 is an error."""
        prepared = _PREPARED.get(op)
        if prepared is None:
            self.note(f"semihosting operation {op:#x} does not exist; it gets -1")
            return self.fail(ENOSYS)
        handler, size, words, takes_r1 = prepared
        try:
            if size:
                return handler(self, *words(self.memory.read(arg, size)))
            return handler(self, arg) if takes_r1 else handler(self)
        except BadPointer:
            return self.fail(EFAULT)
        except OSError as error:
            self.errno = guest_errno(error)
            return FAILED
