/*
 * PL011 registers and bits, as Arm DDI 0183 chapter 3 names them. For uart.c (the real one) and
 * vuart.c (the emulated one).
 */
#ifndef DEV_PL011_H
#define DEV_PL011_H

#include "lib/bits.h"

#define UARTDR	      0x000u
#define UARTRSR_ECR   0x004u
#define UARTFR	      0x018u
#define UARTILPR      0x020u
#define UARTIBRD      0x024u
#define UARTFBRD      0x028u
#define UARTLCR_H     0x02cu
#define UARTCR	      0x030u
#define UARTIFLS      0x034u
#define UARTIMSC      0x038u
#define UARTRIS	      0x03cu
#define UARTMIS	      0x040u
#define UARTICR	      0x044u
#define UARTDMACR     0x048u
#define UARTPERIPHID0 0xfe0u /* four of these, then four UARTPCELLID */

#define FR_CTS	BIT(0)
#define FR_DSR	BIT(1)
#define FR_DCD	BIT(2)
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define FR_RXFF BIT(6)
#define FR_TXFE BIT(7)

#define LCR_H_FEN BIT(4)

#define CR_UARTEN BIT(0)
#define CR_TXE	  BIT(8)
#define CR_RXE	  BIT(9)

#define IFLS_TXIFLSEL GENMASK(2, 0)
#define IFLS_RXIFLSEL GENMASK(5, 3)

/* The same bits in UARTIMSC, UARTRIS, UARTMIS and UARTICR. */
#define INT_RX	BIT(4)
#define INT_TX	BIT(5)
#define INT_RT	BIT(6)
#define INT_ALL GENMASK(10, 0)

#endif
