"""Plants one mistake after another into the machine, and lists those that no near test notices.

Near a mutant are the tests that execute its line: of each function the quickest first, and the
sooner and the more of them, the less time they take and the more the name of its file is that of
the module, or of its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.guests import ROOT
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.planting import Copy, preload, wait_for_any
from tests.mutation.record import VARIABLE, Record, read_record

PARTS: Final = (
    "emu/mmu", "emu/cpu", "emu/machine", "emu/semihosting", "emu/loader", "emu/execution",
    "emu/trace", "emu/coverage", "emu/profile",
)  # fmt: skip
WORK: Final = ROOT / "build/mutation"
ACCEPTED: Final = Path(__file__).with_name("accepted.toml")
NOT_NEAR: Final = (
    "tests/kernel", "tests/fuzz", "tests/soak", "tests/test_mutation.py", "tests/test_shape.py",
    "tests/test_benchmarks.py", "tests/test_kernel_docs.py", "tests/world/test_security.py",
)  # fmt: skip
UNBROKEN: Final = "(nothing)"
FEW_TESTS: Final = 10
"""For what is not broken: enough to see that tests run where they should."""
LATER: Final = 40
"""By how much tests come later that are not known to execute the line, unless named like it."""
SECONDS: Final = 15.0
"""For the tests of one mutant, as long as they take on the whole machine."""


class Fate(NamedTuple):
    """What became of a mutant: "killed", "timed out", "survived" or "not executed"."""

    mutant: Mutant
    fate: str


def record(directory: Path) -> None:
    """Note which tests execute what, once; what was noted before is used again."""
    if any(directory.glob("times.*.json")):
        return
    directory.mkdir(parents=True, exist_ok=True)
    print("recording which tests execute which lines", flush=True)
    ignored = [word for path in NOT_NEAR for word in ("--ignore", path)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "auto",
        "-p",
        "tests.mutation.record",
        *ignored,
    ]
    environment = {**os.environ, VARIABLE: str(directory)}
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)


def all_mutants(parts: Iterable[str]) -> Iterator[Mutant]:
    for part in parts:
        path = ROOT / part
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield from mutants_of(str(module.relative_to(ROOT)), module.read_text())


def near(mutant: Mutant, known: Record, most: float = SECONDS) -> list[str]:
    """The tests to run, in order.  most: seconds for all of them."""
    found = known.of_module(mutant.path)
    if mutant.in_function:
        found = known.of_lines(mutant.path, mutant.line, mutant.last)
    # Tests also read tables, and run commands in processes of their own, which nobody records.
    others = {test for test in known.seconds if _distance(mutant.path, test) < 2} - found
    spent: Counter[str] = Counter()  # milliseconds, by function
    turns = []
    for test in sorted(found | others, key=lambda test: (known.seconds[test], test)):
        function, distance = test.partition("[")[0], _distance(mutant.path, test)
        turn = spent[function] * (2, 4, 16)[distance] / 1000 + (0, 2, 24)[distance]
        turns.append((turn + LATER * (test in others and distance > 0), test))
        spent[function] += int(known.seconds[test] * 1000)
    chosen, seconds = [], 0.0
    for _, test in sorted(turns):
        takes = known.seconds[test]
        if not chosen or seconds + takes < most:
            chosen.append(test)
            seconds += takes
    return chosen[:FEW_TESTS] if mutant.key == UNBROKEN else chosen


def _distance(path: str, test: str) -> int:
    """How far a test's file is from a module: 0 if it has its name, 1 if that of its folder."""
    module, file = Path(path), Path(test.partition("::")[0])
    stem = file.stem.removeprefix("test_")
    if module.stem in stem or stem in module.stem:
        return 0
    return 1 if module.parent.name in (file.parent.name, stem) else 2


def sound(mutants: list[Mutant]) -> list[Mutant]:
    """For each module of these mutants one in which nothing is broken: what must survive."""
    modules = sorted({mutant.path for mutant in mutants})
    return [Mutant(path, UNBROKEN, 1, 1, False, (ROOT / path).read_text()) for path in modules]


