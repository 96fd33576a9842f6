"""What commands load: decoders and readers of debug information take longer than most programs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.guests import ROOT, guest

LOADED = """
import atexit, sys
from emu.cli.start import main
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        (("run",), {"capstone", "elftools", "emu.arm", "emu.debuginfo", "emu.unwind"}),
        (("symbols",), {"capstone", "emu.arm", "emu.unwind"}),
        (("symbols", "--json"), {"capstone", "emu.arm"}),
    ],
)
def test_loads_nothing_in_vain(command: tuple[str, ...], unwanted: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *command, str(guest("programs/hello"))],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stderr.splitlines())
    assert "emu.cli.main" in loaded
    assert not loaded & unwanted
