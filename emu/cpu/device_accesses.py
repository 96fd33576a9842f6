"""Accesses to devices, each made once: Unicorn makes one again that a run was stopped in.

A stop that Unicorn is told in a callback for a load or store ends the run behind that access, but
with the PC on its instruction and no register changed.  The next run makes the access again.
"""

from __future__ import annotations

from typing import NamedTuple

from emu.cpu.binding import OnRead, OnWrite, Read, Write
from emu.cpu.run_control import RunControl


class Made(NamedTuple):
    """An access that a run was stopped in: what was called, and what a read gave."""

    call: tuple[object, ...]
    value: int = 0


class DeviceAccesses:
    """The accesses of one core.

    made: the one that the last run was stopped in, where the next one may make it again.

    No handler of a signal, which may stop the run, comes between the last look at ``control`` in a
    callback and the return to Unicorn: they come only behind calls.
    """

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self.made: Made | None = None
        self._pc = -1

    def reading(self, read: Read) -> OnRead:
        """The callback for loads.  What ``read`` raises stops the run and comes out of it."""
        control = self._control

        def on_read(_uc: object, offset: int, size: int, _data: object) -> int:
            control.accesses += 1
            call = read, offset, size
            made, self.made = self.made, None
            try:
                value = made.value if made is not None and made.call == call else read(offset, size)
            except BaseException as error:
                control.fail(error)  # not made: the next run makes it
                return 0
            if control.requested or control.leaving:
                self._left_in(Made(call, value))
            return value

        return on_read

    def writing(self, write: Write) -> OnWrite:
        """The same for stores."""
        control = self._control

        def on_write(_uc: object, offset: int, size: int, value: int, _data: object) -> None:
            control.accesses += 1
            call = write, offset, size, value
            made, self.made = self.made, None
            try:
                if made is None or made.call != call:
                    write(offset, size, value)
            except BaseException as error:
                control.fail(error)
                return
            if control.requested or control.leaving:
                self._left_in(Made(call))

        return on_write

    def _left_in(self, made: Made) -> None:
        """Told here, Unicorn cannot lose it, as it can while a run begins."""
        self._control.leave()
        self.made = made

    def begin(self, pc: int) -> None:
        """A run begins here, after one that was stopped in an access."""
        if pc != self._pc:
            self.forget()

    def end(self, pc: int) -> None:
        """A run that was stopped in an access has ended here."""
        self._pc = pc

    def forget(self) -> None:
        """The registers are others now: no access will be made again."""
        self.made = None
