"""Machines of both conventions from within: the API, gdb, the history, hints that are obeyed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

import pytest

from emu.api.console import KeptWorld
from emu.api.events import Call
from emu.api.machine import Machine as ApiMachine
from emu.debuginfo import open_files
from emu.gdb.names import names_document
from emu.gdb.running import Runner
from emu.gdb.session import Session
from emu.gdb.stops import Stopped
from emu.gdb.target import Target
from emu.loader import load_elf
from emu.machine.fault import MachineFault
from emu.machine.history import HistoryState
from emu.machine.machine import Machine, Options
from emu.report.cause import cause_of
from emu.report.hint import hint_for
from emu.report.refusal import is_end_of_list
from emu.report.remedy import remedy
from kernel_model.convention import Convention
from kernel_model.syscalls import STANDARD
from kernel_model.walk import walk
from tests.convention import sides
from tests.convention.other import OTHER, back, renamed, there
from tests.debug.rig import context_now, debug_for
from tests.debug.test_hints import follow
from tests.observing import OnFault, OnRefusal


class Side(NamedTuple):
    """A convention, and how it names and numbers a call that has a standard name."""

    convention: Convention
    place: Path
    named: Callable[[str], str]

    def machine(self, name: str) -> Machine:
        path = self.path(name)
        with path.open("rb") as stream:
            image = load_elf(stream, path.name)
        return Machine(image, KeptWorld(b"", (path.name,)), Options(ram=16 << 20),
                       calls=self.convention)  # fmt: skip

    def path(self, name: str) -> Path:
        return self.place / sides.prepared(name)

    def number(self, name: str) -> int:
        return self.convention.calls.named(self.named(name)).number


SIDES: Final = (
    Side(STANDARD, sides.STANDARD.place, str),
    Side(OTHER, sides.OTHER.place, renamed),
)
either = pytest.mark.parametrize("side", SIDES, ids=["standard", "other"])


# The API


def api_machine(side: Side, name: str) -> ApiMachine:
    engine = side.machine(name)
    assert isinstance(engine.world, KeptWorld)
    return ApiMachine(engine, engine.world, [], lambda: debug_for(side.path(name)))


def told(side: Side) -> list[Call]:
    """The calls that the API tells of, under their standard names."""
    machine, found = api_machine(side, "calls/recv"), list[Call]()
    machine.on("call", found.append)
    assert machine.run().status == 0
    return [
        call._replace(
            name=back(call.name), arguments={back(key): one for key, one in call.arguments.items()}
        )
        for call in found
    ]


def test_the_api_tells_of_the_same_calls() -> None:
    ours, theirs = map(told, SIDES)
    assert theirs == ours
    assert any(call.error == "PEER_DIED" for call in ours), "no news of a child's end"
    assert any(call.error == "BAD_POINTER" and call.why for call in ours)


@either
def test_the_api_stops_at_calls_by_name(side: Side) -> None:
    machine = api_machine(side, "calls/frame_map")
    stop = machine.run_until(call=[side.named("frame_table"), side.named("frame_give")])
    assert (stop.reason, back(stop.call.name)) == ("call", "frame_table")  # type: ignore[union-attr]
    assert machine.calls == stop.call.number  # type: ignore[union-attr]
    assert str(stop) == f"call: {side.named('frame_table')}"
    with pytest.raises(KeyError):
        machine.run_until(call=renamed(side.named("frame_table")))


# What is kept


def plain_history(state: HistoryState) -> str:
    """A history as text, in which a row of the table is its name."""
    return re.sub(
        r"CallRow\(number=(-?\d+), name='(\w+)',.*?order=\(\)\)", r"\2", back(repr(state))
    )


def test_the_same_is_kept_to_explain_faults() -> None:
    found = []
    for side in SIDES:
        machine = side.machine("scenarios/move_vspace")
        machine.run()
        found.append(plain_history(machine.history.snapshot()))
    sides.assert_same(*(text.replace("), ", "),\n") for text in found))
    assert "vspace_swap" in found[0]
    assert "VspaceChanged" in found[0]


# gdb


def test_gdb_gets_the_names_of_this_convention() -> None:
    ours, theirs = (
        {
            back(row.get("name", "")): row.get("groups")
            for row in ElementTree.fromstring(names_document(side.convention.calls))
        }
        for side in SIDES
    )
    assert theirs == ours
    rows = ElementTree.fromstring(names_document(OTHER.calls))
    assert {row.get("name"): row.get("number") for row in rows} == {
        call.name: str(call.number) for call in OTHER.calls
    }


def session_of(side: Side, name: str) -> Session:
    path = side.path(name)
    files = functools.cache(lambda: open_files(str(path)))
    runner = Runner(Target(side.machine(name), files, str(path)))
    return Session(runner, Stopped(0))


def go_on(session: Session) -> bytes:
    """Let the program run; why it stands again."""
    go = session.handle(b"vCont;c").go
    assert go is not None
    session.stopped = go()
    return session.stop_reply()


@either
def test_gdb_catches_calls_by_their_numbers(side: Side) -> None:
    session, number = session_of(side, "calls/frame_map"), side.number("frame_table")
    assert session.handle(b"QCatchSyscalls:1;%x" % number).data == b"OK"
    stops = [go_on(session) for _ in range(4)]
    assert [re.search(rb"syscall_\w+:\w+", stop)[0] for stop in stops] == [  # type: ignore[index]
        b"syscall_entry:%x" % number, b"syscall_return:%x" % number,
    ] * 2  # fmt: skip
    assert session.target.machine.calls.by_number[number] == 2


def monitor(session: Session, command: str) -> str:
    """What a command says, or what gdb's user reads while the machine runs on to call 80."""
    if command == "run":
        session.target.machine.run_to_call(20)
        return "".join(session.console())
    said = session.handle(b"qRcmd," + command.encode().hex().encode()).data
    return "" if said == b"OK" else bytes.fromhex(said.decode()).decode()


