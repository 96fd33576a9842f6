"""Where the library's sources are: in the package that was installed, or in the source tree."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent
_PLACES: Final = (_HERE / "guest", _HERE.parents[1] / "guest")
CMAKE: Final = _HERE / "cmake"
PROJECT: Final = _HERE / "project"


class SdkError(Exception):
    """The SDK cannot be used; the text says why, for people."""


def sources() -> Path:
    """The directory that has ``include`` and ``lib``.  Errors: SdkError."""
    for place in _PLACES:
        if (place / "lib" / "guest.ld").is_file():
            return place
    raise SdkError("the sources of the SDK are missing from this installation of emu")


def files(root: Path) -> list[Path]:
    """Everything that the library is built of, in a fixed order."""
    patterns = ("include/*.h", "lib/*.[cS]", "lib/guest.ld")
    return sorted(path for pattern in patterns for path in root.glob(pattern))


def digest(root: Path, *more: str) -> str:
    """A short name for exactly these sources, the code that builds them, and ``more``."""
    found = sha256()
    for path in (*files(root), *sorted(CMAKE.glob("*.cmake")), *sorted(_HERE.glob("*.py"))):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    found.update("\0".join(more).encode())
    return found.hexdigest()[:12]
