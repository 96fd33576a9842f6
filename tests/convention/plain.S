/* Every way to fail where each error is -1: by a rule, after waiting, and by news of a child's end.
 *
 * The calls of this convention that are named here take their arguments in another order, and a number
 * that is no call does nothing.  What is not as it must be ends the program with the number of the check.
 */
#include "kernel.h"

        .syntax unified
        .arm

        .equ    REST, 6                 @ the frame with the rest of memory
        .equ    L1, 0
        .equ    SYSTEM, 2               @ the table of the addresses below
        .equ    PLACE, 0xef100000
        .equ    FLAGS, 0x43             @ read, write, never executed, as pages

        .macro  call number
        mov     r12, #\number
        svc     #0
        .endm

        .macro  must check, value       @ r0 is as it must be
        mov     r1, #\check
        ldr     r2, =\value
        cmp     r0, r2
        bne     wrong
        .endm

        .global _start
_start: mov     r0, #1                  @ frame_split(offset, f_id): no whole pages
        mov     r1, #REST
        call    CALL_FRAME_SPLIT
        must    1, -1
        ldr     r0, =0x92345678         @ no call
        call    99
        must    2, 0x92345678
        mov     r0, #0x1000             @ a page for data, and two for each of two processes
        mov     r1, #REST
        call    CALL_FRAME_SPLIT
        mov     r4, r0
        ldr     r0, =PLACE              @ frame_map(va, flags, f_id, t_id)
        mov     r1, #FLAGS
        mov     r2, #REST
        mov     r3, #SYSTEM
        call    CALL_FRAME_MAP
        must    3, 0
        mov     r0, #1
        bl      thread
        mov     r7, r5
        mov     r0, #5
        bl      thread
        ldr     r8, =PLACE
        mov     r0, r8                  @ the first ends before we ask
        call    CALL_RECV
        must    4, -1
        ldr     r0, [r8]
        cmp     r0, r7
        bne     wrong
        ldr     r0, [r8, #8]
        must    5, 7
        mov     r0, r7
        mov     r1, r8
        call    CALL_SEND
        must    6, -1
        mov     r0, r5                  @ the second while we wait for it to receive
        mov     r1, r8
        call    CALL_SEND
        must    7, -1
        mov     r0, r8
        call    CALL_RECV
        must    8, -1
        mov     r0, #0
        call    CALL_EXIT
wrong:  mov     r0, r1
        call    CALL_EXIT

/* Start a process at `ends` on our own address space, with r0 as it is; its pid to r5.  r4: a frame, from
 * which the process takes two pages; the rest of it. */
thread: mov     r9, r0
        mov     r0, #0x2000
        mov     r1, r4
        call    CALL_FRAME_SPLIT
        mov     r6, r0
        mov     r0, r4
        call    CALL_PROC_NEW
        mov     r5, r0
        mov     r4, r6
        mov     r1, #L1
        call    CALL_VSPACE_LEND
        ldr     r1, =PLACE
        ldr     r2, =ends
        str     r2, [r1]
        add     r2, r1, #0x800
        stmib   r1, {r2, r9}
        mov     r0, r5
        call    CALL_SEND
        bx      lr

/* End after so many turns. */
ends:   mov     r4, r0
1:      call    CALL_YIELD
        subs    r4, r4, #1
        bne     1b
        mov     r0, #7
        call    CALL_EXIT
