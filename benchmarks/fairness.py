"""What a process that makes nothing but the dearest calls leaves to another: ``make fair``.

Each call that grows with memory, over 128 MiB and over 1 GiB: the share of the time that a thread
has beside it, where a half is fair; how late a timeout is; the most host memory of the run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Final

from benchmarks.programs import program

CALLS: Final = ("pool", "table", "record", "refused", "list", "console", "write", "write0")
ROUNDS: Final = 40_000_000
TIMEOUT: Final = 1.0


def run(ram: str, *arguments: str) -> tuple[float, float, float]:
    """CPU and wall seconds, and MiB of resident memory at most."""
    command = [sys.executable, "-m", "emu", "run", "--ram", ram, *arguments]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024


def main() -> None:
    path = str(program("timing/heavy"))
    for ram in ("128M", "1G"):
        begun = {call: run(ram, path, "--", call, "0")[0] for call in ("none", *CALLS)}
        alone = run(ram, path, "--", "none", str(ROUNDS))[0] - begun["none"]
        for call in CALLS:
            seconds, _, memory = run(ram, path, "--", call, str(ROUNDS))
            late = run(ram, "--timeout", str(TIMEOUT), path, "--", call, "4000000000")[1] - TIMEOUT
            share = alone / (seconds - begun[call])
            print(
                f"{ram:>5} {call:8} share {share:5.2f}  timeout {late:5.2f} s late "
                f" {memory:5.0f} MiB at most",
                flush=True,
            )


if __name__ == "__main__":
    main()
