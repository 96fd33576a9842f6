@ Calls that change mappings, calls that are refused, and one that does not exist.
@ At boot frame 2 is the L2 of the system area at 0xef000000 and frame 6 is the free memory.

        .include "calls.inc"
        .arm
        .global _start
        .type _start, %function
_start:
        sys     VSPACE_ID
        sys     FRAME_SPLIT, 6, 0x3000
        sys     FRAME_MAP, 2, 6, 0xef00a000, READ | WRITE | PAGE | NOEXEC
        sys     FRAME_LOOKUP, 6, 0xef00a000
        sys     FRAME_MAP, 7, 6, 0xef00a000, READ | PAGE
        sys     FRAME_MAP, 6, 6, 0xef00b000, READ | PAGE | 0x100
        sys     FRAME_UNMAP, 1, PAGE            @ frame 1 goes on translating, unseen
        sys     FRAME_MAP, 1, 6, 0x00020000, READ | PAGE
        sys     FRAME_UNMAP, 6, PAGE
        sys     FRAME_LOOKUP, 6, 0xef00a000
        sys     CONSOLE_WRITE, text, 18
        sys     40, 1
        sys     EXIT, 3
        .size _start, . - _start
text:   .ascii  "mapped\tand \"gone\"\n"
        .ltorg
