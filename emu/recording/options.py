"""How a recorded program was run, taken from its header, which may say anything."""

from __future__ import annotations

from typing import Any, NamedTuple

from emu.machine.machine import Options
from emu.mmu import BACKENDS
from emu.recording.file import Header, RecordingError

CLOCKS = ("instructions", "host")


class Asked(NamedTuple):
    """What a run was asked for.  files: the directory of its files.  clock: of ``CLOCKS``."""

    options: Options
    files: str | None
    clock: str


def said_by(options: Options, files: str | None, clock: str) -> dict[str, Any]:
    """The same for a header."""
    return {
        "ram": options.ram, "mmu": options.mmu, "max_insns": options.max_insns,
        "timeout": options.timeout, "max_output": options.max_output,
        "files": files, "clock": clock,
    }  # fmt: skip


def asked_of(path: str, header: Header) -> Asked:
    """What a header says.  Errors: RecordingError, where no run can have been so."""
    said = header.options
    try:
        is_right = _is_right(said) and bool(header.names) and bool(header.beginning.arguments)
        is_right = is_right and all(name.isprintable() for name in header.names)
    except (KeyError, TypeError) as error:
        raise RecordingError(f"{path}: its header is damaged") from error
    if not is_right:
        raise RecordingError(f"{path}: its header is damaged")
    options = Options(
        said["ram"], said["mmu"], said["max_insns"], said["timeout"],
        max_output=said["max_output"],
    )  # fmt: skip
    return Asked(options, said["files"], said["clock"])


def _is_right(said: dict[str, Any]) -> bool:
    ram, timeout, output, files = said["ram"], said["timeout"], said["max_output"], said["files"]
    return (
        type(ram) is int and 2 << 20 <= ram <= 1 << 30 and not ram & 0xFFF
        and said["mmu"] in BACKENDS and said["clock"] in CLOCKS
        and type(said["max_insns"]) is int and said["max_insns"] >= 0
        and (output is None or (type(output) is int and output >= 0))
        and (timeout is None or (type(timeout) in (int, float) and timeout > 0))
        and (files is None or isinstance(files, str))
    )  # fmt: skip
