# A small system: system.c is the first process, which holds programs/*.c as an archive and starts them.

include lib/lib.mk
$(call KERNEL_PROGRAMS,system)
$(call KERNEL_PROGRAMS,system/programs)

SYSTEM_PROGRAMS := $(basename $(notdir $(wildcard system/programs/*.c)))
SYSTEM_OUT := $(BUILD)/system

# The archive: a table of names and images, in assembly.
$(SYSTEM_OUT)/archive.S: system/rules.mk $(wildcard system/programs/*.c)
	@mkdir -p $(@D)
	{ for name in $(SYSTEM_PROGRAMS); do \
		printf '\t.section .rodata\nname_%s:\t.asciz "%s"\n\t.balign 4\nimage_%s:\t.incbin "programs/%s.elf"\n\t.balign 4\n' \
			$$name $$name $$name $$name; done; \
	printf '\t.global archive\narchive:\n'; \
	for name in $(SYSTEM_PROGRAMS); do printf '\t.word name_%s, image_%s\n' $$name $$name; done; \
	printf '\t.word 0, 0\n'; } > $@

$(SYSTEM_OUT)/%/archive.o: $(SYSTEM_OUT)/archive.S $(SYSTEM_PROGRAMS:%=$(SYSTEM_OUT)/programs/%.elf)
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) -I$(SYSTEM_OUT) -Wa,-I$(SYSTEM_OUT) -c -o $@ $<

$(SYSTEM_OUT)/system.elf: $(SYSTEM_OUT)/thumb/archive.o
$(SYSTEM_OUT)/system.arm.elf: $(SYSTEM_OUT)/arm/archive.o
