/*
 * What one exit of each kind costs, in instructions: ticks of the virtual counter under -icount. Each is done many times, and the
 * cheapest counts, as now and then an exit also hands over a page of the trace. The boot argument others=1 chooses other kinds.
 */
#include "guest.h"

#define TIMES 128

#define GICR_TYPER 0x08
#define UART_FR	   0x18
#define UART_IMSC  0x38
#define ENABLE	   1
#define SGI_NOBODY (0xfful << 48)

/*
 * Bounds, in instructions, with the recording of each exit in them. Some twenty are for what another compiler makes of the same
 * source, no more. ABOVE: more than a call costs.
 */
#define CALL_MOST	   132
#define ID_REGISTER_MOST   140
#define TIMER_MOST	   850
#define TYPER_ABOVE	   140
#define UART_ABOVE	   170
#define ENABLE_ABOVE	   245
#define SGI_ABOVE	   120
#define WAIT_ABOVE	   400
#define FEATURES_MOST	   243
#define MDSCR_MOST	   244
#define CNTP_MOST	   480
#define OTHER_DEVICE_ABOVE 200

static volatile uint64_t handler_began;
static uint64_t reading; /* the counter */

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu, (void)intid;
	handler_began = MRS(cntvct_el0);
	MSR(cntv_ctl_el0, 0);
}

#define CHEAPEST(statement)                                       \
	({                                                        \
		uint64_t least_ = UINT64_MAX;                     \
		for (unsigned i_ = 0; i_ < TIMES; i_++) {         \
			const uint64_t begin_ = ticks();          \
			statement;                                \
			const uint64_t spent_ = ticks() - begin_; \
			if (spent_ < least_)                      \
				least_ = spent_;                  \
		}                                                 \
		least_ - reading;                                 \
	})

static uint64_t timer_to_handler(void)
{
	uint64_t least = UINT64_MAX;

	irq_unmask();
	for (unsigned i = 0; i < TIMES; i++) {
		const uint64_t at = ticks() + 2000;

		handler_began = 0;
		MSR(cntv_cval_el0, at);
		MSR(cntv_ctl_el0, ENABLE);
		while (!handler_began)
			;
		if (handler_began - at < least)
			least = handler_began - at;
	}
	irq_mask();
	return least;
}

/* In a handler, so to speak, with one more interrupt pending that must wait for its end: nobody has to sleep. */
static uint64_t wait_for_nothing(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < TIMES; i++) {
		uint32_t taken;
		uint64_t begin, spent;

		send_sgi(1, 1);
		taken = gic_take();
		send_sgi(1, 2);
		begin = ticks();
		__asm__ volatile("wfi" ::: "memory");
		spent = ticks() - begin;
		if (spent < least)
			least = spent;
		gic_end(taken);
		gic_end(gic_take());
	}
	return least - reading;
}

static uint64_t call(void)
{
	return CHEAPEST(hvc(PSCI_VERSION, 0, 0, 0));
}

static void usual(void)
{
	const uint64_t a_call = call();
	const uint64_t id_register = CHEAPEST(MRS(id_aa64pfr0_el1));
	const uint64_t typer = CHEAPEST(read32(GICD_BASE + GIC_TYPER));
	const uint64_t uart = CHEAPEST(read32(UART_BASE + UART_FR));
	const uint64_t enable = CHEAPEST(write32(GICD_BASE + GIC_ISENABLER + 4, 0));
	const uint64_t nobody = CHEAPEST(send_sgi(SGI_NOBODY, 3));
	const uint64_t wait = wait_for_nothing();
	const uint64_t timer = timer_to_handler();

	figure("hypercall", a_call);
	figure("ID-register", id_register);
	figure("GICD_TYPER", typer);
	figure("UARTFR", uart);
	figure("GICD_ISENABLER", enable);
	figure("SGI-to-nobody", nobody);
	figure("WFI-over-at-once", wait);
	figure("timer-to-handler", timer);

	check(a_call <= CALL_MOST, "a hypercall is cheap");
	check(id_register <= ID_REGISTER_MOST, "an ID register is cheap");
	check(timer <= TIMER_MOST, "a timer interrupt soon reaches its handler");
	check(typer <= a_call + TYPER_ABOVE, "GICD_TYPER is not much dearer than a call");
	check(uart <= a_call + UART_ABOVE, "UARTFR is not much dearer than a call");
	check(enable <= a_call + ENABLE_ABOVE, "nor is a write of GICD_ISENABLER");
	check(nobody <= a_call + SGI_ABOVE, "nor is an SGI to nobody");
	check(wait <= a_call + WAIT_ABOVE, "a WFI that is over at once costs no turn");
}

static void others(void)
{
	const uint64_t a_call = call();
	const uint64_t features = CHEAPEST(hvc(PSCI_FEATURES, PSCI_VERSION, 0, 0));
	const uint64_t redistributor = CHEAPEST(read32(GICR_BASE + GICR_TYPER));
	const uint64_t mask = CHEAPEST(write32(UART_BASE + UART_IMSC, 0));
	const uint64_t debug = CHEAPEST(MRS(mdscr_el1));
	const uint64_t timer = CHEAPEST(MSR(cntp_cval_el0, 0));

	figure("PSCI_FEATURES", features);
	figure("GICR_TYPER", redistributor);
	figure("UARTIMSC", mask);
	figure("MDSCR_EL1", debug);
	figure("CNTP_CVAL_EL0", timer);
	check(features <= FEATURES_MOST, "other calls are cheap, too");
	check(redistributor <= a_call + OTHER_DEVICE_ABOVE, "so are other registers of the GIC");
	check(mask <= a_call + OTHER_DEVICE_ABOVE, "and of the UART");
	check(debug <= MDSCR_MOST, "so is MDSCR_EL1");
	check(timer <= CNTP_MOST, "and the physical timer");
}

void first(const void *device_tree)
{
	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	gic_enable(0, 1);
	gic_enable(0, 2);
	reading = 0;
	reading = CHEAPEST((void)0);
	if (option(device_tree, "others"))
		others();
	else
		usual();
	finish();
}
