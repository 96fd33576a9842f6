"""The same command under the standard convention and under the other one.

Guests see their own names, so each side has a directory of its own in which they are called alike.
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, NamedTuple

from kernel_model import cheader
from tests.convention.other import IN_C, back, there
from tests.emu_server import EmuServer
from tests.guests import BUILT, COMPILER, ROOT, SOURCES, guest, need_tool

PLACE: Final = BUILT.parent / "convention"
COPY: Final = PLACE / "sources"
"""The guests' sources with another header and other stubs."""

NEWLIB: Final = ("newlib/heap.thumb-hard", "newlib/kernel/heap")
"""Of the programs with newlib those that are built for the other convention, the first for none."""

R12: Final = re.compile(r"\br12 [0-9a-f]{8}")


class Side(NamedTuple):
    """server: what answers commands.  place: where they run; guests are below ``programs``."""

    server: str
    place: Path


STANDARD: Final = Side("tests.emu_server", PLACE / "standard")
OTHER: Final = Side("tests.convention.server", PLACE / "other")


class Said(NamedTuple):
    """What a command wrote, and its status."""

    status: int
    stdout: str
    stderr: str


# Building


def programs(directory: str) -> list[str]:
    """The names of the programs in a directory of guests."""
    return [f"{directory}/{path.stem}" for path in sorted((SOURCES / directory).glob("*.c"))]


def prepared(name: str) -> Path:
    """Build a guest for both sides; where it is on either."""
    directory = name.partition("/")[0]
    built = guest(name)
    _prepare()
    _make(directory)
    assert (STANDARD.place / "programs" / built.relative_to(BUILT)).samefile(built)
    return Path("programs", f"{name}.elf")


@contextmanager
def _alone() -> Iterator[None]:
    """Of several test workers one."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def _prepare() -> None:
    """Bring the copy of the sources up to date, and the places of both sides."""
    generated = cheader.files(IN_C)

    def is_generated(directory: str, names: list[str]) -> set[str]:
        below = Path(directory).relative_to(SOURCES)
        return {name for name in names if str(below / name) in generated}

    with _alone():
        shutil.copytree(SOURCES, COPY, dirs_exist_ok=True, ignore=is_generated)
        for name, text in generated.items():
            path = COPY / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        _link(STANDARD.place / "programs", BUILT)
        for side in (STANDARD, OTHER):
            _link(side.place / "guest", SOURCES)


def _link(path: Path, to: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(to)


@functools.cache
def _make(directory: str) -> None:
    """Build the programs of a directory in Thumb code for the other convention."""
    need_tool(COMPILER)
    names = NEWLIB if directory == "newlib" else programs(directory)
    build = "../other/programs"
    words = ["make", "-s", f"-j{os.cpu_count() or 1}", "-C", str(COPY), f"BUILD={build}"]
    with _alone():
        made = subprocess.run(
            [*words, *(f"{build}/{name}.elf" for name in names)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        )  # fmt: skip
    assert made.returncode == 0, made.stderr


# Running


@functools.cache
def _server(module: str) -> EmuServer:
    return EmuServer(ROOT, module)


def command(
    side: Side, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Said:
    """What a command says on one side."""
    with TemporaryFile() as given, TemporaryFile() as stdout, TemporaryFile() as stderr:
        given.write(stdin)
        given.seek(0)
        streams = (given.fileno(), stdout.fileno(), stderr.fileno())
        environment = {**os.environ, **(env or {})}
        status = _server(side.server).run(words, side.place, environment, streams, 60)
        stdout.seek(0)
        stderr.seek(0)
        return Said(status, stdout.read().decode("latin-1"), stderr.read().decode("latin-1"))


def same(
    name: str, *words: str, args: Sequence[str] = (), stdin: bytes = b"", trace: str = "",
    plain: Callable[[str], str] = str,
) -> Said:  # fmt: skip
    """What a command says of a guest: the same on both sides, except for the names.

    words: the command and its options.  trace: what is traced; names of calls in it are mapped.
    plain: what is compared of a text.  r12, which has the number of the last call, is left out.
    """
    path = str(prepared(name))
    said = []
    for side, kinds in ((STANDARD, trace), (OTHER, there(trace))):
        tracing = ("--trace", kinds, "--trace-out", "-") if trace else ()
        said.append(command(side, [*words, *tracing, path, "--", *args], stdin))
    ours, theirs = said
    assert theirs.status == ours.status, theirs.stderr
    for one, other in ((ours.stderr, theirs.stderr), (ours.stdout, theirs.stdout)):
        assert_same(plain(R12.sub("r12", one)), plain(R12.sub("r12", back(other))))
    return ours


def assert_same(ours: str, theirs: str) -> None:
    """Name the first line in which two texts differ: they may be long."""
    lines = itertools.zip_longest(ours.splitlines(), theirs.splitlines())
    for number, (one, other) in enumerate(lines):
        assert other == one, f"line {number}"
