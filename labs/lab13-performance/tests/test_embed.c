/* What embed.c is for, and must go on doing: each access reaches its device, and what others ask of this vCPU is done before it goes on. */
/* sources: src/vm/embed.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake_sysregs.h"
#include "tests/unit/fake_trace.h"

#include <vitrine/embed.h>

#include "core/esr.h"
#include "irq/gic.h"
#include "vm/sched.h"

static struct vm vm;
static struct vm_config config;
static struct vm_vcpu vcpu;
static uint32_t intid_pending;
static bool queue_concerned, asked_meanwhile;
static unsigned syncs, kicks, timers;
static struct {
	char device; /* d, r, u, s */
	uint64_t offset, value;
} reached;

void vgic_sync(struct vgic_cpu *cpu)
{
	assert_ptr_equal(cpu, &vcpu.vgic);
	syncs++;
	/* Another CPU asks just now, for what this sync has not seen. */
	if (asked_meanwhile)
		__atomic_fetch_or(&vcpu.requests, REQUEST_INTERRUPT, __ATOMIC_RELEASE);
	asked_meanwhile = false;
}

static uint64_t reach(char device, uint64_t offset, uint64_t value)
{
	reached.device = device;
	reached.offset = offset;
	reached.value = value;
	return 0x77;
}

uint64_t vgicd_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	(void)cpu, (void)bytes;
	return reach('d', offset, 0);
}

void vgicd_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)cpu, (void)bytes;
	reach('d', offset, value);
}

uint64_t vgicr_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	(void)cpu, (void)bytes;
	return reach('r', offset, 0);
}

void vgicr_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)cpu, (void)bytes;
	reach('r', offset, value);
}

uint64_t vuart_read(struct vuart *uart, uint64_t offset, unsigned bytes)
{
	(void)uart, (void)bytes;
	return reach('u', offset, 0);
}

void vuart_write(struct vuart *uart, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)uart, (void)bytes;
	reach('u', offset, value);
}

void vgic_write_sgi1r(struct vgic_cpu *cpu, uint64_t value)
{
	(void)cpu;
	reach('s', 1, value);
}

void vgic_write_sgi0r(struct vgic_cpu *cpu, uint64_t value)
{
	(void)cpu;
	reach('s', 0, value);
}

uint64_t ptimer_read(const struct ptimer *timer, unsigned reg, uint64_t now)
{
	(void)timer, (void)reg, (void)now;
	return 0x30;
}

void ptimer_write(struct ptimer *timer, unsigned reg, uint64_t value, uint64_t now)
{
	(void)timer, (void)reg, (void)value, (void)now;
}

void sched_timer_changed(struct vm_vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	timers++;
}

enum vt_err vgic_set_level(struct vgic *vgic, unsigned index, uint32_t intid, bool level)
{
	(void)vgic, (void)index, (void)intid, (void)level;
	return VT_OK;
}

bool vgic_has_pending(struct vgic_cpu *cpu)
{
	return cpu->overflow;
}

void vgic_inject_vtimer(struct vgic_cpu *cpu)
{
	assert_ptr_equal(cpu, &vcpu.vgic);
	timers++;
}

uint32_t gic_acknowledge(void)
{
	return intid_pending;
}

void gic_drop_priority(uint32_t intid)
{
	assert_int_equal(intid, INTID_VIRT_TIMER);
}

bool sched_interrupt(uint32_t intid)
{
	assert_int_equal(intid, intid_pending);
	return queue_concerned;
}

void vm_request(struct vm_vcpu *of, uint32_t request)
{
	assert_ptr_equal(of, &vcpu);
	assert_int_equal(request, REQUEST_INTERRUPT);
	kicks++;
}

static int fresh(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&vm, 0, sizeof(vm));
	memset(&reached, 0, sizeof(reached));
	config.has_pl011 = true;
	vm.config = &config;
	vm.vcpus = 2;
	vm.vcpu[1] = &vcpu;
	vcpu.vm = &vm;
	vcpu.index = 1;
	queue_concerned = asked_meanwhile = false;
	syncs = kicks = timers = 0;
	fake_sysregs_reset();
	return 0;
}

static bool read_at(uint64_t ipa, uint64_t *value)
{
	const struct mmio_access access = {.ipa = ipa, .bytes = 4};

	return embed_mmio_read(&vcpu.core, &access, value);
}

static bool write_at(uint64_t ipa, uint64_t value)
{
	const struct mmio_access access = {.ipa = ipa, .bytes = 4, .write = true};

	return embed_mmio_write(&vcpu.core, &access, value);
}

static void each_access_reaches_its_device(void **state)
{
	static const struct {
		uint64_t ipa;
		char device;
		uint64_t offset;
	} places[] = {
		{VGIC_GICD_IPA, 'd', 0},
		{VGIC_GICD_IPA + VGIC_GICD_BYTES - 4, 'd', VGIC_GICD_BYTES - 4},
		{VGIC_GICR_IPA, 'r', 0},
		{VGIC_GICR_IPA + 2 * VGIC_GICR_BYTES_PER_VCPU - 4, 'r',
		 2 * VGIC_GICR_BYTES_PER_VCPU - 4},
		{VUART_IPA + 0x18, 'u', 0x18},
		{VUART_IPA + VUART_BYTES - 4, 'u', VUART_BYTES - 4},
	};
	uint64_t value = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_true(read_at(places[i].ipa, &value));
		assert_int_equal(value, 0x77);
		assert_int_equal(reached.device, places[i].device);
		assert_int_equal(reached.offset, places[i].offset);
		memset(&reached, 0, sizeof(reached));
		assert_true(write_at(places[i].ipa, 0x1234));
		assert_int_equal(reached.device, places[i].device);
		assert_int_equal(reached.offset, places[i].offset);
		assert_int_equal(reached.value, 0x1234);
	}
}

