"""Coverage against a hook before each instruction, and read by the tools it is for."""

from __future__ import annotations

import re
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from emu.coverage.executed import ExecutionCounter, Span
from emu.coverage.lcov import Source, _record
from emu.coverage.sources import SourceFiles
from emu.coverage.start import begin_coverage, format_for
from emu.debuginfo import open_files
from emu.execution.code import Code
from tests.guests import ROOT, guest, need_tool, run_emu
from tests.hooks import add_code_hook
from tests.traced import BACKENDS, SOURCES, built, machine_for


def covered(program: Path, out: Path, mmu: str = "tlb", max_insns: int = 0) -> None:
    machine = machine_for(program, mmu, max_insns)
    end = begin_coverage(machine, str(out), format_for(str(out)), open_files(str(program)), print)
    machine.run()
    end()


def begun(program: Path, mmu: str = "tlb", max_insns: int = 0) -> Counter[int]:
    """How often a hook before each instruction was called, by address."""
    machine = machine_for(program, mmu, max_insns)
    seen: Counter[int] = Counter()
    add_code_hook(machine.cores[0].engine, lambda va, size: seen.update((va,)))
    machine.run()
    return seen


def lines_of(tracefile: str, source: str) -> dict[int, int]:
    """DA of one source file."""
    record = tracefile.split(f"SF:{source}\n")[1].split("end_of_record")[0]
    found = re.findall(r"^DA:(\d+),(\d+)$", record, re.MULTILINE)
    return {int(line): int(count) for line, count in found}


def source_lines(name: str) -> dict[int, int]:
    """The address of each line of an assembly program, by objdump's reading of it."""
    command = [need_tool("arm-none-eabi-objdump"), "-dl", str(built(name))]
    found: dict[int, int] = {}
    line = 0
    for text in subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines():
        place = re.fullmatch(r".*\.S:(\d+)(?: \(discriminator \d+\))?", text)
        code = re.match(r" +([0-9a-f]+):\t", text)
        if place:
            line = int(place[1])
        elif code and line:
            found.setdefault(line, int(code[1], 16))
    return found


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", ["calling", "pair", "faulty"])
def test_a_line_counts_as_often_as_it_executed(name: str, mmu: str, tmp_path: Path) -> None:
    covered(built(name), tmp_path / "out.info", mmu)
    seen = begun(built(name), mmu)
    if name == "faulty":
        seen[FAULTS] = 0
    expected = line_counts(name, seen)
    assert {0, 1} < set(expected.values())  # some never, some once, some more often
    assert lines_of_program((tmp_path / "out.info").read_text(), name) == expected


FAULTS = 0x1001E
"""The instruction of ``faulty`` that was begun and did not execute."""


def line_counts(name: str, seen: Counter[int]) -> dict[int, int]:
    """How often each line with code executed, if the hook was called so often at each address.

    A line in an IT block is as often executed as the one before it, whatever its condition.
    """
    counts: dict[int, int] = {}
    for line, va in source_lines(name).items():
        counts[line] = counts[line - 1] if is_conditional(name, line) else seen[va]
    assert len(counts) >= 20
    return counts


def lines_of_program(tracefile: str, name: str) -> dict[int, int]:
    """DA of the one source file of an assembly program."""
    assert re.findall(r"^SF:(.*)$", tracefile, re.MULTILINE) == [str(SOURCES / f"{name}.S")]
    return lines_of(tracefile, str(SOURCES / f"{name}.S"))


def is_conditional(name: str, line: int) -> bool:
    """Whether the line is in an IT block: a hook is called only if its condition holds."""
    text = (SOURCES / f"{name}.S").read_text().splitlines()[line - 1]
    return bool(re.search(r"\bmov(eq|ne)\b", text))


@pytest.mark.parametrize("limit", range(1, 62))
def test_a_run_cut_anywhere_covers_only_what_executed(limit: int, tmp_path: Path) -> None:
    covered(built("calling"), tmp_path / "out.info", max_insns=limit)
    first = first_addresses(limit)
    assert len(first) == limit
    counts = lines_of_program((tmp_path / "out.info").read_text(), "calling")
    assert counts == line_counts("calling", Counter(first))


def first_addresses(limit: int) -> list[int]:
    """Where the first instructions of ``calling`` are; the hook is called for one more."""
    machine = machine_for(built("calling"), max_insns=limit)
    steps: list[int] = []
    add_code_hook(machine.cores[0].engine, lambda va, size: steps.append(va))
    machine.run()
    return steps[:limit]


