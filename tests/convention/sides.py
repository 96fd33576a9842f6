"""The same command under the standard convention and under the other one."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, NamedTuple

from kernel_model import cheader
from tests.convention.other import IN_C, back, there
from tests.emu_server import EmuServer
from tests.guests import COMPILER, ROOT, SOURCES, need_tool

PLACE: Final = ROOT / "build" / "other-convention"
"""A copy of the guests' sources, with another header and other stubs, and what is built of it."""


class Said(NamedTuple):
    """What a command wrote, and its status."""

    status: int
    stdout: str
    stderr: str


def other_guests(*names: str) -> list[Path]:
    """The ELF files of guests as the other convention wants them, built together."""
    need_tool(COMPILER)
    _prepare()
    paths = [PLACE / "build" / "guest" / f"{name}.elf" for name in names]
    goals = [f"../build/guest/{name}.elf" for name in names]
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(PLACE / "guest"), *goals],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return paths


@functools.cache
def _prepare() -> None:
    """Bring the copy of the sources up to date."""
    generated = cheader.files(IN_C)
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copytree(
            SOURCES, PLACE / "guest", dirs_exist_ok=True,
            ignore=lambda directory, names: {
                name for name in names
                if str((Path(directory) / name).relative_to(SOURCES)) in generated
            },
        )  # fmt: skip
        for name, text in generated.items():
            path = PLACE / "guest" / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)


@functools.cache
def _server(module: str) -> EmuServer:
    return EmuServer(ROOT, module)


def _command(module: str, words: Sequence[str], stdin: bytes, timeout: float = 60) -> Said:
    with TemporaryFile() as given, TemporaryFile() as stdout, TemporaryFile() as stderr:
        given.write(stdin)
        given.seek(0)
        streams = (given.fileno(), stdout.fileno(), stderr.fileno())
        status = _server(module).run(words, ROOT, os.environ, streams, timeout)
        stdout.seek(0)
        stderr.seek(0)
        return Said(status, stdout.read().decode("latin-1"), stderr.read().decode("latin-1"))


def both(
    words: Sequence[str], program: Path, other_program: Path, args: Sequence[str] = (),
    stdin: bytes = b"",
) -> tuple[Said, Said]:  # fmt: skip
    """What a command says of a program on either side, the other mapped back.

    words: the command and its options; names of calls in them are mapped, too.
    """
    ours = _command("tests.emu_server", [*words, str(program), "--", *args], stdin)
    mapped = [there(word) for word in words]
    theirs = _command(
        "tests.convention.server", [*mapped, str(other_program), "--", *args], stdin
    )
    return ours, mapped_back(theirs, program, other_program)


def mapped_back(said: Said, program: Path, other_program: Path) -> Said:
    """What was said on the other side, in the words of this one."""
    def mapped(text: str) -> str:
        return back(text).replace(str(other_program), str(program))

    return Said(said.status, mapped(said.stdout), mapped(said.stderr))
