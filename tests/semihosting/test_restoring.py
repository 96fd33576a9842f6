"""Open files are part of what a program is: opened again where it was, or the restore fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emu.environment.world import HostWorld, ScriptedWorld, World
from tests.semihosting.fake_guest import Guest, Operation

MODES = range(12)
NEW = range(4, 12)
"""The modes that make a file that is not there."""


@pytest.fixture(params=["host", "scripted"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "scripted":
        return ScriptedWorld(files={b"file": b"0123456789"})
    (tmp_path / "file").write_bytes(b"0123456789")
    return HostWorld(("program",), str(tmp_path))


@pytest.mark.parametrize("mode", NEW)
def test_a_file_that_is_gone_is_not_made_anew(world: World, mode: int, tmp_path: Path) -> None:
    guest = Guest(world)
    guest.open(b"file", mode)
    state = guest.semihosting.snapshot()
    guest.semihosting.outside.files.remove(b"file")
    with pytest.raises(FileNotFoundError):
        guest.semihosting.restore(state)
    assert not list(tmp_path.iterdir())
    assert not guest.semihosting.streams


@pytest.mark.parametrize("mode", MODES)
def test_a_file_is_opened_again_as_it_is(world: World, mode: int) -> None:
    """Neither cut nor made anew, whatever the mode did first."""
    guest = Guest(world)
    handle = guest.open(b"file", mode)
    if mode >= 2:
        assert guest.write(handle, b"abc") == 0
    assert guest.call(Operation.SEEK, handle, 1) == 0
    length = guest.call(Operation.FLEN, handle)
    state = guest.semihosting.snapshot()
    guest.semihosting.restore(state)
    assert guest.semihosting.snapshot() == state
    assert guest.call(Operation.FLEN, handle) == length
    if mode < 4:
        assert guest.read(handle, 2) == (b"12" if mode < 2 else b"bc")


def test_what_was_opened_before_the_one_that_is_gone_is_closed_by_the_next_restore(
    tmp_path: Path,
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).touch()
    guest = Guest(HostWorld(("program",), str(tmp_path)))
    empty = guest.semihosting.snapshot()
    guest.open(b"first", 0)
    guest.open(b"second", 0)
    state = guest.semihosting.snapshot()
    guest.semihosting.close_all()
    before = len(os.listdir("/dev/fd"))
    (tmp_path / "second").unlink()
    with pytest.raises(FileNotFoundError):
        guest.semihosting.restore(state)
    guest.semihosting.restore(empty)
    assert len(os.listdir("/dev/fd")) == before
