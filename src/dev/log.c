/*
 * log_line(): where the hypervisor's own words go.
 *
 *   log port   virtio-serial port 1, or a UART of its own (dev/log_port.h): every line, stamped with
 *              the counter's time in seconds
 *   terminal   the same text prefixed `[vitrine] `, until a guest has spoken; always when there is
 *              no log port, or with option log=uart
 *
 * Before the port is open, lines are kept here and written to it later. LOCK_LOG keeps lines in
 * order on both ways; the console's and the device's locks are taken under it.
 */
#include "lib/log.h"

#include "dev/clock.h"
#include "dev/console.h"
#include "dev/log.h"
#include "dev/log_port.h"
#include "dev/uart.h"
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define LINE_BYTES  256u
#define EARLY_BYTES 4096u
#define CUT_OFF	    "..."

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_LOG);

static struct {
	bool uart_always, panicking;
	char early[EARLY_BYTES]; /* whole lines, written while no port was open */
	uint32_t early_bytes, early_lost;
} logger;

/* A line as it is sent: stamp, text, newline; and where in it the text starts. */
struct entry {
	char bytes[LINE_BYTES + 1];
	uint32_t count, text;
};

/*
 * One call is one line, whatever a manifest's strings hold: control characters become blanks. A cut
 * line shows that it is.
 */
static void format_line(struct entry *entry, const char *format, va_list args)
{
	const uint64_t ticks = clock_ticks();
	const uint64_t hz = clock_hz();
	const uint64_t seconds = ticks / hz;
	const uint64_t micros = ticks % hz * 1000000 / hz;
	int wanted;

	entry->text =
		(uint32_t)vt_snprintf(entry->bytes, LINE_BYTES, "[%5llu.%06llu] ",
				      (unsigned long long)seconds, (unsigned long long)micros);
	wanted = vt_vsnprintf(entry->bytes + entry->text, LINE_BYTES - entry->text, format, args);
	entry->count = entry->text + (uint32_t)wanted;
	if (entry->count > LINE_BYTES - 1) {
		entry->count = LINE_BYTES - 1;
		memcpy(entry->bytes + entry->count - strlen(CUT_OFF), CUT_OFF, strlen(CUT_OFF));
	}
	for (uint32_t i = entry->text; i < entry->count; i++)
		if ((unsigned char)entry->bytes[i] < ' ')
			entry->bytes[i] = ' ';
	entry->bytes[entry->count++] = '\n';
}

static void keep_for_later(const struct entry *entry)
{
	if (entry->count > EARLY_BYTES - logger.early_bytes) {
		logger.early_lost++;
		return;
	}
	memcpy(logger.early + logger.early_bytes, entry->bytes, entry->count);
	logger.early_bytes += entry->count;
}

static void write_kept_lines(void)
{
	char note[80];
	int bytes;

	if (logger.early_bytes)
		log_port_write(logger.early, logger.early_bytes);
	logger.early_bytes = 0;
	if (logger.early_lost) {
		bytes = vt_snprintf(note, sizeof(note),
				    "log: %u lines lost before the log port was open\n",
				    logger.early_lost);
		log_port_write(note, (uint32_t)bytes);
	}
	logger.early_lost = 0;
}

static void write_line(struct entry *entry)
{
	const bool port = log_port_open();

	if (port) {
		write_kept_lines();
		log_port_write(entry->bytes, entry->count);
	} else {
		keep_for_later(entry);
	}
	if (port && !logger.uart_always && console_guest_has_spoken())
		return;
	entry->bytes[entry->count - 1] = '\0';
	console_host_line(entry->bytes + entry->text);
}

/* The terminal first: it needs nothing to work. */
static void write_line_in_panic(struct entry *entry)
{
	const char newline = '\n';

	entry->bytes[entry->count - 1] = '\0';
	uart_puts("[vitrine] ");
	uart_puts(entry->bytes + entry->text);
	uart_puts("\n");
	log_port_write(entry->bytes, entry->count - 1);
	log_port_write(&newline, 1);
}

void log_line(const char *format, ...)
{
	struct entry entry;
	va_list args;

	va_start(args, format);
	format_line(&entry, format, args);
	va_end(args);

	if (__atomic_load_n(&logger.panicking, __ATOMIC_RELAXED)) {
		write_line_in_panic(&entry);
		return;
	}
	spin_lock(&log_lock);
	write_line(&entry);
	spin_unlock(&log_lock);
}

void log_set_uart_always(bool always)
{
	__atomic_store_n(&logger.uart_always, always, __ATOMIC_RELAXED);
}

void log_port_ready(void)
{
	spin_lock(&log_lock);
	log_port_init();
	if (log_port_open())
		write_kept_lines();
	spin_unlock(&log_lock);
}

/*
 * The terminal may be in the middle of a guest's line; whoever was writing it may hold the lock for
 * ever.
 */
void log_panic_mode(void)
{
	__atomic_store_n(&logger.panicking, true, __ATOMIC_RELAXED);
	log_port_panic_mode();
	uart_puts("\n");
}
