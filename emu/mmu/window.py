"""Removing translated code by physical address, wherever it is mapped or was."""

from __future__ import annotations

from emu.cpu.engine import Engine
from emu.mmu.backend import PAGE_SIZE

WINDOW = 0xFFFFF000
"""The page through which one physical page is shown to Unicorn; the kernel's, never a program's."""


class Window:
    """Unicorn removes translated code by virtual address, so the page is shown to it at ``WINDOW``.

    While ``pa`` is not None, a backend's fill hook must answer ``WINDOW`` with it, executable.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.pa: int | None = None

    def remove_code(self, pa: int) -> None:
        """Forget what was translated from the page at ``pa``.  Needs the virtual TLB."""
        self.pa = pa
        self._engine.flush_page(WINDOW)
        self._engine.remove_blocks(WINDOW, PAGE_SIZE)
        self._engine.flush_page(WINDOW)
        self.pa = None
