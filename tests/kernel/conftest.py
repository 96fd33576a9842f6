"""The kernel that most tests start from."""

from __future__ import annotations

import pytest

from kernel_model import walk
from tests.kernel.driver import Machine


@pytest.fixture(scope="session", autouse=True)
def _meanings_are_found_anew() -> None:
    """No test relies on what another process kept: a mutant is tried in a copy of one."""
    for kept in (walk._meaning, walk._coarse_table):
        kept.cache_clear()


@pytest.fixture
def machine() -> Machine:
    """proc0 just booted, in 4 MiB."""
    return Machine()
