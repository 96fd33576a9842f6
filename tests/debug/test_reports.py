"""The reports of ten mistakes: the cause in three lines, and the whole text as documented."""

from __future__ import annotations

import re
from itertools import cycle

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.machine.fault import MachineFault
from emu.report import access_text
from emu.report.context import views_in
from kernel_model.descriptors import EXEC, READ, WRITE
from tests.debug.golden import check_documented, check_golden
from tests.debug.rig import debug_for
from tests.guests import guest, run_emu
from tests.observing import OnFault

MISTAKES = {
    "null_pointer": (
        r"null pointer: read of 0x00000000",
        r"value_after at .*null_pointer\.c:13",
        r"page 0 is never mapped",
    ),
    "stack_overflow": (
        r"stack overflow: write of 0xef7",
        r"digit_sum at .*stack_overflow\.c:\d+",
        r"guard page below the stack, frame \d+",
    ),
    "write_own_table": (
        r"write to a page table: write of 0xef004",
        r"allow_writing at .*write_own_table\.c:8",
        r"frame 1, the L2 table for 0x00000000 on, is mapped there read-only",
    ),
    "jump_to_data": (
        r"jump to data: execution of 0xef00a000",
        r"called from apply at .*jump_to_data\.c:\d+",
        r"frame \d+, data, is mapped there NOEXEC",
    ),
    "use_after_unmap": (
        r"use after unmap: write of 0xef00b000",
        r"main at .*use_after_unmap\.c:29",
        r"frame \d+ was there until process 0's call \d+, frame_unmap",
    ),
    "use_after_give": (
        r"use after give: write of 0xef00a000",
        r"memcpy at .*string\.c",
        r"frame \d+ was there until process 0's call \d+, frame_give\(f_id=\d+, pid=1\)",
    ),
    "unaligned_table": (
        r"frame_map\(.*F_MAP_TABLE_L2\) = E_UNALIGNED",
        r"hang_table at .*unaligned_table\.c:10",
        r"va 0x40080000 is not a multiple of 0x100000; .*L2 tables to multiples of 1 MiB",
    ),
    "missing_l2": (
        r"frame_map\(.*va=0x40000000.* = E_OUT_OF_RANGE",
        r"map_buffer at .*missing_l2\.c:13",
        r"0x40000000\+0x1000 is not in table 2's",
    ),
    "wrong_flags": (
        r"frame_map\(.*, F_MAP_WRITE\|F_MAP_PAGE\) = E_BAD_FLAGS",
        r"map_for_writing at .*wrong_flags\.c:11",
        r"a view needs READ",
    ),
    "dead_peer": (
        r"send\(pid=1.* = E_PEER_DIED",
        r"ask at .*dead_peer\.c:25",
        r"waited for has ended: process 1 called exit\(1\)",
    ),
}
"""Of each mistake what its report's first three lines say: what, where, why."""

FAULTS = {"null_pointer", "stack_overflow", "write_own_table", "jump_to_data", "use_after_unmap",
          "use_after_give", "missing_l2"}  # fmt: skip


@pytest.mark.parametrize("mmu", ["tlb", "map", "cpu"])
@pytest.mark.parametrize("code", ["", ".arm"], ids=["thumb", "arm"])
@pytest.mark.parametrize("name", MISTAKES)
def test_cause_in_three_lines(name: str, code: str, mmu: str) -> None:
    run = run_emu(guest(f"mistakes/{name}{code}"), options=("--explain", "--check", "--mmu", mmu))
    lines = run.stderr.decode().splitlines()[:3]
    for line, wanted in zip(lines, MISTAKES[name], strict=True):
        assert re.search(wanted, line), "\n".join(lines)
    assert run.returncode == (139 if name in FAULTS else 1)


@pytest.mark.parametrize("name", MISTAKES)
def test_whole_report(name: str) -> None:
    run = run_emu(guest(f"mistakes/{name}"), options=("--explain",))
    check_golden(f"{name}.txt", run.stderr.decode())


@pytest.mark.parametrize("name", MISTAKES)
def test_documented(name: str) -> None:
    check_documented(f"{name}.txt")


def test_the_same_on_every_backend() -> None:
    program = guest("mistakes/use_after_give")
    (report,) = {run_emu(program, options=("--mmu", mmu)).stderr for mmu in ("tlb", "map", "cpu")}
    assert report.startswith(b"emu: process 0 faulted: use after give")


def test_missing_table_is_found_at_the_fault_too() -> None:
    """Without --explain the refused call is named by the fault that it led to."""
    run = run_emu(guest("mistakes/missing_l2"))
    first, _, third = run.stderr.decode().splitlines()[:3]
    assert first == "emu: process 0 faulted: missing L2 table: write of 0x40000000"
    assert re.search(r"call \d+, a frame_map, was refused: E_OUT_OF_RANGE", third)


