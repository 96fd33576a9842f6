"""Whatever a debugger sends, or does not, is answered; the machine stays, and so does the port."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.gdb.packets import INTERRUPT, LARGEST, Packets, escaped, packet, unescaped
from emu.gdb.running import Runner
from emu.gdb.session import Session
from emu.gdb.stops import Stopped
from emu.gdb.target import Target
from emu.gdb.transport import AddressError, Listener
from emu.loader import load_elf
from emu.machine.machine import Machine, Options
from emu.mmu import BACKENDS
from emu.watchpoints.watch import Watch
from kernel_model.abi import Error
from kernel_model.descriptors import READ, WRITE
from kernel_model.invariants import check_invariants
from kernel_model.syscalls import CALLS
from kernel_model.walk import mapped
from tests.guests import ROOT, guest


@given(st.binary(max_size=200))
def test_what_is_escaped_comes_back(data: bytes) -> None:
    assert unescaped(escaped(data)) == data
    assert list(Packets().feed(packet(data))) == [data]


@given(st.lists(st.binary(max_size=30), max_size=8), st.data())
def test_packets_may_come_in_any_pieces(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"+".join(map(packet, bodies))
    packets, got, at = Packets(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 12))
        got += packets.feed(stream[at : at + size])
        at += size
    assert got == bodies


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"$g#00", [None]), (b"$g#zz", [None]), (b"\x03", [INTERRUPT]),
        (b"rubbish$g#67", [b"g"]), (b"$$g#67$g#67", [None, b"g"]), (b"$g#6", []),
        (b"$" + b"x" * (LARGEST + 8), [None]),
        (packet(b"x" * (LARGEST + 1)), [None]),
    ],
    ids=range(8),
)  # fmt: skip
def test_damaged_packets(stream: bytes, found: list[bytes | None]) -> None:
    assert list(Packets().feed(stream)) == found


def session_of(name: str) -> Session:
    path = guest(name)
    with path.open("rb") as stream:
        machine = Machine(load_elf(stream, path.name), ScriptedWorld(), Options(ram=16 << 20))
    machine.run_to_call(3)
    return Session(Runner(Target(machine, lambda: open_files(str(path)), str(path))), Stopped(0))


WORDS = (
    b"?", b"g", b"G", b"p", b"P1=", b"m", b"M", b"X", b"Hg", b"Hc", b"T", b"D", b"Z0,", b"z0,",
    b"Z2,", b"Z3,", b"Z4,", b"z2,", b"z4,", b"Z0,10000,2;X", b"QCatchSyscalls:", b"vRun;",
    b"vKill;", b"R", b"vCont;c", b"vCont;s:", b"vCont;r", b"qXfer:threads:read::",
    b"qRcmd,77617463682070612030", b"qRcmd,7472616365206f6e", b"qRcmd,7472616365206f6666",
    b"qRcmd,6578706c61696e2030", b"QPassSignals:", b"qSupported:fork-events+",
    b"qXfer:features:read:target.xml:", b"qXfer:exec-file:read:",
    b"qXfer:osdata:read:processes:", b"qXfer:memory-map:read::", b"qfThreadInfo", b"qsThreadInfo",
    b"vFile:open:2f70726f632f312f736d617073,0,0", b"vFile:readlink:2f70726f632f312f657865",
    b"vFile:readlink:", b"qXfer:auxv:read::", b"p3b", b"P4a=",
    b"qC", b"qRcmd,", b"qThreadExtraInfo,", b"vCont?", b"vAttach;", b"vFile:open:", b"vFile:pread:",
    b"vFile:fstat:", b"vFile:close:", b"QStartNoAckMode", b"!", b"vCont;", b"k", b"",
)  # fmt: skip
PARTS = (
    b"0", b"1", b"p1.1", b"p2.2", b"p-1.-1", b"10000,4", b"ffffffff,8", b"0,ffffffff", b",",
    b":", b";", b"=", b"-1", b"zz", b"\xff\x00", b"00" * 40, b"666f6f", b"80000000,10",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_packets_of_any_kind_are_answered(seed: int) -> None:
    chance = random.Random(seed)
    session = session_of("scenarios/server")
    for _ in range(2000):
        body = chance.choice(WORDS) + b"".join(chance.choices(PARTS, k=chance.randrange(4)))
        answer = session.handle(body)
        assert isinstance(answer.data, bytes)
        assert len(answer.data) <= LARGEST, body
        if answer.go is not None and chance.random() < 0.05 and not session.target.is_over:
            session.stopped = answer.go()
            session.stop_reply()
            list(session.console())
    session.close()
    check_invariants(session.target.machine.kernel)


def test_registers_that_any_description_has() -> None:
    """r0 to pc at once, whatever gdb has read of a process; all others one by one."""
    session = session_of("programs/hello")
    words = session.handle(b"g").data
    core = session.target.state(0).core
    assert words == b"".join(word.to_bytes(4, "little").hex().encode() for word in core[:16])
    changed = b"44332211" + words[8:]
    assert session.handle(b"G" + changed).data == b"OK"
    assert session.handle(b"g").data == changed
    assert session.target.state(0).core[16] == core[16]
    assert session.handle(b"G" + changed + b"00000000").data == b"E01"
    assert session.handle(b"G" + changed[:-2]).data == b"E01"
    cpsr = core[16].to_bytes(4, "little").hex().encode()
    assert session.handle(b"p19").data == cpsr
    assert session.stop_reply() == b"T05thread:p1.1;19:%s;" % cpsr
    for number in range(16, 24):
        assert session.handle(b"p%x" % number).data == b"x" * 24
    assert session.handle(b"p18").data == b"x" * 8


def test_what_a_session_reads_and_writes() -> None:
    session = session_of("programs/hello")
    assert session.handle(b"P0=78563412").data == b"OK"
    assert session.handle(b"p0").data == b"78563412"
    assert session.handle(b"P1a=000000000000f83f").data == b"OK"
    assert session.handle(b"p1a").data == b"000000000000f83f"
    assert session.handle(b"p4b").data == b"E01"
    assert session.handle(b"P12=" + b"0" * 24).data == b"E01"
    assert session.handle(b"m0,4").data == b"E0e"
    sp = session.target.state(0).core[13] - 64
    assert session.handle(b"M%x,4:deadbeef" % sp).data == b"OK"
    assert session.handle(b"m%x,4" % sp).data == b"deadbeef"
    assert session.handle(b"X%x,2:\x01\x02" % sp).data == b"OK"
    assert session.handle(b"m%x,4" % sp).data == b"0102beef"
    kernel = session.target.machine.kernel
    runs = mapped(kernel.memory, kernel.l1_pa(kernel.processes[0]), 0, 0xE0000000)
    assert len(session.handle(b"m%x,40" % (runs[-1].end - 8)).data) == 16  # as much as there is
    assert session.handle(b"vFile:open:%s,0,0" % b"/etc/passwd".hex().encode()).data == b"F-1,2"


@pytest.mark.parametrize(
    ("place", "why"),
    [("no", "is no .HOST:.PORT"), ("0.0.0.0:0", "is not this host alone"), ("70000", "is no")],
)
def test_where_nobody_may_listen(place: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        Listener(place)


def test_a_port_is_this_hosts_alone_and_given_back() -> None:
    listener = Listener("0")
    host, port = listener.name.split(":")
    assert host == "127.0.0.1"
    listener.close()
    again = Listener(port)
    again.close()


def read_all(connection: socket.socket, seconds: float) -> None:
    """What has been answered so far, and what still comes if one waits so long."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except (TimeoutError, ConnectionError):
        pass


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """What has been answered, up to and with ``wanted``."""
    got = b""
    while wanted not in got:
        piece = connection.recv(1000)
        assert piece, got
        got += piece
    return got


