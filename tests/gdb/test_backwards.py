"""A real gdb goes back: to the cause of each mistake, by steps, calls and watched memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gdb.served import Served, mostly
from tests.guests import emu_command, guest
from tests.recording.rig import recorded, replayed

CAUSES = {
    "null_pointer": ("break main", r"Breakpoint 1, main"),
    "stack_overflow": ("break digit_sum", r"Breakpoint 1, digit_sum"),
    "use_after_unmap": ("catch syscall frame_unmap", r"returned from syscall.*frame_unmap"),
    "use_after_give": ("catch syscall frame_give", r"returned from syscall.*frame_give"),
    "jump_to_data": ("catch syscall frame_map", r"returned from syscall.*frame_map"),
    "missing_l2": ("catch syscall frame_map", r"returned from syscall.*frame_map"),
    "write_own_table": ("catch syscall frame_info", r"returned from syscall.*frame_info"),
    "wrong_flags": ("catch syscall frame_map", r"returned from syscall.*frame_map"),
    "unaligned_table": ("catch syscall frame_map", r"returned from syscall.*frame_map"),
    "dead_peer": ("catch syscall send", r"returned from syscall.*send"),
}
"""Of each program of guest/mistakes: what stops gdb at the cause, and what gdb says there."""


class Named(Served):
    """gdb knows the calls by name."""

    names = True


def end_of(name: str) -> tuple[str, ...]:
    """Commands that run to the fault, or up to the exit."""
    faults = {"wrong_flags", "unaligned_table", "dead_peer"}
    return ("break exit", "continue", "delete") if name in faults else ("continue",)


@pytest.mark.parametrize("mmu", mostly("tlb"))
@pytest.mark.parametrize("name", CAUSES)
def test_from_the_mistake_to_its_cause(name: str, mmu: str, place: Path) -> None:
    stop, told = CAUSES[name]
    served = Named(guest(f"mistakes/{name}"), place, "--mmu", mmu)
    said = served.gdb(*end_of(name), stop, "reverse-continue", "backtrace 3", "kill")
    assert re.search(told, said), said
    served.end()


STORY = """\
#include "console.h"
int table[8], total;
__attribute__((noinline)) static int add(int i, int v)
{
    table[i] = v;
    total += v;
    return total;
}
int main(void)
{
    for (int i = 0; i < 8; i++)
        add(i, i * i);
    printf("total %d\\n", total);
    return *(volatile int *)0;
}
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    source, program = folder / "story.c", folder / "story.elf"
    source.write_text(STORY)
    words = ("cc", "--bare", "-g", "-O0", str(source), "-o", str(program))
    assert emu_command(*words).returncode == 0
    return program


BACK = (
    "continue", "break add", "reverse-continue", "print i", "reverse-continue", "print i",
    "delete", "watch table[3]", "reverse-continue", "print i", "print table[3]", "delete",
    "reverse-finish", "reverse-step", "info line", "reverse-stepi", "tbreak main",
    "reverse-continue", "reverse-continue", "continue", "backtrace",
)  # fmt: skip


def check_story(said: str) -> None:
    told = re.findall(r"^\$\d+ = (.*)$", said, re.MULTILINE)
    assert told == ["7", "6", "3", "0"]
    assert "Old value = 9\nNew value = 0" in said
    assert "No more reverse-execution history." in said
    assert said.count("Program received signal SIGSEGV") == 2
    assert re.search(r"main \(\) at .*story.c:14", said)


@pytest.mark.parametrize("mmu", mostly("tlb"))
def test_a_story_is_told_backwards(story: Path, mmu: str, place: Path) -> None:
    served = Served(story, place, "--mmu", mmu)
    check_story(served.gdb(*BACK, "kill"))
    _, stdout, stderr = served.end()
    assert stdout == "total 140\n", "what is run again writes nothing again"
    assert stderr.count("process 0 faulted") == 1


def test_the_story_of_a_recording(story: Path, tmp_path: Path) -> None:
    file = tmp_path / "story.rec"
    run = recorded(story, file)
    assert replayed(file).stdout == run.stdout
    words = [word for command in (*BACK, "set var total = 5", "kill") for word in ("-ex", command)]
    script = tmp_path / "script"
    script.write_text("\n".join(words[1::2]))
    said = emu_command("gdb", "--batch", "-x", str(script), "--replay", str(file))
    check_story(said.stdout.decode() + said.stderr.decode())


def test_goto_goes_both_ways(story: Path, place: Path) -> None:
    served = Served(story, place)
    said = served.gdb(
        "monitor goto insn:50", "maintenance flush register-cache", "monitor goto call:1",
        "monitor goto begin", "monitor goto end", "monitor goto insn:60", "monitor goto nowhere",
        "monitor goto insn:-1", "stepi", "reverse-stepi", "kill",
    )  # fmt: skip
    served.end()
    assert "50 instructions executed, 0 calls made" in said
    assert "calls made" in said
    assert "0 instructions executed, 0 calls made" in said
    assert said.count("usage: monitor goto insn:N|call:N|begin|end") == 2


def test_without_snapshots_there_is_no_past(story: Path, place: Path) -> None:
    served = Served(story, place, "--snapshots", "0")
    said = served.gdb("continue", "reverse-stepi", "monitor goto begin", "kill")
    served.end()
    assert "does not support this command" in said
    assert "the past is not kept" in said


