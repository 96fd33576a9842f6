# One program for each call of the kernel, which checks what the call promises.

include lib/lib.mk
$(call KERNEL_PROGRAMS,calls)