def test_debuggers_that_disappear_or_send_rubbish_end_nothing() -> None:
    """One after the other at one port; the last one kills the machine, and the port is free."""
    command = [sys.executable, "-m", "emu", "run", "--gdb", "0", str(guest("programs/hello"))]
    run = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stderr is not None
    port = int(run.stderr.readline().decode().rpartition(":")[2])
    chance = random.Random(5)
    harmless = [word for word in WORDS if word[:1] not in (b"k", b"D", b"R", b"v", b"")]
    packets = (chance.choice(harmless) + chance.choice(PARTS) for _ in range(3000))
    thousands = b"".join(map(packet, packets))
    streams = (
        b"",
        b"\x03" * 50,
        b"+" + chance.randbytes(4000),
        b"$" * 70000,
        b"$g#67" * 200,
        thousands,
    )
    for rubbish in streams:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            with suppress(ConnectionError):  # what is no debugger's is dropped
                for at in range(0, len(rubbish), 777):
                    connection.settimeout(10)
                    connection.sendall(rubbish[at : at + 777])
                    read_all(connection, 0.001)
            read_all(connection, 0.3)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(packet(b"qC"))
        assert read_until(connection, b"QCp1.1")
        connection.sendall(packet(b"k"))
        run.communicate(timeout=30)
    assert run.returncode == 143
    Listener(str(port)).close()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--gdb-on-fault",), "emu: --gdb-on-fault needs --gdb PORT\n"),
        (("--gdb", "x"), "emu: 'x' is no [HOST:]PORT and no path of a socket\n"),
        (("--gdb", "/nowhere/x"), "emu: /nowhere/x: No such file or directory\n"),
    ],
)
def test_mistakes_of_the_user(options: tuple[str, ...], line: str) -> None:
    command = [sys.executable, "-m", "emu", "run", *options, str(guest("programs/hello"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, line)


def test_a_debugger_without_breakpoints_costs_nothing() -> None:
    """Counted, not timed: no hook is called that is not called without one."""
    path = guest("scenarios/ring")
    with path.open("rb") as stream:
        machine = Machine(load_elf(stream, path.name), ScriptedWorld(), Options())
    runner = Runner(Target(machine, lambda: open_files(str(path)), str(path)))
    assert not machine.cores[0].engine.hooks.counting
    assert runner.go().exit == 0
    assert not machine.cores[0].engine.hooks._breakpoint_hooks


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_machine_before_a_call_is_a_snapshot_too(mmu: str) -> None:
    """The call is made by whoever goes on, here or in another machine, with the registers then."""
    runner = session_of("scenarios/server").runner
    machine = runner.machine
    runner.catcher.catch(frozenset({0}))
    stopped = runner.go()
    assert stopped.why == "syscall_entry:0;"
    before, made = machine.snapshot(), machine.calls.by_number[0]
    runner.release()
    outcome, after = machine.run(), machine.snapshot()
    assert after.cores[0].is_call_pending is False
    path = guest("programs/hello")
    with path.open("rb") as stream:
        other = Machine(
            load_elf(stream, path.name), ScriptedWorld(), Options(ram=16 << 20, mmu=mmu)
        )
    other.restore(before)
    assert other.snapshot() == before
    assert other.calls.by_number[0] == made
    assert other.run() == outcome
    assert other.snapshot() == after


def test_a_number_that_is_no_call_is_caught_too() -> None:
    session = session_of("programs/hello")
    runner, machine = session.runner, session.target.machine
    state = session.target.state(0)
    code = machine.kernel.memory
    pa = machine.cores[0].backend.physical(state.core[15])
    code.write(pa, bytes.fromhex("00df" if state.core[16] & 0x20 else "000000ef"))
    machine.cores[0].backend.written(pa, 4)
    values = session.target.registers(0)
    values[12] = 99
    session.target.set_registers(0, values)
    assert session.handle(b"QCatchSyscalls:1;63").data == b"OK"
    assert runner.go().why == "syscall_entry:63;"
    assert runner.go().why == "syscall_return:63;"
    assert session.target.registers(0)[0] == 0xFFFFFFFF & Error.NO_CALL


def test_breakpoints_are_met_where_the_machine_is_and_by_nobody_else() -> None:
    session = session_of("scenarios/server")
    runner, target = session.runner, session.target
    pc = target.state(target.current).core[15]
    runner.breakpoints.set(target.current, pc)
    assert runner.go() == Stopped(target.current, why="swbreak:;")
    assert target.state(target.current).core[15] == pc
    runner.breakpoints.clear()
    runner.breakpoints.set(77, pc)
    assert runner.go().exit == 0


def test_watched_ram_stops_whoever_steps_or_runs() -> None:
    """And once: who goes on from there makes the access."""
    session = session_of("scenarios/server")
    runner, target = session.runner, session.target
    pid = target.current
    sp = target.state(pid).core[13]
    pa = session.runner.machine.cores[0].backend.physical(sp - 4)
    runner.watch(Watch(READ | WRITE, pa & ~0xFFF, 0x1000), True)
    stopped = runner.step_range(pid, 0, 1 << 32)
    assert stopped.pid == pid
    assert stopped.text.startswith(f"process {pid} ")
    pc = target.state(pid).core[15]
    assert runner.step(pid) == Stopped(pid)
    assert target.state(pid).core[15] != pc
    assert runner.go().text
    runner.release()
    assert runner.go().exit == 0


def test_calls_that_are_caught_no_longer_return_unheard() -> None:
    runner = session_of("programs/hello").runner
    numbers = {call.name: call.number for call in CALLS}
    write, exit_ = numbers["console_write"], numbers["exit"]
    runner.catcher.catch(frozenset({write}))
    assert runner.go().why == f"syscall_entry:{write:x};"
    runner.catcher.catch(frozenset())
    runner.catcher.catch(frozenset({exit_}))
    assert runner.go().why == f"syscall_entry:{exit_:x};"
    runner.catcher.catch(frozenset({write}))
    assert runner.go().exit == 0


def test_a_call_made_unheard_is_not_the_next_ones_return() -> None:
    """Between the two the debugger caught nothing, and the first call was made."""
    session = session_of("scenarios/server")
    runner = session.runner
    runner.catcher.catch(None)
    first = runner.go().why
    runner.catcher.catch(frozenset())
    runner.machine.run_to_call(2)
    runner.catcher.catch(None)
    following = [runner.go().why for _ in range(4)]
    assert first.startswith("syscall_entry")
    kinds = [why.partition(":")[0] for why in following]
    assert kinds == ["syscall_entry", "syscall_return"] * 2


def run_on(session: Session, body: bytes) -> bytes:
    """The stop reply to a packet that runs the machine."""
    go = session.handle(body).go
    assert go is not None, body
    session.stopped = go()
    return session.stop_reply()


def test_a_stop_chooses_whom_a_bare_s_steps() -> None:
    """A debugger need not know vCont, nor say Hc after each stop."""
    session = session_of("scenarios/server")
    session.handle(b"qSupported:fork-events+")
    session.handle(b"Hcp1.1")
    session.handle(b"QCatchSyscalls:1")
    while session.stopped.pid != 2:
        run_on(session, b"c")
    session.handle(b"QCatchSyscalls:0")
    run_on(session, b"s")
    assert session.stopped == Stopped(2)


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("220019 27", True),  # *(int *)0: it cannot be evaluated, and gdb says so
        ("26001a 27", True),  # $d0
        ("26000d 1620 19 27", False),  # *(int *)$sp, which gdb extends by its sign
        ("26000d 1620 19 0e 27", True),
        ("2600ff 27", True),
    ],
)
def test_a_condition_on_the_machine(condition: str, is_met: bool) -> None:
    """On a null pointer, on a stack above 2 GiB, on registers that conditions do not have."""
    session = session_of("programs/hello")
    core = session.target.state(0).core
    pc, sp = core[15], core[13]
    assert sp >> 31 == 1
    session.target.write(0, sp, bytes(4))
    code = condition.replace(" ", "").encode()
    assert session.handle(b"Z0,%x,2;X%x,%s" % (pc, len(code) // 2, code)).data == b"OK"
    assert session.runner.breakpoints.is_met(pc) is is_met
