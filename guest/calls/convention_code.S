/* Calls with every register known before and seen after, for convention.c.
 *
 * int call_from_X(const struct registers *before, struct registers *after)
 * struct registers: r0-r12, flags, d0-d31.
 */
        .syntax unified
        .fpu    neon-vfpv4

#define REGISTERS_FLAGS 52
#define REGISTERS_D 56

        .macro  call_function name
        .section .text.\name, "ax", %progbits
        .balign 4
        .global \name
        .type   \name, %function
\name:
        push    {r4-r11, lr}
        vpush   {d8-d15}
        push    {r1}                            @ for after the call
        add     r2, r0, #REGISTERS_D
        vldmia  r2!, {d0-d15}
        vldmia  r2, {d16-d31}
        ldr     r2, [r0, #REGISTERS_FLAGS]
        msr     apsr_nzcvq, r2
        mov     lr, r0
        ldm     lr, {r0-r12}
        svc     #0
        push    {r0}
        ldr     lr, [sp, #4]
        stm     lr, {r0-r12}
        mrs     r3, apsr
        str     r3, [lr, #REGISTERS_FLAGS]
        add     r2, lr, #REGISTERS_D
        vstmia  r2!, {d0-d15}
        vstmia  r2, {d16-d31}
        pop     {r0, r1}
        vpop    {d8-d15}
        pop     {r4-r11, pc}
        .size   \name, . - \name
        .endm

        .arm
        call_function call_from_arm
        .thumb
        .thumb_func
        call_function call_from_thumb
