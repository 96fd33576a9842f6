"""The shape of a text hides what another compiler would do, and no mistake of ours."""

from __future__ import annotations

import re

import pytest

from tests.debug import golden
from tests.debug.golden import GOLDEN, check_golden
from tests.debug.shape import shape
from tests.guests import guest, run_emu

REPORTS = sorted({path.stem for path in GOLDEN.glob("*.txt")} - {"compiler", "frames", "tables"})


def kept(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def in_arm_code(name: str) -> str:
    """The report of the same mistake in Arm code, but for the name of the instruction set."""
    run = run_emu(guest(f"mistakes/{name}.arm"), options=("--explain",))
    return re.sub(r"\b([nN][zZ][cC][vV][qQ]) Arm$", r"\1 Thumb", run.stderr.decode(), flags=re.M)


@pytest.mark.parametrize("name", REPORTS)
def test_code_of_another_instruction_set_makes_the_same_shape(name: str) -> None:
    assert shape(in_arm_code(name)) == shape(kept(name))


def test_with_another_compiler_shapes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMU_GOLDEN", raising=False)
    text = in_arm_code("null_pointer")
    with pytest.raises(AssertionError, match="make golden"):
        check_golden("null_pointer.txt", text)
    monkeypatch.setattr(golden, "compiler", lambda: "another")
    check_golden("null_pointer.txt", text)
    with pytest.raises(AssertionError, match="make golden"):
        check_golden("null_pointer.txt", text.replace("page 0 is", "page 1 is"))


Changes = tuple[tuple[str, str], ...]
"""Pairs of a pattern, with ``^`` at each line, and what to put in its place wherever it is."""


def changed(text: str, changes: Changes) -> str:
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count, pattern
    return text


COMPILERS: tuple[tuple[str, Changes], ...] = (
    # another register for the pointer, which still holds it
    ("null_pointer", ((r"ldr r0, \[r3\]", "ldr r0, [r7]"), (r"with r3 = 0x0", "with r7 = 0x0"))),
    # other values in registers that nobody names
    ("null_pointer", (("r1 00000018", "r1 00000abc"), ("60000030  nZC", "a0000030  NzC"))),
    # the code elsewhere
    ("null_pointer", ((r"0x0001000e", "0x00010444"), ("pc 0001000e", "pc 00010444"))),
    # code of another length around
    ("null_pointer", ((r"^      0x0001000c  .*\n", ""), (r"^      0x00010010.*\n", ""))),
    ("null_pointer", ((r"^(      0x)00010010(.*\n)", r"\g<1>00010010\2\g<1>00010012\2"),)),
    # the next line of a statement
    ("null_pointer", ((r"\.c:(\d+)", r".c:1\1"),)),
    # a function put into the one that calls it
    ("null_pointer", (
        (r"#0   (.*)$", r"#0   \1 (inlined)"), ("#1 ", "#0 "), ("#2 ", "#1 "), ("#3 ", "#2 "))),
    # larger frames on the stack
    ("stack_overflow", (("0xef7ffff8", "0xef7ffed8"), ("ef7ffff8", "ef7ffed8"),
                        ("0x7f5ff8 bytes", "0x7f5ed8 bytes"), ("0x8 bytes", "0x128 bytes"),
                        ("31773 times", "1000 times"), ("#31775", "#1002"),
                        ("#31776", "#1003"), ("#31777", "#1004"))),
    ("dead_peer", (("msg=0xefffffa8", "msg=0xefffff60"),)),
    # longer code: what lies behind it moves
    ("stack_overflow", (("offset=0x76f2000", "offset=0x76e0000"),)),
    ("missing_l2", (("0x00011000..0x00012fff", "0x00015000..0x00016fff"),
                    ("0x3ffed000 bytes", "0x3ffe9000 bytes"))),
    ("write_own_table", (("0x00011000", "0x00013000"), ("ef004044", "ef00404c"),
                         ("0x44 bytes", "0x4c bytes"))),
    ("frames", ((r"0x8010c000  ( *)4K", r"0x80110000  \g<1>8K"), (r"5 \(4K\)", "5 (8K)"),
                ("0x8010f000", "0x80121000"), ("0x00013000", "0x00017000"),
                ("121716K", "121712K"), ("0x87ff6000", "0x87ff1000"))),
    ("frames", (("physical    size", "physical      size"),)),
    ("tables", (("0x00010000..0x00010fff    4K", "0x00010000..0x00014fff   20K"),
                ("0x8010d000", "0x80111000"))),
)  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), COMPILERS, ids=[name for name, _ in COMPILERS])
def test_what_a_compiler_chooses_is_hidden(name: str, changes: Changes) -> None:
    other = changed(kept(name), changes)
    assert other != kept(name)
    assert shape(other) == shape(kept(name))


