"""Every invariant is broken once, alone where that can be, and must be named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel_model import invariants
from kernel_model.abi import FrameType, ProcState, TableType
from kernel_model.frame import Frame
from kernel_model.invariants import INVARIANTS, InvariantError, check_invariants
from kernel_model.kernel import Kernel
from kernel_model.process import Exited, Process
from kernel_model.window import window_table
from tests.kernel.driver import (
    AREA,
    CODE,
    DATA,
    FREE_VA,
    INFO,
    L1,
    LOW,
    PAGE,
    RAM_BASE,
    REST,
    RO,
    RW,
    SYS,
    UART,
    Machine,
)

NOBODYS = 999


def broken(kernel: Kernel) -> set[str]:
    """The names of the invariants that do not hold."""
    return {name for name, (_, check) in INVARIANTS.items() if list(check(kernel))}


def frame(machine: Machine, f_id: int):
    return machine.kernel.frames[f_id]


def process(machine: Machine, pid: int) -> Process:
    return machine.kernel.processes[pid]


def write_entry(machine: Machine, table: int, index: int, word: int) -> None:
    machine.ram.write_word(frame(machine, table).pa + index * 4, word)


def with_children(machine: Machine) -> Machine:
    """Process 1 runs a vspace of its own; process 2, made of a frame, is new."""
    machine.child()
    machine.record_child()
    return machine


def record(machine: Machine):
    return frame(machine, process(machine, 2).record)


# -- rule 1 ----------------------------------------------------------------------------------


def lose_a_page(machine):
    frame(machine, REST).len -= PAGE


def begin_inside_a_page(machine):
    frame(machine, REST).pa += 4
    frame(machine, REST).len -= 4


def end_inside_a_page(machine):
    frame(machine, REST).len -= 4


def vanish(machine):
    frame(machine, UART).len = 0


def overlap(machine):
    frame(machine, UART).pa = RAM_BASE + (4 << 20) - PAGE


def lose_a_device(machine):
    frame(machine, UART).pa += PAGE


# -- rule 2 ----------------------------------------------------------------------------------


def list_a_frame_twice(machine):
    process(machine, 1).frames[REST] = None


def list_a_frame_that_is_not(machine):
    process(machine, 1).frames[NOBODYS] = None


def forget_a_frame(machine):
    del process(machine, 0).frames[REST]


def mistake_an_owner(machine):
    frame(machine, REST).owner = 1


def mistake_an_id(machine):
    frame(machine, REST).f_id = NOBODYS


# -- rule 3 ----------------------------------------------------------------------------------


def count_an_object_too_many(machine):
    process(machine, 0).charged += 1


def count_an_object_too_few(machine):
    process(machine, 0).charged -= 1


def use_more_than_there_is(machine):
    process(machine, 0).room = process(machine, 0).charged - 1


def find_room(machine):
    process(machine, 1).room += 1


def lose_the_pools_room(machine):
    frame(machine, REST).type = FrameType.POOL


def view_pool_memory(machine):
    frame(machine, CODE).type = FrameType.POOL
    process(machine, 0).room += 64


def use_pool_memory(machine):
    frame(machine, CODE).type = FrameType.POOL


def reach_into_the_kernel(machine):
    """As a device-tree boot might."""
    machine.kernel.is_device_tree_boot = True
    frame(machine, UART).pa = RAM_BASE


# -- links -----------------------------------------------------------------------------------


def claim_a_view(machine):
    frame(machine, SYS).views[NOBODYS] = None


def claim_a_table(machine):
    frame(machine, L1).installed[NOBODYS] = None


def claim_anothers_view(machine):
    frame(machine, REST).views[CODE] = None


def claim_anothers_table(machine):
    frame(machine, REST).installed[LOW] = None


def have_entries_without_being_a_table(machine):
    l2 = machine.l2()
    page = machine.take()
    machine.ok("frame_map", L1, l2, 0x40000000, 3 << 2)
    machine.view(page, 0x40000000, RO, l2)
    frame(machine, l2).table = TableType.NO


def remember_a_view(machine):
    frame(machine, REST).v_flags = RO


def remember_where_a_view_was(machine):
    frame(machine, REST).v_off = PAGE


def remember_a_place(machine):
    frame(machine, REST).t_va = PAGE


def forget_a_view(machine):
    del frame(machine, LOW).views[CODE]


def forget_a_table(machine):
    del frame(machine, L1).installed[LOW]


# -- descriptors -----------------------------------------------------------------------------


def map_what_nobody_asked_for(machine):
    write_entry(machine, SYS, (FREE_VA - AREA) // PAGE, frame(machine, REST).pa | 0x6E)


def lose_an_entry(machine):
    write_entry(machine, LOW, 0x20, 0)


def change_an_entrys_rights(machine):
    write_entry(machine, LOW, 0x10, machine.ram.read_word(frame(machine, LOW).pa + 0x40) | 0x30)


def map_outside_the_table(machine):
    frame(machine, INFO).v_off = 0x7FF000000


def map_twice(machine):
    """CODE and DATA at one place in LOW."""
    frame(machine, CODE).v_off = frame(machine, DATA).v_off


# -- isolation -------------------------------------------------------------------------------


def write_a_table(machine):
    """LOW's view in SYS, which is really writable by then."""
    low = frame(machine, LOW)
    low.v_flags = RW
    write_entry(machine, SYS, low.v_off // PAGE, low.pa | 0x7F)


def enter_the_kernel_elsewhere(machine):
    write_entry(machine, L1, 0xF00, 0x80200402)


def look_through_the_window(machine):
    machine.ram.write_word(window_table(RAM_BASE) + 8, RAM_BASE | 0x2E)


def show_another_page(machine):
    machine.ram.write_word(window_table(RAM_BASE), RAM_BASE | 0x15)


def own_a_frame_in_anothers_table(machine):
    frame(machine, CODE).owner = 1
    del process(machine, 0).frames[CODE]
    process(machine, 1).frames[CODE] = None


def install_what_is_no_l2(machine):
    frame(machine, LOW).table = TableType.L1


def map_page_0(machine):
    code, low = frame(machine, CODE), frame(machine, LOW).pa
    code.v_off = 0
    machine.ram.write_word(low, machine.ram.read_word(low + 0x40))
    machine.ram.write_word(low + 0x40, 0)


def map_over_the_kernel(machine):
    """SYS one MiB higher, in an L1 that knows."""
    sys, l1 = frame(machine, SYS), frame(machine, L1).pa
    sys.t_va += 1 << 20
    words = machine.ram.read_words(l1 + 0xEF0 * 4, 16).tolist()
    for index, word in enumerate(words):
        machine.ram.write_word(l1 + (0xEF1 + index) * 4, word)
    machine.ram.write_word(l1 + 0xEF0 * 4, 0)


# -- processes -------------------------------------------------------------------------------


def send_to_nobody(machine):
    process(machine, 1).state = ProcState.SENDING
    machine.kernel.ready.remove(1)


def wait_for_someone_without_sending(machine):
    process(machine, 1).partner = 0


def send_to_one_who_is_gone(machine):
    send_to_nobody(machine)
    process(machine, 1).partner = NOBODYS


def send_to_one_who_knows_nothing(machine):
    send_to_nobody(machine)
    process(machine, 1).partner = 0


def keep_a_message(machine):
    process(machine, 1).message = bytes(64)


def expect_one_who_does_not_send(machine):
    process(machine, 0).senders[1] = None


def expect_one_who_is_gone(machine):
    process(machine, 0).senders[NOBODYS] = None


def lose_a_parent(machine):
    process(machine, 1).parent = NOBODYS


def allow_one_who_is_gone(machine):
    process(machine, 1).allowed = NOBODYS


def run_twice(machine):
    machine.kernel.ready.append(1)


def never_run(machine):
    machine.kernel.ready.clear()


def run_while_waiting(machine):
    process(machine, 1).state = ProcState.RECEIVING


def let_nobody_run(machine):
    machine.kernel.running[0] = None


def run_on_two_cores(machine):
    machine.kernel.running.append(process(machine, 0))


def let_a_core_idle(machine):
    machine.kernel.running.append(None)


def run_on_when_all_has_ended(machine):
    machine.kernel.halted = Exited(0)


def live_nowhere(machine):
    process(machine, 1).l1 = -1


def live_in_memory(machine):
    process(machine, 0).l1 = REST


def live_in_anothers_vspace(machine):
    process(machine, 1).l1 = L1


def be_new_in_anothers_vspace(machine):
    """A new process may have no vspace, but not a wrong one."""
    child = machine.child(start=False)
    process(machine, child.pid).l1 = L1


# -- information pages -----------------------------------------------------------------------


def lie_on_the_page(machine):
    machine.ram.write_word(record(machine).pa + 16, NOBODYS)


def be_nobodys_record(machine):
    frame(machine, REST).type = FrameType.PROC


def have_a_record_that_is_memory(machine):
    record(machine).type = FrameType.MEM


def have_anothers_record(machine):
    f_id = record(machine).f_id
    frame(machine, f_id).owner = 0
    del process(machine, 2).frames[f_id]
    process(machine, 0).frames[f_id] = None
    machine.kernel.publish(process(machine, 2))


def have_no_record(machine):
    """A frame's id where no frame is."""
    process(machine, 2).record = NOBODYS


BREAKS: list[tuple[Callable[[Machine], None], set[str]]] = [
    (lose_a_page, {"frames_tile_memory"}),
    (begin_inside_a_page, {"frames_tile_memory"}),
    (end_inside_a_page, {"frames_tile_memory"}),
    (vanish, {"frames_tile_memory"}),
    (overlap, {"frames_tile_memory"}),
    (lose_a_device, {"frames_tile_memory"}),
    (list_a_frame_twice, {"frames_have_one_owner"}),
    (list_a_frame_that_is_not, {"frames_have_one_owner"}),
    (forget_a_frame, {"frames_have_one_owner"}),
    (mistake_an_owner, {"frames_have_one_owner"}),
    (mistake_an_id, {"frames_have_one_owner"}),
    (count_an_object_too_many, {"accounts_are_exact"}),
    (count_an_object_too_few, {"accounts_are_exact"}),
    (use_more_than_there_is, {"accounts_are_exact", "room_is_the_pools"}),
    (use_pool_memory, {"kernel_memory_is_never_viewed", "room_is_the_pools"}),
    (find_room, {"room_is_the_pools"}),
    (view_pool_memory, {"kernel_memory_is_never_viewed"}),
    (lose_the_pools_room, {"room_is_the_pools"}),
    (reach_into_the_kernel, {"kernel_memory_is_never_viewed"}),
    (claim_a_view, {"links_go_both_ways"}),
    (claim_a_table, {"links_go_both_ways"}),
    (claim_anothers_view, {"links_go_both_ways"}),
    (claim_anothers_table, {"links_go_both_ways"}),
    (have_entries_without_being_a_table, {"links_go_both_ways", "trees_have_one_owner"}),
    (remember_a_view, {"links_go_both_ways"}),
    (remember_where_a_view_was, {"links_go_both_ways"}),
    (remember_a_place, {"links_go_both_ways"}),
    (forget_a_view, {"links_go_both_ways", "descriptors_are_accounted_for"}),
    (forget_a_table, {"links_go_both_ways", "descriptors_are_accounted_for"}),
    (map_what_nobody_asked_for, {"descriptors_are_accounted_for"}),
    (lose_an_entry, {"descriptors_are_accounted_for"}),
    (change_an_entrys_rights, {"descriptors_are_accounted_for"}),
    (map_outside_the_table, {"descriptors_are_accounted_for", "page_zero_is_never_mapped"}),
    (map_twice, {"descriptors_are_accounted_for"}),
    (write_a_table, {"tables_are_never_writable"}),
    (enter_the_kernel_elsewhere, {"kernel_entries_are_the_same_everywhere"}),
    (look_through_the_window, {"windows_show_one_page_each"}),
    (show_another_page, {"windows_show_one_page_each"}),
    (own_a_frame_in_anothers_table, {"trees_have_one_owner"}),
    (map_page_0, {"page_zero_is_never_mapped"}),
    (send_to_nobody, {"the_blocked_wait_for_something"}),
    (wait_for_someone_without_sending, {"the_blocked_wait_for_something"}),
    (send_to_one_who_is_gone, {"the_blocked_wait_for_something"}),
    (send_to_one_who_knows_nothing, {"the_blocked_wait_for_something"}),
    (keep_a_message, {"the_blocked_wait_for_something"}),
    (expect_one_who_does_not_send, {"the_blocked_wait_for_something"}),
    (expect_one_who_is_gone, {"the_blocked_wait_for_something"}),
    (lose_a_parent, {"the_blocked_wait_for_something"}),
    (allow_one_who_is_gone, {"the_blocked_wait_for_something"}),
    (run_twice, {"turns_are_fair"}),
    (never_run, {"turns_are_fair"}),
    (run_while_waiting, {"turns_are_fair"}),
    (let_nobody_run, {"turns_are_fair"}),
    (run_on_two_cores, {"turns_are_fair"}),
    (let_a_core_idle, {"turns_are_fair"}),
    (run_on_when_all_has_ended, {"turns_are_fair"}),
    (live_nowhere, {"vspaces_belong_to_their_processes"}),
    (live_in_memory, {"vspaces_belong_to_their_processes"}),
    (live_in_anothers_vspace, {"vspaces_belong_to_their_processes"}),
    (be_new_in_anothers_vspace, {"vspaces_belong_to_their_processes"}),
    (lie_on_the_page, {"information_pages_tell_the_truth"}),
    (be_nobodys_record, {"information_pages_tell_the_truth"}),
    (have_a_record_that_is_memory, {"information_pages_tell_the_truth"}),
    (have_anothers_record, {"information_pages_tell_the_truth"}),
    (have_no_record, {"information_pages_tell_the_truth"}),
]


@pytest.mark.parametrize(
    ("break_it", "names"), BREAKS, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_broken_is_named(machine, break_it, names):
    with_children(machine)
    assert broken(machine.kernel) == set()
    break_it(machine)
    assert broken(machine.kernel) == names
    first = next(name for name in INVARIANTS if name in names)
    with pytest.raises(InvariantError, match=f"^{first}: "):
        check_invariants(machine.kernel)


def test_every_invariant_is_broken_alone_by_some_test():
    alone = {next(iter(names)) for _, names in BREAKS if len(names) == 1}
    assert alone | {"records_show_their_first_page"} == set(INVARIANTS)


def test_the_report_gives_the_reason(machine):
    lose_a_page(machine)
    with pytest.raises(InvariantError, match=r"not RAM and the devices .*a byte without an owner"):
        check_invariants(machine.kernel)


def test_a_table_that_is_installed_and_is_no_l2(machine):
    install_what_is_no_l2(machine)
    with pytest.raises(InvariantError):
        check_invariants(machine.kernel)
    assert "trees_have_one_owner" in broken(machine.kernel)


def test_a_view_over_the_kernel(machine):
    map_over_the_kernel(machine)
    assert "page_zero_is_never_mapped" in broken(machine.kernel)


def test_kernel_entries_that_let_user_mode_in(machine, monkeypatch):
    words = invariants.kernel_entries(RAM_BASE)
    words[0] |= 0b11 << 10
    monkeypatch.setattr(invariants, "kernel_entries", lambda _, cores: words)
    assert "kernel_entries_are_the_same_everywhere" in broken(machine.kernel)


def with_a_record_to_view(machine):
    """A process that runs, made of a frame of two pages: the frame, and an L2 of its vspace."""
    space = machine.vspace()
    pid, f_id = machine.record_child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    return f_id, space


def test_a_processs_frame_that_is_seen_whole(machine, monkeypatch):
    """A kernel that maps whole records, and believes that it should."""
    monkeypatch.setattr(Frame, "view_len", property(lambda frame: frame.len))
    monkeypatch.setattr(invariants, "_view", invariants._view.__wrapped__)
    f_id, space = with_a_record_to_view(machine)
    with pytest.raises(InvariantError, match=r"^records_show_their_first_page: .* first page \("):
        machine.view(f_id, 0x60000, RO, space.l2)
    assert broken(machine.kernel) == {"records_show_their_first_page"}


def test_a_processs_frame_that_can_be_written(machine):
    f_id, space = with_a_record_to_view(machine)
    machine.view(f_id, 0x60000, RO, space.l2)
    seen = frame(machine, f_id)
    seen.v_flags = RW
    write_entry(machine, space.l2, seen.v_off // PAGE, seen.pa | 0x7F)
    assert broken(machine.kernel) == {"tables_are_never_writable"}


def test_what_proc0_creates_need_not_be_everything(machine):
    machine.kernel.is_device_tree_boot = True
    lose_a_page(machine)
    check_invariants(machine.kernel)
    end_inside_a_page(machine)
    assert broken(machine.kernel) == {"frames_tile_memory"}


def test_a_halted_machine_has_no_turns(machine):
    machine.child()
    machine.call("exit", 0)
    check_invariants(machine.kernel)
