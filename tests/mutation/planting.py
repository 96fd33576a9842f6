"""Running tests over a broken machine: a copy of the tree, and a fork of us for each mutant.

The fork has imported what the tests need of other people's packages, and nothing of ours: that it
imports from the copy, in which one module is broken.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from tests.mutation.mutants import Mutant

PARTS: Final = ("emu", "kernel_model", "tests", "guest", "docs", "pyproject.toml", "README.md")
"""What the tests need of the tree."""
OURS: Final = ("emu", "kernel_model", "tests")
PRELOADED: Final = (
    "capstone", "click", "elftools.dwarf.dwarfinfo", "elftools.elf.elffile", "hypothesis",
    "hypothesis.stateful", "pytest", "rich", "unicorn",
)  # fmt: skip
QUIETLY: Final = (
    "-x", "-p", "no:cacheprovider", "-p", "no:xdist",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # of what has been preloaded
)  # fmt: skip


def preload() -> None:
    for name in PRELOADED:
        import_module(name)


class Copy:
    """A copy of the tree, in which mutants are planted."""

    def __init__(self, root: Path, directory: Path) -> None:
        self._root, self._directory = root, directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for part in PARTS:
            if (root / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(root / part, directory / part, ignore=ignored)
            else:
                shutil.copy(root / part, directory / part)
        (directory / "build").mkdir()
        shutil.copytree(root / "build/guest", directory / "build/guest")

    def plant(self, mutant: Mutant) -> None:
        (self._directory / mutant.path).write_text(mutant.source)

    def mend(self, mutant: Mutant) -> None:
        shutil.copy(self._root / mutant.path, self._directory / mutant.path)

    def start(self, tests: Sequence[str]) -> int:
        """Run tests until one fails, in a new process; its pid, and that of its group."""
        pid = os.fork()
        if pid == 0:
            self._run(tests)
        return pid

    def _run(self, tests: Sequence[str]) -> NoReturn:
        os.setsid()
        os.chdir(self._directory)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        sys.path[:] = [
            str(self._directory),
            *(path for path in sys.path if path != str(self._root)),
        ]
        for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
            del sys.modules[name]
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        pytest = import_module("pytest")
        status = 70
        try:
            status = pytest.main([*QUIETLY, *tests])
        finally:
            os._exit(status)


def wait_for_any(deadlines: dict[int, float]) -> tuple[int, int | None]:
    """The first of these processes to end and its exit status; None if it was past its time.

    deadlines: by pid.  What a process started ends with it.
    """
    while True:
        for pid, deadline in deadlines.items():
            ended, status = os.waitpid(pid, os.WNOHANG)
            late = time.monotonic() > deadline
            if ended or late:
                _kill_group(pid)
                if not ended:
                    os.waitpid(pid, 0)
                return pid, os.waitstatus_to_exitcode(status) if ended else None
        time.sleep(0.01)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