MISTAKES: tuple[tuple[str, Changes], ...] = (
    # the head
    ("null_pointer", (("null pointer: read", "null pointer: write"),)),
    ("null_pointer", (("faulted: null pointer", "faulted: nothing mapped there"),)),
    ("null_pointer", (("read of 0x00000000", "read of 0x00000004"),)),
    ("stack_overflow", (("write of 0xef7ffff8", "write of 0xef7feff8"),)),
    ("null_pointer", (("in value_after", "in main"),)),
    ("null_pointer", ((r"at guest/mistakes/null_pointer\.c:13, ", ""),)),
    ("null_pointer", ((r"guest/mistakes/null_pointer\.c", "null_pointer.c"),)),
    ("null_pointer", (("with r3 = 0x0", "with r3 = 0x10"),)),
    ("null_pointer", (("with r3 = 0x0", "with r4 = 0x18"),)),
    ("null_pointer", ((r" with r3 = 0x0", ""),)),
    ("null_pointer", ((r"0x0001000e: ldr", "0x00010010: ldr"),)),
    ("null_pointer", ((r"0x0001000e: ldr r0", "0x0001000e: ldr r1"),)),
    ("null_pointer", (("pc 0001000e", "pc 00010010"),)),
    ("null_pointer", ((", second level", ", first level"),)),
    ("stack_overflow", (("stack, frame 7 at", "stack, frame 6 at"),)),
    ("use_after_give", (("process 0's call 334", "process 0's call 332"),)),
    # registers and code
    ("null_pointer", (("lr 0001004d", "lr"),)),
    ("null_pointer", ((r"r4 00000000    r5", "r5 00000000    r4"),)),
    ("null_pointer", ((" Thumb", " Arm"),)),
    ("null_pointer", (("> 0x0001000e", "  0x0001000e"),)),
    ("null_pointer", ((r"^      0x00010010", "    > 0x00010010"),)),
    ("null_pointer", ((r"6818       ldr r0", "68 ldr r0"),)),
    # the backtrace
    ("null_pointer", ((r"^    #1 .*\n", ""),)),
    ("null_pointer", (("#2 ", "#3 "),)),
    ("null_pointer", (("#1   main", "#1   value_after"),)),
    ("null_pointer", ((r"crt0\.S:16", "crt0.S:17"),)),
    ("stack_overflow", (("31773 times", "31774 times"),)),
    ("stack_overflow", ((r"^ +this frame .*\n", ""),)),
    # memory
    ("null_pointer", ((r"= 0x80104001 coarse", "= 0x80105001 coarse"),)),
    ("null_pointer", ((r"L2\[0x000\]", "L2[0x001]"),)),
    ("null_pointer", ((r"^    -> .*\n", ""),)),
    ("null_pointer", (("begins 0x10000 bytes above", "begins 0x1000 bytes above"),)),
    ("null_pointer", (("begins 0x10000 bytes above", "ends 0x10000 bytes below"),)),
    ("null_pointer", (("  r-x  frame 4, code", "  rwx  frame 4, code"),)),
    ("null_pointer", (("frame 4, code", "frame 5, code"),)),
    ("stack_overflow", (("begins 0x8 bytes above", "begins 0x10 bytes above"),)),
    ("jump_to_data", (("data: right in", "data: 0x4 bytes in"),)),
    ("jump_to_data", ((r"^    call 30.*\n", ""),)),
    ("jump_to_data", (("history of frame 10", "history of frame 9"),)),
    # the hint
    ("null_pointer", ((r"^  hint\n.*\n", ""),)),
    ("stack_overflow", (("      frame_split", "      frame_merge"),)),
    ("stack_overflow", (("offset=0x76f2000", "offset=0x76f2004"),)),
    ("stack_overflow", ((r"^(      frame_split.*\n)(.*\n)", r"\2\1"),)),
    ("stack_overflow", ((r"F_MAP_READ\|F_MAP_WRITE", "F_MAP_READ"),)),
    ("stack_overflow", (("va=0xef7ff000", "va=0xef7fe000"),)),
    ("use_after_give", (("process 1: frame_give", "process 0: frame_give"),)),
    # refused calls
    ("wrong_flags", (("E_BAD_FLAGS", "E_BAD_KIND"),)),
    ("wrong_flags", ((r"\(rule 7\)", "(rule 6)"),)),
    ("wrong_flags", (("F_MAP_WRITE", "F_MAP_READ"),)),
    ("wrong_flags", ((", called from main", ", called from start_program"),)),
    ("dead_peer", ((r"exit\(1\)", "exit(0)"),)),
    ("dead_peer", ((r"\{0x7\}", "{0x8}"),)),
    ("dead_peer", ((r"^emu: process 0, call 319(.*\n){3}", ""),)),
    # views
    ("tables", (("  r-x   rwx", "  rwx   rwx"),)),
    ("tables", ((r"^.*0x80104000  1\n", ""),)),
    ("tables", (("0x80105000  2", "0x80106000  2"),)),
    ("tables", ((r"L1\[0xef0\.\.0xeff\]", "L1[0xef0..0xefe]"),)),
    ("frames", (("16K  L1, current", "4K  L1, current"),)),
    ("frames", ((r"frame 7 \(8M\) rw-", "frame 7 (8M) r--"),)),
    ("frames", ((r"^.*`- 0xef800000.*\n", ""),)),
    ("frames", (("ready, 10 frames", "ready, 9 frames"),)),
    ("frames", (("  IO  ", "  MEM "),)),
)  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), MISTAKES, ids=[name for name, _ in MISTAKES])
def test_what_no_compiler_chooses_is_seen(name: str, changes: Changes) -> None:
    assert shape(changed(kept(name), changes)) != shape(kept(name))


def test_every_kept_text_has_another_shape() -> None:
    """And it is stable: a shape has nothing more to hide."""
    texts = [kept(name) for name in (*REPORTS, "frames", "tables")]
    shapes = [shape(text) for text in texts]
    assert len(set(shapes)) == len(texts) == 12
    for text, one in zip(texts, shapes, strict=True):
        assert shape(one) == one
        assert len(one) > len(text) / 3
