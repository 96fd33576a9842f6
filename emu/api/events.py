"""The events that ``Machine.on`` passes to callbacks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.machine import Machine as Engine
from emu.machine.observers import Observer, Words
from kernel_model.abi import Error
from kernel_model.call import CallRow
from kernel_model.operations import Operation
from kernel_model.process import Process, Resume


class Call(NamedTuple):
    """A call of the kernel that has been decided.

    number: calls so far, with this one.  pid: of the process that made it.
    arguments: by name, as the program gave them.
    result: None where another process runs now, because the call waits or ended its caller.
    error: the error's name, or "".  why: the reason for an error, in words, with its values.
    """

    number: int
    pid: int
    name: str
    arguments: dict[str, int]
    result: int | None
    error: str
    why: str


class Fault(NamedTuple):
    """A fault of a process, before the kernel is told.

    kind: in the field's words.  va: the address accessed, or -1; access: ``read``, ``write``,
    ``execution`` or "".  report: what ``emu run`` would print.
    """

    pid: int
    kind: str
    pc: int
    va: int
    access: str
    headline: str
    report: str


class Switch(NamedTuple):
    """Another process runs than ran before."""

    pid: int


Telling = Callable[[Process], AbstractContextManager[Any]]
"""telling(process): entered while a callback is told of an event of this process."""


class Calls(Observer):
    """Makes a ``Call`` of each call that is decided."""

    def __init__(
        self, engine: Engine, tell: Callable[[Call], Any], telling: Telling = nullcontext
    ) -> None:
        self._engine, self._tell, self._telling = engine, tell, telling
        self._words: Words = (0, 0, 0, 0)

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:  # noqa: ARG002
        self._words = words

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:  # noqa: ARG002
        with self._telling(process):
            self._tell(call_of(self._engine, process.pid, call, self._words, result))


def call_of(engine: Engine, pid: int, call: CallRow, words: Words, result: int | None) -> Call:
    """The call that has just been decided, as a value."""
    arguments = arguments_of(call, words)
    refusal = engine.kernel.refusal
    error = refusal.error.name if refusal else ""
    if not error and call.operation is Operation.RECV and result is not None and result < 0:
        error = Error.PEER_DIED.name  # the call's result reports a child's end
    why = refusal.text if refusal else ""
    number, plain = engine.history.made, None if result is None else int(result)
    return Call(number, pid, call.name, arguments, plain, error, why)


def arguments_of(call: CallRow, words: Words) -> dict[str, int]:
    """The arguments of a call by name."""
    pairs = zip(call.arguments, words, strict=False)
    return {argument.name: argument.from_register(word) for argument, word in pairs}


class Switches(Observer):
    """Tells of each switch to another process."""

    def __init__(self, tell: Callable[[Switch], Any], telling: Telling = nullcontext) -> None:
        self._tell, self._telling = tell, telling

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:  # noqa: ARG002
        if switched:
            with self._telling(process):
                self._tell(Switch(process.pid))


class Faults(Observer):
    """Tells of faults, before the kernel is told.

    is_wanted: selects the faults to describe, because a description takes long.
    """

    def __init__(
        self,
        describe: Callable[[MachineFault], Fault],
        tell: Callable[[Fault], Any],
        is_wanted: Callable[[MachineFault], bool] = lambda _: True,
        telling: Telling = nullcontext,
    ) -> None:
        self._describe, self._tell, self._is_wanted = describe, tell, is_wanted
        self._telling = telling

    def faulted(self, core: Core, fault: MachineFault) -> None:
        if self._is_wanted(fault) and core.loaded is not None:
            described = self._describe(fault)
            with self._telling(core.loaded):
                self._tell(described)