static void an_access_beside_them_is_nobodys(void **state)
{
	static const uint64_t places[] = {
		VGIC_GICD_IPA - 4, VGIC_GICD_IPA + VGIC_GICD_BYTES,
		VGIC_GICR_IPA - 4, VGIC_GICR_IPA + 2 * VGIC_GICR_BYTES_PER_VCPU,
		VUART_IPA - 4,	   VUART_IPA + VUART_BYTES};
	uint64_t value;

	(void)state;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_false(read_at(places[i], &value));
		assert_false(write_at(places[i], 0));
	}
	config.has_pl011 = false;
	assert_false(read_at(VUART_IPA, &value));
	assert_false(write_at(VUART_IPA, 0));
	assert_int_equal(reached.device, 0);
}

/* After each of these the guest goes on at once, so this is the last chance. */
static void go_on_after(unsigned which)
{
	uint32_t intid;
	uint64_t value;

	if (which == 0)
		read_at(VGIC_GICD_IPA, &value);
	else if (which == 1)
		write_at(VGIC_GICD_IPA, 0);
	else if (which == 2)
		embed_send_sgi(&vcpu.core, 0);
	else if (which == 3)
		embed_sysreg_write(&vcpu.core, SYSREG_KEY(3, 3, 14, 2, 1), 1);
	else
		assert_int_equal(embed_interrupt(&vcpu.core, &intid), EXIT_RESUME);
}
#define WAYS 5u

static void what_others_ask_is_done_before_the_guest_goes_on(void **state)
{
	(void)state;
	intid_pending = SGI_KICK;
	for (unsigned i = 0; i < WAYS; i++) {
		vcpu.requests = REQUEST_INTERRUPT;
		syncs = 0;
		go_on_after(i);
		assert_true(syncs > 0);
		assert_int_equal(vcpu.requests, 0);
	}
}

/* A bit that is set while the list registers are looked at is about something new. */
static void what_is_asked_meanwhile_is_not_forgotten(void **state)
{
	(void)state;
	intid_pending = SGI_KICK;
	for (unsigned i = 0; i < WAYS; i++) {
		vcpu.requests = REQUEST_INTERRUPT;
		asked_meanwhile = true;
		syncs = 0;
		go_on_after(i);
		assert_true(vcpu.requests == REQUEST_INTERRUPT || syncs > 1);
	}
}

static void other_requests_are_the_schedulers(void **state)
{
	(void)state;
	intid_pending = SGI_KICK;
	for (unsigned i = 0; i < WAYS; i++) {
		vcpu.requests = REQUEST_INTERRUPT | REQUEST_POWER_ON;
		go_on_after(i);
		assert_int_equal(vcpu.requests, REQUEST_POWER_ON);
	}
}

static void an_interrupt_goes_where_it_belongs(void **state)
{
	uint32_t intid = 0;

	(void)state;
	intid_pending = INTID_VIRT_TIMER;
	assert_int_equal(embed_interrupt(&vcpu.core, &intid), EXIT_RESUME);
	assert_int_equal(intid, INTID_VIRT_TIMER);
	assert_int_equal(timers, 1);
	intid_pending = INTID_EL2_PHYS_TIMER;
	queue_concerned = true;
	assert_int_equal(embed_interrupt(&vcpu.core, &intid), EXIT_LEAVE);
	assert_int_equal(intid, INTID_EL2_PHYS_TIMER);
	vgic_kick(&vm, 1);
	assert_int_equal(kicks, 1);
}

static void sgis_and_the_physical_timer_arrive(void **state)
{
	uint64_t value = 0;

	(void)state;
	embed_send_sgi(&vcpu.core, 0x5000001);
	assert_int_equal(reached.offset, 1);
	assert_int_equal(reached.value, 0x5000001);
	embed_sysreg_write(&vcpu.core, SYSREG_KEY(3, 0, 12, 11, 7), 0x6000002);
	assert_int_equal(reached.offset, 0);
	assert_int_equal(reached.value, 0x6000002);
	assert_true(embed_sysreg_read(&vcpu.core, SYSREG_KEY(3, 3, 14, 2, 2), &value));
	assert_int_equal(value, 0x30);
	assert_false(embed_sysreg_read(&vcpu.core, SYSREG_KEY(3, 0, 12, 11, 7), &value));
	assert_true(embed_sysreg_write(&vcpu.core, SYSREG_KEY(3, 3, 14, 2, 2), 1));
	assert_int_equal(timers, 1);
}

static void a_wait_with_something_pending_is_none(void **state)
{
	(void)state;
	assert_false(embed_may_resume_from_wait(&vcpu.core));
	vcpu.vgic.overflow = true; /* the fake's way to say: pending */
	assert_true(embed_may_resume_from_wait(&vcpu.core));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_access_reaches_its_device, fresh),
		cmocka_unit_test_setup(an_access_beside_them_is_nobodys, fresh),
		cmocka_unit_test_setup(what_others_ask_is_done_before_the_guest_goes_on, fresh),
		cmocka_unit_test_setup(what_is_asked_meanwhile_is_not_forgotten, fresh),
		cmocka_unit_test_setup(other_requests_are_the_schedulers, fresh),
		cmocka_unit_test_setup(an_interrupt_goes_where_it_belongs, fresh),
		cmocka_unit_test_setup(sgis_and_the_physical_timer_arrive, fresh),
		cmocka_unit_test_setup(a_wait_with_something_pending_is_none, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
