"""``make fuzz-accesses``: so many loads and stores of each kind beside qemu-arm."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter
from itertools import count, cycle, product
from typing import Final, NamedTuple

from tests.fuzz.accesses.batch import CASES, LEFT_OUT, batch
from tests.fuzz.accesses.beside import BUS, ILL, SEGV, difference, run_beside, run_here
from tests.fuzz.variants import MMUS

WAYS: Final = tuple(product(MMUS, ("C", "Python")))
_NAMES: Final = {BUS: "misaligned", ILL: "undefined", SEGV: "other faults"}


class Kind(NamedTuple):
    """thumb: Thumb code.  big: with data that is big-endian for some of the time."""

    thumb: bool
    big: bool

    def __str__(self) -> str:
        return ("Thumb" if self.thumb else "Arm") + (", both endiannesses" if self.big else "")


KINDS: Final = tuple(Kind(thumb, big) for big in (False, True) for thumb in (False, True))


def compare(kind: Kind, wanted: int, first: int) -> tuple[str, Counter[str]]:
    """Run batches until there have been so many instructions.

    Each batch runs on one backend with the hooks in C, in turns, and each tenth in every way.
    Returns the first difference, or "", and how many instructions did what.
    """
    seen: Counter[str] = Counter()
    plain = cycle((mmu, "C") for mmu in MMUS)
    for seed in count(first):
        if seen["instructions"] >= wanted:
            return "", seen
        made = batch(seed, *kind)
        theirs = run_beside(made)
        if theirs is None:
            return "there is no qemu-arm: make oracles", seen
        for way in WAYS if seed % 10 == 0 else (next(plain),):
            if found := difference(made, run_here(made, *way), theirs):
                return f"{kind}, {'+'.join(way)}: {found}", seen
        seen["instructions"] += CASES
        seen.update(_NAMES[fault.signal] for fault in theirs.faults)
    raise AssertionError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instructions", type=int, default=100_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}, beside qemu-arm")
    for kind in KINDS:
        found, seen = compare(kind, options.instructions, options.seed)
        told = ", ".join(f"{number:,} {name}" for name, number in seen.items())
        print(f"{kind}: {told}: {found or 'no difference'}", flush=True)
        if found:
            return 1
    for what in LEFT_OUT:
        print(f"not compared with qemu-arm: {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
