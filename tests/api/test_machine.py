"""The Python API: machines that scripts and tests load, stop, look into and run on."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import emu
from tests.guests import ROOT, guest, run_emu
from tests.waiting import until

BACKENDS = ("tlb", "map", "cpu")


def load(name: str, **options) -> emu.Machine:
    return emu.load(guest(name), **options)


def test_what_is_public_is_named_and_there():
    assert emu.__all__ == sorted(emu.__all__)
    for name in emu.__all__:
        assert getattr(emu, name) is not None
    with pytest.raises(AttributeError, match="'emu' has no attribute 'nothing'"):
        emu.nothing  # noqa: B018


def test_to_import_emu_imports_nothing_else():
    code = "import sys, emu; print(sorted(m for m in sys.modules if m.startswith(('emu.', 'uni'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert done.stdout == b"[]\n"


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_run_is_that_of_the_command(mmu):
    machine = load("programs/args", mmu=mmu, args=["one", "two words"])
    stop = machine.run()
    run = run_emu(guest("programs/args"), "one", "two words", options=("--mmu", mmu))
    assert (stop.reason, stop.status, stop.is_final) == ("exit", run.returncode, True)
    assert machine.console.output == run.stdout
    with pytest.raises(emu.MachineEndedError):
        machine.run()


def test_input_comes_from_text_or_in_pieces_when_it_is_wanted():
    given = []

    def pieces():
        for piece in (b"first\n", b"second\n"):
            given.append(piece)
            yield piece

    machine = load("programs/echo", stdin=pieces())
    machine.run_until(call="console_read")
    assert given == [b"first\n"]
    machine.run()
    assert load("programs/echo", stdin="first\nsecond\n").run().status == 0
    other = load("programs/echo", stdin="first\nsecond\n")
    other.run()
    assert machine.console.text == other.console.text


@pytest.mark.parametrize("mmu", BACKENDS)
def test_stops_at_a_call_by_name_by_number_and_by_choice(mmu):
    machine = load("calls/frame_map", mmu=mmu)
    first = machine.run_until(call="frame_split")
    assert (first.reason, first.call.name, first.call.pid) == ("call", "frame_split", 0)
    assert first.call.number == machine.calls
    assert first.call.result in machine.frames
    second = machine.run_until(call=3)
    assert second.call.number == first.call.number + 3
    third = machine.run_until(call={"frame_map", "frame_unmap"})
    assert third.call.name in ("frame_map", "frame_unmap")
    assert str(third) == f"call: {third.call.name}"
    with pytest.raises(KeyError):
        machine.run_until(call="frame_mop")
    machine.check()


def test_a_refused_call_says_why():
    machine = load("calls/frame_map")
    failed = []
    machine.on("call", lambda call: failed.append(call) if call.error else None)
    machine.check()
    (call,) = [call for call in failed if call.error == "PAGE_ZERO"][:1]
    assert call.name == "frame_map"
    assert call.arguments["va"] < 4096
    assert call.result == -23
    assert call.why


@pytest.mark.parametrize("mmu", BACKENDS)
def test_stops_at_addresses_symbols_counts_and_faults(mmu):
    machine = load("programs/fault_null", mmu=mmu)
    stop = machine.run_until(symbol="main")
    assert stop.reason == "pc"
    assert machine.process.registers.pc == machine.symbols["main"]
    before, count = machine.process.registers.pc, machine.instructions
    assert machine.step().reason == "instructions"
    assert machine.process.registers.pc != before
    assert machine.run_until(instructions=2).reason == "instructions"
    assert machine.instructions == count + 3
    stop = machine.run_until(fault=True)
    assert (stop.reason, stop.is_final, stop.fault.va, stop.fault.access) == (
        "fault", False, 0, "read",
    )  # fmt: skip
    assert "null pointer" in stop.fault.report
    end = machine.run()
    assert (end.reason, end.status) == ("fault", 139)
    assert machine.reports == [stop.fault.report]
    with pytest.raises(KeyError):
        load("programs/hello").run_until(symbol="nobody")


@pytest.mark.parametrize("mmu", BACKENDS)
def test_instructions_are_counted_from_the_first_on_however_it_is_run(mmu):
    plain, bounded, pieces = (load("calls/frame_map", mmu=mmu, max_instructions=most)
                              for most in (0, 10**9, 0))  # fmt: skip
    assert plain.instructions == 0
    plain.run()
    bounded.run()
    while not pieces.run_until(instructions=997).is_final:
        pass
    assert plain.instructions == bounded.instructions == pieces.instructions > 997
    state = load("calls/frame_map").snapshot()
    plain.restore(state)
    assert plain.instructions == 0


def test_a_run_that_ends_first_says_so():
    stop = load("programs/hello").run_until(call="proc_new")
    assert (stop.reason, stop.call) == ("exit", None)


def test_bounds():
    assert load("calls/yield", max_instructions=1000).run().reason == "limit"
    assert load("scenarios/deadlock").run().reason == "deadlock"


@pytest.mark.parametrize("mmu", BACKENDS)
def test_registers_and_memory_of_each_process(mmu):
    machine = load("scenarios/server", mmu=mmu)
    machine.run_until(call="recv")
    machine.run_until(call="send")
    processes = machine.processes
    assert len(processes) > 1
    for process in processes.values():
        assert process.memory.read(process.registers.pc & ~3, 4)
        assert process.registers["r13"] == process.registers.sp
        assert process.registers.as_dict()["pc"] == process.registers.pc
    assert machine.process.is_running
    assert processes[1].parent == 0
    assert processes[0].parent is None
    assert {frame.owner for frame in machine.frames.values()} >= {0, 1}
    for pid, process in processes.items():
        mapped = machine.tables(pid)
        assert any(run.va <= process.registers.pc < run.end and "x" in run.user for run in mapped)
        assert process.vspace in machine.frames
    machine.check()


@pytest.mark.parametrize("mmu", BACKENDS)
def test_what_is_written_the_program_sees(mmu):
    """Registers, data, and code that has run before."""
    machine = load("programs/hello", mmu=mmu)
    machine.run_until(symbol="main")
    process = machine.process
    code = process.memory.read(process.registers.pc & ~1, 4)
    process.memory.write(process.registers.pc & ~1, b"\xfe\xe7\xfe\xe7")  # b . in Thumb code
    assert machine.run_until(instructions=50).reason == "instructions"
    assert process.registers.pc & ~1 == machine.symbols["main"]
    process.memory.write(machine.symbols["main"], code)
    process.registers.r0 = 7
    process.registers["r1"] = -1
    assert (process.registers.r0, process.registers.r1) == (7, 0xFFFFFFFF)
    machine.check()
    assert machine.console.output == run_emu(guest("programs/hello")).stdout


def test_physical_and_virtual_memory_are_the_same():
    machine = load("programs/hello")
    machine.run_until(symbol="main")
    for run in machine.tables():
        if run.frame is not None and machine.frames[run.frame].type == "MEM":
            virtual = machine.processes[0].memory.read(run.va, 64)
            assert virtual == machine.memory.read(run.pa, 64)
    sp = machine.process.registers.sp
    machine.process.memory.write_word(sp - 64, 0x12345678)
    assert machine.process.memory.read_word(sp - 64) == 0x12345678
    machine.process.memory.write(sp - 64, b"text\0")
    assert machine.process.memory.read_string(sp - 64) == "text"


@pytest.mark.parametrize(
    ("address", "text"), [(0, "translation fault"), (0xFFFFFFFF, "not within 32 bits")]
)
def test_where_there_is_no_memory_is_said(address, text):
    memory = load("programs/hello").processes[0].memory
    with pytest.raises(emu.AddressError, match=text):
        memory.read(address, 4)


def test_tables_and_the_kernel_are_not_to_be_written():
    machine = load("programs/hello")
    table = next(frame for frame in machine.frames.values() if frame.table)
    for pa in (table.pa, 0x80000000):
        before = machine.memory.read(pa, 4)
        with pytest.raises(emu.AddressError, match="kernel"):
            machine.memory.write(pa, b"\0\0\0\1")
        assert machine.memory.read(pa, 4) == before
    with pytest.raises(emu.AddressError, match="not in RAM"):
        machine.memory.read(0x10, 4)
    # All of a write or none of it.
    with pytest.raises(emu.AddressError):
        machine.memory.write(table.pa - 2, b"\1\1\1\1")


def test_other_registers_there_are_none():
    registers = load("programs/hello").processes[0].registers
    with pytest.raises(AttributeError):
        registers.r16  # noqa: B018
    with pytest.raises(AttributeError):
        registers.ro = 1
    with pytest.raises(KeyError):
        registers["x"]


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_snapshot_brings_everything_back(mmu):
    machine = load("scenarios/server", mmu=mmu)
    machine.run_until(call="recv")
    state, output = machine.snapshot(), machine.console.output
    machine.run()
    first = machine.console.output
    machine.restore(state)
    assert machine.console.output == output
    machine.run()
    assert machine.console.output == first
    other = load("scenarios/server")
    other.restore(state)
    other.run()
    assert other.console.output == first


def test_events_are_told_until_that_is_taken_back():
    machine = load("scenarios/server")
    calls, switches = [], []

    @machine.on("switch")
    def switched(switch):
        switches.append(switch.pid)
        if len(switches) == 3:
            machine.pause()

    machine.on("call", calls.append)
    assert machine.run().reason == "paused"
    assert len(switches) == 3
    machine.off(switched)
    machine.check()
    assert len(switches) == 3
    assert len(calls) == machine.calls
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    with pytest.raises(ValueError, match="no event 'calls'"):
        machine.on("calls", print)


def test_who_is_added_twice_is_told_once_and_taken_back_at_once():
    """Also where it is another event the second time, which is then the one."""
    machine, told = load("scenarios/server"), []
    assert machine.on("call", told.append) == machine.on("call", told.append)
    machine.run_until(call=10)
    assert len(told) == 10
    machine.on("switch", told.append)
    machine.off(told.append)
    machine.check()
    assert len(told) == 10
    machine.off(told.append)  # is no mistake


def test_faults_are_told_also_where_somebody_handles_them():
    machine = load("calls/fault_handler")
    told = []
    machine.on("fault", told.append)
    machine.check()
    assert told
    assert machine.reports == [fault.report for fault in told if fault.report in machine.reports]


def test_what_a_callback_raises_comes_out():
    machine = load("programs/hello")

    @machine.on("call")
    def refuse(call):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        machine.run()


def test_check_names_what_was_otherwise():
    machine = load("programs/exit_status")
    with pytest.raises(emu.GuestError, match="ended with exit: "):
        machine.check()
    with pytest.raises(emu.GuestError, match="null pointer"):
        load("programs/fault_null").check()
    with pytest.raises(emu.GuestError, match="the program wrote"):
        load("programs/hello").check("something else")
    load("calls/frame_map").check("PASS frame_map")


def test_files_by_name_or_beneath_a_directory(tmp_path: Path):
    source, program = tmp_path / "read.c", tmp_path / "read.elf"
    source.write_text(
        '#include <stdio.h>\nint main(void) { char line[9] = "none"; FILE *f = fopen("a.txt", "r");'
        " if (f) fgets(line, 9, f); puts(line); return 0; }\n"
    )
    guest("newlib/hello.thumb-hard")  # there is a compiler
    compiler = ["arm-none-eabi-gcc", "-specs=rdimon.specs", str(source), "-o", str(program)]
    subprocess.run(compiler, check=True)
    (tmp_path / "a.txt").write_text("there")
    for files, wanted in ((None, "none"), (tmp_path, "there"), ({"a.txt": b"given"}, "given")):
        machine = emu.load(program, files=files)
        machine.check(wanted)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"ram": "lots"}, ValueError), ({"ram": 4097}, ValueError), ({"ram": "1M"}, ValueError)],
)
def test_options_that_cannot_be(options, error):
    with pytest.raises(error):
        load("programs/hello", **options)


def test_a_file_that_is_no_program():
    with pytest.raises(emu.LoadError, match="is not an ELF file"):
        emu.load(ROOT / "README.md")
    with pytest.raises(OSError, match="No such file"):
        emu.load("/nowhere")


def test_symbols():
    symbols = load("programs/hello").symbols
    assert symbols.at(symbols["main"] + 2) == "main+0x2"
    assert symbols.line(symbols["main"]).startswith("guest/programs/hello.c:")
    assert "main" in list(symbols)
    assert len(symbols) > 10
    with pytest.raises(KeyError):
        symbols["nobody"]


def test_ctrl_c_is_what_it_is_in_python(tmp_path: Path):
    source = tmp_path / "loop.c"
    source.write_text("int main(void) { for (volatile int n = 0; ; n++); }")
    guest("programs/hello")  # there is a compiler
    machine = emu.load(emu.build(source, output=tmp_path / "loop.elf", bare=True))
    machine.run_until(symbol="main")
    control = machine._engine.cores[0].engine.control

    def press() -> None:
        until(lambda: control.running, "it runs")
        signal.raise_signal(signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        machine.run()
    presser.join()
    assert machine.run_until(instructions=10).reason == "instructions"


def test_a_machine_runs_in_another_thread():
    machine, stops = load("scenarios/server"), []
    thread = threading.Thread(target=lambda: stops.append(machine.run()))
    thread.start()
    thread.join()
    assert [stop.reason for stop in stops] == ["exit"]


def test_a_run_is_interrupted_from_another_thread():
    arrives = threading.Event()

    def pieces():
        arrives.set()
        yield b"line\n" * 1_000_000

    machine = emu.load(guest("programs/echo"), stdin=pieces())
    thread = threading.Thread(target=lambda: (arrives.wait(), machine.interrupt()))
    thread.start()
    stop = machine.run()
    thread.join()
    assert (stop.reason, stop.status, stop.is_final) == ("interrupted", 130, False)
    machine.interrupt()
    assert machine.step().reason == "instructions", "there was no run to end"
