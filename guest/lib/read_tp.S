/* What code for older processors calls where it does not read TPIDRURO itself.  It changes r0 alone.
 * Source: ARM IHI 0043, "Run-time ABI", 5.3.5. */
        .syntax unified
        .cfi_sections .debug_frame

        .section .text.__aeabi_read_tp, "ax", %progbits
        .weak   __aeabi_read_tp
        .type   __aeabi_read_tp, %function
__aeabi_read_tp:
        .cfi_startproc
        mrc     p15, 0, r0, c13, c0, 3
        bx      lr
        .cfi_endproc
        .size   __aeabi_read_tp, . - __aeabi_read_tp
