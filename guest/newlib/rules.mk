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

# The tests ask here what there is to run.
.PHONY: newlib-list
newlib-list:
	@printf '%s\n' $(basename $(notdir $(filter $(NEWLIB_OUT)/%,$(ALL))))

-include $(wildcard $(NEWLIB_OUT)/*/*.d)
