# The hypervisor image: compile each folder with only the headers it may use, link twice (the second time with names for
# backtraces), and cut the flat image out.

# One image a platform: nothing is chosen at run time. Each has a folder below src/hal and a GIC.
PLATFORMS := qemu-virt qemu-virt-gicv2 zcu102
HAL_OF_qemu-virt := qemu-virt
GIC_OF_qemu-virt := 3
HAL_OF_qemu-virt-gicv2 := qemu-virt
GIC_OF_qemu-virt-gicv2 := 2
HAL_OF_zcu102 := zcu102
GIC_OF_zcu102 := 2

PLATFORM ?= qemu-virt
ifeq ($(filter $(PLATFORM),$(PLATFORMS)),)
$(error PLATFORM=$(PLATFORM): there is none; known: $(PLATFORMS))
endif
HAL := $(HAL_OF_$(PLATFORM))
GIC := $(GIC_OF_$(PLATFORM))
PLATFORM_SUFFIX := $(if $(filter-out qemu-virt,$(PLATFORM)),-$(PLATFORM))$(if $(PERF),-perf)$(if $(GDB),-gdb)

OBJ := $(BUILD)/$(notdir $(CC))-$(MODE)$(PLATFORM_SUFFIX)
# What is linked: beside the objects, but for a lab's image, which has most of its objects from there (tools/make/labs.mk).
LINKED := $(OBJ)$(LAB_TAG:%=/%)
IMAGE := $(BUILD)/vitrine$(PLATFORM_SUFFIX)$(LAB_TAG:%=-%).img
SYSROOT := $(BUILD)/sysroot/usr
SYSROOT_LIBS := $(SYSROOT)/lib/aarch64-linux-gnu/libfdt.a $(SYSROOT)/lib/aarch64-linux-gnu/libz.a

$(SYSROOT_LIBS) &: tools/fetch.sh
	VITRINE_BUILD=$(BUILD) tools/fetch.sh libs

# What a folder may include: itself and those below it (design: lib < hal < mm < core < irq < dev < vm < main).
# trace/ is for everybody; its own target side stands beside dev/.
LAYERS := lib hal mm core irq dev vm $(if $(GDB),debug) main
LAYERS_lib := lib
LAYERS_hal := lib hal
LAYERS_mm := $(LAYERS_hal) mm
LAYERS_core := $(LAYERS_mm) core
LAYERS_irq := $(LAYERS_core) irq
LAYERS_dev := $(LAYERS_irq) dev
LAYERS_vm := $(LAYERS_dev) vm
LAYERS_debug := $(LAYERS_vm) debug
LAYERS_main := $(LAYERS_debug) main
LAYERS_trace := $(LAYERS_dev)

# What only one GIC version has.
GIC_SOURCES_2 := src/hal/discover_gicv2.c src/irq/gicv2.c src/irq/vgic_dist_v2.c
GIC_SOURCES_3 := src/hal/discover_gicv3.c src/irq/gicv3.c src/irq/vgic_dist.c src/irq/vgic_redist.c
# What only one kind of machine has, named like its folder in src/hal.
HAL_SOURCES_qemu-virt := src/dev/uart_pl011.c src/dev/log_port_virtio.c
HAL_SOURCES_zcu102 := src/dev/uart_cadence.c src/dev/log_port_cadence.c
CHOSEN_SOURCES := $(GIC_SOURCES_$(GIC)) $(HAL_SOURCES_$(HAL))
OTHER_SOURCES := $(filter-out $(CHOSEN_SOURCES),$(GIC_SOURCES_2) $(GIC_SOURCES_3) $(HAL_SOURCES_qemu-virt) $(HAL_SOURCES_zcu102))

