"""``make fuzz-guest``: hostile programs for a while, and what they did.

A program has a seed of its own, counted up from ``--seed``; a failure names it and lists the
program, with everything left out that it does without.
"""

from __future__ import annotations

import argparse
import importlib
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.fuzz.variants import EVERY, Finding, Seen, Variant, judge

KINDS: Final = ("chaos", "code")
"""``tests.fuzz.KIND`` has generate(seed), program_of(it), variants(seed) and smaller(it);
parse(text) of a program as ``str`` lists it; and outside(it, seen), what others find in that."""

SHRINK_SECONDS: Final = 120


class Counts:
    """What was exercised."""

    def __init__(self) -> None:
        self.programs = self.instructions = 0
        self.outcomes: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.faults = 0

    def add(self, seen: Seen) -> None:
        self.programs += 1
        self.instructions += seen.instructions
        self.outcomes[seen.outcome.how.name if seen.outcome else "none"] += 1
        self.calls.update(dict(seen.calls))
        for name, error, count in seen.refusals:
            self.refused[name, error] += count
        self.faults += len(seen.faults)

    def text(self) -> str:
        ends = ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common())
        lines = [
            f"{self.programs} programs, {self.instructions:,} instructions, {self.faults} faults",
            f"ended: {ends}",
        ]
        for name, count in sorted(self.calls.items()):
            errors = Counter({e: n for (call, e), n in self.refused.items() if call == name})
            told = ", ".join(f"{error} {n}" for error, n in errors.most_common())
            lines.append(f"{name:14} {count:7} made, {errors.total():7} refused  {told}")
        return "\n".join(lines)


def check(kind: ModuleType, case: Any, ways: Sequence[Variant]) -> tuple[Finding | None, Seen]:
    """The first finding about a program, by our own means or by those from outside."""
    finding, seen = judge(kind.program_of(case), ways)
    return finding or kind.outside(case, seen), seen


def within(seconds: float) -> Callable[[], bool]:
    """Whether so much time has not passed yet."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def shrink(
    case: Any,
    finding: Finding,
    kind: ModuleType,
    ways: Sequence[Variant],
    goes_on: Callable[[], bool],
) -> tuple[Any, Finding]:
    """A smaller program with the same finding, tried as long as ``goes_on`` says."""
    again = True
    while again:
        again = False
        for less in kind.smaller(case):
            if not goes_on():
                return case, finding
            found, _ = check(kind, less, ways)
            if found is not None and found.kind == finding.kind:
                case, finding, again = less, found, True
                break
    return case, finding


def one(
    kind: ModuleType, seed: int, tell: Callable[[str], None] = print
) -> tuple[Finding | None, Seen]:
    """The program of this seed; a finding is made small and told."""
    case, ways = kind.generate(seed), kind.variants(seed)
    finding, seen = check(kind, case, ways)
    if finding is not None:
        tell(f"seed {seed}: {finding.kind}\n{finding.text}")
        case, finding = shrink(case, finding, kind, ways, within(SHRINK_SECONDS))
        tell(f"the same, smaller:\n{case}\n{finding.text}")
    return finding, seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--kind", choices=KINDS, default="chaos")
    parser.add_argument("--program", type=Path, help="run this listing, in all ways, instead")
    options = parser.parse_args()
    kind = importlib.import_module(f"tests.fuzz.{options.kind}")
    if options.program is not None:
        case = kind.parse(options.program.read_text())
        finding, seen = check(kind, case, EVERY)
        print(finding or seen.console.decode(errors="replace"))
        return finding is not None
    end, seed, counts = time.monotonic() + options.seconds, options.seed, Counts()
    finding = None
    while finding is None and time.monotonic() < end:
        finding, seen = one(kind, seed)
        counts.add(seen)
        seed += 1
    print(f"seeds {options.seed} to {seed - 1}\n{counts.text()}")
    for what in getattr(kind, "LEFT_OUT", ()):
        print(f"not compared with qemu-arm: {what}")
    return finding is not None


if __name__ == "__main__":
    sys.exit(main())
