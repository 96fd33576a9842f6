@ Accesses across the end of a page: two that succeed, and a store whose second page is not there.

        .include "calls.inc"
        .arm
        .global _start
        .type _start, %function
_start:
        ldr     r4, =0xefffeffe
        ldr     r5, =0x11223344
        str     r5, [r4]
        ldr     r6, [r4]
        ldr     r7, =0xeffffff8
        stmia   r7, {r5, r6}
        ldr     r4, =0xeffffffe                 @ the stack ends at 0xf0000000
        str     r5, [r4]
        .size _start, . - _start
        .ltorg
