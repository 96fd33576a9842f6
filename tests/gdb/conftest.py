"""What the tests with gdb share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where a machine waits for gdb, and does no longer behind the test."""
    yield tmp_path / "gdb"
    assert not (tmp_path / "gdb").exists(), "the socket is given back"
