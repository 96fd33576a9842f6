"""The same code under qemu-arm: what it does to registers and data where that is defined."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.fuzz.code.frame import (
    CODE_VA,
    DATA_SIZE,
    DATA_VA,
    PAGE,
    SAVED_SIZE,
    TELL_LINUX,
    data_of,
    machine_code,
)
from tests.fuzz.code.streams import Code
from tests.fuzz.variants import Finding, Seen
from tests.loader.elf_writer import Part, R, W, X, elf

NAMES: Final = (
    *(f"r{number}" for number in range(13)), "sp", "lr", "apsr", "fpscr",
)  # fmt: skip
SECONDS: Final = 20
_SIGNALS: Final = {
    "access=4": (-11, -7), "alignment": (-7,), "undefined": (-4,), "breakpoint": (-5,),
    "fault": (-11,),
}  # fmt: skip
"""What Linux sends for a fault that has this in its text; the first counts.

A misaligned access is SIGBUS; a jump to a misaligned address may be either.
"""


def outcome_of(code: Code, qemu: str) -> tuple[int, bytes]:
    """qemu-arm's exit status (a signal negative), and what the epilogue has written."""
    headers = elf(
        Part(CODE_VA, b"", R | W | X, PAGE, offset=PAGE, filesz=PAGE),
        Part(DATA_VA, b"", R | W, DATA_SIZE, offset=2 * PAGE, filesz=DATA_SIZE),
    )
    program = headers.ljust(PAGE, b"\0") + machine_code(code, TELL_LINUX) + data_of(code)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "code")
        path.write_bytes(program)
        os.chmod(path, 0o755)
        run = subprocess.run(
            [qemu, "-cpu", "cortex-a15", str(path)], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS, check=False, cwd=directory,
        )  # fmt: skip
    return run.returncode, run.stdout


def outside(code: Code, seen: Seen) -> Finding | None:
    """Where qemu-arm disagrees with what was seen of defined code, if there is a qemu-arm."""
    qemu = shutil.which("qemu-arm")
    if qemu is None or not code.is_defined or not _has_ended(seen):
        return None
    try:
        status, told = outcome_of(code, qemu)
    except subprocess.TimeoutExpired:
        return Finding("qemu-arm does not end", "and we do")
    if seen.faults:
        kinds = [numbers for word, numbers in _SIGNALS.items() if word in seen.faults[-1]]
        if kinds and status in kinds[0]:
            return None
        return Finding("qemu-arm ends otherwise", f"{seen.faults[-1]}\nqemu-arm: {status}")
    if status:
        return Finding("qemu-arm ends otherwise", f"no fault; qemu-arm: {status}")
    if told != seen.console:
        return Finding("qemu-arm has other registers", _differences(seen.console, told))
    return None


def _has_ended(seen: Seen) -> bool:
    return seen.outcome is not None and seen.outcome.is_final


def _differences(ours: bytes, theirs: bytes) -> str:
    """Each register and place that differs, ours first."""
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes, qemu-arm {len(theirs)}"
    lines = []
    for at in range(0, len(ours), 4):
        one, other = ours[at : at + 4], theirs[at : at + 4]
        if one != other:
            lines.append(f"{_place(at)}: {one[::-1].hex()}, qemu-arm {other[::-1].hex()}")
    return "\n".join(lines[:20])


def _place(at: int) -> str:
    if at >= SAVED_SIZE:
        return f"[{DATA_VA + at - SAVED_SIZE:#x}]"
    if at < len(NAMES) * 4:
        return NAMES[at // 4]
    at -= len(NAMES) * 4
    return f"d{at // 8}{'.high' if at % 8 else ''}"
