# Ten mistakes that programs make with memory, one each: docs/debugging.md shows how they are found.

include lib/lib.mk
$(call KERNEL_PROGRAMS,mistakes)

# Code that follows the source line by line, for reports that are easy to read.
$(BUILD)/mistakes/thumb/%.o $(BUILD)/mistakes/arm/%.o: LIB_FLAGS += -Og
