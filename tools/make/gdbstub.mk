# The GDB library for the target, compiled for size: what an image with a debugger links. `make gdbstub-size` tells the bytes;
# tests/unit/test_gdbstub_size.py holds them.

GDBSTUB_OBJECTS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard gdbstub/*.c))
# No frame pointers: nothing in it can fault, so it is in no backtrace. The image is below 1 MiB, so an address is one instruction.
# The others are gcc's, and each saves 1 %. It is linked as all the image is, by -flto; not so clang's, which would make it larger.
GDBSTUB_FLAGS = $(filter-out -O% -fno-omit-frame-pointer $(if $(findstring clang,$(CC)),-flto),$(TARGET_FLAGS)) \
	-fomit-frame-pointer -mcmodel=tiny \
	$(if $(findstring clang,$(CC)),-Oz,-Os -fno-move-loop-invariants -fno-shrink-wrap -fno-expensive-optimizations)

$(OBJ)/gdbstub/%.o: gdbstub/%.c Makefile tools/make/gdbstub.mk tools/make/hypervisor.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(GDBSTUB_FLAGS) -MMD -MP -c -o $@ $<

# The library alone, linked like an image that calls all that gdbstub.h has, and brings all that README.md says it needs.
GDBSTUB_CALLED := init rx poll stopped console disconnected released is_awaiting_stop breakpoint_hit breakpoint_commands
GDBSTUB_NEEDS := memcpy memmove memset memcmp strlen
GDBSTUB_LINK = $(filter --target% -fuse-ld% -flto% -O% %notext,$(LINK_FLAGS)) -nostdlib -nostartfiles -static \
	-Wl,-pie,--no-dynamic-linker,--gc-sections,--entry=gdb_init \
	$(GDBSTUB_CALLED:%=-Wl,-u,gdb_%) $(GDBSTUB_NEEDS:%=-Wl,--defsym=%=gdb_init)

$(OBJ)/gdbstub.elf: $(GDBSTUB_OBJECTS)
	$(Q)$(CC) $(GDBSTUB_FLAGS) $(GDBSTUB_LINK) -o $@ $^

.PHONY: gdbstub-size
gdbstub-size: $(OBJ)/gdbstub.elf ## what the GDB library takes in an image, in bytes
	@aarch64-linux-gnu-objdump -h $< | $(PYTHON) tools/section_sizes.py .text .rodata

-include $(GDBSTUB_OBJECTS:.o=.d)
