/*
 * An emulated PL011 (Arm DDI 0183): a guest's console. Output goes to the console multiplexer;
 * input comes from it, through a 256-byte queue (the guest sees the 16-byte FIFO's flags). Its
 * interrupt is SPI 1 (INTID 33), level.
 *
 * Input is held back until the guest listens: RXIM or RTIM is unmasked now, or it polls UARTFR for
 * it (16 reads in a row with no write to any register between; until it next writes UARTIMSC,
 * UARTCR or UARTLCR_H, as a driver that takes the device over does). Else the flush that drivers do
 * at start-up would eat what a script has piped in.
 */
#ifndef DEV_VUART_H
#define DEV_VUART_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/vgic.h"
#include "lib/spinlock.h"

#define VUART_IPA      UINT64_C(0x09000000)
#define VUART_BYTES    UINT64_C(0x1000)
#define VUART_INTID    33u
#define VUART_RX_QUEUE 256u

struct vuart {
	struct spinlock lock;
	struct vgic *vgic;
	unsigned console; /* index for console_output() */
	uint32_t cr, lcr_h, ibrd, fbrd, imsc, ris, ifls, ilpr, dmacr;
	uint32_t fr; /* UARTFR as the guest reads it, kept up to date for the lock-free read */
	uint32_t idle_polls; /* UARTFR reads since the last write */
	bool polling;	     /* it has been seen to poll for input */
	bool listening;	     /* the guest may see its input */
	bool line;	     /* the level that the vGIC has been told, or is being told */
	bool telling;	     /* some CPU is telling it, and will look again afterwards */
	bool refused;	     /* there was no room for input: the console waits for some */
	uint8_t rx[VUART_RX_QUEUE];
	unsigned rx_head, rx_count;
};

/* As at power-on. */
void vuart_init(struct vuart *uart, struct vgic *vgic, unsigned console);
/* The VM restarts: registers as at power-on, but input that nobody has read yet stays. */
void vuart_reset(struct vuart *uart);

/*
 * FAST PATH: an access at `offset` (0..0xfff) of `bytes` 1, 2 or 4. Call with no lock held: it may
 * tell the vGIC (LOCK_VGIC), write to the console, and fetch more input from it.
 */
uint64_t vuart_read(struct vuart *uart, uint64_t offset, unsigned bytes);
void vuart_write(struct vuart *uart, uint64_t offset, unsigned bytes, uint64_t value);

/*
 * Offer input; returns how many bytes were taken (less than asked: the queue is full, keep the
 * rest, console_input_ready() will be called). Call with no lock held.
 */
unsigned vuart_receive(struct vuart *uart, const uint8_t *bytes, unsigned count);

#endif
