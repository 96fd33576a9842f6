@ Exclusive stores right before a call, before semihosting, and before a fault.

        .syntax unified
        .arm
        .global _start
        .type _start, %function
_start:
        sub     r4, sp, #64
        mov     r5, #7
        mov     r12, #0                         @ frame_count
        ldrex   r6, [r4]
        strex   r7, r5, [r4]
        svc     #0
        mov     r0, #0x13                       @ SYS_ERRNO
        mov     r5, #8
        ldrex   r6, [r4]
        strex   r7, r5, [r4]
        svc     #0x123456
        mov     r5, #9
        ldrex   r6, [r4]
        strex   r7, r5, [r4]
        udf     #0
        .size _start, . - _start
