/*
 * From the boot loader's tree to running guests, and to the end of the run. The boot CPU does all
 * of it; the others join in secondary_main() and go straight to their run queues.
 */
#include <vitrine/capabilities.h>
#include <vitrine/percpu.h>
#include <vitrine/perf.h>

#include "core/secondary.h"
#include "dev/console.h"
#include "dev/log.h"
#include "dev/uart.h"
#include "dev/virtio_serial.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "main/machine.h"
#include "mm/phys.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "vm/debug_hook.h"
#include "vm/manifest.h"
#include "vm/sched.h"
#include "vm/stop.h"
#include "vm/vm.h"

#define SECONDARY_WAIT_TICKS (READ_SYSREG(CNTFRQ_EL0) * 2) /* 2 s */

static struct manifest manifest;
static uint64_t boot_ticks;
static bool guests_may_run; /* atomic: set when all VMs exist */

struct options options;

/*
 * One word of the boot arguments. Unknown ones are named and ignored: they may be meant for a later
 * version.
 */
static void take_option(const char *word)
{
	if (strncmp(word, "trace=", 6) == 0)
		vt_snprintf(options.trace, sizeof(options.trace), "%s", word + 6);
	else if (strncmp(word, "trace-", 6) == 0)
		vt_snprintf(options.trace_more, sizeof(options.trace_more), "%s", word + 6);
	else if (strncmp(word, "manifest=", 9) == 0)
		vt_snprintf(options.manifest, sizeof(options.manifest), "%s", word + 9);
	else if (strcmp(word, "semihosting") == 0)
		options.semihosting = true;
	else if (strcmp(word, "log=uart") == 0)
		log_set_uart_always(true);
	else if (strncmp(word, "panic-test=", 11) == 0)
		vt_snprintf(options.panic_test, sizeof(options.panic_test), "%s", word + 11);
	else if (!debug_option(word))
		log_line("boot argument %s: unknown, ignored", word);
}

static void parse_options(const char *text)
{
	char word[60];

	while (*text) {
		unsigned length = 0;

		while (*text == ' ')
			text++;
		for (; *text && *text != ' '; text++)
			if (length < sizeof(word) - 1)
				word[length++] = *text;
		word[length] = '\0';
		if (length)
			take_option(word);
	}
}

/* Registers that EL2 drives. A device that the machine does not have is of size 0. */
static void map_device(uint64_t base, uint64_t bytes)
{
	const uint64_t start = ALIGN_DOWN(base, PAGE_BYTES);

	if (bytes &&
	    el2_map(start, ALIGN_UP(base + bytes, PAGE_BYTES) - start, EL2_DEVICE) != VT_OK)
		panic("no EL2 tables left for the device at 0x%llx", (unsigned long long)base);
}

static void map_gic(void)
{
	map_device(hal.gicd_base, hal.gicd_size);
	map_device(hal.gicr_base, hal.gicr_size);
	if (HAL_GIC_VERSION == 2) {
		map_device(hal.gicc_base, PAGE_BYTES);
		map_device(hal.gicc_dir, PAGE_BYTES);
		map_device(hal.gich_base, PAGE_BYTES);
	}
}

/* What must never be given out as guest RAM, and what EL2 may touch. */
static void set_up_memory(const void *dtb)
{
	const uint64_t image = (uint64_t)(uintptr_t)image_start;

	for (unsigned i = 0; i < hal.ram_ranges; i++) {
		if (phys_add_ram(hal.ram[i].base, hal.ram[i].size) != VT_OK)
			log_line("memory: range %u of the device tree is not usable", i);
		else if (el2_map(hal.ram[i].base, ALIGN_DOWN(hal.ram[i].size, PAGE_BYTES),
				 EL2_DATA) != VT_OK)
			panic("no EL2 tables left for RAM");
	}
	phys_reserve(image, (uint64_t)(uintptr_t)image_end - image);
	phys_reserve((uint64_t)(uintptr_t)dtb, boot_dtb_bytes(dtb));
	if (hal.initrd_size)
		phys_reserve(hal.initrd_base, hal.initrd_size);

	map_device(hal.uart_base, PAGE_BYTES);
	map_device(hal.log_uart_base, hal.log_uart_base ? PAGE_BYTES : 0);
	map_device(hal.virtio_mmio_base, hal.virtio_mmio_stride * hal.virtio_mmio_slots);
	map_gic();
}

static unsigned index_of_boot_cpu(void)
{
	const uint64_t mpidr = READ_SYSREG(MPIDR_EL1) & MPIDR_AFFINITY;

	for (unsigned i = 0; i < hal.cpus; i++)
		if (hal.mpidr[i] == mpidr)
			return i;
	panic("the device tree does not list this CPU, MPIDR 0x%llx", (unsigned long long)mpidr);
}

