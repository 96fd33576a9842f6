# The ten steps of docs/tutorial.md.

include lib/lib.mk
$(call KERNEL_PROGRAMS,tutorial)
