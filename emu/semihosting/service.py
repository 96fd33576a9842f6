"""Semihosting calls: the operation's row, its operands, its handler.

A call never ends the run by a program's mistake, which gives -1 and an errno.
"""

from __future__ import annotations

from errno import EFAULT, ENOSYS

from emu.semihosting.caller import FAILED, BadPointer, Caller, guest_errno
from emu.semihosting.operations import OPERATIONS, Operation


class Semihosting(Caller):
    """One process's semihosting."""

    def call(self, op: int, arg: int) -> int:
        """The result of operation ``op`` (r0) with ``arg`` (r1), for r0; -1 is an error."""
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
        """The arguments of the operation's handler.  Errors: BadPointer."""
        if operation.takes_r1:
            return (arg,)
        size = operation.block_size
        return operation.words(arg, self.memory.read(arg, size) if size else b"")
