"""The SDK: what it builds, with what options, and what is said where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import emu
from emu.sdk import library
from emu.sdk.compiler import command
from emu.sdk.library import Sdk, cache_home, sdk
from emu.sdk.sources import SdkError, digest, files, sources
from emu.sdk.starter import write_project
from tests.guests import ROOT, emu_command, guest, need_tool, run_emu

HELLO = """\
#include <stdio.h>
#include "kernel.h"
int main(int argc, char **argv) { printf("%s, %d\\n", argv[argc - 1], frame_count()); return 3; }
"""
BARE = """\
#include "console.h"
#include "kernel.h"
int main(void) { printf("%d\\n", frame_count() > 0); return 0; }
"""
CPP = """\
#include <cstdio>
#include <new>
struct Base { virtual ~Base() {} virtual int value() const = 0; };
struct One : Base { int value() const override { return 1; } };
struct Global { Global() { puts("constructed"); } ~Global() { puts("destroyed"); } } global;
int main() { Base *one = new One; int value = one->value(); delete one; return value - 1; }
"""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    need_tool("arm-none-eabi-gcc")
    return sdk(tmp_path_factory.mktemp("cache"))


def build(kit: Sdk, directory: Path, text: str, *flags: str, bare: bool = False) -> Path:
    source = directory / "prog.c"
    source.write_text(text)
    program = directory / "prog.elf"
    words = command(kit, "cc", ["-Wall", "-Werror", *flags, str(source), "-o", str(program)], bare)
    subprocess.run(words, check=True)
    return program


def test_it_is_built_once_and_again_for_other_sources(kit: Sdk) -> None:
    assert sdk(kit.root.parent) == kit
    assert [path.name for path in kit.root.parent.iterdir()] == [kit.root.name]
    assert digest(sources(), "other compiler") != digest(sources(), "one compiler")


def test_its_name_is_that_of_a_compiler_and_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Specs and debug information hold the place; archives are the compiler's."""

    def place(version: str, home: str, path: str = "bin") -> Path:
        compiler = tmp_path / path / "arm-none-eabi-gcc"
        compiler.parent.mkdir(exist_ok=True)
        compiler.write_text(f'#!/bin/sh\n[ "$*" = --version ] && echo "gcc {version}"\n')
        compiler.chmod(0o755)
        monkeypatch.setenv("PATH", str(compiler.parent), prepend=os.pathsep)
        return sdk(tmp_path / home).root

    monkeypatch.setattr(library, "_build", lambda _root, made: made.mkdir())
    first = place("12.2.1", "cache")
    assert place("12.2.1", "cache") == first
    assert place("12.2.1", "cache", "other").name != first.name  # it may have been patched
    assert place("13.1.0", "cache").name != first.name
    assert place("12.2.1", "elsewhere").name != first.name
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_of_a_tool_that_fails_the_first_line_is_said(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho first >&2\necho last >&2\nexit 3\n")
    tool.chmod(0o755)
    with pytest.raises(SdkError, match=r"tool failed: first$"):
        library.run([str(tool)])
    tool.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SdkError, match=r"tool failed: status 3$"):
        library.run([str(tool)])


