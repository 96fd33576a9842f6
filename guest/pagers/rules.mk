# Pagers, each in one sitting: memory, stacks, copies and programs that come when they are touched.
# children/NAME.c are programs that load.c holds as bytes.

include lib/lib.mk
$(call KERNEL_PROGRAMS,pagers)
$(call KERNEL_PROGRAMS,pagers/children)

$(BUILD)/pagers/thumb/load_images.o: $(BUILD)/pagers/children/large.elf
$(BUILD)/pagers/arm/load_images.o: $(BUILD)/pagers/children/large.elf
$(BUILD)/pagers/load.elf: $(BUILD)/pagers/thumb/load_images.o
$(BUILD)/pagers/load.arm.elf: $(BUILD)/pagers/arm/load_images.o
