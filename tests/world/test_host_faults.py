"""What the host does to the command: one line, the output so far, no half file, no traceback."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from emu.cpu.engine import Engine
from emu.environment.world import ScriptedWorld
from emu.execution.resultfile import ResultFile
from emu.machine.watchdog import Watchdog
from emu.mmu import BACKENDS
from tests.guests import ROOT, guest

SIGNALS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
HELLO_LINES: Final = 14


def emu(
    *words: str | Path, before: Callable[[], None] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own.  before: called in it before it begins."""
    return subprocess.run(
        [sys.executable, "-m", "emu", *map(str, words)],
        cwd=ROOT, text=True, capture_output=True, check=False, timeout=60, preexec_fn=before,
        **options,
    )  # fmt: skip


def hello() -> Path:
    return guest("programs/hello")


# Signals

SENDING: Final = """
import importlib, importlib.abc, os, sys
stage, number, *words = sys.argv[1:]

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == stage:
            os.kill(os.getpid(), int(number))

if ":" in stage:
    module, name = stage.split(":")
    module = importlib.import_module(module)
    function = getattr(module, name)
    def patched(*arguments):
        os.kill(os.getpid(), int(number))
        return function(*arguments)
    setattr(module, name, patched)
else:
    sys.meta_path.insert(0, Finder())
sys.argv = ["emu", *words]
from emu.cli.start import main
main()
"""
"""Sends itself a signal where a module is imported, or a function called."""

STAGES: Final = {
    "importing": "click",
    "importing the machine": "emu.machine.core",
    "loading": "emu.cli.launch:load_elf",
    "reading names": "emu.debuginfo:open_files",
    "making RAM": "emu.machine.machine:make_ram",
    "beginning a profile": "emu.profile.start:ResultFile",
    "making the coverage": "emu.coverage.start:_contents",
    "writing the coverage": "os:replace",
    "saying what it took": "emu.machine.stats:stats_text",
}


@pytest.mark.parametrize("number", SIGNALS, ids=SIGNALS.get)
@pytest.mark.parametrize("stage", STAGES)
def test_a_signal_ends_the_command_with_one_line(
    stage: str, number: signal.Signals, tmp_path: Path
) -> None:
    out = tmp_path / "out.info"
    out.write_text("of the run before")
    profile = str(tmp_path / "profile")
    command = ["run", "--stats", "--coverage", str(out), "--profile", profile, str(hello())]
    run = subprocess.run(
        [sys.executable, "-c", SENDING, STAGES[stage], str(int(number)), *command],
        cwd=ROOT, text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    told = re.sub(r"emu: coverage: left out .*\n", "", run.stderr)
    assert (run.returncode, told) == (128 + number, f"emu: {SIGNALS[number]}\n")
    assert not list(tmp_path.glob("*.partial"))
    if "coverage" in stage or "took" in stage:
        assert len(run.stdout.splitlines()) == HELLO_LINES
    assert (out.read_text() == "of the run before") == ("took" not in stage)


@pytest.mark.parametrize("number", SIGNALS, ids=SIGNALS.get)
def test_a_signal_while_the_guest_runs_tells_where_it_was(
    number: signal.Signals, tmp_path: Path
) -> None:
    out = tmp_path / "trace"
    command = ["run", "--trace", "syscall", "--trace-out", str(out), str(guest("programs/echo"))]
    with subprocess.Popen(
        [sys.executable, "-m", "emu", *command],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdin.write("one line\n")
        run.stdin.flush()
        assert run.stdout.readline() == "one line\n"
        run.send_signal(number)
        assert run.wait(timeout=30) == 128 + number
        said = run.stderr.read()
    assert said.startswith(f"emu: {SIGNALS[number]}\n")
    assert "Traceback" not in said
    assert out.read_text().endswith("\n")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As a shell starts what runs in the background."""
    command = [sys.executable, "-m", "emu", "run", "--timeout", "3", str(guest("programs/echo"))]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as run:  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(b"one line\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"one line\n"
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 124  # the time was over


@pytest.mark.parametrize("kinds", ["", "all"], ids=["reports", "a trace"])
def test_a_signal_is_heard_while_nobody_reads_what_we_say(kinds: str) -> None:
    """Standard error is a pipe that is full."""
    options = ["--trace", kinds] if kinds else ["--explain"]
    program = guest("soak/calls")
    with subprocess.Popen(
        [sys.executable, "-m", "emu", "run", *options, str(program), "--", "1000000"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        time.sleep(2)
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=20) == 130


def test_a_signal_that_would_end_the_process_still_does() -> None:
    """Whoever uses a machine in a program of his own has not asked for SIGTERM to be heard."""
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with Watchdog(Engine().control, ScriptedWorld(), None):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# Files


def limit_files() -> None:
    """Let files have ten bytes: a disk that is nearly full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))


