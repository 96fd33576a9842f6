"""The files of the guest programs that are timed."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "build" / "guest"


def program(name: str) -> Path:
    """The file of a built guest: ``program("bench/fill")``.  Errors: FileNotFoundError."""
    path = BUILT / f"{name}.elf"
    if not path.is_file():
        raise FileNotFoundError(f"{path.relative_to(ROOT)} is missing: run make guests")
    return path
