# Ten mistakes that programs make with memory, one each: docs/debugging.md shows how they are found.

include lib/lib.mk
$(call KERNEL_PROGRAMS,mistakes)
