@ Code that changes: an instruction is rewritten between calls of it, and a word runs as Arm and as
@ Thumb in turn.  At boot frame 2 is the L2 of the system area and frame 6 is the free memory.

        .include "calls.inc"
        .equ PLACE, 0xef00a000
        .arm
        .global _start
        .type _start, %function
_start:
        sys     FRAME_SPLIT, 6, 0x1000
        sys     FRAME_MAP, 2, 6, PLACE, READ | WRITE | PAGE
        ldr     r4, =PLACE
        mov     r5, #3
1:      ldr     r0, =0xe2800000                 @ add r0, r0, #r5
        add     r0, r5
        str     r0, [r4]
        ldr     r0, =0xe12fff1e                 @ bx lr
        str     r0, [r4, #4]
        blx     r4
        subs    r5, #1
        bne     1b

        @ As Arm:   ble .+8; ldrbmi (not executed); bx lr.
        @ As Thumb: movs r0, r0; bge .+4; bx lr.
        ldr     r0, =0xda000000
        str     r0, [r4, #16]
        ldr     r0, =0x47704770
        str     r0, [r4, #20]
        ldr     r0, =0xe12fff1e
        str     r0, [r4, #24]
        mov     r5, #3
        add     r6, r4, #16
        add     r7, r4, #17
2:      cmp     r5, #0
        blx     r6
        cmp     r5, #0
        blx     r7
        subs    r5, #1
        bne     2b
        sys     EXIT, 0
        .size _start, . - _start
        .ltorg
