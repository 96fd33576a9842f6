@ A character out through the UART, and a look at its line status.

        .include "calls.inc"
        .arm
        .global _start
        .type _start, %function
_start:
        sys     FRAME_MAP, 2, 7, 0xef00a000, READ | WRITE | PAGE | NOEXEC
        ldr     r4, =0xef00a000
        mov     r5, #'!'
        strb    r5, [r4]
        ldr     r6, [r4, #0x14]
        sys     EXIT, 0
        .size _start, . - _start
        .ltorg
