# The Linux guest: Debian's kernel as fetched, and an initramfs of busybox and two small scripts.
# Included by the top Makefile, which sets BUILD. Target to use: linux-guest.

LINUX_GUEST_FETCHED := $(addprefix $(BUILD)/guests/,linux/Image linux/Image.gz busybox)
LINUX_GUEST_INITRD := $(BUILD)/guests/linux/initrd.gz

.PHONY: linux-guest
linux-guest: $(LINUX_GUEST_FETCHED) $(LINUX_GUEST_INITRD)

# One run brings all of them (a grouped target), also when only one has gone missing.
$(LINUX_GUEST_FETCHED) &: tools/fetch.sh
	VITRINE_BUILD=$(BUILD) tools/fetch.sh linux

$(LINUX_GUEST_INITRD): $(BUILD)/guests/busybox guests/linux/init guests/linux/shrc guests/linux/mkinitrd.py
	/usr/bin/python3 guests/linux/mkinitrd.py $(BUILD)/guests/busybox $@

# A program for it, of tests/system: no C library, so that nothing but the cross compiler is needed.
LINUX_PROGRAM := $(BUILD)/guests/linux/registers
$(LINUX_PROGRAM): guests/linux/registers.c guests/linux/rules.mk
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -std=gnu17 -O2 -Wall -Wextra -Werror -ffreestanding -mgeneral-regs-only -fno-stack-protector \
		-fno-asynchronous-unwind-tables -nostdlib -static -no-pie -Wl,--build-id=none -s -o $@ $<
test-guests: $(LINUX_PROGRAM)
