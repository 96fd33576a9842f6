"""Where the command begins: handles signals before importing anything that takes time."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

from emu.cli.signals import Stopped, hear, hear_no_more, tell

_OBJECTS = 20_000
"""New objects after which garbage is looked for.  Modules make few that become garbage, and to look
through them as often as Python does takes a tenth of the start."""


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
    sys.exit(status)
