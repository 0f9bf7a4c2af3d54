/*
 * The calling convention and what there is besides PSCI. One vCPU. Boot arguments: `trng=1` on a CPU with RNDR, `smc=1`
 * when the manifest lets the function SMC_OF_QEMU through, `safe=N` with a bit for each workaround that the CPU does not need.
 */
#include "guest.h"

#define SMCCC_VERSION	    0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_ARCH_SOC_ID   0x80000002u
#define WORKAROUND_1	    0x80008000u
#define WORKAROUND_2	    0x80007fffu
#define WORKAROUND_3	    0x80003fffu

#define TRNG_VERSION  0x84000050u
#define TRNG_FEATURES 0x84000051u
#define TRNG_GET_UUID 0x84000052u
#define TRNG_RND_32   0x84000053u
#define TRNG_RND_64   0xc4000053u

#define HYP_CALL_COUNT	   0x8600ff00u
#define HYP_UID		   0x8600ff01u
#define HYP_REVISION	   0x8600ff03u
#define VITRINE_FEATURES   0x86000000u
#define VITRINE_TRACE_MARK 0xc6000001u
#define VITRINE_LOG	   0xc6000002u
#define VITRINE_EXIT_COUNT 0xc6000003u

#define NOT_SUPPORTED	   -1
#define INVALID_PARAMETERS -2
#define DENIED		   -3
#define ALREADY_ON	   -4
#define EXIT_HYPERCALL	   1
#define LOG_LIMIT	   256

/* CPU_ON of PSCI 0.1 as QEMU numbers it: the only firmware call there that is not in PSCI 1.x's range. */
#define SMC_OF_QEMU 0x95c1ba60u

#define REGISTERS 18
/* smccc-asm.S: the call with x0-x17 from the array, and back into it. */
void call_by_hvc(uint64_t x[REGISTERS]);
void call_by_smc(uint64_t x[REGISTERS]);

static uint64_t x[REGISTERS];

static void set_registers(uint64_t function, uint64_t x1)
{
	for (unsigned i = 0; i < REGISTERS; i++)
		x[i] = 0x0101010101010101ul * (i + 1);
	x[0] = function;
	x[1] = x1;
}

static bool kept_from(unsigned first)
{
	for (unsigned i = first; i < REGISTERS; i++)
		if (x[i] != 0x0101010101010101ul * (i + 1))
			return false;
	return true;
}

static void check_preservation(void)
{
	static const uint64_t functions[] = {PSCI_VERSION,  SMCCC_VERSION,	0xdeadbeef,
					     0xbf000001,    PSCI_AFFINITY_INFO, PSCI_CPU_ON_32,
					     HYP_CALL_COUNT};
	bool kept = true;

	for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		set_registers(functions[i], 0x0202020202020202ul);
		call_by_hvc(x);
		kept &= kept_from(1);
		set_registers(functions[i], 0x0202020202020202ul);
		call_by_smc(x);
		kept &= kept_from(1);
	}
	check(kept, "a call with one result changes x0 alone");

	set_registers(0xdead000000000000ul | PSCI_VERSION, 0);
	call_by_hvc(x);
	CHECK_EQUAL(x[0], 0x10001, "the function is in w0: the upper half of x0 does not count");
}

/* 1: not needed. */
static void check_workaround(uint32_t function, bool safe, const char *claim)
{
	CHECK_EQUAL(hvc(SMCCC_ARCH_FEATURES, function, 0, 0), safe ? 1 : NOT_SUPPORTED, claim);
	CHECK_EQUAL(hvc(function, 0, 0, 0), safe ? 0 : NOT_SUPPORTED,
		    "and calling it agrees with that");
}

static void check_arch(uint64_t safe)
{
	CHECK_EQUAL(hvc(SMCCC_VERSION, 0, 0, 0), 0x10002, "SMCCC 1.2");
	CHECK_EQUAL(hvc(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0, "ARCH_FEATURES of VERSION");
	CHECK_EQUAL(hvc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_SOC_ID, 0, 0), NOT_SUPPORTED,
		    "a VM is no SoC that anybody has given a number");
	CHECK_EQUAL(hvc(SMCCC_ARCH_SOC_ID, 0, 0, 0), NOT_SUPPORTED, "so ARCH_SOC_ID has none");
	check_workaround(WORKAROUND_1, safe & 1, "workaround 1: as the CPU says");
	check_workaround(WORKAROUND_2, safe & 2, "workaround 2: as the CPU says");
	check_workaround(WORKAROUND_3, safe & 4, "workaround 3: as the CPU says");
	CHECK_EQUAL(hvc(0xffffffff80000001ul, 0xffffffff00000000ul | SMCCC_VERSION, 0, 0), 0,
		    "ARCH_FEATURES looks at w1");
}

