@ Exclusive stores of each size in both instruction sets: one that happens, and one that does not.

        .syntax unified
        .macro  all
        ldrex   r4, [r0]
        strex   r3, r6, [r0]                    @ happens
        strex   r3, r1, [r0]                    @ nobody has it exclusively any more
        ldrexb  r4, [r0]
        strexb  r3, r6, [r0]
        strexb  r3, r1, [r0]
        ldrexh  r4, [r0]
        strexh  r3, r6, [r0]
        strexh  r3, r1, [r0]
        ldrexd  r4, r5, [r0]
        strexd  r3, r6, r7, [r0]
        strexd  r3, r8, r9, [r0]
        .endm

        .arm
        .global _start
        .type _start, %function
_start:
        sub     r0, sp, #64
        mov     r1, #7
        mov     r6, #0x11
        mov     r7, #0x22
        mov     r8, #7
        mov     r9, #7
        all
        blx     thumb_part
        mov     r0, #0
        mov     r12, #18
        svc     #0
        .size _start, . - _start

        .thumb
        .thumb_func
        .type thumb_part, %function
thumb_part:
        all
        bx      lr
        .size thumb_part, . - thumb_part
