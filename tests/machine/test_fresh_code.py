"""Code that the kernel stores into a program's memory is what runs next."""

from __future__ import annotations

from emu.machine import How
from tests.machine.rig import Guest

RECEIVES = """
        adr     r4, place
        mov     r6, #3
1:      blx     r4                      @ as it is
        add     r5, r5, r0
        mov     r0, r4
        call    recv                    @ the kernel stores the message over it
        subs    r6, r6, #1
        bne     1b
        mov     r0, r5
        call    exit
        .p2align 6
place:  mov     r0, #1
        bx      lr
        .space  56
"""
SENDS = """
        set     r8, data
        adr     r9, made
        mov     r7, #10
1:      ldr     r0, [r9]
        add     r0, r0, r7              @ another constant
        str     r0, [r8]
        ldr     r0, [r9, #4]
        str     r0, [r8, #4]
        mov     r0, #0
        mov     r1, r8
        call    send
        add     r7, r7, #10
        b       1b
made:   mov     r0, #0
        bx      lr
"""


def test_a_message_over_code_that_has_run_is_new_code(mmu: str) -> None:
    guest = Guest(RECEIVES, mmu, writable=True)
    guest.load_child(SENDS)
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 1 + 10 + 20)
