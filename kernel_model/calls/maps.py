"""Calls that change address spaces: making tables, mapping into them, unmapping."""

from __future__ import annotations

from kernel_model.abi import (
    KERNEL_VA,
    MAP_ALL,
    MAP_KIND_MASK,
    MAP_READ,
    MAP_WRITE,
    Error,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.calls.checks import (
    check_aligned,
    check_not_table,
    check_table,
    check_type,
    check_visible,
    is_viewed_by,
)
from kernel_model.charges import ENTRY
from kernel_model.descriptors import COARSE_SIZE, L1_SIZE, SECTION_SIZE, SMALL_PAGE_SIZE
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.mapping import clear_view, enter_view, install_table, remove_table, renew_view
from kernel_model.process import Process


def frame_table(kernel: Kernel, caller: Process, f_id: int, type_: int) -> int:
    """Turn a frame into an L1 or L2 table, or an empty, unused table back into memory.

    The frame is MEM and viewed read-only in the caller's vspace.  An L1 is 16 KiB at a multiple
    of 16 KiB and starts with the kernel's entries; an L2 is whole pages and starts zeroed.
    Errors: BAD_KIND, NO_FRAME, IS_TABLE, WRONG_TYPE, NOT_VIEWED_READ_ONLY, BAD_SIZE,
    UNALIGNED; for NO: NOT_TABLE, TABLE_HUNG, TABLE_CURRENT, TABLE_NOT_EMPTY.
    Source: docs/kernel.md, rule 6.
    """
    if type_ not in (TableType.NO, TableType.L1, TableType.L2):
        raise Refused(Error.BAD_KIND, "{type:#x} is no type of table", type=type_)
    frame = kernel.frame_of(caller, f_id)
    if type_ == TableType.NO:
        return _make_memory(kernel, frame)
    check_not_table(frame)
    check_type(frame, FrameType.MEM)
    if not is_viewed_by(kernel, caller, frame) or frame.v_flags & MAP_WRITE:
        raise Refused(
            Error.NOT_VIEWED_READ_ONLY, "{frame} has no read-only view in vspace {l1}",
            frame=frame, l1=caller.l1,
        )  # fmt: skip
    if type_ == TableType.L1:
        _check_l1_shape(frame)
    _set_table(kernel, frame, TableType(type_))
    if type_ == TableType.L1:
        kernel.editor.start_l1(frame)
    return 0


def _set_table(kernel: Kernel, frame: Frame, type_: TableType) -> None:
    """Make a frame a table, or a table memory, and zero it.

    The frame's view is written again, because views of tables are never executable.
    """
    kernel.editor.blank(frame)
    frame.table = type_
    renew_view(kernel, frame)


def _check_l1_shape(frame: Frame) -> None:
    if frame.len != L1_SIZE:
        raise Refused(Error.BAD_SIZE, "{frame} is not 0x4000 bytes", frame=frame)
    check_aligned("the frame's address", frame.pa, L1_SIZE)


def _make_memory(kernel: Kernel, frame: Frame) -> int:
    if not frame.is_table:
        raise Refused(Error.NOT_TABLE, "{frame} is no table", frame=frame)
    if frame.is_installed:
        raise Refused(Error.TABLE_HUNG, "{frame} is installed in table {t_id}", frame=frame,
                      t_id=frame.t_id)  # fmt: skip
    check_not_current(kernel, frame)
    if not kernel.editor.is_empty(frame):
        raise Refused(Error.TABLE_NOT_EMPTY, "{frame} still has entries", frame=frame)
    _set_table(kernel, frame, TableType.NO)
    return 0


def check_not_current(kernel: Kernel, frame: Frame) -> None:
    """Errors: TABLE_CURRENT, when some process runs on this L1."""
    if frame.table is TableType.L1 and kernel.is_current(frame):
        raise Refused(
            Error.TABLE_CURRENT, "{frame} is the current vspace of process {pid}",
            frame=frame, pid=next(iter(frame.users)),
        )  # fmt: skip


def frame_map(kernel: Kernel, caller: Process, t_id: int, f_id: int, va: int, flags: int) -> int:
    """Map a frame: as pages in an L2, as sections in an L1, or an L2 table in an L1.

    t_id: the table, visible to the caller.  va: aligned to the unit of the kind.  flags: kind,
    rights, NOEXEC.  Mapping a frame that has a page view moves the view.
    Errors: BAD_KIND, BAD_FLAGS, NO_FRAME, NOT_TABLE, TABLE_NOT_VISIBLE, TABLE_NOT_HUNG,
    TABLE_HUNG, WRONG_TYPE, TABLE_WRITABLE, UNALIGNED, OUT_OF_RANGE, PAGE_ZERO, KERNEL_SPACE,
    ENTRY_IN_USE.  Source: docs/kernel.md, rule 7.
    """
    kind = check_flags(flags)
    table, frame = kernel.frame_of(caller, t_id), kernel.frame_of(caller, f_id)
    check_table(table, TableType.L2 if kind is MapKind.PAGE else TableType.L1)
    check_visible(kernel, caller, table)
    if kind is MapKind.TABLE_L2:
        return _install_table(kernel, frame, table, va)
    _check_viewable(frame, flags)
    start = _check_place(kernel, frame, table, va)
    unit = SMALL_PAGE_SIZE if kind is MapKind.PAGE else SECTION_SIZE
    own = _own_entries(frame, table)
    _check_free(kernel, table, (va - start) // unit, frame.view_len // unit, own)
    if frame.is_viewed:
        clear_view(kernel, frame)
    enter_view(kernel, frame, table, va - start, flags)
    return 0


def check_flags(flags: int) -> MapKind:
    """The kind in map flags.  Errors: BAD_KIND, BAD_FLAGS."""
    bits = flags & MAP_KIND_MASK
    if bits not in (MapKind.PAGE, MapKind.SECTION, MapKind.TABLE_L2):
        raise Refused(Error.BAD_KIND, "nothing is mapped as kind {kind}", kind=bits >> 2)
    kind = MapKind(bits)
    rights = flags & ~MAP_KIND_MASK
    if kind is MapKind.TABLE_L2:
        good = rights == 0
    else:
        good = bool(rights & MAP_READ) and not flags & ~MAP_ALL
    if not good:
        raise Refused(Error.BAD_FLAGS, "flags {flags:#x} do not go together", flags=flags)
    return kind


def _check_viewable(frame: Frame, flags: int) -> None:
    """Pool memory is never viewed; tables and PROC frames never writable (rules 7 and 11).

    A section shows more than the first page of a PROC frame.
    """
    check_type(frame, FrameType.MEM, FrameType.IO, FrameType.PROC)
    if flags & MAP_KIND_MASK == MapKind.SECTION:
        check_type(frame, FrameType.MEM, FrameType.IO)
    if flags & MAP_WRITE and (frame.is_table or frame.type is FrameType.PROC):
        raise Refused(Error.TABLE_WRITABLE, "{frame} may only be viewed read-only", frame=frame)


def _check_place(kernel: Kernel, frame: Frame, table: Frame, va: int) -> int:
    """Check that a page view at ``va`` fits the table; return the table's first address (va)."""
    if table.table is TableType.L1:
        check_aligned("va", va, SECTION_SIZE)
        check_aligned("the frame's address", frame.pa, SECTION_SIZE)
        check_aligned("the frame's length", frame.len, SECTION_SIZE)
        check_user_space(va, frame.len)
        return 0
    check_aligned("va", va, SMALL_PAGE_SIZE)
    if kernel.l1_over(table) is None:
        raise Refused(Error.TABLE_NOT_HUNG, "table {t_id} is installed in no L1", t_id=table.f_id)
    span = table.span
    length = frame.view_len
    if va < span.start or va + length > span.stop:
        raise Refused(
            Error.OUT_OF_RANGE, "{va:#x}+{len:#x} is not in table {t_id}'s {t_va:#x}+{span:#x}",
            va=va, len=length, t_id=table.f_id, t_va=table.t_va, span=len(span),
        )  # fmt: skip
    check_user_space(va, length)
    return table.t_va


def check_user_space(va: int, length: int) -> None:
    """Errors: PAGE_ZERO, KERNEL_SPACE."""
    if va == 0:
        raise Refused(Error.PAGE_ZERO)
    _check_below_kernel(va, length)


def _check_below_kernel(va: int, length: int) -> None:
    if va + length > KERNEL_VA:
        raise Refused(
            Error.KERNEL_SPACE, "{va:#x}+{length:#x} reaches the kernel at {kernel:#x}",
            va=va, length=length, kernel=KERNEL_VA,
        )  # fmt: skip


def _own_entries(frame: Frame, table: Frame) -> range:
    """The entries of the frame's present view in this table, which a move clears."""
    if frame.v_id != table.f_id:
        return range(0)
    unit = frame.view_unit
    return range(frame.v_off // unit, (frame.v_off + frame.view_len) // unit)


def _check_free(kernel: Kernel, table: Frame, index: int, count: int, own: range) -> None:
    """Errors: ENTRY_IN_USE, unless each entry is empty or among ``own``."""
    kernel.charge(count * ENTRY)
    if kernel.memory.is_zero(table.pa + index * 4, count * 4):
        return
    words = kernel.memory.read_words(table.pa + index * 4, count)
    for offset, word in enumerate(words):
        if word and index + offset not in own:
            raise Refused(
                Error.ENTRY_IN_USE, "entry {entry:#x} of table {t_id} is {word:#010x}",
                entry=index + offset, t_id=table.f_id, word=word,
            )  # fmt: skip


def _install_table(kernel: Kernel, frame: Frame, l1: Frame, va: int) -> int:
    check_table(frame, TableType.L2)
    if frame.is_installed:
        raise Refused(Error.TABLE_HUNG, "table {f_id} is installed in table {t_id}",
                      f_id=frame.f_id, t_id=frame.t_id)  # fmt: skip
    check_aligned("va", va, SECTION_SIZE)
    _check_below_kernel(va, len(frame.span))
    if va == 0 and kernel.memory.read_word(frame.pa):
        raise Refused(
            Error.PAGE_ZERO, "the first entry of table {f_id} would map page 0", f_id=frame.f_id
        )
    _check_free(kernel, l1, va // SECTION_SIZE, frame.len // COARSE_SIZE, range(0))
    install_table(kernel, frame, l1, va)
    return 0


def frame_unmap(kernel: Kernel, caller: Process, f_id: int, kind: int) -> int:
    """Remove a frame's page view (PAGE or SECTION), or an L2 from its L1 (TABLE_L2).

    kind: as in map flags.  The other role stays: a table that is no longer viewed goes on
    translating.
    Errors: BAD_KIND, NO_FRAME, NOT_MAPPED.  Source: docs/kernel.md, rule 8.
    """
    if kind not in (MapKind.PAGE, MapKind.SECTION, MapKind.TABLE_L2):
        raise Refused(Error.BAD_KIND, "nothing is unmapped as kind {kind:#x}", kind=kind)
    frame = kernel.frame_of(caller, f_id)
    is_table_place = kind == MapKind.TABLE_L2
    if not (frame.is_installed if is_table_place else frame.is_viewed and frame.view_kind == kind):
        raise Refused(
            Error.NOT_MAPPED, "{frame} is not mapped as {kind}", frame=frame,
            kind=MapKind(kind).name,
        )  # fmt: skip
    (remove_table if is_table_place else clear_view)(kernel, frame)
    return 0


def vspace_id(_kernel: Kernel, caller: Process) -> int:
    """The frame id of the caller's L1.  Source: docs/kernel.md, ``vspace_id``."""
    return caller.l1
