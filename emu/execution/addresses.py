"""The virtual and the physical address of an access, of which Unicorn tells one.

In the ``map`` backend memory hooks are given virtual addresses, in the others physical ones.  A
physical address belongs to a frame, and the frame has a view in the current address space.  Where
frames overlap there may be several views; then the instruction shows which of them it used.
"""

from __future__ import annotations

from emu.arm.addressing import WORD, address_of
from emu.execution.code import Code
from kernel_model.descriptors import WRITE
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE


class Addresses:
    """Finds both addresses of an access.

    virtual: whether Unicorn tells virtual addresses.
    """

    def __init__(self, code: Code) -> None:
        self.code, self.kernel, self.engine = code, code.kernel, code.core.engine
        self._physical = code.core.backend.physical
        self.virtual = code.core.backend.name == "map"
        self._views: dict[int, list[int]] = {}
        self._last = -1
        self._reached = 0

    def forget(self) -> None:
        """The address space is another one, or has changed."""
        self._views.clear()

    def both(self, told: int, pc: int) -> tuple[int, int]:
        """(va, pa) of an access by the instruction at ``pc``, which executes just now."""
        if self.virtual:
            return told, self._physical(told)
        page = told & PAGE_BASE
        views = self._views.get(page)
        if views is None:
            views = self._views[page] = self._views_of(page)
        offset = told & PAGE_OFFSET
        va = views[0] if len(views) == 1 else self._nearest(views, offset, pc)
        return va + offset, told

    def may_store(self, va: int, size: int) -> bool:
        """Whether a store will be made: one that spans two pages may fault at the second."""
        if (va & PAGE_OFFSET) + size <= PAGE_SIZE:
            return True
        last = (va + size - 1) & 0xFFFFFFFF
        return self.code.core.backend.translate(last).refusal(WRITE) is None

    def view(self, page: int) -> int:
        """The page (va) that maps a physical page in the current address space; -1: several do."""
        views = self._views_of(page)
        return views[0] if len(views) == 1 else -1

    def _views_of(self, page: int) -> list[int]:
        """The pages (va) that map a physical page in the current address space."""
        kernel, process = self.kernel, self.code.process
        assert process is not None
        l1 = kernel.frames[process.l1]
        found = [
            kernel.view_va(frame) + page - frame.pa
            for frame in kernel.frames.values()
            if frame.pa <= page < frame.end and frame.is_viewed and self._is_in(frame, l1)
        ]
        if not found:
            raise AssertionError(f"Addresses: no view of {page:#x}, which was accessed")
        return found

    def _is_in(self, frame: Frame, l1: Frame) -> bool:
        kernel = self.kernel
        return kernel.l1_over(kernel.frames[frame.v_id]) is l1

    def _nearest(self, views: list[int], offset: int, pc: int) -> int:
        """The view through which ``pc`` reaches ``offset``: nearest to the address it computes.

        One instruction accesses at most 128 bytes, and views of one page are pages apart.  The
        first of several accesses decides: the instruction may have changed its registers later.
        """
        count = self.engine.counter.begun(pc)
        if count != self._last:
            registers, code = self.engine.registers, self.code.read(pc, 4)
            reached = address_of(code, pc, registers.thumb, registers.core())
            self._last, self._reached = count, reached or 0

        def distance(view: int) -> int:
            away = (view + offset - self._reached) & WORD
            return min(away, (WORD + 1) - away)

        return min(views, key=distance)
