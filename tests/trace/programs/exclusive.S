@ Exclusive accesses: stores that happen, and one that does not.

        .syntax unified
        .arm
        .global _start
        .type _start, %function
_start:
        sub     r0, sp, #64
        mov     r1, #7
        str     r1, [r0]
        ldrex   r2, [r0]
        add     r2, #1
        strex   r3, r2, [r0]
        strex   r3, r1, [r0]                    @ nobody has it exclusively any more
        mov     r6, #0x11
        mov     r7, #0x22
        ldrexd  r8, r9, [r0]
        strexd  r3, r6, r7, [r0]
        ldrexb  r2, [r0]
        strexb  r3, r1, [r0]
        blx     thumb_part
        mov     r0, #0
        mov     r12, #18
        svc     #0
        .size _start, . - _start

        .thumb
        .thumb_func
        .type thumb_part, %function
thumb_part:
        ldrex   r2, [r0, #4]
        strex   r3, r1, [r0, #4]
        ldrexh  r2, [r0]
        strexh  r3, r6, [r0]
        bx      lr
        .size thumb_part, . - thumb_part
