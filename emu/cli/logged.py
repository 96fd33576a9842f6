"""Worlds of the command line that are logged, or that answer from a recording."""

from __future__ import annotations

from emu.cli.errors import user_errors
from emu.cli.inputs import stand_in
from emu.cli.launch import Launch, Streams, host_world
from emu.cli.options import GuestOptions
from emu.cli.streams import WAITS
from emu.environment.world import HostWorld
from emu.recording.file import MAGIC, Recording, RecordingError, read_recording
from emu.recording.options import asked_of
from emu.recording.replay import run_again
from emu.recording.world import LoggedWorld, logged, shown_by


def logged_world(guest: GuestOptions, streams: Streams) -> LoggedWorld:
    """The real outside, whose answers are noted.  Errors: OSError."""
    return logged(host_world(guest, streams))


def is_recording(path: str) -> bool:
    """Whether the file of this name begins as a recording does."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def open_recording(path: str) -> tuple[Recording, GuestOptions]:
    """The recording in this file, and how its program was run.  Errors: UserError."""
    with user_errors(path, RecordingError):
        recorded = read_recording(path)
        header = recorded.header
        asked = asked_of(path, header)
    for name, image in zip(header.names, recorded.images, strict=True):
        stand_in(name, image)
    arguments = header.beginning.arguments[1:]
    program, *symbols = header.names
    return recorded, GuestOptions(
        program, arguments, asked.options, asked.files, tuple(symbols), False, asked.clock
    )


def replaying_program(guest: GuestOptions, streams: Streams) -> Launch:
    """A launch of the recording that was given as the program.  Errors: UserError.

    Of the options given with it those count that do not decide the run.
    """
    recorded, asked = open_recording(guest.program)
    options = asked.options._replace(mmu=guest.options.mmu, check=guest.options.check)
    return replaying(recorded, asked._replace(options=options), streams)


def replaying(recorded: Recording, guest: GuestOptions, streams: Streams = (0, 1, 2)) -> Launch:
    """A launch whose machine reads from the recording, and writes to these streams.

    What runs it further than the recording goes raises ReplayError.
    """

    def make_world(_guest: GuestOptions, streams: Streams) -> LoggedWorld:
        host = HostWorld(["replay"], None, streams, WAITS)
        return LoggedWorld(recorded.log, None, shown_by(host), WAITS)

    options = guest.options
    launch = Launch(guest._replace(options=options._replace(timeout=None)), streams, make_world)
    machine = launch.machine
    machine.count_instructions()
    world = machine.world
    assert isinstance(world, LoggedWorld)
    launch.timeout = options.timeout
    launch.goal = lambda: run_again(machine, world, recorded.damage)
    return launch
