"""What the tests with gdb share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gdb.served import Served


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where a machine waits for gdb, and does no longer behind the test."""
    yield tmp_path / "gdb"
    while Served.all:
        left = Served.all.pop()
        if left.machine.poll() is None:
            left.drop()
    assert not (tmp_path / "gdb").exists(), "the socket is given back"
