"""Which rights a TLB entry for RAM gets, so that stores near code are fast and no code is stale.

- Each store through a TLB entry that also grants EXEC looks for translated code, slowly and every
  time.  Through an entry without EXEC only the first store does.
- So loads and stores are answered without EXEC and fetches without WRITE, and a page gets both only
  once it really was both stored to and executed.
- Storing to a page that may have code, translated through another mapping or before the page became
  data, first removes that code.  Executing a page flushes the entries through which it could be
  stored to unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable

from emu.cpu.binding import Unicorn
from emu.mmu.fills import Fills
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.memory import PAGE_SIZE


class Use:
    """What a page of an address space was really used for, as its TLB fills showed."""

    __slots__ = ("executed", "written")

    def __init__(self) -> None:
        self.executed = False
        self.written = False


class Coherence:
    """Decides the rights of fills for RAM, and knows which pages may have translated code.

    remove_code(pa): forgets what was translated from that page of RAM.
    code: the pages of RAM (pa) that may have such code, each with the pages (va) that it was
    fetched through; always the same dictionary.
    """

    def __init__(self, unicorn: Unicorn, fills: Fills, remove_code: Callable[[int], None]) -> None:
        self._unicorn, self._fills = unicorn, fills
        self._remove_code = remove_code
        self.code: dict[int, set[int]] = {}
        self._writable: dict[int, set[int]] = {}  # pa -> pages the TLB may store to it through

    def forget(self) -> None:
        """There is no translated code any more, and the TLB is empty."""
        self.code.clear()
        self._fills.forget_code()
        self.flushed()

    def flushed(self) -> None:
        """The TLB is empty now."""
        self._writable.clear()
        self._fills.flushed()

    def code_written(self, pa: int) -> None:
        """The host stored to this page, which is in ``code``."""
        self._fills.code_changed()
        self._remove_code(pa)

    def grant(self, va: int, pa: int, rights: int, use: Use, access: int) -> int:
        """The rights to answer a fill with, of those the page has.  May be asked twice."""
        if access == EXEC:
            return self._fetch(va, pa, rights, use)
        if not rights & WRITE:
            return READ
        if pa not in self.code:
            self._writable.setdefault(pa, set()).add(va)
            return READ | WRITE
        return READ if access == READ else self._store_to_code(va, pa, rights, use)

    def _fetch(self, va: int, pa: int, rights: int, use: Use) -> int:
        self._flush_others({*self._writable.pop(pa, ()), self._fills.take_store(pa)}, va)
        through = self.code.setdefault(pa, set())
        through.add(va)
        use.executed = True
        is_plain = len(through) == 1 and not use.written
        self._fills.has_code(pa, va if is_plain else -1)
        if not use.written or len(through) > 1:
            return rights & ~WRITE
        self._writable[pa] = {va}
        return rights

    def _store_to_code(self, va: int, pa: int, rights: int, use: Use) -> int:
        if not use.executed or self.code[pa] != {va}:
            self._remove_code(pa)
            self._flush_others(self.code.pop(pa), va)
        self._writable.setdefault(pa, set()).add(va)
        if not use.executed:
            self._fills.has_no_code(pa)
            return READ | WRITE
        use.written = True
        self.code[pa] = {va}
        self._fills.has_code(pa, -1)
        return rights

    def _flush_others(self, pages: set[int], va: int) -> None:
        for other in sorted(pages):
            if other not in (va, -1):
                self._unicorn.flush_page(other)


WINDOW = 0xFFFFF000
"""The page through which one physical page is shown to Unicorn; the kernel's, never a program's."""


class CodeWindow:
    """Shows Unicorn a page of RAM at ``WINDOW``, because Unicorn removes code by virtual address.

    While ``pa`` is not None, a backend's fill hook must answer for that page with it, executable.
    """

    def __init__(self, unicorn: Unicorn) -> None:
        self._unicorn = unicorn
        self.pa: int | None = None

    def remove_code(self, pa: int) -> None:
        """Forget what was translated from the page at ``pa``.  Needs the virtual TLB."""
        self.pa = pa
        self._unicorn.flush_page(WINDOW)
        self._unicorn.remove_blocks(WINDOW, PAGE_SIZE)
        self._unicorn.flush_page(WINDOW)
        self.pa = None
