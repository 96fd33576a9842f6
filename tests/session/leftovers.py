"""Tests leave nothing in the temporary directory: one that does fails.

Each process that runs tests has a temporary directory of its own, which what it starts inherits.
Directories that pytest itself keeps do not count.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

VARIABLE: Final = "TMPDIR"
KEPT: Final = "pytest-of-"
"""What pytest keeps of its last runs, for people to look at."""


@pytest.fixture(scope="session", autouse=True)
def temporary_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory; its path is short, because that of a socket has at most 107 bytes."""
    tmp_path_factory.getbasetemp()  # made where it would be without us
    with pytest.MonkeyPatch.context() as patch:
        place = Path(tempfile.mkdtemp(prefix="emu-tests-"))
        patch.setenv(VARIABLE, str(place))
        patch.setattr(tempfile, "tempdir", str(place))
        yield place
    left = names(place)
    shutil.rmtree(place, ignore_errors=True)
    assert not left, f"left in the temporary directory by this run: {sorted(left)}"


@pytest.fixture(autouse=True)
def nothing_is_left(temporary_directory: Path) -> Iterator[None]:
    """Nothing is new there when a test has ended; what is, is removed and named."""
    before = names(temporary_directory)
    yield
    left = sorted(names(temporary_directory) - before)
    for name in left:
        place = temporary_directory / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert not left, f"left in the temporary directory: {left}"


def names(place: Path) -> set[str]:
    return {name for name in os.listdir(place) if not name.startswith(KEPT)}
