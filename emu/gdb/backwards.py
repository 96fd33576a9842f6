"""Going back for a debugger: to the instruction before, and to what last stopped the machine."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from emu.gdb.stops import BEGIN, CALLED, RETURNED, Signal, Stopped
from emu.machine.observers import Observer
from emu.machine.outcome import How, Outcome, outcome
from emu.recording.timeline import PastError

if TYPE_CHECKING:
    from emu.gdb.running import Runner
    from emu.machine.core import Core
    from emu.recording.timeline import Timeline
    from kernel_model.process import Process, Resume


class Backwards:
    """The past of the machine of one runner."""

    def __init__(self, runner: Runner, timeline: Timeline) -> None:
        self._runner, self._timeline = runner, timeline
        self._machine = runner.machine
        timeline.undisturbed = runner.undisturbed
        self._found: Stopped | None = None
        self._later: str | None = None

    def step(self, pid: int) -> Stopped:
        """Go back to where the last instruction of a process began; others have turns meanwhile."""
        if self._later is not None:
            return self._go_now(self._later)
        with self._elsewhere():
            try:
                return self._step(pid)
            except PastError:
                return self._interrupted()

    def _step(self, pid: int) -> Stopped:
        timeline = self._timeline
        if not self._runner.has_turn(pid) or not self._one_back(pid):
            leaving = _Leaving(self._runner, pid)
            self._machine.observers.add(leaving)
            try:
                found = timeline.find_last(timeline.now, self._machine.run_for)
            finally:
                self._machine.observers.remove(leaving)
            if not found or not self._one_back(pid):
                timeline.go_to(timeline.begin)
                return Stopped(self._runner.target.current, why=BEGIN)
        return Stopped(pid)

    def _one_back(self, pid: int) -> bool:
        """Go back by an instruction, or an IT block; whether it was this process's."""
        try:
            self._timeline.step_back()
        except PastError:  # the past begins here
            return False
        return self._runner.has_turn(pid)

    def go(self, here: Stopped) -> Stopped:
        """Go back to the last breakpoint, watched access or caught call before this place.

        here: why the machine stands.
        """
        if self._later is not None:
            return self._go_now(self._later)
        with self._elsewhere(), self._runner.breakpoints.going_back():
            try:
                return self._within_call(here) or self._go()
            except PastError:
                return self._interrupted()

    def _go(self) -> Stopped:
        if self._timeline.find_last(self._timeline.now, self._to_stop) and self._found:
            return self._found
        self._runner.forget_hit()
        return Stopped(self._runner.target.current, why=BEGIN)

    def _within_call(self, here: Stopped) -> Stopped | None:
        """The caught call that was made, or returned, by the instruction just executed.

        It has the same place as what comes after it: so many instructions are executed.
        """
        timeline, now = self._timeline, self._timeline.now
        if not self._runner.catcher.catches or here.why.startswith(CALLED) or now == timeline.begin:
            return None
        stops = self._calls_at(now, here)
        self._go_before(now)
        for _ in stops:
            self._to_stop(1)
        if not stops:
            timeline.go_to(now)
        return self._found if stops else None

    def _calls_at(self, now: int, here: Stopped) -> list[Stopped]:
        """The stops of a caught call with this place, up to where the machine stands."""
        self._go_before(now)
        stops: list[Stopped] = []
        while self._to_stop(1).how is How.PAUSED and self._timeline.now == now and self._found:
            if self._found == here or not self._found.why.startswith((CALLED, RETURNED)):
                break
            stops.append(self._found)
        return stops

    def _go_before(self, now: int) -> None:
        """Go to the place before one."""
        self._found = None
        self._timeline.go_to(now)
        self._timeline.step_back()

    def _interrupted(self) -> Stopped:
        return Stopped(self._runner.target.current, Signal.INT)

    def _to_stop(self, count: int) -> Outcome:
        """Run to what stops going back, for at most so many instructions."""
        end = self._timeline.now + count
        while True:
            reached, stopped = self._runner.piece(end - self._timeline.now)
            if self._runner.is_interrupted:
                raise PastError("the search was interrupted")
            if self._machine.has_ended:
                return outcome(How.COUNT)
            if stopped is not None and _stops_going_back(stopped):
                self._found = stopped
                return outcome(How.PAUSED)
            if self._timeline.now >= end or reached.how is How.COUNT:
                return outcome(How.COUNT)

    def go_later(self, place: str) -> None:
        """Go to this place when the debugger next goes back: it is then told where it is.

        Errors: ValueError.
        """
        _check(place)
        self._later = place

    def _go_now(self, place: str) -> Stopped:
        self._later = None
        try:
            said = self.go_to(place)
        except PastError as error:
            said = str(error)
        return Stopped(self._runner.target.current, Signal.NONE, text=said)

    def go_to(self, place: str) -> str:
        """Go to ``begin``, ``end``, ``insn:N`` or ``call:N``; a line that says where that is.

        Errors: ValueError, PastError.
        """
        _check(place)
        kind, _, number = place.partition(":")
        timeline, machine = self._timeline, self._machine
        with self._elsewhere():
            if kind == "begin":
                timeline.go_to(timeline.begin)
            elif kind == "insn":
                timeline.go_to(int(number))
            elif kind == "call":
                self._to_call(int(number))
            else:
                timeline.go_to_end()
            if machine.has_ended:
                timeline.step_back()
        return f"{timeline.now} instructions executed, {machine.history.made} calls made"

    def _to_call(self, number: int) -> None:
        """Go to where so many calls are decided."""
        from emu.machine.pauses import AfterCalls

        after = AfterCalls(self._machine.pause, self._timeline.go_before_call(number))
        self._timeline.run(lambda most: self._machine.run_until((), most, [after]))

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """Go elsewhere than on within; the debugger debugs what it did, if that lives there."""
        target = self._runner.target
        target.settle()
        self._runner.forget_hit()
        self._found = None
        attached, known = set(target.attached), set(target.inferiors.known)
        try:
            yield
        finally:
            self._settle(attached)
            target.inferiors.known = known | {target.inferiors.of(pid) for pid in target.attached}

    def _settle(self, attached: set[int]) -> None:
        """Drop what the debugger would be told of the way, and attach to these again."""
        self._runner.drop_events()
        target = self._runner.target
        target.attached.clear()
        inferiors, processes = target.inferiors, self._machine.kernel.processes
        for pid, name in inferiors.all.items():
            follows = target.tells_starts and processes[pid].parent in target.attached
            is_thread = any(inferiors.of(one) == name for one in target.attached)
            if pid in attached or is_thread or (follows and pid not in target.detached):
                target.attached.add(pid)


def _stops_going_back(stopped: Stopped) -> bool:
    """Whether it is a breakpoint, a watched access or a caught call."""
    return bool(stopped.text or (stopped.why and not stopped.why.startswith("fork")))


def _check(place: str) -> None:
    """Errors: ValueError, if this is no place."""
    kind, _, number = place.partition(":")
    if place not in ("begin", "end") and not (kind in ("insn", "call") and number.isdecimal()):
        raise ValueError(place)


class _Leaving(Observer):
    """Pauses the machine where another process gets the turn after this one."""

    rank: ClassVar[int] = 3

    def __init__(self, runner: Runner, pid: int) -> None:
        self._runner, self._pid = runner, pid
        self._had = runner.has_turn(pid)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        had, self._had = self._had, process.pid == self._pid
        if had and not self._had:
            self._runner.machine.pause()

    def restored(self) -> None:
        self._had = self._runner.has_turn(self._pid)
