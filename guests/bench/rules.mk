# The guests of `make bench`: the probe guest, and a small program for Linux. Included by the top Makefile, which sets BUILD.

$(BUILD)/guests/bench.elf: guests/bench/start.S guests/bench/probes.S guests/bench/bench.c guests/bench/bench.h \
		guests/bench/bench.ld guests/bench/rules.mk
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -std=c17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pie -no-pie -mgeneral-regs-only \
		-mstrict-align -fno-stack-protector -fno-asynchronous-unwind-tables -nostdlib -static \
		-Wl,--build-id=none,-z,max-page-size=4096 -Wl,-T,guests/bench/bench.ld -o $@ $(filter %.S %.c,$^)

$(BUILD)/guests/cntvct: guests/bench/cntvct.S guests/bench/rules.mk
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -nostdlib -static -no-pie -Wl,--build-id=none -s -o $@ $<
