"""The box around the emulator that docs/security.md builds: guests run in it, nothing gets out."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.guests import ROOT, guest, need_tool

LINES: Final = re.search(
    r"```sh\n(venv=.*?)```", (ROOT / "docs/security.md").read_text(), re.DOTALL
)
LAST: Final = '"$venv/bin/emu" run '

HOSTILE: Final = """
import os, socket, sys
outside, readable, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def works(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return False
    return True

def fill(path):
    with open(path, "wb") as file:
        file.write(bytes(2 << 20))
    os.remove(path)

found = {
    "reads": works(open, outside),
    "reads what it was not shown": works(open, readable),
    "writes": works(open, outside, "ab"),
    "writes to what it sees": os.access("/usr/lib", os.W_OK) or os.access("/guest.elf", os.W_OK),
    "fills the disk": works(fill, "/tmp/written-in-a-test"),
    "connects": works(socket.create_connection, ("127.0.0.1", port), 5),
    "sees processes": len([name for name in os.listdir("/proc") if name.isdigit()]) >= count,
    "has an environment": "OF_THE_HOST" in os.environ,
}
print(*(name for name, it_does in found.items() if it_does), sep=", ")
"""
"""What a guest would try that had taken over the emulator: prints what works."""


def lines(last: str | None = None) -> str:
    """Those of the document, perhaps with another command in the box."""
    need_tool("bwrap")
    able = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], check=False)
    if able.returncode:
        pytest.skip("bwrap cannot make namespaces here")
    assert LINES is not None
    assert LINES[1].count(LAST) == 1
    return LINES[1] if last is None else LINES[1][: LINES[1].index(LAST)] + last


def shell(text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", text], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_guest_runs_in_the_box() -> None:
    assert guest("programs/hello") == ROOT / "build/guest/programs/hello.elf"
    run = shell(lines())
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Hello!")


def test_what_runs_in_the_box_reaches_nothing_outside(tmp_path: Path) -> None:
    guest("programs/hello")
    outside = tmp_path / "outside"
    outside.write_text("of the host")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        try_it = f'-c "$HOSTILE" {outside} {ROOT}/README.md {port} 10'
        free = shell(f"{sys.executable} {try_it}", HOSTILE=HOSTILE, OF_THE_HOST="1")
        boxed = shell(lines(f'"$venv/bin/python" {try_it}'), HOSTILE=HOSTILE, OF_THE_HOST="1")
    assert "connects" in free.stdout
    assert "reads what it was not shown" in free.stdout
    assert (boxed.returncode, boxed.stdout, boxed.stderr) == (0, "\n", "")
