# The host's trace command, build/host/vtrace. Included by the top Makefile; also works alone:
#   make -f trace/host/rules.mk vtrace

BUILD ?= build
HOSTCC ?= cc
HOST_CFLAGS ?= -O2
VTRACE_CFLAGS := -std=c17 -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -Isrc -Iinclude
VTRACE_SOURCES := $(sort $(wildcard trace/host/*.c))
VTRACE_OBJECTS := $(VTRACE_SOURCES:trace/host/%.c=$(BUILD)/host/vtrace.d/%.o)

.PHONY: vtrace
vtrace: $(BUILD)/host/vtrace ## the trace tool: build/host/vtrace

$(BUILD)/host/vtrace: $(VTRACE_OBJECTS)
	$(HOSTCC) $(HOST_CFLAGS) $(HOST_LDFLAGS) -o $@ $^ -lelf

$(BUILD)/host/vtrace.d/%.o: trace/host/%.c trace/host/rules.mk
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_CFLAGS) $(VTRACE_CFLAGS) -MMD -MP -c -o $@ $<

# Coverage-guided fuzzing of everything that reads a recording. `make fuzz-vtrace FUZZ_RUNS=20000`
# Standard error is closed for the target (mask 2): it would tell what is wrong with each input.
FUZZ_RUNS ?= 20000
FUZZ_CC ?= clang

$(BUILD)/host/fuzz_vtrace: tests/fuzz/fuzz_vtrace.c $(filter-out trace/host/main.c,$(VTRACE_SOURCES)) \
		$(wildcard trace/host/*.h trace/host/*.def trace/*.h trace/*.def)
	@mkdir -p $(@D)
	$(FUZZ_CC) -g -O1 $(VTRACE_CFLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
		-o $@ $(filter %.c,$^) -lelf

.PHONY: fuzz-vtrace
fuzz-vtrace: $(BUILD)/host/fuzz_vtrace ## fuzz what reads recordings (FUZZ_RUNS=20000)
	$(BUILD)/host/fuzz_vtrace -runs=$(FUZZ_RUNS) -close_fd_mask=2 -max_len=16384 -rss_limit_mb=2048

-include $(VTRACE_OBJECTS:.o=.d)