def test_stopped_by_a_limit() -> None:
    """A run that is stopped from outside says where it was."""
    run = run_emu(guest("mistakes/stack_overflow"), options=("--max-insns", "5000"))
    assert run.returncode == 124
    text = run.stderr.decode()
    assert text.startswith(
        "emu: stopped after 5000 instructions (--max-insns)\n  process 0 runs, in "
    )
    for part in (
        "  registers\n",
        "  code\n",
        "  backtrace\n",
        "main at guest/mistakes/stack_overflow.c",
    ):
        assert part in text


def test_end_of_the_list_of_frames_is_no_mistake() -> None:
    """Programs look through their frames until there are no more; --explain is silent on that."""
    run = run_emu(guest("programs/hello"), options=("--explain",))
    assert run.stderr == b""


STEPPED = (
    r"0x[0-9a-f]+ bytes below the stack, frame \d+ at .*: the stack frame of {} takes 0x90000\d"
)
EITHER = {
    "a": ("write to read-only data", r"frame \d+, read-only data, is mapped there read-only"),
    "b": ("write to code", r"frame \d+, code, is mapped there read-only"),
    "c": ("stack overflow", r"guard page below the stack, frame \d+ at 0x\w+\.\.0x\w+ "),
    "d": ("jump to data", r"frame \d+, data, is mapped there NOEXEC"),
    "e": ("stack overflow", STEPPED.format("big_local")),
    "f": ("stack overflow", STEPPED.format("big_local_of_caller")),
    "h": ("missing L2 table", r"nothing is installed in the L1 for 0x30000000"),
    "i": ("null pointer", "page 0 is never mapped"),
    "j": ("misaligned access", r"ldrd wants a multiple of 4"),
    "k": ("ran off the end of the code", r"at the end of frame \d+; a program ends by exit"),
    "l": ("return from the program's first function", "lr was 0 when it began"),
    "m": ("write to a page table", r"frame \d+, the L2 table for 0x00000000 on, is mapped there"),
    "n": ("use after unmap", r"frame \d+ was there until process 0's call \d+, frame_unmap"),
    "o": ("use after give", r"frame \d+ was there until process 0's call \d+, frame_give"),
    "p": ("missing L2 table", r"call \d+, a frame_map, was refused: E_OUT_OF_RANGE"),
}
"""Mistakes of ``mistakes/either`` by their letters: the name, and why."""

OF_A_CHILD = "abcdefhijl"
"""Those that need nothing but what a child has, too."""


def without_place(report: str) -> list[str]:
    """The headline, the reason and all that follows the walk, without numbers, without who calls.

    What is near is left out, as are the calls that tell how the thread was made.
    """
    lines = report.splitlines()
    kept = [lines[0], lines[2]]
    if "  hint" in lines:
        kept += lines[lines.index("  hint") :]
    bare = (re.sub(r"^( +)process \d+: ", r"\1", line) for line in kept)
    calls = [re.sub(r"0x[0-9a-f]+|\d+", "N", line) for line in bare]
    return [re.sub(r"\w+ level", "N level", line) for line in calls if "frame_split" not in line]


def history_of(report: str) -> list[str]:
    """The history of the frame that the mistake concerns, but for lending the vspace to threads."""
    found = re.search(r"^  history of frame \d+\n((?:    .*\n)+)", report, re.MULTILINE)
    lines = found[1].splitlines() if found is not None else []
    return [re.sub(r"\d+", "N", line) for line in lines if "vspace_lend" not in line]


@pytest.mark.parametrize(
    ("letter", "mmu"), list(zip(EITHER, cycle(["tlb", "map", "cpu"]), strict=False))
)
def test_a_thread_on_a_lent_vspace_is_told_what_its_owner_is(letter: str, mmu: str) -> None:
    """The frames there are the owner's, who makes the calls of the hint."""
    name, why = EITHER[letter]
    options, program = ("--mmu", mmu), guest("mistakes/either")
    own = run_emu(program, letter, options=options).stderr.decode()
    lent = run_emu(program, letter, "t", options=options).stderr.decode()
    assert own.startswith(f"emu: process 0 faulted: {name}: ")
    assert re.match(f"emu: process [23] faulted: {name}: ", lent)
    assert re.search(why, lent.splitlines()[2])
    assert ("    process 0: frame_map(" in lent) == ("    frame_map(" in own)
    assert history_of(lent) == history_of(own) or name == "stack overflow"
    length = 3 if why.startswith(STEPPED[:9]) else None  # an L2 is below one of the stacks alone
    assert without_place(lent)[:length] == without_place(own)[:length]


@pytest.mark.parametrize("letter", OF_A_CHILD)
def test_a_child_is_told_what_its_parent_is(letter: str) -> None:
    name, why = EITHER[letter]
    report = run_emu(guest("mistakes/either"), letter, "c").stderr.decode()
    assert report.startswith(f"emu: process 1 faulted: {name}: ")
    assert re.search(why, report.splitlines()[2])


