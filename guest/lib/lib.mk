# Programs on the kernel's own calls: what a set of them needs.  Its rules.mk includes this file and
# says $(call KERNEL_PROGRAMS,set), which makes of each set/NAME.c NAME.elf, Thumb code, and
# NAME.arm.elf, Arm code.
#
# hosted_NAME.c is linked with newlib, any other with guest/lib alone.

ifndef LIB_BARE

LIB_HOSTED := crt0.o start.o stubs.o error_name.o newlib.o frames.o tables.o alloc.o space.o process.o \
	thread.o tls.o read_tp.o
LIB_BARE := crt0.o start.o stubs.o error_name.o exit.o string.o console.o check.o frames.o tables.o \
	alloc.o space.o process.o thread.o tls.o read_tp.o paging.o callcheck.o

LIB_FLAGS := -mcpu=cortex-a15 -mfpu=neon-vfpv4 -mfloat-abi=hard -O2 -g -Iinclude \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -fno-math-errno \
	-ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=guest -MMD -MP
LIB_LINK := -nostartfiles -static -T lib/guest.ld -Wl,--gc-sections -Wl,--build-id=none

COMMA := ,
THUMB_FLAGS := -mthumb
THUMB_ASM_FLAGS := -Wa$(COMMA)-mthumb
ARM_FLAGS := -marm
ARM_ASM_FLAGS :=

# Objects go to $(BUILD)/SET/thumb and $(BUILD)/SET/arm; those of the library to lib/thumb and lib/arm.
# $(1): the set; $(2): thumb or arm; $(3): THUMB or ARM.
define KERNEL_OBJECTS
$(BUILD)/$(1)/$(2)/%.o: $(1)/%.S lib/lib.mk
	@mkdir -p $$(@D)
	$(CC) $$(LIB_FLAGS) $($(3)_ASM_FLAGS) -I$(BUILD)/$(1) -Wa,--debug-prefix-map=$(CURDIR)=guest -c -o $$@ $$<

$(BUILD)/$(1)/$(2)/hosted_%.o: $(1)/hosted_%.c lib/lib.mk
	@mkdir -p $$(@D)
	$(CC) $$(LIB_FLAGS) $($(3)_FLAGS) -c -o $$@ $$<

$(BUILD)/$(1)/$(2)/%.o: $(1)/%.c lib/lib.mk
	@mkdir -p $$(@D)
	$(CC) $$(LIB_FLAGS) $($(3)_FLAGS) $$(if $$(filter newlib,$$*),,-ffreestanding) -c -o $$@ $$<

-include $(wildcard $(BUILD)/$(1)/$(2)/*.d)
endef

$(eval $(call KERNEL_OBJECTS,lib,thumb,THUMB))
$(eval $(call KERNEL_OBJECTS,lib,arm,ARM))

# memcpy must not be turned into a call of memcpy.
$(BUILD)/lib/thumb/string.o $(BUILD)/lib/arm/string.o: LIB_FLAGS += -fno-tree-loop-distribute-patterns

# $(1) to $(3) as above; $(4): elf or arm.elf; $(5): names of programs.
define KERNEL_LINKS
$(patsubst %,$(BUILD)/$(1)/%.$(4),$(filter hosted_%,$(5))): $(BUILD)/$(1)/%.$(4): \
		$(BUILD)/$(1)/$(2)/%.o $(LIB_HOSTED:%=$(BUILD)/lib/$(2)/%) lib/guest.ld
	$(CC) $$(LIB_FLAGS) $($(3)_FLAGS) $(LIB_LINK) -o $$@ $$(filter %.o,$$^)

$(patsubst %,$(BUILD)/$(1)/%.$(4),$(filter-out hosted_%,$(5))): $(BUILD)/$(1)/%.$(4): \
		$(BUILD)/$(1)/$(2)/%.o $(LIB_BARE:%=$(BUILD)/lib/$(2)/%) lib/guest.ld
	$(CC) $$(LIB_FLAGS) $($(3)_FLAGS) $(LIB_LINK) -nostdlib -o $$@ $$(filter %.o,$$^) -lgcc

ALL += $(patsubst %,$(BUILD)/$(1)/%.$(4),$(5))
endef

# $(1): the set; $(2): names of programs.
define KERNEL_SET
$(call KERNEL_OBJECTS,$(1),thumb,THUMB)
$(call KERNEL_OBJECTS,$(1),arm,ARM)
$(call KERNEL_LINKS,$(1),thumb,THUMB,elf,$(2))
$(call KERNEL_LINKS,$(1),arm,ARM,arm.elf,$(2))
endef

KERNEL_PROGRAMS = $(eval $(call KERNEL_SET,$(1),$(basename $(notdir $(wildcard $(1)/*.c)))))

endif
