# The guests that the system tests run: one a case, NAME.c with what of it must be assembly in NAME-asm.S, all with the same
# start-up code. Included by the top Makefile, which sets BUILD. Target to use: test-guests.
# Built by GCC whatever compiles the hypervisor: a guest is an input, not part of the image.

TEST_GUEST_COMMON := guests/tests/start.S guests/tests/guest.c guests/tests/gic.c
TEST_GUEST_NAMES := $(filter-out guest gic,$(basename $(notdir $(wildcard guests/tests/*.c))))
TEST_GUESTS := $(TEST_GUEST_NAMES:%=$(BUILD)/guests/tests/%.elf)

.PHONY: test-guests
test-guests: $(TEST_GUESTS)

define test_guest
$(BUILD)/guests/tests/$1.elf: guests/tests/$1.c $(wildcard guests/tests/$1-asm.S) $(TEST_GUEST_COMMON) \
		guests/tests/guest.h guests/tests/rules.mk guests/hello/hello.ld
	@mkdir -p $$(@D)
	$$(Q)$$(HELLO_CC) $$(HELLO_CFLAGS) $$(HELLO_LDFLAGS) -o $$@ $$(filter %.S %.c,$$^)
endef
$(foreach name,$(TEST_GUEST_NAMES),$(eval $(call test_guest,$(name))))

# With line numbers, for GDB's `next`.
$(BUILD)/guests/tests/stepped.elf: HELLO_CFLAGS += -g -O1
