"""Our binding of Unicorn's library says what the package's own says, and imports none of it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import unicorn
from unicorn import arm_const, unicorn_const
from unicorn.unicorn_py3 import unicorn as package

from emu.cpu import libunicorn, unicorn_abi
from tests.guests import ROOT, guest

NUMBERS = {name: value for name, value in vars(unicorn_abi).items() if name.startswith("UC_")}


def test_numbers_are_unicorn_s() -> None:
    theirs = {**vars(unicorn_const), **vars(arm_const)}
    assert len(NUMBERS) > 80
    assert {name: theirs[name] for name in NUMBERS} == NUMBERS


def kind(type_: Any) -> tuple[int, str]:
    """How a type is passed: its size, and whether it is a number or a pointer."""
    code = getattr(type_, "_type_", "P")
    return ctypes.sizeof(type_), code if isinstance(code, str) and code != "z" else "P"


@pytest.mark.parametrize("name", sorted(libunicorn.PROTOTYPES))
def test_functions_take_and_return_what_unicorn_s_do(name: str) -> None:
    theirs, ours = getattr(package.uclib, name), getattr(libunicorn.uclib, name)
    assert ours is getattr(libunicorn.uclib, name)
    if theirs.argtypes is not None:  # the package has no types for uc_vmem_translate
        assert [kind(one) for one in ours.argtypes] == [kind(one) for one in theirs.argtypes]
        assert kind(ours.restype) == kind(theirs.restype)


@pytest.mark.parametrize("name", [name for name in vars(libunicorn) if name.endswith("_CFUNC")])
def test_callbacks_take_and_return_what_unicorn_s_do(name: str) -> None:
    theirs, ours = getattr(package, name), getattr(libunicorn, name)
    assert [kind(one) for one in ours._argtypes_] == [kind(one) for one in theirs._argtypes_]
    assert (ours._restype_ and kind(ours._restype_)) == (
        theirs._restype_ and kind(theirs._restype_)
    )


def test_what_is_not_bound_says_so() -> None:
    with pytest.raises(AttributeError, match="binds no uc_mem_map"):
        libunicorn.uclib.uc_mem_map  # noqa: B018


def test_a_run_imports_no_binding_but_ours() -> None:
    code = (
        "import sys; from emu.cli.main import main; main(sys.argv[1:]);"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('unicorn', 'tempfile')))"
    )
    words = [sys.executable, "-c", code, "run", str(guest("programs/args"))]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("chosen", ["there", "nothing"])
def test_the_library_is_the_one_that_the_user_chose(chosen: str, tmp_path: Path) -> None:
    """By LIBUNICORN_PATH, as the package has it; where there is none, it is the package's."""
    own = Path(unicorn.__file__).parent / "lib"
    places = {"there": own, "nothing": tmp_path}
    code = "from emu.cpu.libunicorn import _library; print(_library._name)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=ROOT, check=True,
        env={**os.environ, "LIBUNICORN_PATH": str(places[chosen])},
    )  # fmt: skip
    assert Path(done.stdout.strip()).parent == own