@pytest.mark.parametrize(("option", "what"), [("--coverage", "coverage"), ("--profile", "profile")])
def test_what_was_there_stays_when_the_disk_is_full(option: str, what: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("of the run before")
    run = emu("run", option, out, hello(), before=limit_files)
    assert (run.returncode, run.stderr) == (0, f"emu: {out}: File too large: there is no {what}\n")
    assert len(run.stdout.splitlines()) == HELLO_LINES
    assert out.read_text() == "of the run before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_result_has_the_place_and_the_rights_of_the_one_before(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    file = ResultFile(str(link), "result", pytest.fail)
    assert real.read_text() == "before"
    file.write(lambda: b"after")
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ("after", 0o640)
    assert sorted(tmp_path.iterdir()) == [link, real]


def test_a_new_result_has_the_usual_rights(tmp_path: Path) -> None:
    out, usual = tmp_path / "out", tmp_path / "usual"
    usual.touch()
    ResultFile(str(out), "result", pytest.fail).write(lambda: b"x")
    assert out.stat().st_mode == usual.stat().st_mode


def test_what_was_there_stays_when_something_else_cannot_be_recorded(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("of the run before")
    run = emu("run", "--coverage", out, "--profile", tmp_path / "no" / "profile", hello())
    said = f"emu: {tmp_path}/no/profile: No such file or directory\n"
    assert (run.returncode, run.stderr, run.stdout) == (2, said, "")
    assert out.read_text() == "of the run before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_result_can_go_into_a_pipe(tmp_path: Path) -> None:
    out = tmp_path / "pipe"
    os.mkfifo(out)
    with subprocess.Popen(["cat", str(out)], stdout=subprocess.PIPE) as reader:
        assert emu("run", "--profile", out, hello()).returncode == 0
        assert reader.communicate(timeout=10)[0].startswith(b"process 0;")
    assert out.is_fifo()


@pytest.mark.parametrize("mmu", BACKENDS)
def test_no_folder_for_temporary_files_is_needed(mmu: str) -> None:
    run = emu("run", "--mmu", mmu, hello(), env={**os.environ, "TMPDIR": "/nonexistent"})
    assert (run.returncode, run.stderr) == (0, "")


# Memory


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_host_without_memory_is_one_line(mmu: str) -> None:
    """However far the command gets with what there is."""
    seen = set()
    for limit in range(50, 420, 30):

        def limit_memory(size: int = limit << 20) -> None:
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

        run = emu("run", "--mmu", mmu, hello(), before=limit_memory)
        if run.returncode in (1, 127):
            continue  # Python itself did not start
        seen.add(run.returncode)
        expected = "" if run.returncode == 0 else "emu: the host has no memory left\n"
        assert (run.returncode in (0, 71), run.stderr) == (True, expected), limit
        assert len(run.stdout.splitlines()) == (HELLO_LINES if run.returncode == 0 else 0)
    assert seen == {0, 71}
