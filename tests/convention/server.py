"""The commands of emu where another convention was chosen: in one module, before all others."""

import socket
import sys

import emu.conventions
from tests.convention.other import OTHER

assert "emu.machine.machine" not in sys.modules, "somebody has chosen before"
emu.conventions.DEFAULT = OTHER  # type: ignore[misc]

if __name__ == "__main__":
    from tests.emu_server import serve

    serve(socket.socket(fileno=int(sys.argv[1])))