def test_functions_count_their_calls(tmp_path: Path) -> None:
    program = guest("programs/hello")
    covered(program, tmp_path / "out.info")
    text = (tmp_path / "out.info").read_text()
    record = text.split("SF:guest/programs/hello.c\n")[1].split("end_of_record")[0]
    calls = {name: int(count) for count, name in re.findall(r"FNDA:(\d+),(.*)", record)}
    file, seen = open_files(str(program)).program, begun(program)
    assert calls["main"] == 1
    assert file.units is not None
    entries: dict[str, int] = {}
    for function in (function for unit in file.units for function in unit.functions):
        entries[function.name] = entries.get(function.name, 0) + seen[function.entry]
    for name, count in calls.items():
        symbol = file.symbols.named(name)
        assert symbol is None or seen[symbol.va] <= count
        assert count == entries[name], name


def test_lcov_and_genhtml_read_it(tmp_path: Path) -> None:
    lcov, genhtml = need_tool("lcov"), need_tool("genhtml")
    out = tmp_path / "out.info"
    result = run_emu(guest("programs/hello"), options=("--coverage", str(out)))
    assert result.returncode == 0
    own = tmp_path / "own.info"
    subprocess.run([lcov, "-q", "-e", str(out), "*guest/*", "-o", str(own)], check=True, cwd=ROOT)
    summary = subprocess.run(
        [lcov, "--summary", str(own)], capture_output=True, text=True, check=True
    )
    assert re.search(r"lines\.*: [1-9][0-9.]*%", summary.stdout + summary.stderr)
    subprocess.run([genhtml, "-q", "-o", str(tmp_path / "html"), str(own)], check=True, cwd=ROOT)
    (page,) = (tmp_path / "html").rglob("hello.c.gcov.html")
    assert "main" in page.read_text()


def read_drcov(data: bytes) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, int]]]:
    """(base, end, path) of the modules; (module, offset, size) of the blocks."""
    head, _, rest = data.partition(b"BB Table: ")
    count, _, table = rest.partition(b" bbs\n")
    lines = head.decode().splitlines()
    assert lines[0] == "DRCOV VERSION: 2"
    assert lines[3] == "Columns: id, base, end, entry, path"
    modules = []
    for number, line in enumerate(lines[4:]):
        id_, base, end, _, path = (word.strip() for word in line.split(","))
        assert int(id_) == number
        modules.append((int(base, 16), int(end, 16), path))
    assert lines[2] == f"Module Table: version 2, count {len(modules)}"
    assert len(table) == int(count) * 8
    return modules, [
        (module, start, size) for start, size, module in struct.iter_unpack("<IHH", table)
    ]


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", ["calling", "pair", "faulty"])
def test_drcov_has_the_blocks_that_executed(name: str, mmu: str, tmp_path: Path) -> None:
    out = tmp_path / "out.drcov"
    covered(built(name), out, mmu)
    modules, blocks = read_drcov(out.read_bytes())
    assert [path for _, _, path in modules] == [str(built(name))]
    base, end, _ = modules[0]
    inside = {va for _, start, size in blocks for va in range(base + start, base + start + size)}
    executed = {va for va in bytes_begun(built(name), mmu) if base <= va < end}
    if name == "faulty":
        executed -= set(range(FAULTS, FAULTS + 2))
    assert inside == executed
    assert len(blocks) == len(set(blocks))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 33, 60])
def test_drcov_of_a_run_cut_anywhere_has_no_empty_block(limit: int, tmp_path: Path) -> None:
    covered(built("calling"), tmp_path / "out.drcov", max_insns=limit)
    modules, blocks = read_drcov((tmp_path / "out.drcov").read_bytes())
    assert all(size > 0 for _, _, size in blocks)
    covers = {modules[0][0] + start + at for _, start, size in blocks for at in range(size)}
    executed = set(first_addresses(limit))
    assert executed <= covers
    assert covers <= {va + at for va in executed for at in range(4)}


def bytes_begun(program: Path, mmu: str) -> set[int]:
    """Where the bytes are of instructions that a hook was called for, or that an IT block skipped.

    What is skipped is part of a block that executes.
    """
    machine = machine_for(program, mmu)
    seen: set[int] = set()
    add_code_hook(machine.cores[0].engine, lambda va, size: seen.update(range(va, va + size)))
    machine.run()
    return seen | (SKIPPED if program == built("faulty") else set())


SKIPPED = set(range(0x10014, 0x10016))
"""The instruction of ``faulty`` whose condition does not hold."""


def test_the_name_says_the_format_unless_the_option_does(tmp_path: Path) -> None:
    out = tmp_path / "out.drcov"
    run_emu(built("hosted"), options=("--coverage", str(out)))
    assert out.read_bytes().startswith(b"DRCOV VERSION")
    run_emu(built("hosted"), options=("--coverage", str(out), "--coverage-format", "lcov"))
    assert out.read_bytes().startswith(b"TN:\n")


