"""An IT block is over when it is over, whatever looked at a load or store within it.

Unicorn restores the IT state for a fill or a memory hook and leaves it there; the block of code
that came next was then conditional, and its first instruction skipped.
"""

import pytest

from tests.hooks import add_memory_hook
from tests.mmu.rig import FREE, PAGE, Rig

CODE, DATA = 0x8000, 0x20000
THEN_SET_7 = (0x2001, 0x2900, 0xD100, 0x2002, 0x2007, 0xDF00)
"""movne r0,#1; cmp r1,#0; bne over; mov r0,#2; over: movs r0,#7; svc #0."""

ACCESSES = {"streq r2,[r1]": 0x600A, "ldreq r3,[r1]": 0x680B}


@pytest.mark.parametrize("backend", ["tlb", "map", "cpu"])
@pytest.mark.parametrize("hooked", [False, True], ids=["bare", "hooked"])
@pytest.mark.parametrize("access", ACCESSES.values(), ids=list(ACCESSES))
def test_the_block_after_an_it_block_is_not_conditional(
    access: int, hooked: bool, backend: str
) -> None:
    rig = Rig(backend)
    rig.map_code(CODE, FREE)
    rig.map_data(DATA, FREE + PAGE)
    rig.put_thumb(FREE, 0x4289, 0xBF0C, access, *THEN_SET_7)  # cmp r1,r1; ite eq
    if hooked:
        seen = []
        add_memory_hook(rig.engine, lambda *what: seen.append(what))
    assert rig.result(CODE | 1, 0, DATA, 5) == 7
    assert rig.result(CODE | 1, 0, DATA, 5) == 7
    if hooked:
        assert len(seen) == 2
