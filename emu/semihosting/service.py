"""Semihosting calls: the operation's row, its operands, its handler.

A call never fails the run: what a program gets wrong is a result of -1 and an errno.
"""

from __future__ import annotations

from errno import EFAULT, ENOSYS

from emu.semihosting.caller import FAILED, BadPointer, Caller, guest_errno
from emu.semihosting.operations import OPERATIONS, Operation


class Semihosting(Caller):
    """One process's semihosting."""

    def call(self, op: int, arg: int) -> int:
        """The result for r0, where -1 is an error, of operation r0 with r1."""
        operation = OPERATIONS.get(op)
        if operation is None:
            self.note(f"semihosting operation {op:#x} does not exist; it gets -1")
            return self.fail(ENOSYS)
        try:
            return operation.handler(self, *self._arguments(operation, arg))
        except BadPointer:
            return self.fail(EFAULT)
        except OSError as error:
            self.errno = guest_errno(error)
            return FAILED

    def _arguments(self, operation: Operation, arg: int) -> tuple[int, ...]:
        """What the operation's handler takes.  Errors: BadPointer."""
        if operation.takes_r1:
            return (arg,)
        size = operation.block_size
        return operation.words(arg, self.memory.read(arg, size) if size else b"")
