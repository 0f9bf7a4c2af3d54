/*
 * Guests that cannot go on. The boot argument how=N says which way:
 *
 *   1 vectors where nothing is, then an undefined instruction     2 the same, then a wild read
 *   3 vectors in a device                                         4 a jump to nowhere with such vectors
 *   5 a trapped register with such vectors                        6 vectors that fault for ever, though they can be fetched
 *   7 translation tables outside RAM                              8 every vCPU off
 */
#include "guest.h"

extern char endless_vectors[] __attribute__((visibility("hidden")));
__asm__(".balign 2048\nendless_vectors:\n"
	"	.rept 16\n"
	"	.balign 128\n"
	"	movz x0, #0x7000, lsl #16\n"
	"	ldr w1, [x0]\n"
	"	.endr\n"
	"	.balign 128\n");

void secondary(uint64_t vcpu)
{
	(void)vcpu;
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void first(const void *device_tree)
{
	const uint64_t how = option(device_tree, "how");

	say("crashing, how ");
	say_number(how);
	say("\n");
	MSR(vbar_el1, how == 3 ? GICD_BASE : how == 6 ? (uint64_t)endless_vectors : NOWHERE);
	__asm__ volatile("mov x20, #0x5afe" ::: "x20"); /* for whoever reads the record */
	switch (how) {
	case 1:
	case 3:
		__asm__ volatile("udf #0");
		break;
	case 2:
	case 6:
		read32(NOWHERE);
		break;
	case 4:
		((void (*)(void))NOWHERE)();
		break;
	case 5:
		MRS(S3_0_C15_C0_0);
		break;
	case 7:
		MSR(ttbr0_el1, NOWHERE);
		MSR(tcr_el1, 25ul | 25ul << 16 | 2ul << 30);
		MSR(sctlr_el1, MRS(sctlr_el1) | 1);
		break;
	case 8:
		start_vcpu(1);
		hvc(PSCI_CPU_OFF, 0, 0, 0);
		break;
	}
	say("FAIL: it went on\n");
	finish();
}