static void make_ring(struct percpu *cpu)
{
	const uint64_t pages = phys_take(TRACE_RING_PAGES * TRACE_PAGE_BYTES, TRACE_PAGE_BYTES);

	if (!pages)
		panic("no memory for the trace ring of cpu %u", cpu->index);
	cpu->ring = boot_alloc(sizeof(*cpu->ring), 64, "trace ring");
	trace_ring_init(cpu->ring, cpu->index, (void *)(uintptr_t)pages);
	trace_apply(cpu->ring);
	trace_drain_add(cpu->ring);
}

static bool is_traced(const struct percpu *cpu)
{
	return cpu->ring && cpu->ring->level != TRACE_LEVEL_OFF;
}

/*
 * Start every other CPU and wait until each has said that it is there. One that does not come is an
 * error of the machine.
 */
static void start_secondaries(void)
{
	for (unsigned i = 0; i < hal.cpus; i++) {
		struct percpu *cpu = &percpu_table[i];

		if (cpu == this_cpu())
			continue;

		struct secondary_boot *boot = boot_alloc(sizeof(*boot), 64, "secondary boot");

		el2_mmu_values(&boot->mmu);
		boot->sp = stack_for(i);
		boot->cpu = cpu;
		clean_to_memory(boot, sizeof(*boot));

		const int64_t status =
			hal_cpu_on(hal.mpidr[i], (uint64_t)(uintptr_t)secondary_entry,
				   (uint64_t)(uintptr_t)boot);
		const uint64_t give_up = READ_SYSREG(CNTPCT_EL0) + SECONDARY_WAIT_TICKS;

		while (status == 0 && !__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE) &&
		       READ_SYSREG(CNTPCT_EL0) < give_up)
			cpu_relax();
		if (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
			panic("cpu %u (MPIDR 0x%llx) does not start, PSCI status %lld", i,
			      (unsigned long long)hal.mpidr[i], (long long)status);
	}
}

void secondary_main(struct percpu *cpu)
{
	percpu_enable(cpu, is_traced(cpu));
	if (gic_init_cpu() != VT_OK)
		panic("cpu %u has no interrupts", cpu->index);
	while (!__atomic_load_n(&guests_may_run, __ATOMIC_ACQUIRE))
		cpu_relax();
	sched_loop();
}

static void create_vms(void)
{
	for (unsigned i = 0; i < manifest.vms; i++) {
		const char *problem = vm_create(&manifest.vm[i]);

		if (problem)
			log_line("manifest: %s", problem);
	}
	if (vm_count == 0) {
		log_line("no VM can be started");
		machine_exit(EXIT_STATUS_NO_VM, "no-vm");
	}
}

static void command_trace(const char *command)
{
	char answer[128];

	if (!trace_command(command, answer, sizeof(answer)))
		log_line("trace: %s", answer);
}

/* The manifest's wishes, then the boot arguments', which count more. */
static void choose_trace(void)
{
	char command[24];

	for (unsigned i = 0; i < manifest.trace_commands; i++)
		command_trace(manifest.trace[i]);
	for (char *c = options.trace_more; *c; c++)
		if (*c == '=')
			*c = ' ';
	if (options.trace_more[0])
		command_trace(options.trace_more);
	if (strcmp(options.trace, "flight") == 0) {
		command_trace("mode flight");
	} else if (options.trace[0] && strcmp(options.trace, "on") != 0) {
		vt_snprintf(command, sizeof(command), "level %s", options.trace);
		command_trace(command);
	}
}

/* One by one, so that the one that cannot be counted is named; those before it are. */
static void choose_perf_events(void)
{
	for (unsigned i = 0; i < manifest.perf_events_count; i++) {
		const enum vt_err err = perf_choose(manifest.perf_events, i + 1);

		if (err == VT_OK)
			continue;
		log_line("manifest: /: perf-events: event 0x%x: %s", manifest.perf_events[i],
			 err == VT_ENOSYS
				 ? "nothing is counted in this build (PERF=1), or on this CPU"
			 : err == VT_EINVAL ? "this CPU does not count it"
					    : "this CPU has no counter left for it");
		return;
	}
}

/* Say what the CPUs can do, and end the run where that is not enough. After gic_init_cpu(): list registers. */
static void check_machine(void)
{
	struct capabilities machine;
	char line[256];
	const char *missing = capabilities_init(&machine);

	capabilities_format(line, sizeof(line), &machine);
	log_line("%s", line);
	capabilities_format_features(line, sizeof(line), &machine);
	log_line("%s", line);
	if (missing) {
		log_line("cannot run guests here: %s", missing);
		machine_exit(EXIT_STATUS_NO_VM, "no-vm");
	}
}

/* Hidden: found relative to the PC. Nothing has been relocated when EL1 is told about, no table of addresses either. */
extern const uint64_t hal_early_uart __attribute__((visibility("hidden")));

/* Entered at EL1: MMU off, nothing set up but the stack. Say so, and stop. */
void boot_wrong_level(void)
{
	uart_early_init(hal_early_uart);
	uart_puts("vitrine: not started at EL2. Give the machine virtualization: "
		  "qemu -M ...,virtualization=on\n");
	for (;;)
		wfi();
}

