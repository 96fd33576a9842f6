"""`emu gdb`: gdb and the machine by one command, from its first words to its end."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.guests import ROOT, guest, need_tool
from tests.waiting import read_until

EMU = (sys.executable, "-m", "emu")


def emu_gdb(program: Path, tmp_path: Path, *commands: str) -> str:
    """What is said to these commands."""
    need_tool("gdb-multiarch")
    script = tmp_path / "script.gdb"
    script.write_text("\n".join(commands))
    done = subprocess.run(
        [*EMU, "gdb", "--batch", "-x", str(script), str(program)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_children_are_followed(tmp_path: Path) -> None:
    """Without being asked, and without noise; ``continue`` goes on where a child has ended."""
    program = guest("scenarios/server")
    said = emu_gdb(program, tmp_path, "break client", "continue", "delete", *["continue"] * 6)
    assert re.search(r'Thread 3\.1 "process 2" hit Breakpoint 1\.\d, client \(number=1\)', said)
    assert said.count("Reading ") == 1, said
    assert "warning" not in said.lower()
    assert len(re.findall(r"\[Inferior \d \(process \d\) exited normally\]", said)) == 6
    assert "PASS server" in said
    assert "Error" not in said


def test_children_are_left_alone_if_gdb_is_told(tmp_path: Path) -> None:
    program = guest("scenarios/server")
    said = emu_gdb(program, tmp_path, "set detach-on-fork on", "break client", "continue")
    assert "hit Breakpoint" not in said
    assert "[Inferior 1 (process 1) exited normally]" in said
    assert "New inferior" not in said


def started_for(directory: Path) -> list[int]:
    """The processes of this host with a file beneath the directory among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            is_dead = words and ") Z " in (entry / "stat").read_text()
        except OSError:
            continue
        if str(directory).encode() in words and not is_dead:
            found.append(int(entry.name))
    return found


def on_a_terminal(*words: str) -> tuple[int, int]:
    """Start emu on a terminal of its own: the process, and the other end of the terminal."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execv(EMU[0], [*EMU, *words])
    return pid, terminal


def all_end(directory: Path) -> bool:
    """Whether nothing runs for this directory any more, soon."""
    end = time.monotonic() + 20
    while (left := started_for(directory)) and time.monotonic() < end:
        time.sleep(0.02)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return not left


@pytest.mark.parametrize("how", ["hang up", "kill"])
def test_nothing_is_left_of_emu_gdb(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither gdb, nor the machine, nor a temporary directory."""
    need_tool("gdb-multiarch")
    program = tmp_path / "own.elf"
    shutil.copy(guest("programs/echo"), program)
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    pid, terminal = on_a_terminal("gdb", str(program))
    read_until(terminal, b"(gdb) ")
    assert len(started_for(tmp_path)) == 3, "ours, the machine's, and gdb"
    if how == "kill":
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(pid, 0)
    assert all_end(tmp_path)
    assert not list(temporary.iterdir())


def test_a_hang_up_ends_a_run(tmp_path: Path) -> None:
    """As SIGTERM does, with what is to be written at the end."""
    program, profile = tmp_path / "own.elf", tmp_path / "profile"
    shutil.copy(guest("programs/echo"), program)
    pid, terminal = on_a_terminal("run", "--profile", str(profile), str(program))
    os.write(terminal, b"line\n")
    read_until(terminal, b"line\r\nline\r\n")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 143
    assert profile.stat().st_size
    assert all_end(tmp_path)
