"""Which processes are threads of one inferior: those that run on one vspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kernel_model.abi import NO_ID
from kernel_model.kernel import PROC0

if TYPE_CHECKING:
    from emu.machine.machine import Machine


def grouped(
    before: Mapping[int, int], l1s: Mapping[int, int], owners: Mapping[int, int]
) -> dict[int, int]:
    """The inferior of each process, named by a pid, which may be that of one that has ended.

    before: what this returned the last time.  l1s: the L1 (frame id) on which each process runs.
    owners: the pid that owns each L1.

    An inferior is named after the owner of its vspace, if that runs on it, too.  Otherwise it
    keeps its name, which another takes only when the process of that name runs elsewhere.
    """
    found: dict[int, int] = {}
    groups: dict[int, list[int]] = {}
    for pid in sorted(l1s):
        l1 = l1s[pid]
        groups.setdefault(l1 if l1 != NO_ID else -1 - pid, []).append(pid)
    for l1, members in groups.items():
        name = _name(members, owners.get(l1), before, l1s, set(found.values()))
        found.update(dict.fromkeys(members, name))
    return dict(sorted(found.items()))


def _name(
    members: Sequence[int],
    owner: int | None,
    before: Mapping[int, int],
    l1s: Mapping[int, int],
    taken: set[int],
) -> int:
    if owner is not None and owner in members:
        return owner
    names = sorted({before[pid] for pid in members if pid in before})
    own = [name for name in names if name in members]
    left = [name for name in names if name not in l1s and name not in taken]
    return next(iter([*own, *left, *members]))


class Inferiors:
    """The inferiors of a machine: of the processes that have begun to run, as last looked at.

    known: those that the debugger has in its list.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._of: dict[int, int] = {}
        self._l1s: dict[int, int] = {}
        self.known: set[int] = set()
        self.restored()
        self.know_all()

    @property
    def all(self) -> Mapping[int, int]:
        """The inferior of each process."""
        return self._of

    def know_all(self) -> None:
        """The debugger has all in its list that there are."""
        self.known = set(self._of.values())

    def of(self, pid: int) -> int:
        """The inferior of a process; of one that is in none, the pid."""
        return self._of.get(pid, pid)

    def members(self, inferior: int) -> list[int]:
        """The pids of the processes of an inferior, in order."""
        return [pid for pid, one in self._of.items() if one == inferior]

    def first(self, inferior: int) -> int:
        """The process that stands for an inferior: that of its name, if it lives.

        Errors: KeyError, if there is no such inferior.
        """
        members = self.members(inferior)
        if not members:
            raise KeyError(inferior)
        return inferior if inferior in members else members[0]

    def has(self, pid: int, l1: int) -> bool:
        """Whether a process was on this L1 when last looked at."""
        return self._l1s.get(pid) == l1

    def restored(self) -> None:
        """The machine has become what another was."""
        machine = self._machine
        self._look(
            pid
            for pid in machine.kernel.processes
            if pid == PROC0 or any(core.holds(pid) for core in machine.cores)
        )

    def look(self, beginning: int | None = None) -> None:
        """See which processes have ended or moved to another vspace.  beginning: one more pid."""
        living = self._machine.kernel.processes
        pids = {*self._of} if beginning is None else {*self._of, beginning}
        self._look(pid for pid in living if pid in pids)

    def _look(self, pids: Iterable[int]) -> None:
        kernel = self._machine.kernel
        l1s = {pid: kernel.processes[pid].l1 for pid in pids}
        if l1s != self._l1s:
            owners = {l1: kernel.frames[l1].owner for l1 in l1s.values() if l1 != NO_ID}
            self._of, self._l1s = grouped(self._of, l1s, owners), l1s
