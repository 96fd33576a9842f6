# Programs for benchmarks, which need nothing but semihosting: emu, plain Unicorn and QEMU run the same file.
#
# Each bench/NAME.c is one kernel, linked with bench/main.c, bench/semihosting.c and bench/crt0.S.
# Vectors and calls of memset are not wanted: the loops shall do what they say.

BENCH_OUT := $(BUILD)/bench
BENCH_COMMON := main semihosting crt0
BENCH_PROGRAMS := $(filter-out $(BENCH_COMMON),$(basename $(notdir $(wildcard bench/*.c))))

BENCH_COMPILE := -mcpu=cortex-a15 -mfpu=neon-vfpv4 -mfloat-abi=hard -marm -std=gnu11 -O2 -g -Wall -Wextra -Werror \
	-Wstrict-prototypes -Wmissing-prototypes -ffreestanding -fno-tree-vectorize \
	-fno-tree-loop-distribute-patterns -ffile-prefix-map=$(CURDIR)=guest -MMD -MP

$(BENCH_OUT)/obj/%.o: bench/%.c bench/rules.mk
	@mkdir -p $(@D)
	$(CC) $(BENCH_COMPILE) -c -o $@ $<

$(BENCH_OUT)/obj/%.o: bench/%.S bench/rules.mk
	@mkdir -p $(@D)
	$(CC) $(BENCH_COMPILE) -c -o $@ $<

$(BENCH_PROGRAMS:%=$(BENCH_OUT)/%.elf): $(BENCH_OUT)/%.elf: \
		$(BENCH_OUT)/obj/%.o $(BENCH_COMMON:%=$(BENCH_OUT)/obj/%.o) bench/bench.ld
	$(CC) $(BENCH_COMPILE) -nostdlib -static -T bench/bench.ld -Wl,--build-id=none -o $@ $(filter %.o,$^) -lgcc

ALL += $(BENCH_PROGRAMS:%=$(BENCH_OUT)/%.elf)

-include $(wildcard $(BENCH_OUT)/obj/*.d)
