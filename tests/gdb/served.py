"""A machine that waits for gdb, and Debian's gdb-multiarch at it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from emu.conventions import DEFAULT
from emu.gdb.names import data_directory
from emu.mmu import BACKENDS
from tests.guests import ROOT, SOURCES, need_tool


def mostly(first: str) -> list[Any]:
    """The backends, for a test with gdb: the first each time, the others in ``make test-long``.

    What gdb asks for is answered above the backends, which have tests of their own for each of
    it: runs in pieces, watched memory, memory written by the host.
    """
    others = [name for name in BACKENDS if name != first]
    return [first, *(pytest.param(name, marks=pytest.mark.long) for name in others)]


NEWEST = ROOT / "build" / "oracles" / "gdb" / "bin" / "gdb"
"""The newest gdb that PyPI has, which `make oracles` installs."""
DEBUGGERS = ("gdb-multiarch", "newest")


def debugger(name: str) -> str:
    """The path of a gdb: ``newest``, or a command; skips the test if there is none."""
    if name != "newest":
        return need_tool(name)
    if not NEWEST.is_file():
        pytest.skip("make oracles has not installed the newest gdb")
    return str(NEWEST)


def _leave_no_core() -> None:
    """gdb itself crashes now and then as it ends, and its memory is large."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Served:
    """`emu run --gdb` on a Unix socket, and gdb at it.

    names: whether gdb is given those of the calls.
    """

    names = False
    all: ClassVar[list[Served]] = []
    """Those that may still wait, of a test that failed."""

    def __init__(self, program: Path, place: Path, *options: str) -> None:
        self.place = place
        self.machine = subprocess.Popen(
            [sys.executable, "-m", "emu", "run", "--gdb", str(place), *options, str(program)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.all.append(self)
        assert self.machine.stderr is not None
        self.first = self.machine.stderr.readline()

    def until_waiting(self) -> list[bytes]:
        """The lines until a machine that has faulted waits for gdb."""
        lines = [self.first]
        assert self.machine.stderr is not None
        while not lines[-1].startswith(b"emu: waiting for gdb"):
            lines.append(self.machine.stderr.readline())
            assert lines[-1], lines
        return lines

    def gdb(self, *commands: str, name: str = "gdb-multiarch") -> str:
        """What gdb says to these commands.  name: which gdb."""
        words = [debugger(name), "-nx", "-q", "-batch",
                 *self._names(), "-ex", "set pagination off", "-ex", "set confirm off",
                 "-ex", f"target extended-remote {self.place}"]  # fmt: skip
        words += [word for one in commands for word in ("-ex", one)]
        done = subprocess.run(
            words, cwd=SOURCES, capture_output=True, text=True, timeout=60, check=False,
            preexec_fn=_leave_no_core,
        )  # fmt: skip
        return done.stdout + done.stderr

    def _names(self) -> list[str]:
        if not self.names:
            return []
        directory = data_directory(
            need_tool("gdb-multiarch"), self.place.parent / "names", DEFAULT.calls
        )
        return ["--data-directory", str(directory)]

    def end(self) -> tuple[int, str, str]:
        """Status, output and errors of the machine, which ends by itself."""
        try:
            stdout, stderr = self.machine.communicate(timeout=60)
        finally:
            self.machine.kill()
        return self.machine.returncode, stdout.decode(), stderr.decode()

    def drop(self) -> None:
        """It has served."""
        self.machine.kill()
        self.machine.communicate()
        self.place.unlink(missing_ok=True)
