"""``--gdb`` and ``--gdb-on-fault``: a debugger at the machine, before it runs or when it faults."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from emu.cli.errors import UserError, user_errors
from emu.cli.inputs import path_of
from emu.cli.launch import Launch
from emu.cli.options import Size
from emu.cli.streams import note
from emu.machine.outcome import How, Outcome, outcome, outcome_of

if TYPE_CHECKING:
    from emu.gdb.transport import Listener
    from emu.recording.timeline import Timeline


class DebuggerOptions(NamedTuple):
    """Where a debugger may connect, and when.

    gdb: ``[HOST:]PORT`` or a path, or None.  on_fault: wait for one at the first fault only.
    snapshots: bytes of memory for the past; 0: it is not kept.
    """

    gdb: str | None
    on_fault: bool
    anywhere: bool
    snapshots: int


SNAPSHOTS: Final = 512 << 20
"""Bytes of snapshots for going back, unless asked otherwise."""

_PARAMETERS = (
    click.option(
        "--gdb", metavar="[HOST:]PORT", default=None,
        help="Wait there for gdb before the first instruction; or at a Unix socket, a path.",
    ),
    click.option(
        "--gdb-on-fault", "on_fault", is_flag=True,
        help="With --gdb: run, and wait for gdb at the first fault that is not handled.",
    ),
    click.option(
        "--gdb-anywhere", "anywhere", is_flag=True,
        help="With --gdb: let other hosts connect, which HOST must say, too.",
    ),
    click.option(
        "--snapshots", type=Size(0, 1 << 40, 1), default=SNAPSHOTS, show_default="512M",
        help="With --gdb: memory for the past, to which gdb can go back; 0 for none.",
    ),
)  # fmt: skip


def debugger_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as ``debugger``, a DebuggerOptions."""

    @functools.wraps(command)
    def with_debugger(*args: Any, **parameters: Any) -> Any:
        asked = {name: parameters.pop(name) for name in DebuggerOptions._fields}
        return command(*args, debugger=DebuggerOptions(**asked), **parameters)

    for parameter in reversed(_PARAMETERS):
        with_debugger = parameter(with_debugger)
    return with_debugger


def check_debugger(asked: DebuggerOptions) -> None:
    """Errors: UserError, for options of a debugger that is not asked for."""
    if asked.gdb is None and asked.snapshots != SNAPSHOTS:
        raise UserError("--snapshots needs --gdb PORT")
    if asked.gdb is None and (asked.on_fault or asked.anywhere):
        raise UserError(f"--gdb-{'on-fault' if asked.on_fault else 'anywhere'} needs --gdb PORT")


def debugged(launch: Launch, asked: DebuggerOptions) -> Callable[[], Outcome]:
    """A function that runs the machine to its end, under a debugger or not.  Errors: UserError."""
    if asked.gdb is None:
        return launch.run
    return functools.partial(_serve, launch, asked, asked.gdb)


def served(launch: Launch, place: str, snapshots: int) -> Callable[[], int]:
    """A function that serves debuggers at ``place``, which is open now; it returns a status."""
    from emu.gdb.transport import Listener

    listener = Listener(place)
    return lambda: _at(listener, launch, timeline_of(launch, snapshots), lambda _: None).status


def timeline_of(launch: Launch, snapshots: int) -> Timeline | None:
    """The past of a machine whose world is logged, if it is to be kept.  snapshots: bytes of it."""
    from emu.recording.timeline import Timeline
    from emu.recording.world import LoggedWorld

    machine = launch.machine
    if not snapshots or not isinstance(machine.world, LoggedWorld):
        return None
    timeline = Timeline(machine, machine.world, snapshots)
    timeline.hidden = lambda: launch.reporters
    return timeline


def _serve(launch: Launch, asked: DebuggerOptions, place: str) -> Outcome:
    from emu.gdb.transport import AddressError, Listener

    with user_errors(place, AddressError):
        listener = Listener(place, asked.anywhere)
    timeline = timeline_of(launch, asked.snapshots)
    try:
        if asked.on_fault:
            reached = launch.reach(lambda: _to_fault(launch, timeline))
            if reached.how is not How.PAUSED:
                launch.report_end(reached)
                return reached
        note(f"waiting for gdb: target remote {listener.name}")
        return _at(listener, launch, timeline, note)
    finally:
        listener.close()


def _to_fault(launch: Launch, timeline: Timeline | None) -> Outcome:
    """Run until a process faults; the kernel has not been told yet."""
    from emu.machine.pauses import AtFault

    machine = launch.machine
    if timeline is None:
        return machine.run_to_fault()
    at_fault = [AtFault(machine.pause)]
    return timeline.run(lambda most: machine.run_until((), most, at_fault))


def _at(
    listener: Listener, launch: Launch, timeline: Timeline | None, tell: Callable[[str], None]
) -> Outcome:
    """Serve debuggers, and then go on without them."""
    from emu.gdb.running import Runner
    from emu.gdb.server import serve
    from emu.gdb.target import Target

    machine = launch.machine
    program = path_of(launch.guest.program)
    runner = Runner(Target(machine, lambda: launch.debug, program, timeline))

    def go() -> Outcome:
        over = serve(runner, listener, tell)
        runner.close()
        return _after(launch, over.runs_on)

    return launch.reach(go)


def _after(launch: Launch, runs_on: bool) -> Outcome:
    """Run or end a machine whose debugger has finished."""
    if launch.machine.has_ended:
        ended = outcome_of(launch.machine.kernel.halted)
        launch.report_end(ended)
        return ended
    return launch.run() if runs_on else outcome(How.TERMINATED)
