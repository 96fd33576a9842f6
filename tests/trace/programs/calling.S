@ Calls of every kind, and the ways out of them: for the profile's stacks.

        .syntax unified
        .arm
        .macro  function name
        .global \name
        .type   \name, %function
\name:
        .endm
        .macro  end name
        .size   \name, . - \name
        .endm

        function _start
        bl      plain
        ldr     r3, =by_register
        blx     r3
        ldr     r3, =by_register
        mov     lr, pc                          @ a call of Armv4
        bx      r3
        mov     r4, #3
        bl      recursive
        bl      jumps
        bl      saves
        blx     in_thumb
        cmp     r4, r4
        blne    plain                           @ not taken
        mov     r0, #0
        mov     r12, #18
        svc     #0
        end _start

        function plain
        push    {r4, lr}
        bl      leaf
        pop     {r4, pc}
        end plain

        function leaf
        nop
        bx      lr
        end leaf

        function by_register
        nop
        nop
        bx      lr
        end by_register

        function recursive
        push    {r4, lr}
        subs    r4, #1
        popeq   {r4, pc}
        bl      recursive
        pop     {r4, pc}
        end recursive

        function jumps                          @ leaves its end to leaf
        nop
        b       leaf
        end jumps

        function saves                          @ as setjmp and longjmp do
        push    {r4, lr}
        mov     r8, sp
        adr     r9, back
        bl      deep
        nop
back:   nop
        pop     {r4, pc}
        end saves

        function deep
        push    {r4, lr}
        bl      deeper
        pop     {r4, pc}
        end deep

        function deeper
        push    {r4, lr}
        mov     sp, r8
        bx      r9
        end deeper

        .thumb
        .global in_thumb
        .thumb_func
        .type   in_thumb, %function
in_thumb:
        push    {r4, lr}
        mov     r0, #1
        tbb     [pc, r0]
1:      .byte   (2f - 1b) / 2, (3f - 1b) / 2
2:      nop
3:      blx     leaf
        pop     {r4, pc}
        .size   in_thumb, . - in_thumb
        .ltorg
