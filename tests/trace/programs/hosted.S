@ Semihosting: a file that is not there, output, and an exit with a status.

        .syntax unified
        .arm
        .global _start
        .type _start, %function
_start:
        mov     r0, #0x01                       @ SYS_OPEN
        adr     r1, open
        svc     #0x123456
        mov     r0, #0x04                       @ SYS_WRITE0
        adr     r1, text
        svc     #0x123456
        mov     r0, #0x13                       @ SYS_ERRNO
        svc     #0x123456
        mov     r0, #0x77
        svc     #0x123456
        mov     r0, #0x20                       @ SYS_EXIT_EXTENDED
        adr     r1, end
        svc     #0x123456
        .size _start, . - _start
open:   .word   name, 0, 7
end:    .word   0x20026, 6
name:   .asciz  "no-file"
text:   .asciz  "hosted\n"
