"""The kernel as its guests meet it: a program for each call, and stories of several processes.

Each program of guest/calls and guest/scenarios checks itself and ends with ``PASS name``; here
stands what else it prints.  The ways in which each is run are those of a covering array: no
backend, watcher or kind of hook may change a run, and no call may break an invariant.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from emu.status import DEADLOCK, FAULT
from kernel_model import syscalls
from tests.agreement import CODES, LONG, Command, Way, commands, disagreement, ways
from tests.fuzz.variants import MMUS
from tests.guests import SOURCES, guest, run_emu


class Row(NamedTuple):
    """A run of a program: what goes in and what comes out.

    before: what it prints before its sentinel.  stderr: what the machine says; None where that is
    the reports of children that were meant to fail.
    """

    program: str
    before: str = ""
    stdin: str = ""
    status: int = 0
    stderr: str | None = ""
    args: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.program.partition("/")[2]

    @property
    def stdout(self) -> str:
        return f"{self.before}PASS {self.name}\n"


LINES = "".join(f" line of 32 characters, no. {i:03}\n" for i in range(256))
CONSOLE_WRITE = "from memory that is only read\na\0b\r\t\xff\nx\nacross the end of a page\n" + LINES

SEND = """\
child: not yet
child: now
parent: sent
parent: starts the child
child: started by the parent, heard from the sibling
"""

YIELD = """\
parent 1
first child 1
second child 1
parent 2
first child 2
second child 2
parent 3
second child 3
parent 4
"""

CALLS = (
    Row("calls/send", SEND),
    Row("calls/recv"),
    Row("calls/proc_new"),
    Row("calls/frame_split"),
    Row("calls/frame_merge"),
    Row("calls/frame_give"),
    Row("calls/frame_map"),
    Row("calls/frame_unmap"),
    Row("calls/frame_allow"),
    Row("calls/frame_count"),
    Row("calls/frame_info"),
    Row("calls/frame_create"),
    Row("calls/frame_lookup"),
    Row("calls/frame_table"),
    Row("calls/vspace_swap", stderr=None),
    Row("calls/vspace_id"),
    Row("calls/frame_pool"),
    Row("calls/yield", YIELD),
    Row("calls/exit", status=42),
    Row("calls/console_write", CONSOLE_WRITE),
    Row("calls/console_read", stdin="0123456789abcdefghijklmnopqrstuvwxyz\nsecond line\n"),
    Row("calls/fault_handler"),
    Row("calls/proc_end"),
    Row("calls/vspace_lend", stderr=None),
    Row("calls/call"),
    Row("calls/reply"),
    Row("calls/pool_give"),
    Row("calls/frame_unpool"),
    Row("calls/thread_pointer", stderr=None),
    Row("calls/convention"),
)

MISDEEDS = (
    ("reads through a null pointer", "null pointer"),
    ("writes through a null pointer", "null pointer"),
    ("calls a null pointer", "null function pointer"),
    ("reads the kernel's memory", "access to the kernel's part"),
    ("writes the kernel's memory", "access to the kernel's part"),
    ("jumps into the kernel", "access to the kernel's part"),
    ("writes the kernel's window on tables", "access to the kernel's part"),
    ("reads the last word of all", "access to the kernel's part"),
    ("reads where nothing is mapped", "missing L2 table"),
    ("jumps to where nothing is mapped", "missing L2 table"),
    ("writes its own code", "write to code"),
    ("writes a constant", "write to read-only data"),
    ("writes its L1 table", "write to a page table"),
    ("writes its L2 table", "write to a page table"),
    ("executes data", "jump to data"),
    ("executes its stack", "jump to data"),
    ("overflows its stack", "stack overflow"),
    ("executes an undefined instruction", "undefined instruction"),
    ("executes a breakpoint", "breakpoint instruction"),
    ("reads the system control register", "privileged instruction"),
    ("writes the system control register", "privileged instruction"),
    ("writes the translation table base", "privileged instruction"),
    ("writes the domain register", "privileged instruction"),
    ("invalidates the TLB", "privileged instruction"),
    ("calls the secure monitor", "privileged instruction"),
    ("calls a hypervisor", "privileged instruction"),
    ("returns from an exception", "privileged instruction"),
    ("changes the processor mode", "nothing came of it"),
    ("changes the status register", "nothing came of it"),
    ("changes both and reads the kernel's memory", "access to the kernel's part"),
    ("hands bad pointers to calls", "E_BAD_POINTER"),
    ("uses frames of others", "E_NO_FRAME"),
    ("gives a frame to strangers", "E_NOT_ALLOWED"),
    ("maps its L1 table for writing", "E_TABLE_WRITABLE"),
    ("maps memory over its L1 table", "E_ENTRY_IN_USE"),
    ("maps page 0", "E_PAGE_ZERO"),
    ("maps memory over the kernel", "E_KERNEL_SPACE"),
    ("creates a frame of kernel memory", "E_NO_CREATE"),
    ("makes a call that there is not", "E_NO_CALL"),
    ("unmaps its own code", "use after unmap"),
    ("removes the table of its stack", "use after unmap"),
    ("swaps to an address space with nothing in it", "use after vspace swap"),
    ("swaps its parent to another address space", "E_NOT_ALLOWED"),
)
"""What each child of misbehave does, and what is said to it: an error, or the cause of its end."""

ANSWERS = re.compile(r"E_\w+|nothing came of it")
CAUSES = [answer for _, answer in MISDEEDS if not ANSWERS.fullmatch(answer)]
MISBEHAVE = "".join(
    f"{misdeed}: {answer if ANSWERS.fullmatch(answer) else 'stopped'}\n"
    for misdeed, answer in MISDEEDS
)

COUSINS = """\
a frame from cousin to cousin: E_NOT_ALLOWED
the cousin allows it
a frame from cousin to cousin: given
a frame from cousin to cousin: E_NOT_ALLOWED
a frame from cousin to cousin: E_NOT_ALLOWED
the cousin allows it no more
a frame from cousin to cousin: E_NOT_ALLOWED
"""

MOVE_VSPACE = """\
the builder has ended; what it built has not
it has moved on to another, and cleared the first away
"""

TAKEOVER = """\
a stranger with leave to give gives, and takes nothing over
an orphan takes over nobody whom it has not made
"""

GREEDY = """\
splits all it has: no harm
pays for room, and fills that: no harm
makes pool memory of everything: no harm
floods a sibling with frames: no harm
floods it with messages: no harm
asks, and never receives: no harm
makes processes of everything: no harm
"""

ENDED_BY_HANDLER = "the first process has a handler\n"

SPAWN = "%d tenants have come and gone, and all is as before\n"

SCENARIOS = (
    Row("scenarios/spawn", SPAWN % 2, args=("2",)),
    Row("scenarios/misbehave", MISBEHAVE, stderr=None),
    Row("scenarios/ring", "5 members, 100 hops, sum 300\n"),
    Row("scenarios/server", "served: 1 2 3 4 1 2 3 4 1 2 3 4\n"),
    Row("scenarios/siblings"),
    Row("scenarios/cousins", COUSINS),
    Row("scenarios/move_vspace", MOVE_VSPACE),
    Row("scenarios/takeover", TAKEOVER),
    Row("scenarios/greedy", GREEDY),
    Row("scenarios/patient", "read: typed\ncomputed\n", stdin="typed\n"),
    Row("scenarios/ended_by_handler", ENDED_BY_HANDLER, status=FAULT, stderr=None),
    Row("scenarios/swapped_away", stderr=None),
    Row("scenarios/misaligned", stderr=None),
    Row("scenarios/table_travels"),
    Row("scenarios/code_travels"),
    Row("scenarios/pool"),
    Row("scenarios/orphans", "the parent has ended\n"),
    Row("scenarios/preempt", "".join(f"my turn {i}\n" for i in range(1, 6)), stderr=None),
)


ROWS: Final = {row.program: row for row in CALLS + SCENARIOS}

DEAR: Final = {"scenarios/greedy": 700_000, "scenarios/spawn": 1_000_000}
"""What makes so many calls that it is compared for so many instructions only."""
UNCHECKED: Final = ("scenarios/greedy",)
"""What takes a minute with ``--check``: that is looked at in its first part."""


def check(row: Row, program: Path, *options: str) -> None:
    run = run_emu(program, *row.args, options=options, stdin=row.stdin.encode(), timeout=300)
    assert run.stdout.decode("latin-1") == row.stdout
    if row.stderr is not None:
        assert run.stderr.decode() == row.stderr
    assert run.returncode == row.status


@pytest.mark.parametrize(("program", "command"), commands(ROWS), ids=str)
def test_output(program: str, command: Command) -> None:
    command = command._replace(check=command.check and program not in UNCHECKED)
    check(ROWS[program], guest(program + command.code), "--ram", "16M", *command.options)


@pytest.mark.parametrize(("program", "ways"), ways(ROWS).items(), ids=ROWS)
def test_every_way_is_the_same(program: str, ways: list[Way]) -> None:
    row, bound = ROWS[program], DEAR.get(program, LONG)
    finding, printed = disagreement(guest(program), ways, row.stdin.encode(), bound=bound)
    assert finding is None, finding.text
    assert row.stdout.startswith(printed.decode("latin-1"))


@pytest.mark.long
@pytest.mark.parametrize("mmu", MMUS)
@pytest.mark.parametrize("code", CODES, ids=["thumb", "arm"])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_output_in_all_memory(row: Row, code: str, mmu: str) -> None:
    check(row, guest(row.program + code), "--mmu", mmu)


@pytest.mark.long
@pytest.mark.parametrize("mmu", MMUS)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_invariants_hold_after_every_call(row: Row, mmu: str) -> None:
    check(row, guest(row.program), "--check", "--ram", "16M", "--mmu", mmu)


def test_each_call_has_a_program() -> None:
    assert {row.program for row in CALLS} == (
        {f"calls/{call.name}" for call in syscalls.CALLS} | {"calls/convention"}
    )


def test_each_program_has_a_row() -> None:
    """Besides deadlock, which never comes to its sentinel."""
    for directory, rows in (("calls", CALLS), ("scenarios", SCENARIOS)):
        programs = {path.stem for path in (SOURCES / directory).glob("*.c")}
        assert programs - {"deadlock"} == {row.name for row in rows}


def test_a_hundred_processes_leave_all_as_it_was() -> None:
    check(Row("scenarios/spawn", SPAWN % 100), guest("scenarios/spawn"))


@pytest.mark.parametrize("mmu", MMUS)
def test_misbehaviour_ends_for_its_own_reason(mmu: str) -> None:
    run = run_emu(guest("scenarios/misbehave"), options=("--mmu", mmu))
    ends = re.findall(r"^emu: process \d+ faulted: ([^:\n]*)", run.stderr.decode(), re.MULTILINE)
    assert ends == CAUSES


DEADLOCK_REPORT = """\
emu: deadlock: every process waits and none can wake another
  a cycle: process 0 waits to send to 1, 1 waits to send to 0
    any of these would have ended it: a recv by 1, a recv by 0
  process 0 waits for process 1 to receive its message
    #0   send at guest/lib/stubs.:LINE
    #1   main at guest/scenarios/deadlock.:LINE
    #2   start_program at guest/lib/start.:LINE
    #3   _start at guest/lib/crt0.:LINE
  process 1 waits for process 0 to receive its message
    #0   send at guest/lib/stubs.:LINE
    #1   send_to_parent at guest/scenarios/deadlock.:LINE
    #2   begin at guest/lib/process.:LINE
