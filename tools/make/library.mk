# `make lib`: the vCPU core as a library for other hypervisors.
#
#   build/lib/libvcpu.a          src/core, the vectors and what they need of src/lib
#   build/lib/include/vitrine/   the public headers, self-contained
#   build/lib/vcpu.mk            flags and files, for the embedder's Makefile
#
# The objects are plain ELF, without LTO, so that any linker takes them. No VM, no device, no interrupt controller is in it:
# include/vitrine/embed.h lists what the embedder brings.

LIB := $(BUILD)/lib
LIB_OBJ := $(OBJ)/lib
LIB_C := $(wildcard src/core/*.c) $(addprefix src/lib/,err.c printf.c string.c) $(wildcard src/library/*.c)
LIB_S := $(addprefix asm/,vectors.S own_vectors.S fpsimd.S)
LIB_OBJECTS := $(LIB_C:%.c=$(LIB_OBJ)/%.o) $(LIB_S:%.S=$(LIB_OBJ)/%.o)
LIB_AR := aarch64-linux-gnu-ar
# A debug build's lock order belongs to the hypervisor; LTO objects belong to one compiler.
LIB_FLAGS = $(filter-out -flto -DVT_DEBUG,$(TARGET_FLAGS)) $(LIB_EXTRA_FLAGS)

.PHONY: lib
lib: $(LIB)/libvcpu.a $(LIB)/vcpu.mk lib-headers ## the vCPU core as a library: build/lib

$(LIB_OBJ)/%.o: %.c $(INCLUDE_ROOTS) Makefile tools/make/hypervisor.mk tools/make/library.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(LIB_FLAGS) -I$(BUILD)/include/$(patsubst library,core,$(call folder_of,$<)) -Iinclude -MMD -MP -c -o $@ $<

$(LIB_OBJ)/%.o: %.S $(OBJ)/asm-offsets.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -std=c17,$(LIB_FLAGS)) -I$(OBJ) -MMD -MP -c -o $@ $<

# Made anew each time: ar would keep members whose source is gone.
$(LIB_OBJ)/libvcpu.a: $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(LIB_AR) rcs $@ $^

# What an embedder links: the last one built, by whichever compiler and mode.
.PHONY: lib-archive
lib-archive: $(LIB_OBJ)/libvcpu.a
$(LIB)/libvcpu.a: lib-archive
	@mkdir -p $(@D)
	@cmp -s $(LIB_OBJ)/libvcpu.a $@ || cp $(LIB_OBJ)/libvcpu.a $@

# Cheap, and what a header includes may have changed: each time.
.PHONY: lib-headers
lib-headers:
	$(Q)tools/install_headers.py $(LIB)/include

$(LIB)/vcpu.mk: src/library/vcpu.mk
	@mkdir -p $(@D)
	$(Q)cp $< $@

-include $(LIB_OBJECTS:.o=.d)
