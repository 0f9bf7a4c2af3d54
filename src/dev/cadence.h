/*
 * The Cadence UART of the Zynq UltraScale+, as UG1087 names its registers. For uart_cadence.c and
 * log_port_cadence.c.
 */
#ifndef DEV_CADENCE_H
#define DEV_CADENCE_H

#include <stdbool.h>

#include "hal/arm64.h"
#include "lib/bits.h"

#define CADENCE_CONTROL		  0x00u
#define CADENCE_INTRPT_EN	  0x08u
#define CADENCE_INTRPT_DIS	  0x0cu
#define CADENCE_CHNL_INT	  0x14u /* write 1 to clear */
#define CADENCE_RCVR_FIFO_TRIGGER 0x20u
#define CADENCE_CHANNEL_STS	  0x2cu
#define CADENCE_TX_RX_FIFO	  0x30u

#define CONTROL_RXEN BIT(2)
#define CONTROL_TXEN BIT(4)

#define STS_REMPTY BIT(1)
#define STS_TFUL   BIT(4)

/* The same bits in INTRPT_EN, INTRPT_DIS and CHNL_INT. */
#define INT_RTRIG BIT(0)
#define INT_ALL	  GENMASK(12, 0)

/*
 * A transmitter that never drains (flow control, no clock) costs one character, not the hypervisor.
 */
#define CADENCE_TX_POLLS 1000000u

/* No interrupts, both directions on. The line settings stay as firmware or reset has made them. */
static inline void cadence_init(uint64_t base)
{
	mmio_write32(base + CADENCE_INTRPT_DIS, INT_ALL);
	mmio_write32(base + CADENCE_CONTROL, CONTROL_RXEN | CONTROL_TXEN);
}

static inline void cadence_put(uint64_t base, uint8_t byte)
{
	for (unsigned polls = 0; mmio_read32(base + CADENCE_CHANNEL_STS) & STS_TFUL; polls++)
		if (polls == CADENCE_TX_POLLS)
			return;
	mmio_write32(base + CADENCE_TX_RX_FIFO, byte);
}

#endif