CORE_SOURCES := $(filter-out $(OTHER_SOURCES) $(if $(LAB_TAG),,src/main/lab_todo.c) $(if $(GDB),,src/dev/terminal.c),$(foreach layer,$(LAYERS),$(wildcard src/$(layer)/*.c))) \
	$(wildcard src/hal/$(HAL)/*.c) $(wildcard trace/*.c) $(if $(GDB),$(wildcard gdbstub/*.c))
ASM_SOURCES := $(filter-out asm/vitrine.ld,$(wildcard asm/*.S))
# A course's tree has no source of what its labs ask for: objects stand in its place (tools/lab release).
PREBUILT := prebuilt/target$(PLATFORM_SUFFIX)
PREBUILT_OBJECTS := $(patsubst $(PREBUILT)/%,$(OBJ)/%,$(wildcard $(addprefix $(PREBUILT)/,*/*.o */*/*.o)))
OBJECTS := $(call lab_choice,$(CORE_SOURCES:%.c=$(OBJ)/%.o) $(ASM_SOURCES:%.S=$(OBJ)/%.o) $(PREBUILT_OBJECTS))

TARGET_FLAGS := -std=c17 -ffreestanding -fpie -fvisibility=hidden -mgeneral-regs-only -mstrict-align \
	-fno-stack-protector -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-common -march=armv8-a -mno-outline-atomics \
	-ffunction-sections -fdata-sections -g -Wall -Wextra -Werror -DHAL_GIC_VERSION=$(GIC)
LINK_FLAGS := -nostdlib -nostartfiles -static -Wl,-pie,--no-dynamic-linker,--build-id=none,--gc-sections \
	-Wl,-z,max-page-size=4096,-z,norelro,-T,asm/vitrine.ld
ifneq ($(findstring clang,$(CC)),)
TARGET_FLAGS += --target=aarch64-linux-gnu
LINK_FLAGS += --target=aarch64-linux-gnu -fuse-ld=lld -Wl,-z,notext
endif
NM := aarch64-linux-gnu-nm
ifdef PERF
TARGET_FLAGS += -DVT_PERF
endif
# The debugger: src/debug and gdbstub/, and the hooks that call them.
ifdef GDB
TARGET_FLAGS += -DVT_GDB
endif
ifeq ($(MODE),debug)
TARGET_FLAGS += -Og -DVT_DEBUG
else ifneq ($(filter O%,$(MODE)),)
TARGET_FLAGS += -$(MODE)
else
TARGET_FLAGS += -O2 -flto
LINK_FLAGS += -flto=auto -O2
endif

# What runs at boot, at the end or for a person's eyes only may be slow, and small: the image has a budget.
COLD := $(wildcard src/main/*.c src/hal/*.c src/vm/manifest*.c src/vm/guest_dt.c src/vm/loader.c src/vm/image_*.c \
	src/vm/crash.c src/vm/summary.c src/core/capabilities*.c src/core/exit_format.c src/core/aarch32.c src/core/insn*.c \
	src/vm/emulate.c src/dev/virtio_mmio.c src/dev/virtio_serial.c src/dev/console*.c src/dev/log*.c src/lib/printf.c src/mm/*.c \
	src/vm/hypercalls.c src/vm/power.c src/vm/request.c src/vm/vm.c src/vm/exits.c src/vm/guest_memory.c src/vm/abort.c src/vm/walk.c src/core/trng.c src/core/pmu*.c \
	src/core/psci_state.c src/core/percpu.c src/core/id_regs.c src/core/sysreg_trap.c src/core/fault_*.c src/core/inject*.c \
	src/core/vcpu.c src/core/vcpu_state.c src/core/smccc.c src/core/guest_debug.c src/irq/gicv2.c \
	src/irq/gicv3.c src/irq/vgic_trace.c src/vm/sample.c src/vm/stop.c trace/control.c trace/drain.c)
ifeq ($(MODE),release)
$(COLD:%.c=$(OBJ)/%.o): TARGET_FLAGS += $(if $(findstring clang,$(CC)),-Oz,-Os)
endif

# One include root a folder, holding links to what it may use.
INCLUDE_ROOTS := $(foreach layer,$(LAYERS) trace gdbstub,$(BUILD)/include/$(layer)/.made)
$(BUILD)/include/%/.made: tools/make/hypervisor.mk
	@mkdir -p $(@D)
	@for layer in $(LAYERS_$*); do ln -sfn ../../../src/$$layer $(@D)/$$layer; done
	@ln -sfn ../../../trace $(@D)/trace
	@[ $* != debug ] || ln -sfn ../../../gdbstub $(@D)/gdbstub
	@touch $@

folder_of = $(if $(filter trace/% gdbstub/%,$1),$(firstword $(subst /, ,$1)),$(word 2,$(subst /, ,$1)))

# libfdt.h and zlib.h want a few C library headers: lib/libc has what they use.
$(OBJ)/src/vm/%.o $(OBJ)/src/hal/%.o: TARGET_FLAGS += -isystem src/lib/libc -isystem $(SYSROOT)/include

# Touched only when it changes, so that a commit rebuilds one file.
.PHONY: version
$(BUILD)/version.h: version
	@mkdir -p $(@D)
	@echo '#define VITRINE_VERSION "$(VERSION)"' | cmp -s - $@ || echo '#define VITRINE_VERSION "$(VERSION)"' > $@
$(OBJ)/src/main/main.o $(OBJ)/src/main/metadata.o: TARGET_FLAGS += -include $(BUILD)/version.h -DHAL_BOARD='"$(PLATFORM)"'
$(OBJ)/src/main/main.o $(OBJ)/src/main/metadata.o: $(BUILD)/version.h

$(OBJ)/%.o: %.c $(INCLUDE_ROOTS) Makefile tools/make/hypervisor.mk | $(SYSROOT_LIBS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TARGET_FLAGS) -I$(BUILD)/include/$(call folder_of,$<) -Iinclude -MMD -MP -c -o $@ $<

$(OBJ)/%.o: %.S $(OBJ)/asm-offsets.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -flto -std=c17,$(TARGET_FLAGS)) -I$(OBJ) -MMD -MP -c -o $@ $<

$(PREBUILT_OBJECTS): $(OBJ)/%.o: $(PREBUILT)/%.o
	@mkdir -p $(@D)
	$(Q)cp $< $@

# The generated offsets, asserted from the C side.
$(OBJ)/src/main/layout_check.o: TARGET_FLAGS += -I$(OBJ) -Iasm
$(OBJ)/src/main/layout_check.o: $(OBJ)/asm-offsets.h asm/asm-offsets.def

# Offsets for assembly: compile to text, turn the markers into #defines.
$(OBJ)/asm-offsets.h: asm/asm-offsets.c asm/asm-offsets.def $(INCLUDE_ROOTS) tools/make/hypervisor.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -flto -g,$(TARGET_FLAGS)) -I$(BUILD)/include/main -Iinclude -MMD -MP -MT $@ -MF $(@:.h=.d) -S -o $(@:.h=.s) $<
	@{ echo '/* Generated from asm/asm-offsets.def. */'; sed -nE 's/.*"@define ([A-Z0-9_]+) [#]?([0-9]+)".*/#define \1 \2/p' $(@:.h=.s); \
	   echo '#define VCPU_X(n) (VCPU_FRAME_X + 8 * (n))'; } > $@

$(LINKED)/names-empty.S: tools/symbols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/symbols.py < /dev/null > $@
$(LINKED)/names.S: $(LINKED)/vitrine-nameless.elf tools/symbols.py
	$(Q)$(NM) $< | $(PYTHON) tools/symbols.py > $@
$(LINKED)/names%o: $(LINKED)/names%S
	$(Q)$(CC) $(filter-out -flto -std=c17,$(TARGET_FLAGS)) -c -o $@ $<

LINK = $(CC) $(filter-out -g,$(TARGET_FLAGS)) $(LINK_FLAGS) -Wl,-Map,$@.map -o $@ $(OBJECTS) $(filter %/names.o %/names-empty.o,$^) \
	-L$(SYSROOT)/lib/aarch64-linux-gnu -lfdt -lz $(EXTRA_LIBS)

$(LINKED)/vitrine-nameless.elf: $(OBJECTS) $(LINKED)/names-empty.o asm/vitrine.ld $(SYSROOT_LIBS)
	$(call say,LINK,$@)
	$(Q)$(LINK)
$(LINKED)/vitrine.elf: $(OBJECTS) $(LINKED)/names.o asm/vitrine.ld $(SYSROOT_LIBS)
	$(call say,LINK,$@)
	$(Q)$(LINK)
	@! $(NM) -u $@ | grep . || { echo "error: undefined symbols above" >&2; exit 1; }

$(LINKED)/vitrine.img: $(LINKED)/vitrine.elf
	$(Q)aarch64-linux-gnu-objcopy -O binary $< $@

# What `tools/vitrine` runs: the last one built.
.PHONY: image images
image: $(LINKED)/vitrine.img
$(IMAGE): image
	@cmp -s $(LINKED)/vitrine.elf $(@:.img=.elf) || cp $(LINKED)/vitrine.elf $(@:.img=.elf)
	@cmp -s $(LINKED)/vitrine.img $@ || cp $(LINKED)/vitrine.img $@

# One after the other: they share what is fetched and generated.
images: $(IMAGE) ## the hypervisor for every platform
	@for platform in $(filter-out $(PLATFORM),$(PLATFORMS)); do $(MAKE) --no-print-directory PLATFORM=$$platform image-of-platform; done
.PHONY: image-of-platform
image-of-platform: $(IMAGE)

-include $(OBJECTS:.o=.d) $(OBJ)/asm-offsets.d
