"""``emu run --record``: writes what a run takes from outside while it goes on."""

from __future__ import annotations

import os

import click

from emu.cli.errors import UserError, user_errors
from emu.cli.fingerprint import made_by
from emu.cli.inputs import STDIN, path_of
from emu.cli.launch import Launch, Streams
from emu.cli.logged import logged_world
from emu.cli.options import GuestOptions
from emu.cli.streams import note
from emu.machine.outcome import Outcome
from emu.recording.file import Header, RecordingFile
from emu.recording.options import said_by
from emu.recording.replay import end_of
from emu.recording.world import LoggedWorld

LOST = "LOST"
"""How a run ended that lost a standard stream."""


class Recorder:
    """Records one run of the command line."""

    def __init__(self, path: str, guest: GuestOptions) -> None:
        if path == STDIN:
            raise UserError("--record: a recording is a file, and not standard output")
        self._path, self._guest = path, guest
        self._names = (guest.program, *guest.symbols)
        self._images = tuple(_contents(name, path) for name in self._names)
        self._world: LoggedWorld

    def world(self, guest: GuestOptions, streams: Streams) -> LoggedWorld:
        """The real outside, whose answers are noted.  Errors: OSError."""
        self._world = logged_world(guest, streams)
        return self._world

    def run(self, launch: Launch) -> Outcome:
        """Run to the end, and record it.  Errors: UserError, before the run."""
        machine, log = launch.machine, self._world.log
        with user_errors(self._path):
            file = RecordingFile(self._path, self._header(), self._images)
        log.sink = file.entries
        machine.count_instructions()
        how, status = "", 0
        try:
            outcome = launch.run()
            how, status = outcome.how.name, outcome.status
            return outcome
        except click.exceptions.Exit as loss:
            how, status = LOST, loss.exit_code
            raise
        finally:
            log.hand_on()
            if how:
                file.end(end_of(machine, self._world, how, status))
            file.close()
            if file.lost is not None:
                note(f"{self._path}: {file.lost.strerror}: the recording is not whole")

    def _header(self) -> Header:
        guest = self._guest
        said = said_by(guest.options, guest.files, guest.clock)
        return Header(made_by(), said, self._world.log.beginning, self._names)


def _contents(name: str, recording: str) -> bytes:
    """The bytes of a file that the recording keeps.  Errors: UserError."""
    path = path_of(name)
    with user_errors(name):
        if os.path.exists(recording) and os.path.samefile(path, recording):
            raise UserError(f"{recording}: the recording would take the place of its program")
        with open(path, "rb") as stream:
            return stream.read()
