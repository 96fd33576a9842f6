"""With the package alone: the built wheel in a fresh environment, in an empty directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.guests import ROOT, need_tool
from tests.session.shared import made_once

UNREACHABLE = ("Failed to establish a new connection", "Temporary failure in name resolution")


class Installed:
    """A new environment with the wheel and pytest, and an empty directory to work in."""

    def __init__(self, base: Path, empty: Path) -> None:
        """base: what ``install`` has filled."""
        self.base, self.bin, self.empty = base, base / "venv" / "bin", empty
        (self.wheel,) = (base / "wheels").glob("*.whl")

    @staticmethod
    def install(base: Path) -> None:
        """Build the wheel of what git has here, and install it in a new environment."""
        source = base / "source"
        kept = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        for name in filter(None, kept.decode().split("\0")):
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, source / name)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
        wheels = ["--no-deps", "--no-build-isolation", "-w", str(base / "wheels")]
        must([*pip, "wheel", *wheels, str(source)])
        (wheel,) = (base / "wheels").glob("*.whl")
        must([sys.executable, "-m", "venv", str(base / "venv")])
        must([str(base / "venv" / "bin" / "pip"), "install", "-q", str(wheel), "pytest"])

    def run(self, *words: str, cwd: Path | None = None) -> str:
        """What a command prints, which must succeed: with nothing of the source tree in sight."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("PYTHON", "PYTEST", "MAKE", "EMU_", "COV"))}  # fmt: skip
        path, cache = f"{self.bin}:{os.environ['PATH']}", str(self.base / "cache")
        environment = {**kept, "PATH": path, "EMU_CACHE": cache}
        done = subprocess.run(
            words, cwd=cwd or self.empty, env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def must(words: list[str]) -> None:
    """Run a command that must succeed; skips the test where it cannot reach the network."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode and any(one in done.stderr for one in UNREACHABLE):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    need_tool("arm-none-eabi-gcc")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone of the repository")
    base = made_once(tmp_path_factory, "installed", Installed.install)
    return Installed(base, tmp_path_factory.mktemp("empty"))


def new_project(installed: Installed, directory: Path) -> Path:
    installed.run("emu", "new", "hello", cwd=directory)
    return directory / "hello"


def test_a_project_from_nothing_to_a_flame_graph(installed: Installed, tmp_path: Path) -> None:
    """new, make, run, test, profile."""
    project = new_project(installed, tmp_path)
    python = f"PYTHON={installed.bin / 'python'}"
    installed.run("make", cwd=project)
    said = installed.run("make", "run", "ARGS=reader", cwd=project)
    assert "\nHello, reader\n" in said
    assert "2 passed" in installed.run("make", "test", python, cwd=project)
    installed.run("make", "profile", cwd=project)
    drawing = ElementTree.parse(project / "build" / "hello.svg").getroot()
    names = {box.get("data-name") for box in drawing.iter() if box.get("data-name")}
    assert {"all", "process 0", "main", "printf"} <= names


def test_a_project_by_cmake(installed: Installed, tmp_path: Path) -> None:
    need_tool("cmake")
    project = new_project(installed, tmp_path)
    toolchain = "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake"
    installed.run("cmake", "-B", "cmake-build", toolchain, cwd=project)
    installed.run("cmake", "--build", "cmake-build", cwd=project)
    said = installed.run("emu", "run", "cmake-build/hello.elf", "--", "you", cwd=project)
    assert said.startswith("Hello, you\n")
    assert "100% tests passed" in installed.run("ctest", "--test-dir", "cmake-build", cwd=project)


def test_a_cmake_package_for_programs_without_newlib(installed: Installed, tmp_path: Path) -> None:
    need_tool("cmake")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(bare C)\nfind_package(emu REQUIRED)\n"
        "add_executable(bare bare.c)\ntarget_link_libraries(bare PRIVATE emu::bare)\n"
    )
    (tmp_path / "bare.c").write_text(
        '#include "console.h"\nint main(void) { puts("bare"); return 0; }\n'
    )
    toolchain = installed.run("emu", "sdk", "--toolchain").strip()
    installed.run("cmake", "-B", "build", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", cwd=tmp_path)
    installed.run("cmake", "--build", "build", cwd=tmp_path)
    assert installed.run("emu", "run", "build/bare.elf", cwd=tmp_path) == "bare\n"
    assert (tmp_path / "build" / "bare.elf").stat().st_size < 100_000


def test_the_package_is_whole(installed: Installed) -> None:
    """It has the hooks in C, its manual page and the types; and nothing of the tests."""
    assert "with hooks in" in installed.run("emu", "--version")
    listed = installed.run("python", "-m", "zipfile", "-l", str(installed.wheel))
    for part in ("emu/py.typed", "kernel_model/py.typed", "emu/sdk/guest/lib/guest.ld",
                 "data/share/man/man1/emu.1"):  # fmt: skip
        assert part in listed
    assert "tests/" not in listed
    assert (installed.base / "venv" / "share" / "man" / "man1" / "emu.1").is_file()
    where = installed.run("python", "-c", "import emu; print(emu.__file__)")
    assert str(installed.base / "venv") in where
