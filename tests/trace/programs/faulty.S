@ Loads, stores, a call, a loop, and a read of address 0 in the middle of a block.

        .syntax unified
        .thumb
        .global _start
        .thumb_func
        .type _start, %function
_start:
        push    {r4, lr}
        mov     r4, #2
1:      bl      store
        subs    r4, #1
        bne     1b
        cmp     r4, #0
        ite     eq
        moveq   r5, #1
        movne   r5, #2
        blx     arm_part
        mov     r1, #0
        ldr     r2, [r1]
        mov     r3, #3
        bx      lr
        .size _start, . - _start

        .thumb_func
        .type store, %function
store:
        strb    r4, [sp, #-1]
        ldrh    r3, [sp, #-2]
        bx      lr
        .size store, . - store

        .arm
        .type arm_part, %function
arm_part:
        stmdb   sp!, {r0, r4}
        ldrd    r6, r7, [sp], #8
        bx      lr
        .size arm_part, . - arm_part
