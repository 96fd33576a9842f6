"""Run control: how callbacks and other threads end the run of a core, and why it ended."""

from __future__ import annotations

from emu.cpu.binding import Unicorn
from emu.cpu.counter import Counter
from emu.cpu.stop import Stop


class RunControl:
    """Whether and why the run under way is to end.

    reason: given by the first callback that ends the run.  error: what a callback raised.
    requested: the end of this run, or of the next, was requested.  running: there is a run.
    leaving: Unicorn has been told to end the run, or may have been while it began.
    accesses: how often a device was accessed.
    """

    def __init__(self, unicorn: Unicorn, counter: Counter) -> None:
        self._unicorn, self._counter = unicorn, counter
        self.reason: Stop | None = None
        self.error: BaseException | None = None
        self.requested = False
        self.running = False
        self.leaving = False
        self.accesses = 0
        self._accesses_then = 0

    def begin(self) -> None:
        """A run begins."""
        self.error, self.reason, self.running = None, None, True

    def over(self) -> None:
        """The run has ended."""
        self.running = self.leaving = False

    def end(self, reason: Stop) -> None:
        """End the run from inside a callback; the instruction that called it completes.

        The first reason counts: whatever happens after it will happen again in the next run.
        """
        if self.reason is None:
            self.reason = reason
        self.leave()

    def end_soon(self, reason: Stop) -> None:
        """End the run at the next block or breakpoint, for this reason whatever else ends it."""
        self.reason = reason
        self._counter.exhaust()

    def fail(self, error: BaseException) -> None:
        """End the run, which will raise this error (the first, if there are several)."""
        if self.error is None:
            self.error = error
        self.leave()

    def request(self) -> None:
        """End the run from any thread, or the next run if none is under way.

        Unicorn can lose a stop that comes while a run begins, and repeats an access during which a
        stop comes.  So while devices are accessed, the next access itself ends the run.  Another
        thread repeats its request until the run has ended.
        """
        self.requested = True
        if self.accesses == self._accesses_then:
            self.leave()
        self._accesses_then = self.accesses

    def take_request(self) -> bool:
        """Whether there was a request; it is then forgotten."""
        requested, self.requested = self.requested, False
        if requested:
            self.leaving = False
        return requested

    def leave(self) -> None:
        """Tell Unicorn to stop.

        Inside an IT block it may go on all the same: then the counter stops it afterwards.
        """
        self.leaving = True
        self._counter.exhaust()
        self._unicorn.stop()

    def raise_error(self) -> None:
        """Raise what a callback raised during the run, if any did."""
        error, self.error = self.error, None
        if error is not None:
            raise error
