"""``monitor trace``: the lines of ``emu run --trace``, for gdb's console."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from emu.machine.machine import Machine
from emu.trace.output import Output
from emu.trace.selection import NOT_IN_CHROME, TraceError, parse_selection
from emu.trace.start import TraceOptions, begin_trace_into

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles

USUAL: Final = "syscall,fault,sched"


class Trace:
    """A trace that has begun.  kinds: of events, as ``--trace`` takes them.  Errors: TraceError.

    The lines wait in a file without a name until the machine stands.
    """

    def __init__(
        self, machine: Machine, files: Callable[[], DebugFiles], words: Sequence[str]
    ) -> None:
        """words: kinds of events and names of calls, as ``--trace`` takes them."""
        asked = parse_selection(",".join(words) or USUAL, "text", machine.kernel.calls)
        self.kinds = asked.kinds
        for kind in NOT_IN_CHROME:
            if kind in self.kinds:
                raise TraceError(f"{kind} is traced from the beginning or not: emu run --trace")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self._output = Output(os.dup(self._file.fileno()), "the trace")
        self._end = begin_trace_into(
            machine, TraceOptions(self.kinds, calls=asked.calls), files(), self._output
        )

    def take(self) -> list[str]:
        """The lines since the last time."""
        self._output.flush()
        return self._file.read().decode(errors="replace").splitlines()

    def end(self) -> list[str]:
        """End the trace; the last lines."""
        self._end()
        with self._file:
            return self._file.read().decode(errors="replace").splitlines()
