"""``emu why``: each answer is one that a run forwards gives, too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import emu
from tests.guests import emu_command, guest
from tests.recording.rig import compiled, recorded

STORES = r"""
#include <stdio.h>
volatile int total, table[8];
__attribute__((noinline)) static void add(int i, int v)
{
    table[i] = v;
    total += v;
}
int main(void)
{
    static char line[16];
    for (int i = 0; i < 8; i++)
        add(i, i * i + 1);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    printf("%d %s", total, line);
    return 0;
}
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    program = compiled(folder, STORES, "--specs=rdimon.specs", "-g", "-O1", "-marm")
    run = recorded(program, folder / "run.rec", stdin=b"some input\n")
    assert run.stdout == b"148 some input\n"
    return folder / "run.rec"


def asked(file: Path, *words: str) -> list[dict[str, object]]:
    run = emu_command("why", str(file), *words, "--json")
    assert run.stderr == b""
    answers = json.loads(run.stdout)["answers"]
    assert isinstance(answers, list)
    return answers


def test_each_store_is_told_last_first(story: Path) -> None:
    answers = asked(story, "--write", "total")
    details = [answer["details"] for answer in answers]
    sums = [sum(i * i + 1 for i in range(end)) for end in range(9)]
    stores = [(one["before"], one["after"]) for one in details if "before" in one]  # type: ignore[index,operator]
    assert stores[:8] == list(zip(sums[7::-1], sums[:0:-1], strict=True))
    assert all("in add at " in str(answer["where"]) for answer in answers[:8])
    text = emu_command("why", str(story), "--write", "total", "--count", "1").stdout.decode()
    assert re.fullmatch(
        r"insn:\d+ call:\d+  process 0 stores 0x94 \(4 bytes\) at 0x[0-9a-f]{8}, where 0x62 was\n"
        r"    in add at .*prog.c:7, 0x[0-9a-f]{8}\n",
        text,
    )


def test_the_place_of_an_answer_is_where_it_happens(story: Path) -> None:
    machine = emu.replay(story)
    for answer in asked(story, "--write", "table+8"):
        machine.go_to(int(str(answer["instruction"])))
        details = answer["details"]
        assert isinstance(details, dict)
        memory = machine.processes[0].memory
        assert memory.read_word(details["va"]) == details["before"]
        machine.step()
        assert memory.read_word(details["va"]) == details["after"]


def test_answers_may_be_of_the_time_before(story: Path) -> None:
    first, *_ = asked(story, "--write", "total")
    before = asked(story, "--write", "total", "--before", str(first["instruction"]))
    assert before == asked(story, "--write", "total")[1:]


def test_what_the_kernel_stores_is_told_with_its_call(tmp_path: Path) -> None:
    """A line of input that a program reads into a buffer."""
    file = tmp_path / "run.rec"
    recorded(guest("programs/echo"), file, stdin=b"one\n")
    machine = emu.replay(file)
    stop = machine.run_until(call="console_read")
    assert stop.call is not None
    buffer = stop.call.arguments["ptr"]
    answers = asked(file, "--write", hex(buffer), "--size", "1", "--before",
                    str(machine.instructions + 1))  # fmt: skip
    assert "the kernel stores, for process 0's call 1, console_read(" in str(answers[0]["what"])


def test_lives_of_frames_addresses_and_processes(tmp_path: Path) -> None:
    file = tmp_path / "run.rec"
    recorded(guest("mistakes/use_after_unmap"), file)
    whats = [str(answer["what"]) for answer in asked(file, "--va", "0xef00a000")]
    assert whats[0].startswith("nothing is mapped, by process 0's call 32, frame_unmap(f_id=10")
    mapped = r"frame 10 \(.*\) is mapped, pa 0x\w+, by process 0's call 30, frame_map"
    assert re.match(mapped, whats[1])
    assert whats[2] == "nothing is mapped, from the boot on"
    whats = [str(answer["what"]) for answer in asked(file, "--frame", "10")]
    starts = ("unmapped from 0xef00a000", "mapped at 0xef00a000", "made of the upper part of frame")
    assert [what.startswith(start) for what, start in zip(whats, starts, strict=True)] == [True] * 3
    recorded(guest("scenarios/server"), file)
    whats = [str(answer["what"]) for answer in asked(file, "--pid", "1", "--count", "10000")]
    assert whats[-1].startswith("made by process 0, by process 0's call ")
    assert whats[0].startswith("ended: ")
    assert any(what.startswith("got a start message from process 0") for what in whats)


def test_mistakes_are_one_line(story: Path) -> None:
    for words, text in (
        ((), "one of --write, --va, --frame and --pid is what to ask"),
        (("--frame", "1", "--pid", "0"), "one of --write"),
        (("--write", "nowhere"), "the program has nothing of the name nowhere"),
        (("--write", "total@7"), "no process 7 lives there"),
        (("--write", "0x0"), "--before asks earlier"),
        (("--write", "a+b"), "is no place"),
        (("--write", "0xfffffffff"), "addresses have 32 bits"),
    ):
        run = emu_command("why", str(story), *words)
        assert (run.returncode, run.stdout, run.stderr.count(b"\n")) == (2, b"", 1)
        assert text in run.stderr.decode()
    run = emu_command("why", str(story), "--frame", "1000")
    assert (run.returncode, run.stdout) == (1, b"nothing\n")
