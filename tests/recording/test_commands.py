"""``emu run --record`` and ``emu replay``: the same run again, without program, files and input."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emu.mmu import BACKENDS
from tests.guests import ROOT, guest, run_emu
from tests.recording.rig import ENDLESS, FILES, compiled, recorded, replayed, shown

TEXT = b"".join(b"line %d of the input\n" % number for number in range(200))
OVERHEAD = 1024
"""Bytes beside the program and the input, at most."""


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("endless")
    return compiled(folder, ENDLESS, "-nostdlib", "-Wl,-Ttext=0x10000", suffix=".s")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.rec"


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(
    ("program", "stdin", "options"),
    [
        ("programs/hello", b"", ()),
        ("programs/echo", b"one\ntwo\n", ()),
        ("newlib/words.arm-hard", TEXT, ()),
        ("newlib/clock.thumb-hard", b"", ()),
        ("newlib/clock.thumb-hard", b"", ("--clock", "host")),
        ("newlib/streams.thumb-soft", b"", ()),
        ("mistakes/null_pointer", b"", ("--explain",)),
        ("mistakes/use_after_give", b"", ()),
        ("newlib/long_output.arm-soft", b"", ("--max-output", "1000")),
        ("bench/recursion", b"", ("--max-insns", "100k")),
    ],
)
def test_a_replay_shows_the_same(
    program: str, stdin: bytes, options: tuple[str, ...], mmu: str, file: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(guest(program), tmp_path / "prog.elf")
    run = recorded(copy, file, options=options, stdin=stdin)
    Path(copy).unlink()
    again = [option for option in options if option == "--explain"]
    assert shown(replayed(file, "--mmu", mmu, *again, stdin=b"other input\n")) == shown(run)


def test_files_are_not_needed_and_not_touched(file: Path, tmp_path: Path) -> None:
    program, folder = compiled(tmp_path, FILES, "--specs=rdimon.specs"), tmp_path / "folder"
    folder.mkdir()
    (folder / "given").write_bytes(b"some contents\nand more\n")
    run = recorded(program, file, "argument", options=("--files", str(folder)))
    assert run.returncode == 0
    assert b"1 some" not in run.stdout
    assert b"0 some contents\n0 and more\nc\n" in run.stdout
    assert sorted(os.listdir(folder)) == ["given", "left open"]
    shutil.rmtree(folder)
    program.unlink()
    for mmu in BACKENDS:
        assert shown(replayed(file, "--mmu", mmu, cwd=tmp_path)) == shown(run)
    assert not folder.exists()
    assert sorted(os.listdir(tmp_path)) == ["prog.c", "run.rec"]


def test_a_recording_is_hardly_larger_than_what_it_keeps(file: Path) -> None:
    program = guest("newlib/words.arm-hard")
    recorded(program, file, stdin=TEXT)
    whole = file.stat().st_size
    assert whole < program.stat().st_size + len(TEXT) + OVERHEAD
    recorded(program, file)
    assert whole - file.stat().st_size < len(TEXT)


def test_what_only_looks_looks_at_a_replay(file: Path, tmp_path: Path) -> None:
    program = guest("scenarios/server")
    looking = ("--trace", "syscall,ipc,fault", "--check")
    run = recorded(program, file, options=looking)
    assert shown(replayed(file, *looking)) == shown(run)
    for option, name in (("--coverage", "a.drcov"), ("--profile", "a.folded")):
        files = [tmp_path / f"{kind}-{name}" for kind in ("run", "replay")]
        run_emu(program, options=(option, str(files[0])))
        replayed(file, option, str(files[1]))
        assert files[0].read_bytes() == files[1].read_bytes()


def _started(options: tuple[str, ...], program: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "emu", "run", *options, str(program)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("computes", [True, False])
def test_what_a_signal_ended_ends_there_again(
    computes: bool, number: signal.Signals, status: int, file: Path, endless: Path
) -> None:
    """While it computes, and while it waits for input."""
    program = endless if computes else guest("programs/echo")
    with _started(("--record", str(file)), program) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(b"on\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"on\n"
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    assert run.returncode == status
    for mmu in BACKENDS:
        assert shown(replayed(file, "--mmu", mmu)) == (b"on\n" + out, err, status)


def test_a_timeout_ends_it_there_again(file: Path, endless: Path) -> None:
    run = recorded(endless, file, options=("--timeout", "0.2"))
    assert run.returncode == 124
    assert b"stopped after 0.2 seconds (--timeout)" in run.stderr
    assert shown(replayed(file)) == shown(run)


def test_a_lost_reader_is_lost_again(file: Path) -> None:
    with _started(("--record", str(file)), guest("newlib/long_output.arm-soft")) as run:
        assert run.stdout is not None
        run.stdout.close()
        run.stdout = None
        _, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (141, b"")
    again = replayed(file)
    assert (again.returncode, again.stderr) == (141, b"")


def test_a_run_that_was_killed_is_known_as_far_as_it_was_written(file: Path, endless: Path) -> None:
    with _started(("--record", str(file)), endless) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"on\n"
        run.kill()
    again = replayed(file)
    assert again.returncode == 2
    assert again.stderr.count(b"\n") == 1
    assert b"cut off at byte" in again.stderr


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    program = guest("programs/hello")
    with_gdb = recorded(program, tmp_path / "a", options=("--gdb", "0"))
    nowhere = recorded(program, tmp_path / "no/a")
    copy = Path(shutil.copy(program, tmp_path / "copy.elf"))
    itself = recorded(copy, copy)
    other = replayed(program)
    missing = replayed(tmp_path / "missing")
    standard = run_emu(program, options=("--record", "-"))
    for run, text in (
        (with_gdb, "--record and --gdb cannot be used together"),
        (nowhere, "No such file or directory"),
        (itself, "the recording would take the place of its program"),
        (other, "no recording of this version of emu"),
        (missing, "No such file or directory"),
        (standard, "a recording is a file"),
    ):
        assert (run.stdout, run.returncode) == (b"", 2)
        assert run.stderr.decode().startswith("emu: ")
        assert run.stderr.count(b"\n") == 1
        assert text in run.stderr.decode()
    assert copy.read_bytes() == program.read_bytes()
    assert os.listdir(tmp_path) == ["copy.elf"]
