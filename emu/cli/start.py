"""Where the command begins: handles signals before importing anything that takes time."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

from emu.cli.signals import Stopped, hear, hear_no_more, tell

_OBJECTS = 50_000
"""New objects after which garbage is looked for: more than the modules of a run make, of which few
become garbage."""


def main(args: list[str] | None = None) -> NoReturn:
    """The command, from its first instruction to its exit status."""
    try:
        hear()
        gc.set_threshold(_OBJECTS)
        from emu.cli.main import main as command

        status = command(args)
        hear_no_more()
    except Stopped as stopped:
        hear_no_more()
        tell(stopped)
        status = stopped.status
    gc.freeze()  # what there is goes with the process: nothing needs to be looked for in it
    sys.exit(status)
