# The guests of `make bench`: the probe guests, and a small program for Linux. Included by the top Makefile, which sets BUILD.

BENCH_CC = aarch64-linux-gnu-gcc -std=c17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pie -no-pie -mgeneral-regs-only \
	-mstrict-align -fno-stack-protector -fno-asynchronous-unwind-tables -nostdlib -static \
	-Wl,--build-id=none,-z,max-page-size=4096 -Wl,-T,guests/bench/bench.ld

BENCH_SHARED := $(addprefix guests/bench/,start.S probes.S report.c report.h bench.h probe.inc bench.ld rules.mk)

$(BUILD)/guests/bench.elf: $(BENCH_SHARED) $(addprefix guests/bench/,reasons.S bench.c)
	@mkdir -p $(@D)
	$(Q)$(BENCH_CC) -o $@ $(filter %.S %.c,$^)

# On a CPU each, and both on one.
$(BUILD)/guests/pair_shared.elf: BENCH_DEFINES := -DSHARED_CPU
$(BUILD)/guests/pair.elf $(BUILD)/guests/pair_shared.elf: $(BENCH_SHARED) $(addprefix guests/bench/,pair.S pair.c pair.h)
	@mkdir -p $(@D)
	$(Q)$(BENCH_CC) $(BENCH_DEFINES) -o $@ $(filter %.S %.c,$^)

$(BUILD)/guests/cntvct: guests/bench/cntvct.S guests/bench/rules.mk
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -nostdlib -static -no-pie -Wl,--build-id=none -s -o $@ $<
