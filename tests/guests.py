"""The guest programs, built when a test first asks for one, and `emu run` on them."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import pytest

from tests.emu_server import EmuServer

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ROOT / "guest"
BUILT: Final = ROOT / "build" / "guest"
COMPILER: Final = "arm-none-eabi-gcc"


def guest(name: str) -> Path:
    """The ELF file of a guest: ``guest("newlib/hello.arm-hard")``.

    Builds all that are in the same directory first, once a test session.  Skips the test if there
    is no compiler.
    """
    build_guests(name.split("/")[0])
    path = BUILT / f"{name}.elf"
    assert path.is_file(), f"make -C guest does not build {path.relative_to(BUILT)}"
    return path


def need_tool(command: str) -> str:
    """The path of a command; skips the test, with the reason, if it is not installed."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"{command} is not installed")
    return path


def build_guests(goal: str = "all") -> None:
    """Bring a directory of guests up to date, or all; skips the test if there is no compiler."""
    need_tool(COMPILER)
    made = _make(goal)
    assert made.returncode == 0, f"make -C guest {goal}:\n{made.stdout}"


@functools.cache
def _make(goal: str) -> subprocess.CompletedProcess[str]:
    """Run make; of several test workers one at a time, and the later find nothing to do."""
    command = ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(SOURCES), goal]
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            check=False,
        )


def run_emu(
    program: Path | str,
    *args: str,
    options: Sequence[str] = (),
    stdin: bytes = b"",
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[bytes]:
    """``emu run OPTIONS PROGRAM -- ARGS`` as a person would: its output as bytes and its status."""
    return emu_command(
        "run", *options, str(program), "--", *args, stdin=stdin, timeout=timeout, env=env, cwd=cwd
    )


def emu_command(
    *words: str,
    stdin: bytes = b"",
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[bytes]:
    """Any command of emu: ``emu_command("tables", path)``."""
    with TemporaryFile() as given, TemporaryFile() as stdout, TemporaryFile() as stderr:
        given.write(stdin)
        given.seek(0)
        streams = (given.fileno(), stdout.fileno(), stderr.fileno())
        status = _server().run(words, cwd, {**os.environ, **(env or {})}, streams, timeout)
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(words, status, stdout.read(), stderr.read())


@functools.cache
def _server() -> EmuServer:
    return EmuServer(ROOT)
