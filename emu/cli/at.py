"""``--at``: the moment at which to look at the machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import click

from emu.cli import complete
from emu.cli.errors import UserError
from emu.cli.launch import Launch
from emu.cli.options import GuestOptions, parse_count
from emu.machine.machine import Machine
from emu.machine.outcome import How, Outcome

STDERR = 2
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Moment(NamedTuple):
    """kind: ``fault``, ``exit``, ``call`` or ``insn``; number: of the last two."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}" if self.number else self.kind


class MomentType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """``fault``, ``exit``, ``call:N`` or ``insn:N``."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        kind, colon, number = str(value).partition(":")
        if kind in ("fault", "exit") and not colon:
            return Moment(kind)
        count = parse_count(number) if kind in ("call", "insn") else None
        if not count:
            self.fail(f"{value!r} is none of fault, exit, call:N, insn:N", param, ctx)
        return Moment(kind, count)


def at_option(when: str, kind: str) -> Callable[[_Command], _Command]:
    """The option.  when: how its help begins.  kind: of the moment where none is asked for."""
    return click.option(
        "--at",
        type=MomentType(),
        default=Moment(kind),
        show_default=kind,
        metavar="WHEN",
        shell_complete=complete.moments,
        help=f"{when}: at the first fault, at the end (exit), after the N-th call of the kernel "
        "(call:N) or after N instructions (insn:N).",
    )


def run_until(guest: GuestOptions, at: Moment) -> Launch:
    """Run a guest up to a moment; its standard output goes to standard error.

    Errors: UserError, when the run ended before.
    """
    check_moment(guest, at)
    launch = Launch(guest, (0, STDERR, STDERR))
    reach_moment(launch, at)
    return launch


def check_moment(guest: GuestOptions, at: Moment) -> None:
    """Errors: UserError, for a moment that goes with no bound."""
    if at.kind == "insn" and guest.options.max_insns:
        raise UserError(f"--at {at} and --max-insns cannot be used together")


def reach_moment(launch: Launch, at: Moment) -> None:
    """Run a launch that has not run up to a moment.  Errors: as of ``run_until``."""
    goal = launch.goal if at.kind == "exit" else _GOALS[at.kind](launch.machine, at.number)
    outcome = launch.reach(goal)
    if outcome.how not in (How.PAUSED, How.COUNT):
        launch.report_end(outcome)
        _check_reached(launch, at)


_GOALS: dict[str, Callable[[Machine, int], Callable[[], Outcome]]] = {
    "fault": lambda machine, _: machine.run_to_fault,
    "call": lambda machine, number: partial(machine.run_to_call, number),
    "insn": lambda machine, number: partial(machine.run_for, number),
}


def _check_reached(launch: Launch, at: Moment) -> None:
    so_far = {
        "fault": "without a fault",
        "call": f"after {launch.machine.history.made} calls",
        "insn": f"after {launch.machine.instructions} instructions",
    }
    if at.kind in so_far:
        raise UserError(f"--at {at}: the run ended {so_far[at.kind]}")