def test_it_is_an_archive_for_each_way_to_pass_floats(kit: Sdk) -> None:
    for variant in ("hard", "soft"):
        found = {path.name for path in (kit.lib / variant).iterdir()}
        assert found == {"libemu.a", "libemu-bare.a", "libemu-newlib.a"}
    objects = subprocess.run(
        ["arm-none-eabi-ar", "t", str(kit.lib / "hard" / "libemu.a")],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert {"crt0.o", "start.o", "stubs.o"} < set(objects)
    names = {path.stem for path in files(sources()) if path.suffix in (".c", ".S")}
    others = {"console", "exit", "string", "newlib"}
    assert {name.removesuffix(".o") for name in objects} == names - others


@pytest.mark.parametrize(
    "flags",
    [(), ("-marm",), ("-O0", "-g"), ("-mfloat-abi=soft",), ("-mfloat-abi=softfp", "-mfpu=vfpv3"),
     ("-march=armv7-a", "-mfloat-abi=soft"), ("--specs=nano.specs",), ("-specs=emu.specs",)],
    ids=" ".join,
)  # fmt: skip
def test_newlib_programs(kit: Sdk, tmp_path: Path, flags: tuple[str, ...]) -> None:
    run = run_emu(build(kit, tmp_path, HELLO, *flags), "last")
    assert run.stdout.startswith(b"last, 1"), run.stderr
    assert run.returncode == 3


def test_programs_without_newlib_are_small(kit: Sdk, tmp_path: Path) -> None:
    program = build(kit, tmp_path, BARE, "-O2", bare=True)
    run = run_emu(program)
    assert (run.stdout, run.returncode) == (b"1\n", 0)
    assert sum(segment["p_filesz"] for segment in segments(program)) < 4096


def segments(program: Path) -> list[dict[str, int]]:
    from elftools.elf.elffile import ELFFile

    with program.open("rb") as stream:
        return [dict(one.header) for one in ELFFile(stream).iter_segments()
                if one["p_type"] == "PT_LOAD"]  # fmt: skip


def test_specs_alone_are_enough(kit: Sdk, tmp_path: Path) -> None:
    """For a build that calls the compiler itself."""
    source, program = tmp_path / "prog.c", tmp_path / "prog.elf"
    source.write_text(HELLO)
    for flags in ([], kit.cflags()):
        compiler = ["arm-none-eabi-gcc", *flags, str(source), *kit.libs(), "-o", str(program)]
        subprocess.run(compiler, check=True)
        assert run_emu(program, "x").returncode == 3


def test_cpp(kit: Sdk, tmp_path: Path) -> None:
    source, program = tmp_path / "prog.cpp", tmp_path / "prog.elf"
    source.write_text(CPP)
    header = subprocess.run(
        ["arm-none-eabi-g++", "-fsyntax-only", "-x", "c++", "-"], input=b"#include <new>\n",
        capture_output=True, check=False,
    )  # fmt: skip
    if header.returncode:
        pytest.skip("there is no C++ library for arm-none-eabi-g++")
    words = command(kit, "c++", ["-g", str(source), "-o", str(program)])
    subprocess.run(words, check=True)
    run = run_emu(program)
    assert (run.stdout, run.returncode) == (b"constructed\ndestroyed\n", 0)
    listed = emu_command("symbols", str(program)).stdout.decode()
    assert "One::value() const" in listed
    assert "_ZNK3One5valueEv" not in listed
    shown = emu_command("disasm", "--function", "One::value", str(program)).stdout.decode()
    assert "One::value() const" in shown
    profile = run_emu(program, options=("--profile", "-")).stdout.decode()
    assert ";One::value() const " in profile


def test_reports_and_traces_have_cpp_names(kit: Sdk, tmp_path: Path) -> None:
    """What stands in the source, with namespace, class and parameters."""
    source, program = tmp_path / "fault.cpp", tmp_path / "fault.elf"
    source.write_text(
        "namespace geo { struct Shape { int *p; __attribute__((noinline)) int area(int n) const "
        "{ return p[n]; } }; }\nint main() { geo::Shape s{nullptr}; return s.area(1) + 1; }\n"
    )
    need_tool("arm-none-eabi-g++")
    subprocess.run(command(kit, "c++", ["-g", str(source), "-o", str(program)]), check=True)
    said = run_emu(program).stderr.decode()
    assert said.splitlines()[1].startswith("  in geo::Shape::area(int) const at ")
    assert "\n    #0   geo::Shape::area(int) const at " in said
    options = ("--trace", "block", "--function", "geo::Shape::area")
    traced = run_emu(program, options=options).stderr.decode()
    assert "<geo::Shape::area(int) const>" in traced


def test_debug_information_names_files_that_are_there(kit: Sdk, tmp_path: Path) -> None:
    listed = emu_command("symbols", str(build(kit, tmp_path, BARE, "-g", bare=True))).stdout
    last = [line.split()[-1] for line in listed.decode().splitlines()]
    places = [word for word in last if "/" in word and ":" in word]
    assert len(places) > 5
    for place in places:
        if "libgcc" not in place:
            assert Path(place.rpartition(":")[0]).is_file(), place
    assert b".sdk-" not in listed


def test_the_commands(kit: Sdk, tmp_path: Path) -> None:
    environment = {"EMU_CACHE": str(kit.root.parent)}
    (tmp_path / "prog.c").write_text(HELLO)
    for words in (("cc", "prog.c", "-o", "a.elf"), ("cc", "-O2", "-c", "prog.c", "-o", "a.o")):
        done = emu_command(*words, cwd=tmp_path, env=environment)
        assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a.o").is_file()
    assert run_emu(tmp_path / "a.elf", "it").stdout.startswith(b"it, ")
    failed = emu_command("cc", "nothing.c", cwd=tmp_path, env=environment)
    assert failed.returncode == 1
    assert b"nothing.c" in failed.stderr
    shown = emu_command("sdk", "--include", env=environment)
    assert shown.stdout.decode() == f"{kit.include}\n"
    both = emu_command("sdk", "--cflags", "--libs", env=environment).stdout.decode()
    assert both.split() == [*kit.cflags(), *kit.libs()]
    everything = emu_command("sdk", env=environment).stdout.decode().splitlines()
    names = ["cflags", "libs", "specs", "include", "cmake", "toolchain"]
    assert [line.split()[0] for line in everything] == names


THREAD_LOCAL = """\
#include <stdio.h>
static int made;
struct Counted { int n; Counted() : n(++made) {} };
thread_local Counted counted;
thread_local int values[3] = {4, 5, 6};
int main() { printf("%d %d %d\\n", counted.n, counted.n, values[2]); return 0; }
"""


@pytest.mark.parametrize("flags", [(), ("-mtp=soft",), ("-marm",)])
def test_thread_local_variables(kit: Sdk, tmp_path: Path, flags: tuple[str, ...]) -> None:
    source, program = tmp_path / "prog.cpp", tmp_path / "prog.elf"
    source.write_text(THREAD_LOCAL)
    words = command(kit, "c++", ["-O1", *flags, str(source), "-o", str(program)])
    subprocess.run(words, check=True)
    run = run_emu(program)
    assert (run.stdout, run.returncode) == (b"1 1 6\n", 0)


NESTED = """\
int apply(int (*function)(int), int x) { return function(x); }
int main(int argc, char **argv) {
    (void)argv;
    int add(int y) { return y + argc; }
    return apply(add, 41);
}
"""


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ((), 139),
        (("-z", "execstack"), 42),
        (("-zexecstack",), 42),
        (("-Wl,-z,execstack",), 42),
        (("-z", "execstack", "-z", "noexecstack"), 139),
    ],
)
def test_a_stack_is_executable_where_the_linker_is_told(
    kit: Sdk, tmp_path: Path, flags: tuple[str, ...], status: int
) -> None:
    program = build(kit, tmp_path, NESTED, "-O0", *flags)
    run = run_emu(program)
    assert run.returncode == status
    assert (b"link with -z execstack" in run.stderr) == (status == 139)


