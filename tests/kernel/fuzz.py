"""``make fuzz``: the adversary for a while, and what it did.

Each round has a seed of its own, counted up from ``--seed``, and a failure names the round's:
the same seed makes the same programs again.  Without ``--seed`` the first one is any.
The counts are of calls; what Hypothesis tries while it makes a failure smaller counts too.
"""

from __future__ import annotations

import argparse
import secrets
import time
from collections import Counter, defaultdict

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.kernel.adversary import Adversary
from tests.kernel.judge import OUTCOMES

ROUND = settings(
    database=None,
    deadline=None,
    max_examples=20,
    stateful_step_count=60,
    suppress_health_check=list(HealthCheck),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    number = options.seed
    try:
        while time.monotonic() < end:
            machine = seed(number)(type("Adversary", (Adversary,), {}))
            run_state_machine_as_test(machine, settings=ROUND)
            number += 1
    except Exception:
        print(f"the round with --seed {number} failed")
        raise
    finally:
        print(report(OUTCOMES, number - options.seed))


def report(outcomes: Counter[tuple[str, str]], rounds: int) -> str:
    """A line for each call: how often it succeeded, and how often it failed with what."""
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for (name, outcome), count in outcomes.items():
        by_name[name][outcome] += count
    lines = [f"{outcomes.total()} calls in {rounds} rounds of {ROUND.max_examples} programs"]
    for name in sorted(by_name):
        counts = by_name[name]
        done = counts.pop("ok", 0) + counts.pop("passed the turn", 0)
        failed = ", ".join(f"{error} {count}" for error, count in counts.most_common())
        lines.append(f"{name:14} {done:7} done, {counts.total():7} refused  {failed}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
