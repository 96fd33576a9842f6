@ A page that is stored to, moved to another address, and stored to there.

        .include "calls.inc"
        .arm
        .global _start
        .type _start, %function
_start:
        sys     FRAME_SPLIT, 6, 0x1000
        sys     FRAME_MAP, 2, 6, 0xef00a000, READ | WRITE | PAGE | NOEXEC
        ldr     r4, =0xef00a000
        str     r4, [r4]
        sys     FRAME_MAP, 2, 6, 0xef00c000, READ | WRITE | PAGE | NOEXEC
        ldr     r4, =0xef00c000
        str     r4, [r4]
        sys     EXIT, 0
        .size _start, . - _start
        .ltorg
