@ Accesses through two views of one page, at 0xef00a000 and 0xef00b000.

        .syntax unified
        .fpu    neon
        .arm
        .global _start
        .type _start, %function
_start:
        ldr     r0, =0xef00a000
        ldr     r1, =0xef00b000
        mov     r2, #1
        str     r2, [r0, #8]
        str     r2, [r1, #8]
        mov     r3, r0
        ldr     r4, [r3, #4]!
        add     r3, r1, #12
        ldr     r4, [r3], #0xff4
        mov     r4, r1
        ldm     r4, {r4, r5, r6}
        add     r6, r0, #16
        ldrd    r6, r7, [r6]
        mov     r8, sp
        mov     sp, r1
        push    {r2, r3}
        mov     sp, r8
        mov     r2, #8
        ldr     r4, [r1, r2, lsl #2]
        add     r3, r0, #64
        vld1.64 {d0, d1}, [r3]
        mov     r0, #0
        mov     r12, #18
        svc     #0
        .size _start, . - _start
        .ltorg
