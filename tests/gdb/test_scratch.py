"""What killed commands leave in the temporary directory is removed by the next, nothing else."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from emu.cli.scratch import SCRIPT, SOCKET, scratch, sweep
from tests.waiting import until

NAME = "emu-gdb-abcdefg1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(home: Path, name: str = NAME, mode: int = 0o700) -> Path:
    """What a command leaves that was killed."""
    place = home / name
    place.mkdir()
    for file in (SOCKET, SCRIPT):
        (place / file).touch()
    place.chmod(mode)
    return place


def test_it_is_there_while_it_is_used(home: Path) -> None:
    with scratch() as place:
        Path(place, SCRIPT).touch()
        assert os.listdir(home) == [os.path.basename(place)]
        sweep()
        assert os.listdir(place) == [SCRIPT]
    assert not os.listdir(home)


def test_the_next_command_removes_what_a_killed_one_left(home: Path) -> None:
    """Not while the process beside it lives, which holds the lock too."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        with scratch() as place:
            Path(place, SOCKET).touch()
            if beside := os.fork():
                os.write(tell, b"%d" % beside)
            while True:
                signal.pause()
    beside = int(os.read(told, 20))
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        (found,) = home.iterdir()
        sweep()
        assert found.is_dir()
    finally:
        os.kill(beside, signal.SIGKILL)
        os.close(told)
        os.close(tell)

    def is_swept() -> bool:
        """The lock is given back a moment after the kill."""
        with scratch():
            return not found.exists()

    until(is_swept, "the next command removes it")
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "name", ["emu-gdb-abcdefg", "emu-gdb-abcdefg12", "xemu-gdb-abcdefg1", "emu-abcdefg1"]
)
def test_other_names_are_left_alone(home: Path, name: str) -> None:
    left(home, name)
    sweep()
    assert (home / name).is_dir()


def test_what_others_may_look_into_is_left_alone(home: Path) -> None:
    place = left(home, mode=0o755)
    sweep()
    assert sorted(os.listdir(place)) == sorted((SOCKET, SCRIPT))


def test_what_holds_something_else_is_left_alone_whole(home: Path) -> None:
    place = left(home)
    (place / "notes").touch()
    sweep()
    assert sorted(os.listdir(place)) == sorted((SOCKET, SCRIPT, "notes"))


def test_a_directory_of_another_user_is_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = left(home)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(place).st_uid + 1)
    sweep()
    assert sorted(os.listdir(place)) == sorted((SOCKET, SCRIPT))


def test_links_are_not_followed(home: Path) -> None:
    elsewhere = left(home, "elsewhere")
    (home / NAME).symlink_to(elsewhere)
    sweep()
    assert sorted(os.listdir(elsewhere)) == sorted((SOCKET, SCRIPT))
    (home / NAME).unlink()
    place = left(home)
    (place / SCRIPT).unlink()
    (place / SCRIPT).symlink_to(elsewhere / SCRIPT)
    sweep()
    assert not place.exists()
    assert (elsewhere / SCRIPT).exists()


def test_a_pipe_of_that_name_holds_nobody_up(home: Path) -> None:
    os.mkfifo(home / NAME)
    sweep()
    assert (home / NAME).exists()


def test_one_that_cannot_be_removed_does_not_keep_the_others(home: Path) -> None:
    first, last = left(home, "emu-gdb-00000000"), left(home, "emu-gdb-zzzzzzzz")
    for place in (first, last):
        (place / SOCKET).unlink()
    (first / SOCKET).mkdir()
    (last / SCRIPT).unlink()
    sweep()
    assert first.exists()
    assert not last.exists()


def test_one_that_is_swept_before_it_is_locked_is_made_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = tempfile.mkdtemp, []

    def swept_at_once(prefix: str) -> str:
        made.append(real(prefix=prefix))
        if len(made) == 1:
            sweep()
        return made[-1]

    monkeypatch.setattr("emu.cli.scratch.mkdtemp", swept_at_once)
    with scratch() as place:
        assert [place] == made[1:]
        assert os.listdir(home) == [os.path.basename(place)]
