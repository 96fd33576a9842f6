# C programs linked with newlib, which reach the outside by Arm semihosting (rdimon.specs).
#
# newlib/NAME.c is a program; newlib/NAME-PART.c and newlib/NAME-PART.S are more objects of it.
# It becomes NAME.VARIANT.elf for each of its variants.  NEWLIB_LINK_NAME := flags for its linking.

include newlib/variants.mk

NEWLIB_OUT := $(BUILD)/newlib
NEWLIB_SOURCES := $(notdir $(wildcard newlib/*.c newlib/*.S))
NEWLIB_PROGRAMS := $(foreach source,$(NEWLIB_SOURCES),$(if $(findstring -,$(source)),,$(basename $(source))))

NEWLIB_FLAGS := -mcpu=cortex-a15 -std=gnu11 -g -Wall -Wextra -Werror -MMD -MP \
	-ffile-prefix-map=$(CURDIR)=guest

# $(1): a program.  Its objects, and its variants.
newlib_objects = $(addsuffix .o,$(1) $(basename $(filter $(1)-%,$(NEWLIB_SOURCES))))
newlib_variants = $(or $(NEWLIB_VARIANTS_$(1)),$(NEWLIB_VARIANTS))

# Nested functions whose address is taken are called by way of code on the stack.
NEWLIB_LINK_nested := -z execstack

# $(1): a variant.
define NEWLIB_COMPILE
$(NEWLIB_OUT)/$(1)/%.o: newlib/%.c newlib/rules.mk newlib/variants.mk
	@mkdir -p $$(@D)
	$(CC) $(NEWLIB_FLAGS) $(VARIANT_$(1)) -c -o $$@ $$<

$(NEWLIB_OUT)/$(1)/%.o: newlib/%.S newlib/rules.mk newlib/variants.mk
	@mkdir -p $$(@D)
	$(CC) $(NEWLIB_FLAGS) $(VARIANT_$(1)) -c -o $$@ $$<
endef

# $(1): a program; $(2): a variant.
define NEWLIB_LINK
ALL += $(NEWLIB_OUT)/$(1).$(2).elf
$(NEWLIB_OUT)/$(1).$(2).elf: $(addprefix $(NEWLIB_OUT)/$(2)/,$(call newlib_objects,$(1)))
	$(CC) $(NEWLIB_FLAGS) $(VARIANT_$(2)) --specs=rdimon.specs $(NEWLIB_LINK_$(1)) -o $$@ $$^ -lm
endef

$(foreach name,$(filter VARIANT_%,$(.VARIABLES)),$(eval $(call NEWLIB_COMPILE,$(name:VARIANT_%=%))))
$(foreach program,$(NEWLIB_PROGRAMS),$(foreach variant,$(call newlib_variants,$(program)),$(eval $(call NEWLIB_LINK,$(program),$(variant)))))

# The same programs over the kernel's own calls, without semihosting: lib/newlib.c is their system
# layer.  kernel/NAME.elf is Thumb code, kernel/NAME.arm.elf Arm code.
include lib/lib.mk
NEWLIB_ON_KERNEL := $(NEWLIB_PROGRAMS)

# $(1): a program; $(2): thumb or arm; $(3): THUMB or ARM; $(4): elf or arm.elf.
define NEWLIB_KERNEL_LINK
ALL += $(NEWLIB_OUT)/kernel/$(1).$(4)
$(NEWLIB_OUT)/kernel/$(1).$(4): $(addprefix $(NEWLIB_OUT)/$(2)-hard/,$(call newlib_objects,$(1))) \
		$(LIB_HOSTED:%=$(BUILD)/lib/$(2)/%) lib/guest.ld newlib/rules.mk
	@mkdir -p $$(@D)
	$(CC) $$(LIB_FLAGS) $($(3)_FLAGS) $(call NEWLIB_KERNEL_LINKING,$(1)) -o $$@ $$(filter %.o,$$^) -lm
endef
# A script with PHDRS says itself what the stack is.
NEWLIB_EXECSTACK := $(NEWLIB_OUT)/kernel/execstack.ld
NEWLIB_KERNEL_LINKING = $(if $(findstring execstack,$(NEWLIB_LINK_$(1))),$(LIB_LINK:lib/guest.ld=$(NEWLIB_EXECSTACK)),$(LIB_LINK))
$(NEWLIB_EXECSTACK): lib/guest.ld
	@mkdir -p $(@D)
	sed 's/PT_GNU_STACK FLAGS(6)/PT_GNU_STACK FLAGS(7)/' $< > $@
$(NEWLIB_OUT)/kernel/nested.elf $(NEWLIB_OUT)/kernel/nested.arm.elf: $(NEWLIB_EXECSTACK)
$(foreach program,$(NEWLIB_ON_KERNEL),$(eval $(call NEWLIB_KERNEL_LINK,$(program),thumb,THUMB,elf)))
$(foreach program,$(NEWLIB_ON_KERNEL),$(eval $(call NEWLIB_KERNEL_LINK,$(program),arm,ARM,arm.elf)))

# The tests ask here what there is to run.
.PHONY: newlib-list newlib-kernel-list
newlib-list:
	@printf '%s\n' $(basename $(notdir $(filter-out $(NEWLIB_OUT)/kernel/%,$(filter $(NEWLIB_OUT)/%,$(ALL)))))
newlib-kernel-list:
	@printf '%s\n' $(basename $(notdir $(filter $(NEWLIB_OUT)/kernel/%,$(ALL))))

-include $(wildcard $(NEWLIB_OUT)/*/*.d)
