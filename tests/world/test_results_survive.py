"""What a run recorded is written however it ends; and a word now and then while it takes long."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from emu.cli import progress as progress_module
from emu.cli.progress import progress
from tests.guests import ROOT, guest
from tests.waiting import until, until_asleep


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["term", "int"]
)
def test_a_signal_ends_the_run_and_keeps_its_results(
    tmp_path: Path, number: int, status: int
) -> None:
    """While the program reads, which it does for ever."""
    out = {name: tmp_path / name for name in ("p.svg", "c.info", "t.json")}
    run = subprocess.Popen(
        [sys.executable, "-m", "emu", "run", "--profile", str(out["p.svg"]),
         "--coverage", str(out["c.info"]), "--trace", "syscall", "--trace-format", "chrome",
         "--trace-out", str(out["t.json"]), "--summary", str(guest("programs/echo"))],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert run.stdin is not None
    assert run.stdout is not None
    run.stdin.write(b"a line\n")
    run.stdin.flush()
    assert run.stdout.readline()
    until_asleep(run)
    run.send_signal(number)
    _, said = run.communicate(timeout=60)
    assert run.returncode == status
    assert b"Traceback" not in said
    assert ElementTree.parse(out["p.svg"]).getroot().tag.endswith("svg")
    assert "SF:guest/programs/echo.c" in out["c.info"].read_text()
    events = json.loads(out["t.json"].read_text())["traceEvents"]
    assert any(event["name"] == "console_read" for event in events)
    assert b"\n  console_write " in said


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(progress_module, "FIRST", 0.02)
    set_terminal(monkeypatch, True)
    return []


def set_terminal(monkeypatch: pytest.MonkeyPatch, is_one: bool) -> None:
    stderr = SimpleNamespace(isatty=lambda: is_one)
    monkeypatch.setattr(progress_module, "sys", SimpleNamespace(stderr=stderr))


def test_a_long_recording_says_how_long_it_has_been(told: list[str]) -> None:
    with progress(lambda: 1234, told.append):
        until(lambda: len(told) >= 2, "it has told twice")
    count = len(told)
    assert count >= 2
    assert told[0] == "running for 0 s, 1,234 calls so far"
    time.sleep(0.1)
    assert len(told) == count, "and no more when it is over"


def test_nobody_is_told_where_there_is_no_terminal(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_terminal(monkeypatch, False)
    with progress(lambda: 0, told.append):
        time.sleep(0.1)
    assert told == []
