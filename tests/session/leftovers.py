"""Tests leave nothing in the temporary directory: the one that does fails.

Each process that runs tests has a temporary directory of its own, beneath pytest's; what they start
inherits it.  pytest's own directories for tests are elsewhere, and kept.
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


@pytest.fixture(scope="session", autouse=True)
def temporary_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory, short, because the path of a socket in it has at most 107 bytes."""
    tmp_path_factory.getbasetemp()  # made where it would be without us
    before = os.environ.get(VARIABLE)
    place = Path(tempfile.mkdtemp(prefix="emu-tests-"))
    os.environ[VARIABLE], tempfile.tempdir = str(place), None
    yield place
    del os.environ[VARIABLE]
    if before is not None:
        os.environ[VARIABLE] = before
    tempfile.tempdir = None
    left = sorted(os.listdir(place))
    shutil.rmtree(place, ignore_errors=True)
    assert not left, f"left in the temporary directory by a test of this run: {left}"


@pytest.fixture(autouse=True)
def nothing_is_left(temporary_directory: Path) -> Iterator[None]:
    """After each test without a fixture that lives longer, nothing is new there."""
    before = set(os.listdir(temporary_directory))
    yield
    left = sorted(set(os.listdir(temporary_directory)) - before)
    for name in left:
        place = temporary_directory / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert not left, f"left in the temporary directory: {left}"