MIXED = {
    "one.c": "int f(void *p) { int *class = p; return *class; }\n",  # C++ takes neither
    "two.cpp": 'extern "C" int f(void *);\nint main() { int x = 7; return f(&x); }\n',
}


@pytest.mark.parametrize("language", ["cc", "c++"])
def test_each_source_is_compiled_by_its_suffix(kit: Sdk, tmp_path: Path, language: str) -> None:
    for name, text in MIXED.items():
        (tmp_path / name).write_text(text)
    for order in (list(MIXED), [*MIXED][::-1]):
        words = command(kit, language, ["-Wall", *order, "-o", "mixed.elf"], bare=True)
        subprocess.run(words, check=True, cwd=tmp_path)
        assert run_emu(tmp_path / "mixed.elf").returncode == 7


def test_a_language_that_is_named_and_the_values_of_options_stay(kit: Sdk) -> None:
    own = ["-x", "c++", "one.c", "-o", "two.c"]
    assert command(kit, "cc", own)[-5:] == own
    plain = ["-include", "one.c", "-o", "two.c", "a.o", "-lx"]
    assert command(kit, "cc", plain)[-6:] == plain
    assert command(kit, "cc", plain)[0].endswith("gcc")


@pytest.mark.parametrize("language", ["cc", "c++"])
def test_help_is_our_own(language: str) -> None:
    long, short = (emu_command(language, option) for option in ("--help", "-h"))
    assert long.stdout.startswith(b"Usage: emu " + language.encode())
    assert (short.stdout, short.returncode) == (long.stdout, 0)


def test_without_a_compiler_one_line_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "emu", "cc", "x.c"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PATH": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("emu: arm-none-eabi-gcc is not installed; it builds programs")
    assert done.stderr.count("\n") == 1


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SdkError, match=r"^cannot build the SDK in .*: Not a directory"):
        sdk(tmp_path / "file" / "beneath")


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMU_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert cache_home() == Path("/cache/emu")
    monkeypatch.setenv("EMU_CACHE", "/mine")
    assert cache_home() == Path("/mine")


def test_a_project_is_written_where_nothing_is(tmp_path: Path) -> None:
    names = write_project(tmp_path / "hello")
    assert sorted(names) == sorted(path.name for path in (tmp_path / "hello").iterdir())
    assert "@NAME@" not in "".join(path.read_text() for path in (tmp_path / "hello").iterdir())
    with pytest.raises(SdkError, match="is there already, and not empty"):
        write_project(tmp_path / "hello")
    with pytest.raises(SdkError, match="is no name for a program"):
        write_project(tmp_path / "no name")
    done = emu_command("new", str(tmp_path / "hello"))
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_what_the_api_builds_runs(tmp_path: Path) -> None:
    guest("programs/hello")  # there is a compiler
    (tmp_path / "prog.c").write_text(BARE)
    program = emu.build(tmp_path / "prog.c", output=tmp_path / "prog.elf", bare=True)
    emu.load(program).check("1")
    for name, text in MIXED.items():
        (tmp_path / name).write_text(text)
    sources = [tmp_path / name for name in MIXED]
    assert emu.load(emu.build(*sources, output=program, bare=True)).run().status == 7
    (tmp_path / "wrong.c").write_text("int main(void) { return nothing; }")
    with pytest.raises(emu.SdkError, match="'nothing' undeclared"):
        emu.build(tmp_path / "wrong.c", output=tmp_path / "wrong.elf")
