# Figures: what an exit, a boot and the image cost. tests/bench/run.py measures; docs/reference/costs.md explains.

BENCH_GUESTS := $(addprefix $(BUILD)/guests/,bench.elf pair.elf pair_shared.elf switch.elf cntvct)

# An embedder of the library, as installed.
$(BUILD)/guests/switch.elf: tests/bench/switch.c tests/bench/switch.mk $(wildcard examples/minimal/*) | lib
	@mkdir -p $(@D)
	$(Q)$(MAKE) --no-print-directory -s -f tests/bench/switch.mk VCPU=$(abspath $(LIB)) OUT=$@
$(BUILD)/guests/switch.elf: $(LIB)/libvcpu.a

.PHONY: bench bench-page

bench: ## what Vitrine costs, in instructions and bytes, with tracing off and on
	@tools/setup.sh bench
	@$(MAKE) --no-print-directory -s build linux-guest $(BUILD)/guests/hello.elf $(BENCH_GUESTS) test-guests >&2 </dev/null
	@VITRINE_BUILD=$(abspath $(BUILD)) tests/bench/run.py $(BENCH_ARGS)
	@VITRINE_BUILD=$(abspath $(BUILD)) tests/bench/convert.py
	@VITRINE_BUILD=$(abspath $(BUILD)) tests/bench/gdb.py

# Minutes, on a machine with nothing else to do.
bench-page: ## write docs/reference/figures.md from a run of the bench
	@$(MAKE) --no-print-directory -s bench | tee /dev/stderr | tools/bench_page.py

# tests/system/test_bench_gate.py holds the budgets.
test-build matrix-build: $(BENCH_GUESTS)
