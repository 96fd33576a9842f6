"""Which ``emu`` this is: the same program and input give the same run on equal ones."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import emu
import kernel_model


@cache
def made_by() -> tuple[str, str]:
    """The version, and a digest of what runs depend on: our sources, and Unicorn's version."""
    digest = sha256(version("unicorn").encode())
    for package in (emu, kernel_model):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return emu.__version__, digest.hexdigest()[:12]
