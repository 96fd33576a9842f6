"""``--at``: where a run is stopped to look at the machine."""

from __future__ import annotations

from typing import NamedTuple

import click

from emu.cli.errors import UserError
from emu.cli.launch import Launch
from emu.cli.options import GuestOptions
from emu.machine.fault import Fault
from emu.machine.machine import Ended, Outcome
from emu.machine.observers import Observer, observe
from kernel_model.process import Process

STDERR = 2


class Stop(NamedTuple):
    """kind: ``fault``, ``exit``, ``call`` or ``insn``; number: of the last two."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}" if self.number else self.kind


class StopType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """``fault``, ``exit``, ``call:N`` or ``insn:N``."""

    name = "stop"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Stop:
        kind, colon, number = str(value).partition(":")
        if kind in ("fault", "exit") and not colon:
            return Stop(kind)
        if kind not in ("call", "insn") or not number.isdecimal() or not int(number):
            self.fail(f"{value!r} is none of fault, exit, call:N, insn:N", param, ctx)
        return Stop(kind, int(number))


at_option = click.option(
    "--at",
    type=StopType(),
    default=Stop("exit"),
    show_default="exit",
    metavar="WHEN",
    help="When to look: at the first fault, at the end (exit), after the N-th call of the kernel "
    "(call:N) or after N instructions (insn:N).",
)


class ReachedError(Exception):
    """Ends a run where it is to be looked at."""


class _AfterCall(Observer):
    """Ends the run after so many calls."""

    def __init__(self, number: int) -> None:
        self.left = number

    def called(self, process: Process, number: int, result: int | None) -> None:  # noqa: ARG002
        self.left -= 1
        if not self.left:
            raise ReachedError


def run_until(guest: GuestOptions, stop: Stop) -> Launch:
    """Run a guest up to the stop; its standard output goes to standard error.

    Errors: UserError, when the run ended before.
    """
    if stop.kind == "insn":
        if guest.options.max_insns:
            raise UserError(f"--at {stop} and --max-insns cannot be used together")
        guest = guest._replace(options=guest.options._replace(max_insns=stop.number))
    launch = Launch(guest, (0, STDERR, STDERR))
    machine = launch.machine
    if stop.kind == "call":
        observe(machine, _AfterCall(stop.number))
    elif stop.kind == "fault":
        machine.on_fault = lambda fault: _reached(launch, fault)
    try:
        outcome = launch.finish()
    except ReachedError:
        return launch
    if not (stop.kind == "insn" and outcome.how is Ended.MAX_INSNS):
        launch.report_end(outcome)
    _check_reached(launch, stop, outcome)
    return launch


def _reached(launch: Launch, fault: Fault) -> None:
    launch.report_fault(fault)
    raise ReachedError


def _check_reached(launch: Launch, stop: Stop, outcome: Outcome) -> None:
    if stop.kind == "exit" or (outcome.how is Ended.MAX_INSNS and stop.kind == "insn"):
        return
    so_far = {
        "fault": "without a fault",
        "call": f"after {launch.machine.host.journal.count} calls",
        "insn": f"after {launch.machine.engine.instructions} instructions",
    }
    raise UserError(f"--at {stop}: the run ended {so_far[stop.kind]}")
