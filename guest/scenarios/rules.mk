# Stories with several processes.  What a story's processes are: mostly copies of the story's program;
# children/NAME.c are programs of their own, which NAME.elf of the story holds as bytes.

include lib/lib.mk
$(call KERNEL_PROGRAMS,scenarios)
$(call KERNEL_PROGRAMS,scenarios/children)

$(BUILD)/scenarios/thumb/spawn_images.o: $(BUILD)/scenarios/children/tenant.elf
$(BUILD)/scenarios/arm/spawn_images.o: $(BUILD)/scenarios/children/tenant.elf
$(BUILD)/scenarios/spawn.elf: $(BUILD)/scenarios/thumb/spawn_images.o
$(BUILD)/scenarios/spawn.arm.elf: $(BUILD)/scenarios/arm/spawn_images.o
