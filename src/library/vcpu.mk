# For the Makefile of a hypervisor built on libvcpu.a:
#
#	include path/to/lib/vcpu.mk
#	$(CC) $(VCPU_CFLAGS) -c my.c
#	$(CC) $(VCPU_LDFLAGS) -T my.ld -o my.elf my.o $(VCPU_LIBS)
#
# It knows where it lies, so the installed folder may be moved. Works for gcc; for clang add --target=aarch64-linux-gnu and -fuse-ld=lld.

VCPU_HOME := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

# EL2 keeps the guest's FP registers live, so no C code there may use them; EL2 code is compiled for strict alignment because
# its first instructions run without an MMU.
VCPU_CFLAGS := -ffreestanding -mgeneral-regs-only -mstrict-align -fno-stack-protector -march=armv8-a -mno-outline-atomics \
	-I$(VCPU_HOME)/include
VCPU_LDFLAGS := -nostdlib -nostartfiles -static -Wl,--build-id=none,--gc-sections,-z,max-page-size=4096
VCPU_LIBS := $(VCPU_HOME)/libvcpu.a
