"""``make fuzz-inputs``: damaged files, command lines and semihosting blocks for a while.

An input has a seed of its own, counted up from ``--seed``; a failure names it and lists the input,
with everything left out that it does without, as a file for the corpus.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
from pathlib import Path

from tests.fuzz.inputs.case import Case, Target, failure, parse, smaller
from tests.fuzz.inputs.targets import TARGETS

SHRINK_SECONDS = 60


def generate(target: Target, seed: int) -> Case:
    return target.generate(random.Random(f"{target.name} {seed}"))


def shrink(target: Target, case: Case, found: str, seconds: float) -> Case:
    """A smaller case with a failure of the same kind, as small as there is time for."""
    end = time.monotonic() + seconds
    again = True
    while again:
        again = False
        for less in smaller(case):
            if time.monotonic() > end:
                return case
            if failure(target, less).partition(":")[0] == found.partition(":")[0]:
                case, again = less, True
                break
    return case


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="for each target")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--input", type=Path, help="give this listing instead")
    options = parser.parse_args()
    if options.input is not None:
        case = parse(options.input.read_text())
        found = failure(TARGETS[case.target], case)
        print(found or "nothing is wrong with what came of it")
        return bool(found)
    for name in options.target or TARGETS:
        target, seed = TARGETS[name], options.seed
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            case = generate(target, seed)
            if found := failure(target, case):
                print(f"{name}, seed {seed}: {found}\nthe same, smaller:", flush=True)
                print(shrink(target, case, found, SHRINK_SECONDS))
                return 1
            seed += 1
        print(
            f"{name}: {seed - options.seed} inputs, seeds {options.seed} to {seed - 1}", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
