"""Accesses to devices, each made exactly once, although Unicorn may repeat one.

A stop inside a callback for a load or store ends the run after that access, but with the PC on its
instruction and no register changed.  So the next run executes the access again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.cpu.binding import OnRead, OnWrite, Read, Write
from emu.cpu.run_control import RunControl
from kernel_model.descriptors import READ, WRITE


class Made(NamedTuple):
    """An access during which a run was stopped: the call that made it, and what a read returned."""

    call: tuple[object, ...]
    value: int = 0


class DeviceAccesses:
    """The device accesses of one core.

    made: the access during which the last run was stopped, while the next run may repeat it.

    A signal handler, which may stop the run, executes only after a call.  None does between the
    last look at ``control`` in a callback and the return to Unicorn.
    """

    def __init__(self, control: RunControl, refuses: Callable[[int], bool] | None = None) -> None:
        """refuses: whether an access (READ or WRITE) is a misaligned one, which is not made."""
        self._control, self._refuses = control, refuses
        self.made: Made | None = None
        self._pc = -1

    def reading(self, read: Read) -> OnRead:
        """The callback for loads.  An exception from ``read`` stops the run, which raises it."""
        control, refuses = self._control, self._refuses

        def on_read(_uc: object, offset: int, size: int, _data: object) -> int:
            control.accesses += 1
            call = read, offset, size
            made, self.made = self.made, None
            try:
                if refuses is not None and refuses(READ):
                    return 0
                value = made.value if made is not None and made.call == call else read(offset, size)
            except BaseException as error:
                control.fail(error)  # not made: left to the next run
                return 0
            if control.requested or control.leaving:
                self._left_in(Made(call, value))
            return value

        return on_read

    def writing(self, write: Write) -> OnWrite:
        """The callback for stores, likewise."""
        control, refuses = self._control, self._refuses

        def on_write(_uc: object, offset: int, size: int, value: int, _data: object) -> None:
            control.accesses += 1
            call = write, offset, size, value
            made, self.made = self.made, None
            try:
                if refuses is not None and refuses(WRITE):
                    return
                if made is None or made.call != call:
                    write(offset, size, value)
            except BaseException as error:
                control.fail(error)
                return
            if control.requested or control.leaving:
                self._left_in(Made(call))

        return on_write

    def _left_in(self, made: Made) -> None:
        """Stop the run from inside the callback, where Unicorn cannot lose the stop."""
        self._control.leave()
        self.made = made

    def begin(self, pc: int) -> None:
        """A run begins at ``pc``, after one that was stopped in an access."""
        if pc != self._pc:
            self.forget()

    def end(self, pc: int) -> None:
        """A run that was stopped in an access ended at ``pc``."""
        self._pc = pc

    def forget(self) -> None:
        """The registers have been replaced: no access will be repeated."""
        self.made = None