def test_code_that_the_program_wrote_is_no_line_of_it(tmp_path: Path) -> None:
    out = tmp_path / "out.drcov"
    covered(built("rewriting"), out)
    modules, blocks = read_drcov(out.read_bytes())
    assert blocks
    assert all(modules[0][0] + start < 0x11000 for _, start, _ in blocks)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--coverage", "/none/x"), "emu: /none/x: No such file or directory\n"),
        (("--profile", "/none/x"), "emu: /none/x: No such file or directory\n"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_line(
    options: tuple[str, ...], complaint: str
) -> None:
    result = run_emu(built("hosted"), options=options)
    assert (result.returncode, result.stderr.decode(), result.stdout) == (2, complaint, b"")


def test_a_program_without_lines_is_told_how_to_get_them(tmp_path: Path) -> None:
    bare = tmp_path / "bare.elf"
    strip = need_tool("arm-none-eabi-strip")
    subprocess.run([strip, "-g", str(built("hosted")), "-o", str(bare)], check=True)
    result = run_emu(bare, options=("--coverage", str(tmp_path / "x")))
    assert result.returncode == 2
    assert result.stderr.decode() == f"emu: {bare} has no line numbers: compile it with -g\n"


@pytest.mark.parametrize("option", ["--coverage", "--profile"])
def test_a_full_disk_is_said_in_one_line_when_the_guest_has_ended(option: str) -> None:
    result = run_emu(guest("programs/hello"), options=(option, "/dev/full"))
    assert result.returncode == 0
    what = option.removeprefix("--")
    assert (
        result.stderr == f"emu: /dev/full: No space left on device: there is no {what}\n".encode()
    )


def test_a_record_of_a_source_file_has_all_its_sums() -> None:
    source = Source()
    for number, count in ((5, 0), (3, 2), (4, 7), (4, 1)):
        source.add_line(number, count)
    source.add_function("never", 5, 0)
    source.add_function("main", 3, 2)
    source.add_function("main", 3, 1)
    source.add_function("main", 5, 0)
    assert _record("a.c", source).splitlines() == [
        "SF:a.c", "FN:3,main", "FN:5,main (line 5)", "FN:5,never", "FNDA:3,main",
        "FNDA:0,main (line 5)", "FNDA:0,never", "FNF:3", "FNH:1",
        "DA:3,2", "DA:4,7", "DA:5,0", "LF:3", "LH:2", "end_of_record",
    ]  # fmt: skip


def test_spans_come_by_file_and_address() -> None:
    path = guest("programs/hello")
    machine = machine_for(path)
    counter = ExecutionCounter(Code.of(machine, open_files(str(path))))
    file = open_files(str(path)).program
    spans = [Span(file, 0x30, 4), Span(file, 0x10, 8), Span(file, 0x20, 2), Span(file, 0x10, 4)]
    counter._done.update(spans)
    assert [span[1:] for span, _ in counter.spans()] == [(0x10, 4), (0x10, 8), (0x20, 2), (0x30, 4)]


def test_sources_that_are_not_here_are_left_out_and_counted(tmp_path: Path) -> None:
    out = tmp_path / "out.info"
    run = run_emu(guest("programs/hello"), options=("--coverage", str(out)), cwd=tmp_path)
    records = re.findall(r"^SF:(.*)$", out.read_text(), re.MULTILINE)
    assert records == []
    (told,) = run.stderr.decode().splitlines()
    assert re.fullmatch(
        r"emu: coverage: left out \d+ source files that are not here, as .*; "
        r"--coverage-source DIR says where they are",
        told,
    )
    options = ("--coverage", str(out), "--coverage-source", str(ROOT))
    run = run_emu(guest("programs/hello"), options=options, cwd=tmp_path)
    records = re.findall(r"^SF:(.*)$", out.read_text(), re.MULTILINE)
    assert str(ROOT / "guest/programs/hello.c") in records
    assert all(Path(name).is_file() for name in records)


def test_a_source_is_found_by_the_longest_end_of_its_path(tmp_path: Path) -> None:
    for name in ("src/a.c", "a.c", "deep/src/b.c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = SourceFiles([str(tmp_path / "deep"), str(tmp_path)])
    assert found.find("/elsewhere/src/a.c") == str(tmp_path / "src/a.c")
    assert found.find("../src/b.c") == str(tmp_path / "deep/src/b.c")
    assert found.find(str(tmp_path / "a.c")) == str(tmp_path / "a.c")
    assert found.find("c.c") is None
    assert found.missing == {"c.c"}


def test_coverage_source_needs_coverage_and_a_directory(tmp_path: Path) -> None:
    run = run_emu(guest("programs/hello"), options=("--coverage-source", str(tmp_path)))
    assert run.stderr == b"emu: --coverage-source needs --coverage FILE\n"
    run = run_emu(guest("programs/hello"), options=("--coverage-source", "/nowhere"))
    assert run.returncode == 2
