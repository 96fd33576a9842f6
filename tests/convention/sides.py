"""The same command under the standard convention and under the other one."""

from __future__ import annotations

import fcntl
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, NamedTuple

from kernel_model import cheader
from tests.convention.other import IN_C, back, there
from tests.emu_server import EmuServer
from tests.guests import COMPILER, ROOT, SOURCES, guest, need_tool

COPY: Final = ROOT / "build" / "other-convention" / "guest"
"""The guests' sources with another header and other stubs."""

BUILT: Final = Path("build/guest")
OTHERS: Final = Path("build/other")
"""What is built of either, as seen from the project: a guest sees its name, so these are as long."""

NEWLIB: Final = ("newlib/kernel/heap",)
"""Of the programs with newlib those that are built for the other convention."""

R12: Final = re.compile(r"\br12 [0-9a-f]{8}")


class Said(NamedTuple):
    """What a command wrote, and its status."""

    status: int
    stdout: str
    stderr: str


def other_guest(name: str) -> Path:
    """The ELF file of a guest as the other convention wants it."""
    need_tool(COMPILER)
    _prepare()
    with (COPY.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(name.partition("/")[0])
    return OTHERS / f"{name}.elf"


@functools.cache
def _make(directory: str) -> None:
    """Build the programs of a directory in Thumb code; some of newlib's are enough."""
    names = NEWLIB if directory == "newlib" else programs(directory)
    goals = [f"../../other/{name}.elf" for name in names]
    made = subprocess.run(
        ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(COPY), "BUILD=../../other", *goals],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr


def programs(directory: str) -> list[str]:
    """The names of the programs in a directory of guests."""
    return [f"{directory}/{path.stem}" for path in sorted((SOURCES / directory).glob("*.c"))]


@functools.cache
def _prepare() -> None:
    """Bring the copy of the sources up to date."""
    generated = cheader.files(IN_C)

    def is_generated(directory: str, names: list[str]) -> set[str]:
        below = Path(directory).relative_to(SOURCES)
        return {name for name in names if str(below / name) in generated}

    COPY.mkdir(parents=True, exist_ok=True)
    with (COPY.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copytree(SOURCES, COPY, dirs_exist_ok=True, ignore=is_generated)
        for name, text in generated.items():
            path = COPY / name
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
    name: str, command: Sequence[str], args: Sequence[str] = (), stdin: bytes = b""
) -> tuple[Said, Said]:
    """What a command says of a guest on either side, the other mapped back.

    command: with its options; names of calls in them are mapped for the other side.
    r12, which has the number of the last call, is left out of reports.
    """
    ours, theirs = BUILT / f"{name}.elf", other_guest(name)
    guest(name)
    said = _command("tests.emu_server", [*command, str(ours), "--", *args], stdin)
    words = [there(word) for word in command]
    other = _command("tests.convention.server", [*words, str(theirs), "--", *args], stdin)
    return _without_r12(said), _without_r12(_mapped(other, theirs, ours))


def _mapped(said: Said, theirs: Path, ours: Path) -> Said:
    def text(one: str) -> str:
        return back(one).replace(str(theirs), str(ours))

    return Said(said.status, text(said.stdout), text(said.stderr))


def _without_r12(said: Said) -> Said:
    return said._replace(stderr=R12.sub("r12 ........", said.stderr))