def test_a_change_begins_another_past(story: Path, place: Path) -> None:
    served = Served(story, place)
    said = served.gdb(
        "break add if i == 5", "continue", "set var v = 1000", "delete", "continue",
        "print total", "reverse-continue", "print i", "continue", "print total", "kill",
    )  # fmt: skip
    served.end()
    assert re.findall(r"^\$\d+ = (.*)$", said, re.MULTILINE) == ["1115", "5", "1115"]


CALLS = (
    "catch syscall console_write", "continue", "continue", "stepi", *["reverse-continue"] * 3,
    "continue", "reverse-continue",
)  # fmt: skip


def test_a_caught_call_is_met_backwards_at_its_return_and_where_it_is_made(
    story: Path, place: Path
) -> None:
    served = Named(story, place)
    said = served.gdb(*CALLS, "kill")
    served.end()
    told = re.findall(r"(call to|returned from) syscall console_write|No more (reverse)", said)
    called, returned = ("call to", ""), ("returned from", "")
    assert told == [
        called, returned, returned, called, ("", "reverse"), called, ("", "reverse"),
    ]  # fmt: skip


def test_a_condition_is_not_in_the_way_of_a_step_back_over_the_function(
    story: Path, place: Path
) -> None:
    """gdb relies on a breakpoint where the function begins, where it knows of another."""
    served = Served(story, place)
    said = served.gdb(
        "break add if i == 3", "continue", "finish", "delete", "break *add if i == 77",
        "reverse-next", "info line", "delete", "break *add if $r0 == 1", "reverse-continue",
        "print $r0", "kill",
    )  # fmt: skip
    served.end()
    assert re.search(r'Line 12 of "[^"]*story.c"', said), said
    assert "$1 = 1" in said


def of_recording(file: Path, directory: Path, *commands: str) -> str:
    """What is said to these commands of ``emu gdb --replay``."""
    script = directory / "script"
    script.write_text("\n".join(commands))
    said = emu_command("gdb", "--batch", "-x", str(script), "--replay", str(file))
    return said.stdout.decode() + said.stderr.decode()


def test_a_recording_ends_where_one_can_go_back(tmp_path: Path) -> None:
    file = tmp_path / "echo.rec"
    recorded(guest("programs/echo"), file, stdin=b"one\ntwo\n")
    said = of_recording(
        file, tmp_path, "continue", "reverse-stepi", "continue", "stepi", "break main",
        "reverse-continue", "goto end", "reverse-continue", "goto insn:99999999", "backtrace 1",
        "kill",
    )  # fmt: skip
    assert said.count("No more reverse-execution history.") == 3
    assert said.count("Breakpoint 1, main") == 2
    assert "Error" not in said, said
    assert said.count("one\ntwo\n") == 1, "what is run again writes nothing again"


def test_a_fault_of_a_recording_is_reported_once(story: Path, tmp_path: Path) -> None:
    file = tmp_path / "story.rec"
    recorded(story, file)
    said = of_recording(
        file, tmp_path, "goto end", "goto begin", "goto end", "continue", "goto begin", "continue",
        "kill",
    )  # fmt: skip
    assert said.count("process 0 faulted") == 1, said


TWO = "scenarios/siblings"


def test_processes_are_stepped_back_each_by_itself(place: Path) -> None:
    """Several processes: steps back of one pass over the turns of the others."""
    served = Served(guest(TWO), place)
    said = served.gdb(
        "break main", "continue", "delete", "stepi 40", "print/x $pc", "stepi 300",
        "reverse-stepi 300", "print/x $pc", "kill",
    )  # fmt: skip
    served.end()
    first, second = re.findall(r"^\$\d+ = (.*)$", said, re.MULTILINE)
    assert first == second


def test_a_kill_ends_all_inferiors_without_a_complaint(place: Path) -> None:
    served = Served(guest("scenarios/server"), place)
    said = served.gdb(
        "set detach-on-fork off", "set schedule-multiple on", "break client", "continue", "kill",
    )  # fmt: skip
    assert "[Inferior 1 (process 1) detached]" in said
    assert "Remote communication error" not in said
    assert served.end()[0] == 143


def test_children_start_again_after_going_back(tmp_path: Path) -> None:
    """gdb has them in its list still; their breakpoints, too."""
    script = tmp_path / "script"
    script.write_text("\n".join((
        "break client", "continue", "goto begin", "info threads", "delete", "break client",
        "continue", "print number", "continue", "print number", "goto insn:100", "delete",
        *["continue"] * 6,
    )))  # fmt: skip
    done = emu_command("gdb", "--batch", "-x", str(script), str(guest("scenarios/server")))
    said = done.stdout.decode() + done.stderr.decode()
    assert re.findall(r"^\$\d+ = (.*)$", said, re.MULTILINE) == ["1", "2"]
    assert [said.count(f"New inferior {number} ") for number in range(2, 7)] == [1] * 5
    assert said.count("exited normally") == 6
    assert "PASS server" in said
    assert "Error" not in said, said


def test_a_place_before_the_process_that_gdb_looks_at(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("\n".join((
        "break client", "continue", "goto call:1", "stepi", "goto begin", "info registers pc",
        "kill",
    )))  # fmt: skip
    done = emu_command("gdb", "--batch", "-x", str(script), str(guest("scenarios/server")))
    said = done.stdout.decode() + done.stderr.decode()
    assert "0 instructions executed, 0 calls made" in said
    assert re.search(r"^pc .*<_start>", said, re.MULTILINE)
    assert "Error" not in said, said
