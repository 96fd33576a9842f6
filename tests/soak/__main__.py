"""Runs each long program on each backend, and fails if memory grew with what was done.

Memory is compared with what it was after the first tenth: by then everything that is kept for a
while, and then forgotten, has been filled.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from emu.mmu import BACKENDS
from tests.guests import ROOT
from tests.soak.curve import curve

PROGRAMS: Final = {"calls": 10_000_000, "processes": 100_000, "code": 1_000_000}
"""How much each of them does."""
ALLOWED: Final = 0.05
"""By how much more there may be later than after the first tenth."""
MIB: Final = 1 << 20


class Soak(NamedTuple):
    """A run.  samples: resident bytes, at each 40th part of it."""

    program: str
    mmu: str
    count: int
    samples: tuple[int, ...]
    calls: int

    @property
    def growth(self) -> float:
        """The most there was behind the first tenth, as a part more than there was then."""
        first = len(self.samples) // 10
        return max(self.samples[first:]) / self.samples[first - 1] - 1

    def __str__(self) -> str:
        tenths = self.samples[len(self.samples) // 10 - 1 :: len(self.samples) // 10]
        shown = "  ".join(f"{bytes_ / MIB:6.1f}" for bytes_ in tenths)
        done = f"{self.program:9}  {self.mmu}  {self.count:10,}  {self.calls:10,}"
        return f"{done}  {shown}  {self.growth:+6.1%}"


def soak(program: str, mmu: str, count: int) -> Soak:
    """Run it in a process of its own."""
    command = [sys.executable, "-m", "tests.soak.run", program, mmu, str(count)]
    text = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    pairs = [line.split() for line in text.splitlines()]
    samples = tuple(int(value) for what, value in pairs if what != "calls")
    return Soak(program, mmu, count, samples, int(dict(pairs)["calls"]))


def soaks(mmus: list[str], part: int) -> Iterator[Soak]:
    """Every program, on each of these backends; of each the ``part``-th part."""
    for program, count in PROGRAMS.items():
        for mmu in mmus:
            yield soak(program, mmu, count // part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mmu", choices=BACKENDS, action="append", help="only on this backend")
    parser.add_argument("--part", type=int, default=1, help="do one part in so many")
    parser.add_argument("--curve", type=Path, help="draw the curves into this SVG file")
    options = parser.parse_args()
    tenths = "  ".join(f"{tenth * 10:5}%" for tenth in range(1, 11))
    print(f"{'program':9}  mmu  {'done':>10}  {'calls':>10}  {tenths}  growth (memory in MiB)")
    done = []
    for one in soaks(options.mmu or list(BACKENDS), options.part):
        print(one, flush=True)
        done.append(one)
    if options.curve:
        options.curve.write_text(curve({f"{one.program}, {one.mmu}": one.samples for one in done}))
    if any(one.growth > ALLOWED for one in done):
        sys.exit(f"memory grew by more than {ALLOWED:.0%}")


if __name__ == "__main__":
    main()
