# One program for each call of the kernel, which checks what the call promises.

include lib/lib.mk
$(call KERNEL_PROGRAMS,calls)

$(BUILD)/calls/vspace_swap.elf: $(BUILD)/calls/thumb/swapped_code.o
$(BUILD)/calls/vspace_swap.arm.elf: $(BUILD)/calls/arm/swapped_code.o
$(BUILD)/calls/convention.elf: $(BUILD)/calls/thumb/convention_code.o
$(BUILD)/calls/convention.arm.elf: $(BUILD)/calls/arm/convention_code.o
