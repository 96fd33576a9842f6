"""Command lines of words that make sense together or do not: success, or one line and status 2."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from emu import status
from tests.fuzz.inputs.case import Broken, Case, Target
from tests.guests import emu_command, guest

COMMANDS: Final = ("run", "run", "run", "run", "tables", "frames", "disasm", "symbols",
                   "completion", "frob", "")  # fmt: skip
OPTIONS: Final = (
    "--ram", "--mmu", "--max-insns", "--max-output", "--timeout", "--check", "--explain", "--files",
    "--symbols", "--stats", "--trace", "--pid", "--function", "--range", "--trace-out",
    "--trace-format", "--coverage", "--coverage-format", "--profile", "--at", "--json", "--svg",
    "--dot", "--lines", "--tree", "--help", "--version", "--frob", "-x", "--",
)  # fmt: skip
VALUES: Final = (
    "tlb", "map", "cpu", "0", "1", "2", "100", "-1", "4M", "1M", "64M", "0x400000", "1G",
    "9999999999", "1e3", "1e300", "inf", "nan", "", " ", "all", "syscall,ipc", "insn", "mem",
    "frob", "text", "jsonl", "chrome", "lcov", "drcov", "main", "_start", "0x10000-0x10fff", "5-1",
    "0-0xffffffff", "call:2", "insn:5", "fault", "end", "exit", "bash",
    "zsh", "fish", "\udc80", "ünï", "%s%n", "\n", "a\tb", "a" * 300,
)  # fmt: skip
PROGRAMS: Final = ("programs/hello", "programs/fault_null", "calls/yield", "scenarios/deadlock")
FILES: Final = ("missing", "directory", "empty", "text", "out", "cut", "no/where", "/dev/null",
                "/dev/full", "link")  # fmt: skip
STATUSES: Final = frozenset(
    value for name, value in vars(status).items() if name.isupper()
) | {0, 1, 3}  # fmt: skip
"""Ours, and what these guests exit with."""


def _generate(chance: random.Random) -> Case:
    words = [chance.choice(COMMANDS)] if chance.random() < 0.95 else []
    if words[:1] in (["run"], ["tables"], ["frames"]) and chance.random() < 0.9:
        words += ["--timeout", "5"]
    for _ in range(chance.choice((0, 1, 1, 2, 3, 5))):
        words.append(chance.choice(OPTIONS))
        if chance.random() < 0.75:
            words.append(chance.choice((*VALUES, *FILES)))
    for _ in range(chance.choice((0, 1, 1, 1, 1, 2))):
        words.append(chance.choice((*PROGRAMS, *PROGRAMS, *FILES)))
    return Case("command", "", tuple(json.dumps(word) for word in words))


def _files(directory: Path) -> None:
    for name in PROGRAMS:
        place = directory / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(guest(name).read_bytes())
    (directory / "directory").mkdir()
    (directory / "empty").touch()
    (directory / "text").write_text("no program\n")
    (directory / "cut").write_bytes(guest(PROGRAMS[0]).read_bytes()[:100])
    (directory / "link").symlink_to("link")


def _give(case: Case) -> None:
    words = [json.loads(part) for part in case.parts]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        _files(directory)
        try:
            done = emu_command(*words, cwd=directory, timeout=25)
        except subprocess.TimeoutExpired as error:
            raise Broken("it did not end") from error
        left = [path.name for path in directory.rglob("*.partial")]
    said = done.stderr.decode(errors="replace")
    if "Traceback" in said or done.returncode not in STATUSES:
        raise Broken(f"status {done.returncode}: {said[-600:]}")
    if left:
        raise Broken(f"left behind: {left}")
    is_ours = done.returncode == status.USAGE and not said.startswith("Usage:")
    has_run = "\n" in said[:-1] and words[:1] in (["tables"], ["frames"])  # what a guest said
    if is_ours and not (said.splitlines()[-1:] or [""])[0].startswith("emu: "):
        raise Broken(f"no line of ours: {said!r}")
    if is_ours and said.count("\n") != 1 and not has_run:
        raise Broken(f"more than a line of ours: {said!r}")


COMMAND = Target("command", _generate, _give)
