"""Documents for gdb: about the machine's processor, memory, processes and executables.

Source: "Debugging with GDB", E.4 (qXfer), E.13 (threads), E.15 (memory map), E.16 (osdata).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emu.gdb.features import description

if TYPE_CHECKING:
    from emu.gdb.target import Target
    from kernel_model.process import Process


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
        f"<thread id='{target.thread(pid).decode()}' core='0' name='process {pid}'>"
        f"{living[pid].state.name.lower()}</thread>"
        for pid in target.pids
    )
    return f"<threads>{rows}</threads>".encode()


def _processes(target: Target) -> bytes:
    """Those that are inferiors or can become them, each with its threads."""
    inferiors, living = target.inferiors, target.machine.kernel.processes
    rows = "".join(
        f"<item><column name='pid'>{name + 1}</column><column name='user'>guest</column>"
        f"<column name='command'>{_states(living[pid] for pid in inferiors.members(name))}"
        "</column></item>"
        for name in sorted({*inferiors.all.values()})
    )
    return f"<osdata type='processes'>{rows}</osdata>".encode()


def _states(processes: Iterable[Process]) -> str:
    return ", ".join(f"process {one.pid}: {one.state.name.lower()}" for one in processes)


_OSDATA = (
    b"<osdata type='types'><item><column name='Type'>processes</column>"
    b"<column name='Description'>Listing of all processes</column>"
    b"<column name='Title'>Processes</column></item></osdata>"
)
