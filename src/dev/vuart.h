/*
 * An emulated PL011 (Arm DDI 0183): a guest's console. Output goes to the console multiplexer; input comes from it,
 * through a 256-byte queue (the guest sees the 16-byte FIFO's flags). Its interrupt is SPI 1 (INTID 33), level.
 *
 * Input is held back until the guest listens: it has unmasked RXIM or RTIM, or polls UARTFR for it (16 reads in a row with no
 * UARTDR write between). Else the flush that drivers do at start-up would eat what a script has piped in.
 */
#ifndef DEV_VUART_H
#define DEV_VUART_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/vgic.h"
#include "lib/spinlock.h"

#define VUART_IPA UINT64_C(0x09000000)
#define VUART_BYTES UINT64_C(0x1000)
#define VUART_INTID 33u
#define VUART_RX_QUEUE 256u

struct vuart {
	struct spinlock lock;
	struct vgic *vgic;
	unsigned console; /* index for console_output() */
	uint32_t cr, lcr_h, ibrd, fbrd, imsc, ris, ifls, ilpr, dmacr;
	uint32_t idle_polls; /* UARTFR reads since the last UARTDR write */
	bool listening;
	bool line; /* the level that the vGIC has been told */
	uint8_t rx[VUART_RX_QUEUE];
	unsigned rx_head, rx_count;
};

void vuart_init(struct vuart *uart, struct vgic *vgic, unsigned console);
/* FAST PATH: an access at `offset` (0..0xfff) of `bytes` 1, 2 or 4. */
uint64_t vuart_read(struct vuart *uart, uint64_t offset, unsigned bytes);
void vuart_write(struct vuart *uart, uint64_t offset, unsigned bytes, uint64_t value);

/* Offer input; returns how many bytes were taken (less than asked: the queue is full, keep the rest). */
unsigned vuart_receive(struct vuart *uart, const uint8_t *bytes, unsigned count);

#endif
