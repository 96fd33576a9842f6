"""The small system: the demo in several ways, and typed at through a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from typing import Final

import pytest

from emu.mmu import BACKENDS
from tests.agreement import Command, Way, disagreement, long_one, ways
from tests.guests import SOURCES, guest, run_emu

DEMO: Final = (SOURCES / "system" / "demo.txt").read_bytes()

ENOUGH: Final = 2_000_000
"""Instructions of the demo that are compared."""

SAID: Final = """\
$ cat*
console*
crash*
echo*
files*
keyboard*
ls*
primes*
shell*
stash*
stress*
unstash*
upper*
wc*
$ programs by name, with arguments
$ 1 4 23
$ $ 8 8 20
$ $ IN A FRAME OF ITS OWN
$ nothing is stashed there
status 1
$ nothing: no such program
$ status 129
$ 1187 frames came and went
$ all memory is accounted for: 130048 KiB, of which FREE are free
"""


def said(stdout: bytes) -> str:
    return re.sub(r"which \d+ are", "which FREE are", stdout.decode())


def check(command: Command) -> None:
    program, options = guest(f"system/system{command.code}"), command.options
    run = run_emu(program, options=options, stdin=DEMO, timeout=300)
    assert said(run.stdout) == SAID, run.stderr
    assert run.returncode == 0
    assert run.stderr == b""


@pytest.mark.parametrize(("code", "mmu"), [(".arm", "tlb"), ("", "map"), (".arm", "cpu")])
def test_the_demo(mmu: str, code: str) -> None:
    check(Command(code, mmu, check=False))


@pytest.mark.parametrize("mmu", [BACKENDS[0], *(long_one(mmu) for mmu in BACKENDS[1:])])
def test_invariants_hold_after_every_call(mmu: str) -> None:
    check(Command("", mmu, check=True))


@pytest.mark.parametrize("way", ways(["system"], 5)["system"], ids=str)
def test_every_way_is_the_same(way: Way) -> None:
    """The first part of the demo."""
    finding, _ = disagreement(guest("system/system"), [way], DEMO, bound=ENOUGH)
    assert finding is None, finding.text


def test_faults_that_somebody_handles_are_explained_if_asked() -> None:
    options = ("--explain",)
    run = run_emu(guest("system/system"), options=options, stdin=b"crash\nexit\n")
    assert b"faulted: missing L2 table: read of 0x40000000" in run.stderr


def until(terminal: int, wanted: bytes) -> bytes:
    """What comes from a terminal, as far as this."""
    got, end = b"", time.monotonic() + 60
    while wanted not in got:
        left = max(end - time.monotonic(), 0)
        assert select.select([terminal], [], [], left)[0], got
        got += os.read(terminal, 4096)
    return got


def test_it_is_typed_at() -> None:
    """While the keyboard waits for the next line the others run."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "emu", "run", str(guest("system/system"))]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=subprocess.PIPE) as run:
        os.close(its)
        until(ours, b"$ ")
        os.write(ours, b"primes 30 | wc\n")
        assert b"10 10 26" in until(ours, b"26\r\n$ ")
        os.write(ours, b"echo typed\n")
        assert b"typed\r\n" in until(ours, b"typed\r\n$ ")
        os.write(ours, b"exit\n")
        until(ours, b"all memory is accounted for")
        assert run.wait(60) == 0
    os.close(ours)
