"""The same programs under QEMU: its user-mode emulation, and a bare Cortex-A15."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

BARE = (
    "-machine", "virt", "-cpu", "cortex-a15", "-m", "64",
    "-display", "none", "-nic", "none", "-serial", "none", "-monitor", "none",
    "-semihosting-config", "enable=on,target=native",
)  # fmt: skip


class QemuRun(NamedTuple):
    """A run that exited with 0.  seconds: of the whole process."""

    seconds: float
    output: str


class Qemu:
    """One of QEMU's commands, if the host has it."""

    def __init__(self, command: str, package: str) -> None:
        self.command, self.package = command, package
        self.path = shutil.which(command)

    def run(self, path: Path, number: int) -> QemuRun:
        """Run a program of guest/bench; it must exit with 0."""
        started = perf_counter()
        run = subprocess.run(
            self._arguments(path, number),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=True,
            timeout=120,
        )
        return QemuRun(perf_counter() - started, run.stdout.decode())

    def _arguments(self, path: Path, number: int) -> list[str]:
        assert self.path is not None
        if self.command == "qemu-arm":
            return [self.path, str(path), str(number)]
        return [self.path, *BARE, "-kernel", str(path), "-append", str(number)]


USER = Qemu("qemu-arm", "qemu-user")
SYSTEM = Qemu("qemu-system-arm", "qemu-system-arm")
