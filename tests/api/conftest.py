"""What tests of the API are run in."""

import pytest

from tests.hooks import use_python_hooks


@pytest.fixture(params=("tlb-C", "map-C", "cpu-C", "tlb-Python"))
def mmu(request: pytest.FixtureRequest) -> str:
    """Each backend with the hooks in C, and one with those in Python."""
    backend, hooks = request.param.split("-")
    if hooks == "Python":
        use_python_hooks(request)
    return backend