class Run:
    """Mutants on their way, as many at once as there are copies."""

    def __init__(self, known: Record, jobs: int, most: float) -> None:
        self._known, self._most = known, most
        self._free = [Copy(ROOT, WORK / f"copy{number}") for number in range(jobs)]
        self._deadlines: dict[int, float] = {}
        self._running: dict[int, tuple[Copy, Mutant]] = {}

    def fates(self, mutants: Iterable[Mutant]) -> Iterator[Fate]:
        for mutant in mutants:
            tests = near(mutant, self._known, self._most)
            if not tests:
                yield Fate(mutant, "not executed")
                continue
            if not self._free:
                yield self._next()
            self._start(mutant, tests)
        while self._running:
            yield self._next()

    def _start(self, mutant: Mutant, tests: list[str]) -> None:
        copy = self._free.pop()
        copy.plant(mutant)
        pid = copy.start(tests)
        seconds = sum(self._known.seconds[test] for test in tests)
        self._running[pid] = copy, mutant
        self._deadlines[pid] = time.monotonic() + 60 + 4 * seconds

    def _next(self) -> Fate:
        pid, status = wait_for_any(self._deadlines)
        del self._deadlines[pid]
        copy, mutant = self._running.pop(pid)
        copy.mend(mutant)
        self._free.append(copy)
        return Fate(mutant, "timed out" if status is None else "killed" if status else "survived")


def accepted() -> dict[str, dict[str, str]]:
    """Why a mutant may survive: by module and key."""
    return tomllib.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}


def table(fates: list[Fate], known: dict[str, dict[str, str]]) -> str:
    """A line for each folder, and those that survived for no reason that is known."""
    counts: dict[str, Counter[str]] = {}
    for mutant, fate in fates:
        explained = fate in ("survived", "not executed") and mutant.key in known.get(
            mutant.path, {}
        )
        counts.setdefault(str(Path(mutant.path).parent), Counter())[
            "explained" if explained else fate
        ] += 1
    columns = ("killed", "timed out", "explained", "survived", "not executed")
    lines = [
        f"{'':16}{'mutants':>9}" + "".join(f"{name:>14}" for name in columns) + f"{'noticed':>10}"
    ]
    for name, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        noticed = (count["killed"] + count["timed out"]) / count.total()
        numbers = "".join(f"{count[column]:14,}" for column in columns)
        lines.append(f"{name:16}{count.total():9,}{numbers}{noticed:10.1%}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=PARTS, help="folders or modules")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, always the same")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests for a mutant")
    parser.add_argument("--again", action="store_true", help="those only that survived before")
    options = parser.parse_args()
    record(WORK / "record")
    known = read_record(WORK / "record", ROOT)
    mutants = list(all_mutants(options.parts))
    if options.again:
        before = json.loads((WORK / "survivors.json").read_text())
        mutants = [one for one in mutants if [one.path, one.key] in before]
    if options.sample and options.sample < len(mutants):
        chosen = set(random.Random(0).sample(range(len(mutants)), options.sample))
        mutants = [one for number, one in enumerate(mutants) if number in chosen]
    preload()
    run = Run(known, options.jobs, options.seconds)
    for mutant, fate in run.fates(sound(mutants)):
        if fate not in ("survived", "not executed"):
            sys.exit(f"{mutant.path}: {fate}, though nothing is broken")
    reasons = accepted()
    fates = []
    for number, one in enumerate(run.fates(mutants), 1):
        fates.append(one)
        if one.fate in ("survived", "not executed"):
            why = reasons.get(one.mutant.path, {}).get(one.mutant.key, "")
            print(
                f"{one.mutant.path}:{one.mutant.line}: {one.mutant.key}  [{one.fate}] {why}",
                flush=True,
            )
        if number % 100 == 0:
            print(f"{number} of {len(mutants)}", file=sys.stderr, flush=True)
    alive = [
        [mutant.path, mutant.key] for mutant, fate in fates if fate in ("survived", "not executed")
    ]
    (WORK / "survivors.json").write_text(json.dumps(alive, indent=1))
    print(table(fates, reasons))


if __name__ == "__main__":
    main()
