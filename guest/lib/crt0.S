/* Where a program begins: r0 is the address of the boot information page, sp the stack's top.
 *
 * Assembled as Arm or as Thumb, like the program it starts; bit 0 of the entry point says which.
 */
        .syntax unified
        .cfi_sections .debug_frame

        .section .text._start, "ax", %progbits
        .global _start
        .type   _start, %function
_start:
        .cfi_startproc
        .cfi_undefined lr               /* nobody called us: backtraces end here */
        mov     r11, #0
        mov     lr, #0
        bl      start_program
        .cfi_endproc
        .size   _start, . - _start
