/* Written by `make header` from kernel_model. Changes here are lost. */

/* int NAME(...): number in r12, arguments in r0-r3 as they came, result in r0. */
        .syntax unified
        .cfi_sections .debug_frame

        .macro  call name, number
        .section .text.\name, "ax", %progbits
        .global \name
        .type   \name, %function
\name:
        .cfi_startproc
        mov     r12, #\number
        svc     #0
        bx      lr
        .cfi_endproc
        .size   \name, . - \name
        .endm

        call    send, 0
        call    recv, 1
        call    proc_new, 2
        call    frame_split, 3
        call    frame_merge, 4
        call    frame_give, 5
        call    frame_map, 6
        call    frame_unmap, 7
        call    frame_allow, 8
        call    frame_count, 9
        call    frame_info, 10
        call    frame_create, 11
        call    frame_lookup, 12
        call    frame_table, 13
        call    vspace_swap, 14
        call    vspace_id, 15
        call    frame_pool, 16
        call    proc_yield, 17
        call    proc_exit, 18
        call    console_write, 19
        call    console_read, 20
