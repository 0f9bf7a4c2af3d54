# The hello guest, as a raw binary and as an ELF file. Included by the top Makefile, which sets BUILD.
# Built by GCC whatever compiles the hypervisor: a guest is an input, not part of the image.

HELLO_CC := aarch64-linux-gnu-gcc
HELLO_CFLAGS := -std=c17 -O2 -Wall -Wextra -Werror -ffreestanding -fpie -mgeneral-regs-only -mstrict-align \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fvisibility=hidden
HELLO_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none,-z,max-page-size=4096 -Wl,-T,guests/hello/hello.ld

$(BUILD)/guests/hello.elf: guests/hello/start.S guests/hello/hello.c guests/hello/hello.ld guests/hello/rules.mk
	@mkdir -p $(@D)
	$(HELLO_CC) $(HELLO_CFLAGS) $(HELLO_LDFLAGS) -o $@ guests/hello/start.S guests/hello/hello.c

$(BUILD)/guests/hello.bin: $(BUILD)/guests/hello.elf
	aarch64-linux-gnu-objcopy -O binary $< $@
