"""Each test that takes ``mmu`` runs on each backend."""

from __future__ import annotations

from typing import Any

import pytest

from emu.mmu import BACKENDS


@pytest.fixture(params=BACKENDS)
def mmu(request: Any) -> str:
    return str(request.param)
