"""The API's machine over a few lines of assembly."""

from __future__ import annotations

from typing import Any

from emu.api.console import KeptWorld
from emu.api.machine import Machine
from emu.debuginfo import open_files
from tests.guests import guest
from tests.machine.rig import Guest


def scripted(source: str, mmu: str = "tlb", **options: Any) -> tuple[Machine, Guest]:
    """A machine for scripts, and the rig's, which share all but the names of another program."""
    world = KeptWorld(options.pop("stdin", b""))
    made = Guest(source, mmu, world=world, max_insns=0, **options)
    names = guest("programs/hello")
    return Machine(made.machine, world, [], lambda: open_files(str(names), [])), made
