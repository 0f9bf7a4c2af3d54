/* What else exits.c does, and must go on doing: who waits for what, and what becomes of the other exits. */
/* sources: src/vm/exits.c src/core/vcpu_state.c */
/* flags: -DVT_GDB */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fakes.h"
#include "tests/unit/fake_trace.h"

#include <vitrine/percpu.h>

#include "core/decode.h"
#include "vm/abort.h"
#include "vm/debug_hook.h"
#include "vm/emulate.h"
#include "vm/hypercalls.h"

static struct vm vm;
static struct vm_vcpu vcpu;
static const struct vm_config config = {.name = "guest"};
static struct percpu here;
static bool stepped, there;
static unsigned aborts, undefined, crashes, calls;

bool debug_engaged;

struct percpu *this_cpu(void)
{
	return &here;
}

bool debug_own_exit(struct vm_vcpu *of)
{
	(void)of;
	return true;
}

bool debug_steps(const struct vm_vcpu *of)
{
	(void)of;
	return stepped;
}

enum vt_err stage2_walk(struct stage2 *stage2, uint64_t ipa, struct stage2_leaf *leaf)
{
	(void)stage2, (void)ipa, (void)leaf;
	return there ? VT_OK : VT_ENOENT;
}

uint32_t abort_iss(struct vm_vcpu *of)
{
	(void)of;
	return VCPU_ABORT_EXTERNAL;
}

enum vt_err vcpu_inject_data_abort(struct vcpu *core, uint64_t far, uint32_t iss)
{
	(void)core, (void)far, (void)iss;
	aborts++;
	return VT_OK;
}

enum vt_err vcpu_inject_instruction_abort(struct vcpu *core, uint64_t far, uint32_t iss)
{
	return vcpu_inject_data_abort(core, far, iss);
}

enum vt_err vcpu_inject_undefined(struct vcpu *core)
{
	(void)core;
	undefined++;
	return VT_OK;
}

void vcpu_advance_pc(struct vcpu *core)
{
	core->frame.pc += 4;
}

const char *emulate_access(struct vm_vcpu *of)
{
	(void)of;
	return NULL;
}

void vm_hypercall(struct vm_vcpu *of)
{
	(void)of;
	calls++;
}

void vm_crash(struct vm_vcpu *of, const char *why)
{
	(void)of, (void)why;
	crashes++;
}

int exit_format(char *buffer, size_t size, const struct vcpu_exit *exit)
{
	(void)exit;
	return snprintf(buffer, size, "an exit");
}

const char *exception_class_name(unsigned ec)
{
	(void)ec;
	return "a class";
}

static int running(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&vm, 0, sizeof(vm));
	vm.config = &config;
	vcpu.vm = &vm;
	vcpu.core.state = VCPU_RUNNING;
	stepped = there = debug_engaged = false;
	aborts = undefined = crashes = calls = 0;
	return 0;
}

static void after(enum exit_reason reason)
{
	vcpu.core.exit.reason = reason;
	vm_handle_exit(&vcpu);
}

static void who_waits_for_an_event_only_gives_its_turn_away(void **state)
{
	(void)state;
	vcpu.core.exit.halt.wfe = true;
	after(EXIT_HALT);
	assert_int_equal(vcpu.core.state, VCPU_READY);
	/* It did not sleep, and the trace does not say so. */
	assert_int_equal(vcpu.core.open.answer, 0);
}

static void whom_a_debugger_steps_goes_on_behind_its_wait(void **state)
{
	(void)state;
	stepped = true;
	after(EXIT_HALT);
	assert_int_equal(vcpu.core.state, VCPU_READY);
}

static void whoever_waits_does_not_run_on(void **state)
{
	(void)state;
	after(EXIT_HALT);
	assert_true(vcpu.core.state == VCPU_BLOCKED || vcpu.core.state == VCPU_READY);
	assert_int_equal(vcpu.core.frame.pc, 0); /* that is behind the WFI already */
}

static void a_call_and_an_access_to_nothing_keep_their_turn(void **state)
{
	(void)state;
	after(EXIT_HYPERCALL);
	assert_int_equal(calls, 1);
	after(EXIT_MMIO_READ);
	assert_int_equal(aborts, 1);
	there = true;
	vcpu.core.exit.esr = 0x93800006; /* a translation fault: the page is there by now */
	after(EXIT_MMIO_WRITE);
	assert_int_equal(aborts, 1);
	after(EXIT_EXTERNAL_INTERRUPT);
	after(EXIT_NOTHING);
	assert_int_equal(vcpu.core.state, VCPU_RUNNING);
	assert_int_equal(crashes + undefined, 0);
}

static void what_nobody_has_asked_for_is_undefined_and_an_serror_the_end(void **state)
{
	(void)state;
	after(EXIT_EXCEPTION);
	assert_int_equal(undefined, 1);
	assert_int_equal(crashes, 0);
	after(EXIT_SERROR);
	assert_int_equal(crashes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_waits_for_an_event_only_gives_its_turn_away, running),
		cmocka_unit_test_setup(whom_a_debugger_steps_goes_on_behind_its_wait, running),
		cmocka_unit_test_setup(whoever_waits_does_not_run_on, running),
		cmocka_unit_test_setup(a_call_and_an_access_to_nothing_keep_their_turn, running),
		cmocka_unit_test_setup(what_nobody_has_asked_for_is_undefined_and_an_serror_the_end,
				       running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
