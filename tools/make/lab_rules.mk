# What the labs are made of: a student's objects, the guests that report to the grader, and the targets of a course.

LAB_QUIET := -Wno-unused-function -Wno-unused-parameter -Wno-unused-variable -Wno-unused-const-variable

# A student's file sees the headers that the file in its place would see. $1: reference, $2: work.
define lab_object
$(LINKED)/$(basename $1).o: $2 src/lib/lab.h $(INCLUDE_ROOTS) $(OBJ)/asm-offsets.h tools/make/lab_rules.mk | $(SYSROOT_LIBS)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$$(Q)$$(CC) $$(filter-out $(if $(filter %.S,$1),-std=c17),$$(TARGET_FLAGS)) $(LAB_QUIET) \
		$(if $(filter %.S,$1),-I$(OBJ) -include labs/lib/todo.inc,-I$(BUILD)/include/$(call folder_of,$1) -Iinclude -I$(dir $1) \
		-isystem src/lib/libc -isystem $(SYSROOT)/include -include src/lib/lab.h) -MMD -MP -c -o $$@ $$<
-include $(LINKED)/$(basename $1).d
endef
$(foreach pair,$(LAB_MAP),$(eval $(call lab_object,$(firstword $(subst =, ,$(pair))),$(lastword $(subst =, ,$(pair))))))

# The guests of the system tests and those of the labs, with a mailbox: build/guests/labs/NAME.elf, build/guests/labNN-TITLE/NAME.elf.
LAB_GUEST_SOURCES := $(wildcard labs/lab*/guests/*.c)
define lab_guest
$(BUILD)/guests/$1.elf: $2.c $(wildcard $2-asm.S) $(TEST_GUEST_COMMON) labs/lib/mailbox.c guests/tests/guest.h guests/tests/rules.mk \
		guests/hello/hello.ld
	@mkdir -p $$(@D)
	$$(Q)$$(HELLO_CC) $$(HELLO_CFLAGS) -Iguests/tests $$(HELLO_LDFLAGS) -o $$@ $$(filter %.S %.c,$$^)
endef
$(foreach name,$(TEST_GUEST_NAMES),$(eval $(call lab_guest,labs/$(name),guests/tests/$(name))))
$(foreach source,$(LAB_GUEST_SOURCES:labs/%.c=%),$(eval $(call lab_guest,$(subst /guests/,/,$(source)),labs/$(source))))

# To be debugged by the names of its variables.
$(BUILD)/guests/lab00-toolbox/safe.elf: HELLO_CFLAGS += -g -O1

.PHONY: grade labs-verify lab-host-command
# For tools/lab: how a host test is compiled.
lab-host-command:
	@echo '$(HOSTCC) $(UNIT_FLAGS) $(LAB_QUIET)'

grade: ## LAB=04: mark a student's work of that lab
	@tools/setup.sh grade
	@tools/lab grade $(LAB) $(GRADE_ARGS)

labs-verify: ## every lab: the reference scores 100 %, skeletons their baseline, mutants are found; up to an hour
	@tools/setup.sh test
	@tools/lab verify --release --mutants --repeat 10 $(LABS_CHOSEN) $(VERIFY_ARGS)
