"""The kernel against the oracle, over programs that try everything: a short run of it.

Each seed is a test, so that several workers share them.  ``make fuzz`` runs for longer, with other
seeds each time.
"""

from __future__ import annotations

import pytest

from tests.kernel.adversary import Adversary, run_programs


@pytest.mark.parametrize("number", range(8))
def test_programs(number: int) -> None:
    run_programs(Adversary, number, programs=16)
