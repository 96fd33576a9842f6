# The programs on the kernel's own calls: NAME.elf is Thumb code, NAME.arm.elf Arm code.
#
# hosted_NAME.c is linked with newlib, any other with guest/lib alone.

PROGRAMS_OUT := $(BUILD)/programs
PROGRAMS_ALL := $(basename $(notdir $(wildcard programs/*.c)))
PROGRAMS_HOSTED := $(filter hosted_%,$(PROGRAMS_ALL))
PROGRAMS_BARE := $(filter-out hosted_%,$(PROGRAMS_ALL))
LIB_BARE := crt0.o start.o stubs.o error_name.o exit.o string.o console.o check.o frames.o tables.o
LIB_HOSTED := crt0.o start.o stubs.o error_name.o newlib.o

PROGRAMS_FLAGS := -mcpu=cortex-a15 -mfpu=neon-vfpv4 -mfloat-abi=hard -O2 -g -Iinclude \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -fno-math-errno \
	-ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=guest -MMD -MP
PROGRAMS_LINK := -nostartfiles -static -T lib/guest.ld -Wl,--gc-sections -Wl,--build-id=none

ALL += $(foreach kind,elf arm.elf,$(addprefix $(PROGRAMS_OUT)/,$(addsuffix .$(kind),$(PROGRAMS_ALL))))

# $(1): the directory of the objects; $(2): -mthumb or -marm; $(3): elf or arm.elf;
# $(4): what the assembler needs to be told besides.
define PROGRAMS_RULES
$(PROGRAMS_OUT)/$(1)/lib/%.o: lib/%.S programs/rules.mk
	@mkdir -p $$(@D)
	$(CC) $$(PROGRAMS_FLAGS) $(4) -Wa,--debug-prefix-map=$(CURDIR)=guest -c -o $$@ $$<

$(PROGRAMS_OUT)/$(1)/lib/%.o: lib/%.c programs/rules.mk
	@mkdir -p $$(@D)
	$(CC) $$(PROGRAMS_FLAGS) $(2) $$(if $$(filter newlib,$$*),,-ffreestanding) -c -o $$@ $$<

$(PROGRAMS_OUT)/$(1)/hosted_%.o: programs/hosted_%.c programs/rules.mk
	@mkdir -p $$(@D)
	$(CC) $$(PROGRAMS_FLAGS) $(2) -c -o $$@ $$<

$(PROGRAMS_OUT)/$(1)/%.o: programs/%.c programs/rules.mk
	@mkdir -p $$(@D)
	$(CC) $$(PROGRAMS_FLAGS) $(2) -ffreestanding -c -o $$@ $$<

# memcpy must not be turned into a call of memcpy.
$(PROGRAMS_OUT)/$(1)/lib/string.o: PROGRAMS_FLAGS += -fno-tree-loop-distribute-patterns

$(PROGRAMS_HOSTED:%=$(PROGRAMS_OUT)/%.$(3)): $(PROGRAMS_OUT)/%.$(3): \
		$(PROGRAMS_OUT)/$(1)/%.o $(LIB_HOSTED:%=$(PROGRAMS_OUT)/$(1)/lib/%) lib/guest.ld
	$(CC) $$(PROGRAMS_FLAGS) $(2) $(PROGRAMS_LINK) -o $$@ $$(filter %.o,$$^)

$(PROGRAMS_BARE:%=$(PROGRAMS_OUT)/%.$(3)): $(PROGRAMS_OUT)/%.$(3): \
		$(PROGRAMS_OUT)/$(1)/%.o $(LIB_BARE:%=$(PROGRAMS_OUT)/$(1)/lib/%) lib/guest.ld
	$(CC) $$(PROGRAMS_FLAGS) $(2) $(PROGRAMS_LINK) -nostdlib -o $$@ $$(filter %.o,$$^) -lgcc
endef

COMMA := ,
$(eval $(call PROGRAMS_RULES,thumb,-mthumb,elf,-Wa$(COMMA)-mthumb))
$(eval $(call PROGRAMS_RULES,arm,-marm,arm.elf,))

.SECONDARY:
-include $(wildcard $(PROGRAMS_OUT)/*/*.d $(PROGRAMS_OUT)/*/lib/*.d)
