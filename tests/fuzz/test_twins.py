"""The hooks in C and their twins in Python: the same runs, counts, traces, coverage and profiles.

Over the guest programs that are not run in other ways (tests/agreement.py), each for a while, and
each newlib program in one of its variants; random programs are ``test_chaos.py`` and
``test_code.py``, which compare the twins among their other ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from emu import native
from tests.covering import cover
from tests.fuzz.variants import MIB, MMUS, Variant, difference, elf_program, run, twins
from tests.guests import BUILT, build_guests

WATCHES: Final = ("mem", "coverage", "profile", "")
SETS: Final = ("newlib", "bench", "timing", "backtrace")
LONG_SETS: Final = (*SETS, "programs", "scenarios", "calls")
LONG: Final = 30_000
"""Instructions of each run: the twins in Python take a microsecond or more for each block."""
PARTS: Final = 16

pytestmark = pytest.mark.skipif(
    native.hooks is None, reason="the hooks in C are not built, or not wanted"
)


def programs(sets: Iterable[str]) -> list[Path]:
    build_guests()
    found = (path for name in sets for path in (BUILT / name).rglob("*.elf"))
    return sorted(path for path in found if "-soft" not in path.name)


def one_variant_each(paths: Iterable[Path]) -> list[Path]:
    """Of each program one file, its variants taking turns."""
    variants: dict[Path, list[Path]] = {}
    for path in paths:
        variants.setdefault(path.with_name(path.name.partition(".")[0]), []).append(path)
    return [files[turn % len(files)] for turn, files in enumerate(variants.values())]


def check(path: Path, way: Variant) -> None:
    program = elf_program(path, b"one line\nand another\n", LONG)
    if path.parent.name in ("bench", "timing"):
        program = program._replace(ram=80 * MIB)  # some use 64 MiB of it
    (twin,) = twins([way])
    found = difference((way, run(program, way)), (twin, run(program, twin)))
    assert found is None, f"{path.name}: {found}"


@pytest.mark.parametrize("part", range(PARTS))
def test_guests_run_alike_with_both(part: int) -> None:
    paths = {str(path): path for path in one_variant_each(programs(SETS))}
    assert len(paths) > 120
    rows = cover(paths, (MMUS, WATCHES), rows=1)
    for name in list(paths)[part::PARTS]:
        check(paths[name], Variant(*rows[name][0]))


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_guest_runs_alike_with_both(part: int) -> None:
    found = programs(LONG_SETS)
    assert len(found) > 200
    for number, path in list(enumerate(found))[part::PARTS]:
        check(path, Variant(MMUS[number // 16 % 3], WATCHES[number // 48 % 4]))
