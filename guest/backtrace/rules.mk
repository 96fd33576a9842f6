# One chain of calls that ends in a fault, compiled so that each way to unwind it is needed alone.

include lib/lib.mk
$(call KERNEL_PROGRAMS,backtrace)

BACKTRACE := $(BUILD)/backtrace
$(BACKTRACE)/thumb/tables.o $(BACKTRACE)/arm/tables.o: LIB_FLAGS += -g0 -funwind-tables
$(BACKTRACE)/thumb/frame_pointer.o $(BACKTRACE)/arm/frame_pointer.o: LIB_FLAGS += -g0 -mapcs-frame
$(BACKTRACE)/thumb/nothing.o $(BACKTRACE)/arm/nothing.o: LIB_FLAGS += -g0
