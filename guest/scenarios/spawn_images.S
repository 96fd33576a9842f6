/* The programs that spawn.c starts, as their ELF files' bytes. */
        .section .rodata
        .balign 4
        .global tenant_elf
tenant_elf:
        .incbin "children/tenant.elf"
