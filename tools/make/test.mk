# Tests: host unit tests (cmocka) and fuzzers are built here; pytest runs everything, so one report counts all.

UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/host/tests/%)
FUZZERS := $(BUILD)/host/fuzz_vtrace $(BUILD)/host/fuzz_manifest $(BUILD)/host/fuzz_decode $(BUILD)/host/fuzz_psci \
	$(BUILD)/host/fuzz_gdbstub $(BUILD)/host/fuzz_agent
# For a test's line of sources.
GDBSTUB_SOURCES := $(wildcard gdbstub/*.c)
UNIT_FLAGS := -std=c17 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined -I. -Isrc -Iinclude

# The second line of a test names what it tests: /* sources: src/mm/stage2.c ... */
sources_of = $(shell sed -nE '2s|^/\* sources: *(.*[^ ]) *\*/$$|\1|p' $1)
# The third may say how that is to be compiled: /* flags: -DHAL_GIC_VERSION=2 */
flags_of = $(shell sed -nE '3s|^/\* flags: *(.*[^ ]) *\*/$$|\1|p' $1)

# Touched only when it changes, so that another HOSTCC builds them anew.
.PHONY: hostcc
$(BUILD)/host/tests/compiler: hostcc
	@mkdir -p $(@D)
	@echo '$(HOSTCC)' | cmp -s - $@ || echo '$(HOSTCC)' > $@

define unit_test
$(BUILD)/host/tests/$1: tests/unit/$1.c $(call sources_of,tests/unit/$1.c) tools/make/test.mk $(BUILD)/host/tests/compiler
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$$(Q)$(HOSTCC) $(UNIT_FLAGS) $(call flags_of,tests/unit/$1.c) -MMD -MP -MF $$@.d -o $$@ tests/unit/$1.c $(call sources_of,tests/unit/$1.c) -lcmocka -lfdt -lz
-include $(BUILD)/host/tests/$1.d
endef
# Each costs a look into its file: not for a lab's image, of which a grading makes many.
ifndef LAB_TAG
$(foreach test,$(UNIT_SOURCES:tests/unit/%.c=%),$(eval $(call unit_test,$(test))))
endif

define fuzzer
$(BUILD)/host/$1: tests/fuzz/$1.c $(call sources_of,tests/fuzz/$1.c) $(wildcard tests/model/*.h) tools/make/test.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$$(Q)clang $(UNIT_FLAGS) -fsanitize=fuzzer -MMD -MP -MF $$@.d -o $$@ tests/fuzz/$1.c $(call sources_of,tests/fuzz/$1.c) -lfdt -lz
-include $(BUILD)/host/$1.d
endef
$(foreach name,fuzz_manifest fuzz_decode fuzz_psci fuzz_gdbstub fuzz_agent,$(eval $(call fuzzer,$(name))))

# The GDB library's example, for tests/unit/test_gdbstub_host.py.
GDBSTUB_HOST := $(BUILD)/gdbstub-host/toy
$(GDBSTUB_HOST): $(wildcard gdbstub/* examples/gdbstub-host/*)
	$(call say,MAKE,examples/gdbstub-host)
	$(Q)$(MAKE) -s -C examples/gdbstub-host OUT=$(abspath $(@D)) CC=$(HOSTCC) all

# Over all syndromes: too long for every test run.
$(BUILD)/host/exhaustive_esr: tests/unit/exhaustive_esr.c $(call sources_of,tests/unit/exhaustive_esr.c) tests/unit/esr_claims.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(HOSTCC) $(filter-out -g -O1 -fsanitize%,$(UNIT_FLAGS)) -O2 -o $@ $(filter %.c,$^)

PYTEST := $(PYTHON) -m pytest -q --durations=5 -p no:cacheprovider
# Two files at a time; what each builds, one after the other (tests/conftest.py).
PYTEST_BY_TWO := $(PYTEST) -n 2 --dist loadfile

.PHONY: test unit unit-build system matrix exhaustive lint test-build

# `make system CPU=cortex-a53 CC=clang`: on that CPU, but for tests that are about certain ones.
ifdef CPU
export VITRINE_CPU := $(CPU)
endif

unit-build: $(UNIT_TESTS) $(FUZZERS) $(GDBSTUB_HOST) $(BUILD)/host/vtrace

test-build: build images linux-guest $(BUILD)/guests/hello.elf $(BUILD)/guests/hello.bin $(UNIT_TESTS) $(FUZZERS) $(GDBSTUB_HOST) test-guests browser-build

test: ## every test: host units, fuzzers, QEMU systems, the site in a browser, lint
	@tools/setup.sh test
	@$(MAKE) --no-print-directory -j$(JOBS) test-build lint
	@$(PYTEST_BY_TWO) tests $(TEST_ARGS)

unit: ## host tests only: seconds
	@tools/setup.sh test
	@$(MAKE) --no-print-directory -j$(JOBS) unit-build
	@$(PYTEST) tests/unit $(TEST_ARGS)

system: ## QEMU tests only; CPU=cortex-a53 CC=clang choose
	@tools/setup.sh test
	@$(MAKE) --no-print-directory -j$(JOBS) test-build
	@$(PYTEST) tests/system $(TEST_ARGS)

# What system tests run on any CPU, Perfetto's trace processor from npm among it; without the site and host tests, which no CPU makes
# a difference to.
.PHONY: matrix-build
matrix-build: build images gdb-image linux-guest $(BUILD)/guests/hello.elf $(BUILD)/guests/hello.bin test-guests $(BUILD)/npm/browser/installed

# CPUS and COMPILERS choose some; TEST_ARGS goes to pytest.
matrix: ## the QEMU tests on every CPU, by GCC and clang: some 40 minutes
	@tools/setup.sh test
	@CPUS='$(CPUS)' COMPILERS='$(COMPILERS)' tools/matrix.sh $(TEST_ARGS)

exhaustive: $(BUILD)/host/exhaustive_esr ## the exit decoder over all 2^32 syndromes: a minute
	$<

TARGET_C = $(shell git ls-files 'src/*.c' 'trace/*.c' 'gdbstub/*.c' | grep -v '^trace/host/')

lint: ## clang-format, cppcheck and shellcheck over the tree
	@tools/setup.sh test
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,portability \
		--suppress=preprocessorErrorDirective -I. -Isrc -Iinclude -D__aarch64__ $(TARGET_C)
	$(Q)shellcheck -x .ci/run $(shell git ls-files "*.sh")
	$(Q)shellcheck -s dash guests/linux/init guests/linux/shrc

tidy: ## clang-tidy over the hypervisor's sources: minutes
	@tools/setup.sh test
	clang-tidy --quiet $(filter-out src/main/layout_check.c src/irq/gicv2.c,$(TARGET_C)) -- --target=aarch64-linux-gnu -std=c17 -ffreestanding -isystem src/lib/libc \
		-isystem $(SYSROOT)/include -I. -Isrc -Iinclude -DVITRINE_VERSION='"lint"' -DHAL_BOARD='"lint"' -DVT_GDB
