"""Each test that takes ``backend`` runs with each one."""

import pytest

from emu.mmu import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param