static void check_vendor(void)
{
	uint64_t before;

	set_registers(HYP_UID, 0);
	call_by_hvc(x);
	check(x[0] == 0xa2cae4c0 && x[1] == 0x114e12ab && x[2] == 0xe6e708a8 && x[3] == 0x9ced9625,
	      "the vendor hypervisor UID is c0e4caa2-ab12-4e11-a808-e7e62596ed9c");
	check(kept_from(4), "and is in x0-x3 alone");
	set_registers(HYP_REVISION, 0);
	call_by_smc(x);
	check(x[0] == 1 && x[1] == 1 && kept_from(2), "its revision is 1.1");
	CHECK_EQUAL(hvc(VITRINE_FEATURES, 0, 0, 0), 0x3f, "there are functions 0 to 5");
	CHECK_EQUAL(hvc(VITRINE_TRACE_MARK, 0x1234, 0, 0), 0, "a trace mark");
	CHECK_EQUAL(hvc(VITRINE_TRACE_MARK & ~(1u << 30), 0x1234, 0, 0), NOT_SUPPORTED,
		    "which has no 32-bit form");

	set_registers(VITRINE_EXIT_COUNT, EXIT_HYPERCALL);
	call_by_hvc(x);
	before = x[1];
	check(x[0] == 0 && kept_from(3), "statistics in x1 and x2");
	for (unsigned i = 0; i < 5; i++)
		hvc(PSCI_VERSION, 0, 0, 0);
	set_registers(VITRINE_EXIT_COUNT, EXIT_HYPERCALL);
	call_by_hvc(x);
	CHECK_EQUAL(x[1], before + 6, "six hypercalls more are six more");
	CHECK_EQUAL(hvc(VITRINE_EXIT_COUNT, 99, 0, 0), INVALID_PARAMETERS, "no such reason");
	CHECK_EQUAL(hvc(VITRINE_EXIT_COUNT, ~0ul, 0, 0), INVALID_PARAMETERS, "nor such a one");
}

/* "A line from w" ... in registers, as a C string. */
static void check_log(void)
{
	static const char text[56] = "seven registers\nhold fifty-six characters and not one m";
	int64_t result = 0;
	unsigned taken;

	set_registers(VITRINE_LOG, 0);
	for (unsigned i = 0; i < sizeof(text); i++) {
		const unsigned shift = i % 8 * 8;

		x[1 + i / 8] = (x[1 + i / 8] & ~(0xfful << shift)) | (uint64_t)text[i] << shift;
	}
	call_by_hvc(x);
	check(x[0] == 0 && kept_from(8), "a line for the log");
	for (taken = 1; taken < 2 * LOG_LIMIT && result == 0; taken++)
		result = hvc(VITRINE_LOG, 'x', 0, 0);
	CHECK_EQUAL(result, DENIED, "a guest cannot fill the log for ever");
	CHECK_EQUAL(taken, LOG_LIMIT + 1, "its share is 256 lines");
}

static void check_trng(bool there)
{
	if (!there) {
		CHECK_EQUAL(hvc(TRNG_VERSION, 0, 0, 0), NOT_SUPPORTED, "no generator, no TRNG");
		CHECK_EQUAL(hvc(TRNG_RND_64, 64, 0, 0), NOT_SUPPORTED, "nor numbers");
		return;
	}
	CHECK_EQUAL(hvc(TRNG_VERSION, 0, 0, 0), 0x10000, "TRNG 1.0");
	CHECK_EQUAL(hvc(TRNG_FEATURES, TRNG_RND_64, 0, 0), 0, "TRNG_FEATURES of RND");
	CHECK_EQUAL(hvc(TRNG_FEATURES, PSCI_VERSION, 0, 0), NOT_SUPPORTED,
		    "TRNG_FEATURES of something else");
	set_registers(TRNG_GET_UUID, 0);
	call_by_hvc(x);
	check(x[0] != 0xffffffff && x[3] == 0x3856560a && kept_from(4), "its UUID");
	set_registers(TRNG_RND_64, 192);
	call_by_hvc(x);
	check(x[0] == 0 && x[1] && x[2] && x[3] && x[1] != x[2] && x[2] != x[3] && kept_from(4),
	      "192 bits");
	set_registers(TRNG_RND_32, 0xffffffff00000000ul | 33);
	call_by_hvc(x);
	check(x[0] == 0 && x[1] == 0 && x[2] <= 1 && x[3] >> 32 == 0, "33 bits");
	CHECK_EQUAL(hvc(TRNG_RND_32, 97, 0, 0), INVALID_PARAMETERS, "97 bits are too many");
	CHECK_EQUAL(hvc(TRNG_RND_64, 0, 0, 0), INVALID_PARAMETERS, "none are too few");
}

/* QEMU's firmware finds CPU 0 on, by the arguments that we pass. x4-x17 come back as they went. */
static void check_smc(bool allowed)
{
	set_registers(SMC_OF_QEMU, 0);
	x[2] = RAM_BASE; /* it wants a multiple of 4 for an entry point */
	call_by_smc(x);
	if (allowed) {
		CHECK_EQUAL(x[0], ALREADY_ON, "an SMC that the manifest allows gets to EL3");
		check(kept_from(4), "and brings all registers back");
	} else {
		CHECK_EQUAL(x[0], NOT_SUPPORTED, "an SMC ends at EL2");
		check(kept_from(3), "and changes x0 alone");
	}
	CHECK_EQUAL(hvc(SMC_OF_QEMU, 0, 0, 0), NOT_SUPPORTED, "by HVC it is nothing");
	CHECK_EQUAL(smc(SMC_OF_QEMU + 1, 0, 0, 0), NOT_SUPPORTED,
		    "its neighbour is not let through");
	for (unsigned i = 0; i < 8; i++)
		smc(0xb2000000u + i, 0, 0, 0); /* more than the log wants to know */
}

void first(const void *device_tree)
{
	check_preservation();
	check_arch(option(device_tree, "safe"));
	check_vendor();
	check_trng(option(device_tree, "trng"));
	check_smc(option(device_tree, "smc"));
	check_log();
	finish();
}

void secondary(uint64_t vcpu)
{
	(void)vcpu;
}
