"""Hooks that only watch, for tests: before instructions, at blocks, at loads and stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import pytest
from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC, HOOK_MEM_ACCESS_CFUNC

from emu import native
from emu.cpu import exit_checks
from emu.cpu.engine import Engine

P = ParamSpec("P")


def use_python_hooks(request: pytest.FixtureRequest) -> None:
    """For the rest of the test, let what is made have the hooks in Python."""
    request.getfixturevalue("monkeypatch").setattr(native, "hooks", None)


def keep_exit_checks(request: pytest.FixtureRequest) -> None:
    """For the rest of the test, let cores have Unicorn's own exit checks, and hooks that count."""
    Engine()  # what can be left out is tried out with the first
    request.getfixturevalue("monkeypatch").setattr(exit_checks, "_does_work", False)


def add_code_hook(engine: Engine, callback: Callable[[int, int], None]) -> int:
    """Call ``callback(va, size)`` before each instruction, which is counted.  Returns a handle."""
    engine.hooks.count_instructions()
    guarded = _guard(engine, callback)
    function = HOOK_CODE_CFUNC(lambda _uc, va, size, _data: guarded(va, size))
    engine.unicorn.flush_blocks()
    return engine.unicorn.add_hook(const.UC_HOOK_CODE, function)


def add_block_hook(engine: Engine, callback: Callable[[int, int], None]) -> int:
    """Call ``callback(va, size)`` at the start of each basic block.  Returns a handle."""
    guarded = _guard(engine, callback)
    function = HOOK_CODE_CFUNC(lambda _uc, va, size, _data: guarded(va, size))
    engine.unicorn.flush_blocks()
    return engine.unicorn.add_hook(const.UC_HOOK_BLOCK, function)


def add_memory_hook(engine: Engine, callback: Callable[[bool, int, int, int], None]) -> int:
    """Call ``callback(is_write, address, size, value)`` for each load and store.

    The address is physical, but virtual in the ``map`` backend.  A load's value is 0: it is
    called before.
    """
    guarded = _guard(engine, callback)

    def function(_uc: int, kind: int, address: int, size: int, value: int, _: object) -> None:
        engine.hooks.leave_it_block()
        guarded(kind == const.UC_MEM_WRITE, address, size, value & (1 << size * 8) - 1)

    engine.unicorn.flush_blocks()
    kinds = const.UC_HOOK_MEM_READ | const.UC_HOOK_MEM_WRITE
    return engine.unicorn.add_hook(kinds, HOOK_MEM_ACCESS_CFUNC(function))


def _guard(engine: Engine, function: Callable[P, None]) -> Callable[P, None]:
    """The function as a callback: what it raises stops the run and comes out of it."""

    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except BaseException as error:
            engine.control.fail(error)

    return guarded
