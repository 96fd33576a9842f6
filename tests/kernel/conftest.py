"""The kernel that most tests start from."""

from __future__ import annotations

import pytest

from tests.kernel.driver import Machine


@pytest.fixture
def machine() -> Machine:
    """proc0 just booted, in 4 MiB."""
    return Machine()
