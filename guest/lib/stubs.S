/* Written by `make header` from kernel_model. Changes here are lost. */

/* int NAME(...): number in r12, arguments in r0-r3 as they came, result in r0. */
        .syntax unified
        .cfi_sections .debug_frame

        .macro  stub name, number
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

        stub    send, 0
        stub    recv, 1
        stub    proc_new, 2
        stub    frame_split, 3
        stub    frame_merge, 4
        stub    frame_give, 5
        stub    frame_map, 6
        stub    frame_unmap, 7
        stub    frame_allow, 8
        stub    frame_count, 9
        stub    frame_info, 10
        stub    frame_create, 11
        stub    frame_lookup, 12
        stub    frame_table, 13
        stub    vspace_swap, 14
        stub    vspace_id, 15
        stub    frame_pool, 16
        stub    proc_yield, 17
        stub    proc_exit, 18
        stub    console_write, 19
        stub    console_read, 20
        stub    fault_handler, 21
        stub    proc_end, 23
        stub    vspace_lend, 24
        stub    call, 25
        stub    reply, 26
        stub    pool_give, 27
        stub    frame_unpool, 28
        stub    thread_pointer, 30