/* The first C function with translation on. */
void boot_main(const void *dtb)
{
	boot_ticks = READ_SYSREG(CNTPCT_EL0);
	uart_early_init(hal_early_uart);
	percpu_enable(&percpu_table[0], false);
	percpu_table[0].emergency_sp = emergency_stack_for(0);

	const char *problem = hal_discover(dtb);

	if (problem)
		panic("%s", problem);
	uart_early_init(hal.uart_base);
	set_up_memory(dtb);
	boot_stack_guard_on(); /* only now: mapping the RAM fills every hole */

	const unsigned self = index_of_boot_cpu();

	for (unsigned i = 0; i < hal.cpus; i++) {
		percpu_table[i].index = i;
		percpu_table[i].mpidr = hal.mpidr[i];
		percpu_table[i].emergency_sp = emergency_stack_for(i);
	}
	parse_options(hal.bootargs);
	if (gic_init() != VT_OK)
		panic("no usable GICv%u distributor at 0x%llx", HAL_GIC_VERSION,
		      (unsigned long long)hal.gicd_base);

	(void)virtio_serial_init(); /* without it: no trace, and the log goes elsewhere */
	log_port_ready();
	manifest_parse(&manifest, (const void *)(uintptr_t)hal.initrd_base, hal.initrd_size,
		       hal.cpus);
	choose_trace();
	/* Without a port there is a trace for those only who ask for it in so many words: they will look in memory. */
	if (virtio_serial_port_open(VIRTIO_SERIAL_PORT_TRACE) || manifest.trace_commands ||
	    options.trace_more[0] ||
	    (options.trace[0] && strcmp(options.trace, "off") != 0 &&
	     strcmp(options.trace, "on") != 0))
		for (unsigned i = 0; i < hal.cpus; i++)
			make_ring(&percpu_table[i]);

	struct percpu *cpu = &percpu_table[self];

	/* The boot CPU borrowed the first one's place until it knew its own. */
	if (self != 0)
		percpu_disable(&percpu_table[0]);
	percpu_enable(cpu, is_traced(cpu));
	if (gic_init_cpu() != VT_OK)
		panic("cpu %u has no interrupts", self);
	log_line("vitrine " VITRINE_VERSION ": %u cpus, %u list registers, trace %s", hal.cpus,
		 gic_list_registers(), cpu->ring ? trace_level_name(cpu->ring->level) : "off");
	check_machine();

	for (unsigned i = 0; i < manifest.complaints; i++)
		log_line("manifest: %s", manifest.complaint[i]);
	choose_perf_events();
	create_vms();
	debug_start();
	if (cpu->ring)
		metadata_begin();
	start_secondaries();
	gic_enable_spi(hal.uart_intid);
	uart_enable_rx_interrupt();
	if (options.panic_test[0])
		panic_test(options.panic_test);

	log_line("el2 memory: image %llu bytes, allocated %llu bytes; %llu ticks from entry to the "
		 "first guest",
		 (unsigned long long)((uintptr_t)image_end - (uintptr_t)image_start),
		 (unsigned long long)boot_alloc_used(),
		 (unsigned long long)(READ_SYSREG(CNTPCT_EL0) - boot_ticks));
	__atomic_store_n(&guests_may_run, true, __ATOMIC_RELEASE);
	sched_loop();
}

static bool any_crashed(void)
{
	for (unsigned i = 0; i < vm_count; i++)
		if (vms[i]->crashed)
			return true;
	return false;
}

/* Builds with PERF=1: what each kind of exit cost, CPU by CPU. */
static void perf_log(void)
{
	char text[200];

	for (unsigned cpu = 0; cpu < hal.cpus; cpu++) {
		const struct perf_stats *stats = vcpu_perf(cpu);

		for (unsigned i = 0; stats && i < EXIT_REASONS * PERF_MEASURES; i++) {
			const unsigned reason = i / PERF_MEASURES, measure = i % PERF_MEASURES;
			const struct perf_histogram *histogram = &stats->exits[reason][measure];

			if (!histogram->count)
				continue;
			perf_format(text, sizeof(text), histogram);
			log_line("perf: cpu %u: %s: %s: %s", cpu, exit_reason_name(reason),
				 perf_measure_name(measure), text);
		}
	}
}

void machine_end(void)
{
	const uint32_t writing = stop_others();

	summary_log();
	perf_log();
	metadata_end(false, writing);
	if (any_crashed())
		machine_exit(EXIT_STATUS_GUEST_CRASH, "guest-crash");
	machine_exit(EXIT_STATUS_OK, vm_quit ? "quit" : "poweroff");
}

void machine_exit(unsigned status, const char *reason)
{
	log_line("exit: status=%u reason=%s", status, reason);
	hal_exit(status, options.semihosting);
}
