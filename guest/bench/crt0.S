/* Where a benchmark begins, in user mode or, on QEMU's bare machine, in a privileged one. */
        .syntax unified
        .arm

        .equ    MODE_MASK, 0x1f
        .equ    USER_MODE, 0x10
        .equ    CPACR_VFP, 0xf << 20    /* full access to coprocessors 10 and 11 */
        .equ    FPEXC_EN, 1 << 30

        .text
        .global _start
        .type   _start, %function
_start:
        mrs     r0, cpsr
        and     r0, r0, #MODE_MASK
        cmp     r0, #USER_MODE
        blne    enable_vfp              /* in user mode somebody else has done it */
        ldr     sp, =stack_top
        bl      main
        b       semihosting_exit
        .size   _start, . - _start

        .type   enable_vfp, %function
enable_vfp:
        mov     r0, #CPACR_VFP
        mcr     p15, 0, r0, c1, c0, 2
        isb
        mov     r0, #FPEXC_EN
        vmsr    fpexc, r0
        bx      lr
        .size   enable_vfp, . - enable_vfp

        .bss
        .balign 8
        .space  0x10000
stack_top:
