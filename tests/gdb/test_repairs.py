"""A fault's stop: given to the process with a signal, repaired, or passed by without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.gdb.running import Runner
from emu.gdb.session import Answer, Session
from emu.gdb.stops import Stopped
from emu.gdb.target import Target
from emu.loader import load_elf
from emu.machine.machine import Machine, Options
from tests.gdb.served import Served
from tests.guests import guest

FAULTY = "mistakes/null_pointer"
STOPPED = b"T0bthread:p1.1;"


class AtFault:
    """A session that stands at the null pointer's fault."""

    def __init__(self, mmu: str, name: str = FAULTY) -> None:
        path = guest(name)
        with path.open("rb") as stream:
            self.machine = Machine(
                load_elf(stream, path.name), ScriptedWorld(), Options(mmu=mmu, ram=16 << 20)
            )
        runner = Runner(Target(self.machine, lambda: open_files(str(path)), str(path)))
        self.session = Session(runner, Stopped(0))
        self.ask(b"qSupported:fork-events+")
        while not self.go(b"vCont;c").startswith(b"T0b"):
            pass

    def ask(self, body: bytes) -> bytes:
        return self.session.handle(body).data

    def go(self, body: bytes) -> bytes:
        answer: Answer = self.session.handle(body)
        assert answer.go is not None
        self.session.stopped = answer.go()
        return self.session.stop_reply().partition(b"19:")[0]

    def pass_by(self) -> None:
        """Set the PC behind the instruction."""
        registers = self.machine.state_of(self.machine.kernel.processes[0]).core
        size = 2 if registers[16] & 0x20 else 4
        value = (registers[15] + size).to_bytes(4, "little").hex().encode()
        assert self.session.handle(b"Pf=" + value).data == b"OK"


@pytest.fixture
def at_fault(mmu: str) -> AtFault:
    return AtFault(mmu)


@pytest.fixture(params=["tlb", "map", "cpu"])
def mmu(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("action", [b"vCont;C0b", b"vCont;C0b:p1.1;c", b"vCont;C0b:p1.-1;c"])
def test_with_the_signal_the_process_ends(at_fault: AtFault, action: bytes) -> None:
    assert at_fault.go(action) == b"X0b;process:1"


@pytest.mark.parametrize("action", [b"c", b"vCont;c", b"vCont;c:p1.1", b"vCont;s:p1.1;c", b"s"])
def test_without_it_the_instruction_is_executed_again(at_fault: AtFault, action: bytes) -> None:
    before = at_fault.machine.snapshot()
    for _ in range(3):
        assert at_fault.go(action) == STOPPED
    assert at_fault.machine.snapshot().kernel == before.kernel
    assert at_fault.go(b"vCont;C0b") == b"X0b;process:1"


@pytest.mark.parametrize("action", [b"vCont;C0b", b"vCont;c", b"c"])
def test_what_is_repaired_counts_whatever_the_signal(at_fault: AtFault, action: bytes) -> None:
    at_fault.pass_by()
    assert at_fault.go(action).startswith(b"W")


@pytest.mark.parametrize(
    "register", [b"1a=000000000000f83f", b"39=0000000000000040", b"3a=00000003"]
)
def test_floating_point_registers_count(at_fault: AtFault, register: bytes) -> None:
    assert at_fault.ask(b"P" + register) == b"OK"
    assert at_fault.go(b"vCont;C0b") == STOPPED
    assert at_fault.go(b"vCont;C0b") == b"X0b;process:1"


@pytest.mark.parametrize("register", [b"3", b"1a", b"3a"])
def test_what_is_set_and_set_back_is_no_repair(at_fault: AtFault, register: bytes) -> None:
    before = at_fault.ask(b"p" + register)
    assert at_fault.ask(b"P" + register + b"=" + b"1" * len(before)) == b"OK"
    assert at_fault.ask(b"P" + register + b"=" + before) == b"OK"
    assert at_fault.go(b"vCont;C0b") == b"X0b;process:1"


@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize("what", ["memory", "register", "nothing"])
def test_what_is_changed_in_another_process_repairs_nothing(
    mmu: str, what: str, is_own: bool
) -> None:
    """As gdb's user does who looks at its parent at a child's fault."""
    at_fault = AtFault(mmu, "scenarios/misbehave")
    child = at_fault.session.stopped.pid
    assert child
    at_fault.ask(b"Hgp%x.%x" % (2 * (child * is_own + 1,)))
    sp = at_fault.session.target.state(child * is_own).core[13]
    if what == "memory":
        assert at_fault.ask(b"M%x,1:%s" % (sp, at_fault.ask(b"m%x,1" % sp))) == b"OK"
    elif what == "register":
        assert at_fault.ask(b"P1a=000000000000f83f") == b"OK"
    else:
        assert at_fault.ask(b"X%x,0:" % sp) == b"OK"
    retried = at_fault.go(b"vCont;C0b").startswith(b"T0bthread:p%x." % (child + 1))
    assert retried is (is_own and what != "nothing")


def test_a_repair_counts_once(at_fault: AtFault) -> None:
    """What was written before the fault is none, nor is what was written at the last one."""
    assert at_fault.session.handle(b"P1=00000000").data == b"OK"
    assert at_fault.go(b"vCont;C0b") == STOPPED
    assert at_fault.go(b"vCont;C0b") == b"X0b;process:1"


@pytest.mark.parametrize("fix", ["set var $pc = $pc + 2", "jump *($pc + 2)"])
def test_gdb_goes_on_with_signal_0_and_by_jump(place: Path, fix: str) -> None:
    served = Served(guest(FAULTY), place)
    said = served.gdb("continue", fix, *["signal 0"] * fix.startswith("set"))
    assert "received signal SIGSEGV" in said
    assert "exited normally" in said
    status, output, errors = served.end()
    assert (status, output.count("comes")) == (0, 2)
    assert "faulted: null pointer" in errors


def test_gdb_calls_a_function_at_a_fault(place: Path) -> None:
    served = Served(guest(FAULTY), place)
    said = served.gdb(
        "continue", "print ((unsigned (*)(char *))strlen)($sp)", "bt 1", "continue", "continue"
    )
    assert "$1 = 1" in said
    assert "terminated with signal SIGSEGV" in said
    assert served.end()[0] == 139
