/* Code around which the address space changes: for vspace_swap.c.
 *
 * It runs wherever it is copied to, in registers alone, so that in two address spaces it needs nothing
 * but itself at the same address.
 */
#include "kernel.h"

        .syntax unified
        .arm

        .macro  call number
        mov     r12, #\number
        svc     #0
        .endm

        .section .text.swapped_code, "ax", %progbits
        .balign 4
        .global swapped_code, swapped_teller, swapped_code_end

/* void visit(int there, int here, const void *address, int answers[2]): swap to the vspace there, load the
 * word at address, ask for vspace_id, and swap back here.  answers: the word and the id. */
swapped_code:
        push    {r4-r8, lr}
        mov     r4, r1
        mov     r5, r2
        mov     r6, r3
        mov     r1, r0
        mov     r0, #0
        call    CALL_VSPACE_SWAP
        ldr     r7, [r5]
        call    CALL_VSPACE_ID
        mov     r8, r0
        mov     r0, #0
        mov     r1, r4
        call    CALL_VSPACE_SWAP
        stm     r6, {r7, r8}
        pop     {r4-r8, pc}

/* A process that, at every message, sends process 0 one with four words: recv's result, the word at its
 * data, vspace_id and frame_count.  r0: where messages go; r1: its data, a page.  Where recv fails for its
 * place it receives again at its data. */
swapped_teller:
        mov     r4, r0
        mov     r5, r1
        add     r10, r5, #64
1:      mov     r0, r4
        call    CALL_RECV
        mov     r6, r0
        ldr     r7, [r5]
        cmp     r6, #0
        bge     2f
        mov     r0, r5
        call    CALL_RECV
2:      call    CALL_VSPACE_ID
        mov     r8, r0
        call    CALL_FRAME_COUNT
        mov     r9, r0
        stm     r10, {r6-r9}
        mov     r0, #0
        mov     r1, r10
        call    CALL_SEND
        b       1b
swapped_code_end:
