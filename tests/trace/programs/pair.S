@ Two processes: the parent builds a child of its own frames, starts it, and they talk.

        .include "calls.inc"
        .equ CHILD, 0x00400000                  @ where the child sees its code
        .equ STACK, 0x00401000
        .thumb
        .global _start
        .thumb_func
        .type _start, %function
_start:
        sys     FRAME_SPLIT, 6, 0x6ff5000       @ 8: the top; 16 KiB aligned for an L1
        sys     FRAME_SPLIT, 8, 0x4000          @ 9: behind the L1
        sys     FRAME_SPLIT, 9, 0x1000          @ 10: behind the L2
        sys     FRAME_SPLIT, 10, 0x1000         @ 11: behind the child's code
        sys     FRAME_SPLIT, 11, 0x1000         @ 12: the rest; 11 is the child's stack
        sys     FRAME_MAP, 2, 8, 0xef010000, READ | PAGE | NOEXEC
        sys     FRAME_TABLE, 8, L1
        sys     FRAME_MAP, 2, 9, 0xef014000, READ | PAGE | NOEXEC
        sys     FRAME_TABLE, 9, L2
        sys     FRAME_MAP, 8, 9, CHILD, TABLE_L2
        sys     FRAME_MAP, 2, 10, 0xef015000, READ | WRITE | PAGE | NOEXEC
        ldr     r4, =child
        ldr     r5, =child_end
        ldr     r6, =0xef015000
        bic     r4, #1
1:      ldr     r7, [r4], #4
        str     r7, [r6], #4
        cmp     r4, r5
        blo     1b
        sys     FRAME_MAP, 9, 10, CHILD, READ | PAGE
        sys     FRAME_MAP, 9, 11, STACK, READ | WRITE | PAGE | NOEXEC
        sys     PROC_NEW, 8
        sub     sp, #64
        adr     r4, start
        ldm     r4, {r0, r1}
        stm     sp, {r0, r1}
        mov     r1, sp
        sys     SEND, 1
        mov     r0, sp
        sys     RECV
        adr     r1, greeting
        sys     SEND, 1
        mov     r0, sp
        sys     RECV                            @ the child ends instead of answering
        sys     YIELD
        sys     FRAME_COUNT
        sys     EXIT, 0
        .align  2
start:  .word   CHILD + 1, STACK + 0x1000
greeting:
        .ascii  "and to you"
        .space  54
        .size _start, . - _start
        .ltorg

        .align  2
        .thumb_func
        .type child, %function
child:
        sub     sp, #64
        mov     r0, #7
        str     r0, [sp]
        mov     r1, sp
        mov     r0, #0
        sys     SEND
        mov     r0, sp
        sys     RECV
        mov     r0, #5
        sys     EXIT
        .size child, . - child
        .align  2
child_end:
