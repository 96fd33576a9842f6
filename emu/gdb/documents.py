"""Documents for gdb: about the machine's processor, memory, processes and executables.

Source: "Debugging with GDB", E.4 (qXfer), E.13 (threads), E.15 (memory map), E.16 (osdata).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.gdb.features import description

if TYPE_CHECKING:
    from emu.gdb.target import Target


def document(target: Target, kind: bytes, annex: bytes, pid: int) -> bytes | None:
    """The document of a kind, or None.  pid: the process, of a kind that is about one.

    Errors: KeyError.
    """
    if kind == b"features" and annex == b"target.xml":
        return description().encode()
    if kind == b"exec-file":
        return target.executable(pid).encode()
    if kind == b"auxv" and pid in target.pids:
        from emu.gdb.procfs import auxv

        return auxv(target, pid)
    if kind == b"memory-map":
        return b"<memory-map><memory type='ram' start='0' length='0x100000000'/></memory-map>"
    if kind == b"threads":
        return _threads(target)
    if kind == b"osdata" and annex in (b"", b"processes"):
        return _processes(target) if annex else _OSDATA
    return None


def _threads(target: Target) -> bytes:
    living = target.machine.kernel.processes
    rows = "".join(
        f"<thread id='p{pid + 1:x}.{pid + 1:x}' core='0' name='process {pid}'>"
        f"{living[pid].state.name.lower()}</thread>"
        for pid in target.pids
    )
    return f"<threads>{rows}</threads>".encode()


def _processes(target: Target) -> bytes:
    living = target.machine.kernel.processes
    rows = "".join(
        f"<item><column name='pid'>{pid + 1}</column><column name='user'>guest</column>"
        f"<column name='command'>process {pid}: {process.state.name.lower()}"
        "</column></item>"
        for pid, process in living.items()
    )
    return f"<osdata type='processes'>{rows}</osdata>".encode()


_OSDATA = (
    b"<osdata type='types'><item><column name='Type'>processes</column>"
    b"<column name='Description'>Listing of all processes</column>"
    b"<column name='Title'>Processes</column></item></osdata>"
)