"""


@pytest.mark.parametrize("explain", [False, True])
def test_who_is_ended_by_a_swap_has_made_no_mistake(explain: bool) -> None:
    """Its end is told in one line, which names the call."""
    options = ("--explain",) if explain else ()
    run = run_emu(guest("scenarios/swapped_away"), options=options)
    assert re.fullmatch(
        r"emu: process 1 was ended by process 0's call \d+, vspace_swap\(pid=1, f_id=\d+\)\n",
        run.stderr.decode(),
    )


@pytest.mark.parametrize("mmu", MMUS)
def test_deadlock_is_told_process_by_process(mmu: str) -> None:
    run = run_emu(guest("scenarios/deadlock"), options=("--mmu", mmu))
    assert run.stdout == b"now we wait for each other\n"
    told = re.sub(r"S:\d+|c:\d+", ":LINE", run.stderr.decode())
    assert told == DEADLOCK_REPORT
    assert run.returncode == DEADLOCK


@pytest.mark.parametrize("explain", [False, True])
def test_an_end_by_the_handler_of_proc0_is_told(explain: bool) -> None:
    """In one line, or by the report that was asked for."""
    options = ("--explain",) if explain else ()
    run = run_emu(guest("scenarios/ended_by_handler"), options=options)
    told = run.stderr.decode().splitlines()
    if explain:
        assert told[0] == "emu: process 0 faulted: null pointer: read of 0x00000008"
        assert not any("ended by its fault handler" in line for line in told)
    else:
        (line,) = told
        assert re.fullmatch(
            r"emu: ended by its fault handler: process 0: read of 0x00000008 at pc 0x000\w{5}: "
            "translation fault, second level",
            line,
        )