COMMANDS: Final = (
    "calls", "frames", "tables", "processes", "explain 0x123000 write", "explain 0xef000000 write",
    "trace on %frame,!frame_info", "run", "trace off",
)  # fmt: skip


def test_monitor_commands_say_the_same() -> None:
    said = []
    for side in SIDES:
        session = session_of(side, "calls/frame_map")
        session.target.machine.run_to_call(60)
        given = there if side is SIDES[1] else str
        said.append([back(monitor(session, given(command))) for command in COMMANDS])
        session.close()
    for ours, theirs in zip(*said, strict=True):
        sides.assert_same(ours, theirs)
    assert "frame_split(" in said[0][0]
    assert "frame_lookup(" in "".join(said[0][-2:])


# Hints


@either
@pytest.mark.parametrize("name", ["use_after_give", "missing_l2"])
def test_hints_of_faults_are_obeyed(side: Side, name: str) -> None:
    """By the calls of this convention, whatever these are called."""
    machine, debug, seen = (
        side.machine(f"mistakes/{name}"),
        debug_for(side.path(f"mistakes/{name}")),
        [],
    )

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug)
        hint = hint_for(context, fault, cause_of(context, fault))
        assert hint is not None
        follow(machine, hint.calls)
        l1_pa = machine.kernel.l1_pa(context.process)
        assert walk(machine.ram.ram, l1_pa, fault.va).refusal(fault.access) is None
        seen.append(hint.calls)

    machine.observers.add(OnFault(on_fault))
    machine.run()
    assert len(seen) == 1
    assert seen[0]


@either
@pytest.mark.parametrize("name", ["unaligned_table", "wrong_flags"])
def test_hints_of_refusals_are_obeyed(side: Side, name: str) -> None:
    machine, debug, mended = (
        side.machine(f"mistakes/{name}"),
        debug_for(side.path(f"mistakes/{name}")),
        [],
    )

    def on_refusal(entry, refusal) -> None:
        if not is_end_of_list(entry, refusal):
            hint = remedy(context_now(machine, debug), entry.call, entry.words, refusal)
            assert hint is not None
            follow(machine, hint.calls)
            mended.append(back(entry.call.name))

    machine.observers.add(OnRefusal(on_refusal))
    machine.run()
    assert mended == ["frame_map"]
