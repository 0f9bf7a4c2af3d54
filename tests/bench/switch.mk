# tests/bench/switch.c, built as anybody's hypervisor is: against an installed library (VCPU), to OUT.

include $(VCPU)/vcpu.mk

$(OUT): tests/bench/switch.c examples/minimal/boot.S examples/minimal/minimal.ld $(VCPU_LIBS)
	aarch64-linux-gnu-gcc -std=c17 -O2 -Wall -Wextra -Werror $(VCPU_CFLAGS) $(VCPU_LDFLAGS) \
		-Wl,-T,examples/minimal/minimal.ld -o $@ tests/bench/switch.c examples/minimal/boot.S $(VCPU_LIBS)
