"""The hooks in C and their twins in Python: the same runs, counts, traces, coverage and profiles.

Over every guest program, each for a while; random programs are ``test_chaos.py`` and
``test_code.py``, which compare the twins among their other ways.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from emu import native
from tests.fuzz.variants import MIB, MMUS, Variant, difference, elf_program, run, twins
from tests.guests import BUILT, build_guests

WATCHES: Final = ("mem", "coverage", "profile", "")
SETS: Final = ("programs", "scenarios", "newlib", "bench", "timing", "calls", "backtrace")
LONG: Final = 30_000
"""Instructions of each run: the twins in Python take a microsecond or more for each block."""


def programs() -> list[Path]:
    build_guests()
    found = (path for name in SETS for path in (BUILT / name).rglob("*.elf"))
    return sorted(path for path in found if "-soft" not in path.name)


@pytest.mark.skipif(native.hooks is None, reason="the hooks in C are not built, or not wanted")
@pytest.mark.parametrize("part", range(16))
def test_every_guest_runs_alike_with_both(part: int) -> None:
    found = programs()
    assert len(found) > 200
    for number, path in enumerate(found):
        if number % 16 != part:
            continue
        program = elf_program(path, b"one line\nand another\n", LONG)
        if path.parent.name in ("bench", "timing"):
            program = program._replace(ram=80 * MIB)  # some use 64 MiB of it
        way = Variant(MMUS[number // 16 % 3], WATCHES[number // 48 % 4])
        (twin,) = twins([way])
        found_difference = difference((way, run(program, way)), (twin, run(program, twin)))
        assert found_difference is None, f"{path.name}: {found_difference}"
