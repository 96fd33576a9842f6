"""Running a machine again by the log of its run, to the same end."""

from __future__ import annotations

from typing import Final

from emu.machine.machine import Machine
from emu.machine.outcome import How, Outcome
from emu.machine.turns import stopped_by
from emu.recording.log import Ended, Log
from emu.recording.world import LoggedWorld, ReplayError

_ASTRAY: Final = 1000
"""Instructions beyond the recorded end after which a run is another one."""


def run_again(machine: Machine, world: LoggedWorld, damage: str) -> Outcome:
    """Run to the end of the log, and end as the run did then.

    damage: why the log has no end, if it has none.
    Errors: ReplayError, where the run is another, and where the log ends without the run's end.
    """
    log = world.log
    if log.end is None:
        outcome = _go_to(machine, log.moment)
        if outcome is None or not outcome.is_final:
            raise ReplayError(f"{damage}: the run is known for {log.moment} instructions")
        return outcome
    outcome = _to_its_end(machine, log)
    if end_of(machine, world, outcome.how.name, outcome.status) != log.end:
        raise ReplayError(f"the run parts from it at its end, after {log.end.moment} instructions")
    return outcome


def _to_its_end(machine: Machine, log: Log) -> Outcome:
    """Errors: ReplayError."""
    assert log.end is not None
    if log.stops and log.stops[-1].moment == log.end.moment:
        outcome = _go_to(machine, log.end.moment)
        if outcome is None or outcome.how is How.COUNT:
            return stopped_by(log.stops[-1].cause)
        return outcome
    outcome = _go_to(machine, log.end.moment + _ASTRAY)
    if outcome is None or outcome.how is How.COUNT:
        raise ReplayError(f"the run does not end after {log.end.moment} instructions, as it did")
    return outcome


def _go_to(machine: Machine, moment: int) -> Outcome | None:
    """Run until so many instructions have executed; None if they have."""
    left = moment - machine.instructions
    return machine.run_for(left) if left > 0 else None


def end_of(machine: Machine, world: LoggedWorld, how: str, status: int) -> Ended:
    """The end of a run, for its log."""
    position = world.position
    return Ended(how, status, machine.instructions, position.request, position.check)
