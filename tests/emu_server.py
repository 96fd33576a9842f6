"""Runs commands of emu in forks of one process that has imported everything once.

Most of what a short `emu run` costs is Python starting and importing.  A test that asks here gets
the same command, in a process of its own, without paying for that again.

Requests come over a socket: a JSON object with three descriptors for the standard streams.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

MESSAGE_MAX = 1 << 17
PRELOADED = (
    "capstone",
    "elftools.dwarf.dwarfinfo",
    "elftools.elf.elffile",
    "emu.machine.checker",
    "emu.cli.frames",
    "emu.cli.main",
    "emu.cli.run",
    "emu.cli.start",
    "emu.cli.tables",
    "emu.debuginfo",
    "emu.debuginfo.code",
    "emu.mmu.cpu",
    "emu.mmu.map",
    "emu.mmu.tlb",
    "emu.report",
    "emu.semihosting.process",
)


class EmuServer:
    """The tests' end: starts the server and asks it."""

    def __init__(self, root: Path, module: str = "tests.emu_server") -> None:
        """module: what serves."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root)},
            )

    def run(
        self,
        words: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        streams: tuple[int, int, int],
        timeout: float,
    ) -> int:
        """Run ``emu words`` on these streams; its exit status.  Errors: TimeoutExpired."""
        request = {"words": words, "cwd": str(cwd), "env": dict(env), "timeout": timeout}
        socket.send_fds(self._socket, [json.dumps(request).encode()], streams)
        answer = self._socket.recv(MESSAGE_MAX)
        assert answer, "the server of emu's commands has died"
        status = json.loads(answer)
        if status is None:
            raise subprocess.TimeoutExpired(list(words), timeout)
        return int(status)


def serve(channel: socket.socket) -> None:
    """Answer requests until the tests are gone."""
    for name in PRELOADED:
        import_module(name)
    while True:
        message, streams, _, _ = socket.recv_fds(channel, MESSAGE_MAX, 3)
        if not message:
            return
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            channel.close()
            _become(request, streams)
        for stream in streams:
            os.close(stream)
        channel.send(json.dumps(_status(pid, request["timeout"])).encode())


def _status(pid: int, timeout: float) -> int | None:
    """The exit status of the fork, or None if it had to be killed."""
    process = os.pidfd_open(pid)
    ended, _, _ = select.select([process], [], [], timeout)
    os.close(process)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(request: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the command, to its end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    if request["env"].get("EMU_NATIVE") == "0":
        import_module("emu.native").hooks = None  # it has been imported without the variable
    status = 1
    try:
        import_module("emu.cli.start").main(request["words"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