@pytest.mark.parametrize("letter", OF_A_CHILD)
def test_a_client_of_a_pager_is_told_what_a_child_is(letter: str) -> None:
    """Its tables are the pager's, who hears of the fault and makes the calls of the hint."""
    program = guest("mistakes/either")
    child = run_emu(program, letter, "c", options=("--explain",)).stderr.decode()
    run = run_emu(program, letter, "p", options=("--explain",))
    client = run.stderr.decode()
    assert run.returncode == 0
    assert client.startswith("emu: process 1 faulted: ")
    if EITHER[letter][0] in ("stack overflow", "missing L2 table"):
        assert without_place(client)[:2] == without_place(child)[:2]
        assert "    process 0: frame_map(" in client  # the child has no memory to map
    else:
        assert without_place(client) == without_place(child)


@pytest.mark.parametrize("who", ["", "t", "c"])
def test_a_wild_pointer_is_no_stack_overflow(who: str) -> None:
    """Neither one below the stack nor one used where the stack did overflow."""
    for letter in "gh":
        words = [letter, *who]
        report = run_emu(guest("mistakes/either"), *words).stderr.decode()
        assert re.match(r"emu: process \d faulted: (nothing mapped|missing L2)", report)


def test_the_stack_that_was_left_is_shown_as_the_stack() -> None:
    report = run_emu(guest("mistakes/either"), "e").stderr.decode()
    assert re.search(r"rw-  frame \d+, the stack: begins 0x\w+ bytes above", report)
    assert "    if it needs that much stack, legal after\n" in report


def test_a_local_that_reaches_into_another_view_is_a_stack_overflow() -> None:
    """What is mapped there is read-only, which is not the mistake."""
    report = run_emu(guest("mistakes/either"), "v").stderr.decode()
    assert report.startswith("emu: process 0 faulted: stack overflow: write of ")
    assert re.search(STEPPED.format("big_local"), report.splitlines()[2])
    assert "permission fault" in report
    assert "    no call makes room there: it needs a larger stack, or less of it\n" in report


def explained(letter: str) -> list[tuple[str, str]]:
    """What a thread and what the owner of its vspace are told that accesses there would meet.

    The registers are the thread's for both.  At the addresses of the fault, and of each view: its
    first word, and the one before.
    """
    path = guest("mistakes/either")
    texts: list[tuple[str, str]] = []

    def look(fault: MachineFault) -> None:
        kernel, history = machine.kernel, machine.history
        owner, thread = kernel.processes[0], kernel.processes[fault.pid]
        assert thread.l1 == owner.l1
        starts = [view.va for view in views_in(kernel, kernel.frames[thread.l1])]
        for va in {fault.va, *starts, *(start - 4 for start in starts), 0x30000000, 0, 0xF0000000}:
            texts.extend(
                (
                    access_text(kernel, history, debug, thread, fault.registers, va, access),
                    access_text(kernel, history, debug, owner, fault.registers, va, access),
                )
                for access in (READ, WRITE, EXEC)
            )

    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    machine = Machine(image, ScriptedWorld(arguments=("either", letter, "t")), Options())
    machine.observers.add(OnFault(look))
    debug = debug_for(path)
    machine.run()
    return texts


@pytest.mark.parametrize("letter", "anop")
def test_an_access_is_explained_alike_on_a_lent_vspace(letter: str) -> None:
    texts = explained(letter)
    assert len(texts) > 60
    for lent, own in texts:
        plain = re.sub(r"^( +)process 0: ", r"\1", lent, flags=re.MULTILINE)
        assert re.sub(r"by process \d+", "by process 0", plain) == own


REFUSED = {
    "q": r"cannot access 0x12000 as -w-; a pointer is valid for what the caller itself",
    "r": r"cannot access 0x30000000 as r--",
    "s": r"cannot access 0x50000000 as r--",
    "t": r"no living process has pid 1: process 1 called exit\(0\)",
    "u": r"owns no frame 28672; a process handles only frames that it owns \(rule 2\)",
}
"""Calls of ``mistakes/either`` that are refused, by their letters, and why."""


@pytest.mark.parametrize("letter", REFUSED)
def test_a_refused_call_is_explained_alike_on_a_lent_vspace(letter: str) -> None:
    def told(*words: str) -> list[str]:
        run = run_emu(guest("mistakes/either"), letter, *words, options=("--explain",))
        head, _, *others = run.stderr.decode().splitlines()
        assert re.search(REFUSED[letter], others[0])
        bare = [re.sub(r"^( +)process 0: ", r"\1", line) for line in (head, *others)]
        return [re.sub(r"0x[0-9a-f]+|\d+", "N", line) for line in bare]

    assert told("t") == told()
