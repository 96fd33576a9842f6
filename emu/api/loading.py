"""From a file to a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from os import PathLike, fspath
from typing import TYPE_CHECKING

from emu.api.console import KeptWorld
from emu.api.machine import Machine
from emu.environment.cmdline import with_program
from emu.environment.world import World
from emu.loader import LoadError, check_fits, load_elf
from emu.machine.machine import DEFAULT_RAM, Options
from emu.machine.machine import Machine as Engine
from emu.recording.world import LoggedWorld, logged, shown_by
from kernel_model.boot import BootError

if TYPE_CHECKING:
    from emu.api.past import RewindableMachine
    from emu.debuginfo import DebugFiles

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def load(
    path: str | PathLike[str],
    args: Sequence[str] = (),
    stdin: str | bytes | Iterable[bytes] = b"",
    *,
    ram: int | str = DEFAULT_RAM,
    mmu: str = "tlb",
    files: str | PathLike[str] | Mapping[str, bytes] | None = None,
    symbols: Sequence[str | PathLike[str]] = (),
    max_instructions: int = 0,
    timeout: float | None = None,
    check: bool = False,
    rewind: bool = False,
) -> Machine:
    """A machine with the program in this ELF file, about to run its first instruction.

    args: its arguments, without its name.  stdin: its input, or an iterable of the pieces in which
    the input arrives, asked for the next piece only when the program wants it.
    ram: bytes, or as ``"64M"``.  mmu: ``tlb``, ``map`` or ``cpu``, which behave alike.
    files: a directory beneath which the program may open files, or the files by name.
    symbols: programs that it starts, for names in reports.
    max_instructions, timeout (host seconds): bounds of the run; 0 and None: none.
    check: check every invariant of the kernel after calls, which takes time.
    rewind: make a ``RewindableMachine``, which can go back.
    Errors: LoadError, for a file that is no such program; OSError; ValueError, for bad options.
    """
    name, size = fspath(path), _bytes(ram)
    with open(name, "rb") as stream:
        image = load_elf(stream, name)
    check_fits(image, name, size)
    options = Options(size, mmu, max_instructions, timeout, check)
    kept, notes = _world(name, args, stdin, files), list[str]()
    world: World = logged(kept) if rewind else kept
    try:
        engine = Engine(image, world, options, notes.append)
    except BootError as error:
        raise LoadError(f"{name}: {error}") from error

    @cache
    def debug() -> DebugFiles:
        from emu.debuginfo import open_files

        return open_files(name, [fspath(one) for one in symbols])

    kind = _rewindable() if rewind else Machine
    return kind(engine, kept, notes, debug)


def replay(path: str | PathLike[str], *, mmu: str = "", check: bool = False) -> RewindableMachine:
    """The machine of a recording made by ``emu run --record``, about to run its first instruction.

    It needs neither the program nor its input and files.  mmu: of ``load``; "": as recorded.
    Errors: RecordingError, LoadError, OSError.
    """
    from emu.recording.file import read_recording
    from emu.recording.options import asked_of

    recording = read_recording(fspath(path))
    asked = asked_of(fspath(path), recording.header)
    names, images = recording.header.names, recording.images
    kept, notes = KeptWorld(b"", recording.log.beginning.arguments), list[str]()
    options = asked.options._replace(mmu=mmu or asked.options.mmu, timeout=None, check=check)
    world = LoggedWorld(recording.log, None, shown_by(kept))
    with BytesIO(images[0]) as stream:
        image = load_elf(stream, names[0])
    try:
        engine = Engine(image, world, options, notes.append)
    except (BootError, ValueError) as error:
        raise LoadError(f"{names[0]}: {error}") from error

    @cache
    def debug() -> DebugFiles:
        from emu.debuginfo import DebugFile, DebugFiles

        program, *others = map(DebugFile, map(BytesIO, images), names)
        return DebugFiles(program, others)

    return _rewindable()(engine, kept, notes, debug)


def _rewindable() -> type[RewindableMachine]:
    """Imported when it is asked for."""
    from emu.api.past import RewindableMachine

    return RewindableMachine


def _world(
    name: str,
    args: Sequence[str],
    stdin: str | bytes | Iterable[bytes],
    files: str | PathLike[str] | Mapping[str, bytes] | None,
) -> KeptWorld:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    arguments = with_program(name, args)
    if isinstance(files, Mapping):
        return KeptWorld(given, arguments, {path.encode(): data for path, data in files.items()})
    world = KeptWorld(given, arguments)
    world.open_directory(None if files is None else fspath(files))
    return world


def _bytes(ram: int | str) -> int:
    """A size in bytes.  Errors: ValueError."""
    if isinstance(ram, int):
        size = ram
    elif ram[-1:].upper() in _UNITS and ram[:-1].isdecimal():
        size = int(ram[:-1]) * _UNITS[ram[-1].upper()]
    else:
        raise ValueError(f"{ram!r} is not a size; write it like 64M")
    if not 2 << 20 <= size <= 1 << 30 or size & 0xFFF:
        raise ValueError(f"{ram!r} is not between 2M and 1024M in steps of 4K")
    return size
