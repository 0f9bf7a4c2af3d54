# The GDB library for the target, compiled for size: what an image with a debugger links. `make gdbstub-size` tells the bytes;
# tests/unit/test_gdbstub_size.py holds them.

GDBSTUB_OBJECTS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard gdbstub/*.c))
# No frame pointers: nothing in it can fault, so it is in no backtrace. The others are gcc's, and each saves 1 %.
GDBSTUB_FLAGS = $(filter-out -O% -flto -fno-omit-frame-pointer,$(TARGET_FLAGS)) -fomit-frame-pointer \
	$(if $(findstring clang,$(CC)),-Oz,-Os -fno-move-loop-invariants -fno-shrink-wrap)

$(OBJ)/gdbstub/%.o: gdbstub/%.c Makefile tools/make/gdbstub.mk tools/make/hypervisor.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(GDBSTUB_FLAGS) -MMD -MP -c -o $@ $<

.PHONY: gdbstub-size
gdbstub-size: $(GDBSTUB_OBJECTS) ## what the GDB library takes in an image, in bytes
	@aarch64-linux-gnu-objdump -h $^ | $(PYTHON) tools/section_sizes.py .text .rodata

-include $(GDBSTUB_OBJECTS:.o=.d)
