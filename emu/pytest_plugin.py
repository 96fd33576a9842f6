"""``emu`` for pytest: a fixture that builds guests, runs them and looks into them.

    def test_hello(emu):
        machine = emu.run("main.c", "reader")
        assert machine.console.lines == ["Hello, reader"]

It comes with the package.  ``docs/api.md`` shows more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from emu.api import Machine

_SOURCES: Final = frozenset((".c", ".cc", ".cpp", ".cxx", ".C", ".s", ".S"))


class Guests:
    """Guest programs of a test.  Paths are relative to the test's own directory.

    In place of a program its source file may be given, which is built first.
    """

    def __init__(self, here: Path, built: Path, made: dict[object, Path]) -> None:
        self._here, self._built, self._made = here, built, made

    def build(
        self, *sources: str | Path, flags: Sequence[str] = ("-O1", "-g"), bare: bool = False
    ) -> Path:
        """Build these sources into one program as ``emu.build`` does, once in a session."""
        from emu.api import build

        paths = tuple(self._here / source for source in sources)
        key = (paths, tuple(flags), bare)
        if key not in self._made:
            output = self._built / f"{paths[0].stem}-{len(self._made)}.elf"
            self._made[key] = build(*paths, output=output, flags=flags, bare=bare)
        return self._made[key]

    def load(self, program: str | Path, *args: str, **options: Any) -> Machine:
        """A machine about to run this program with ``args``; options: those of ``emu.load``."""
        from emu.api import load

        path = self._here / program
        if path.suffix in _SOURCES:
            path = self.build(path)
        return load(path, args, **options)

    def run(self, program: str | Path, *args: str, status: int = 0, **options: Any) -> Machine:
        """Run this program to its end, which must be ``exit(status)``; the machine.

        Errors: GuestError, with the output and the reports of faults.
        """
        machine = self.load(program, *args, **options)
        machine.check(status=status)
        return machine


@pytest.fixture(scope="session")
def _emu_built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[object, Path]]:
    return tmp_path_factory.mktemp("emu"), {}


@pytest.fixture
def emu(request: pytest.FixtureRequest, _emu_built: tuple[Path, dict[object, Path]]) -> Guests:
    """Builds, loads and runs guest programs: see ``emu.pytest_plugin.Guests``."""
    return Guests(request.path.parent, *_emu_built)
