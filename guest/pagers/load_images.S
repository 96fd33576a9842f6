/* The program that load.c loads page by page, as its ELF file's bytes. */
        .section .rodata
        .balign 4
        .global large_elf
large_elf:
        .incbin "children/large.elf"
