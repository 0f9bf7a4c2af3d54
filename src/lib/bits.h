/* Bits, fields and sizes: the arithmetic that every file needs and that knows nothing of Arm. */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stddef.h>
#include <stdint.h>

#define BIT(n)		   (UINT64_C(1) << (n))
#define GENMASK(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* A field is named by its mask; the mask's lowest set bit says where the value goes. */
#define FIELD_LSB(mask)		((mask) & (~(mask) + 1))
#define FIELD_GET(mask, word)	(((word) & (mask)) / FIELD_LSB(mask))
#define FIELD_PREP(mask, value) (((uint64_t)(value)*FIELD_LSB(mask)) & (mask))

#define ARRAY_SIZE(array)		    (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/*
 * Not part of whatever calls it: keeps the code of a rare case off a path that is counted in
 * instructions, and out of a function that is flattened (core/dispatch.c).
 */
#define OUT_OF_LINE __attribute__((noinline))

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* Alignments are powers of two. */
#define ALIGN_DOWN(value, alignment) ((value) & ~((uint64_t)(alignment)-1))
#define ALIGN_UP(value, alignment)   ALIGN_DOWN((value) + (alignment)-1, alignment)
#define IS_ALIGNED(value, alignment) (((value) & ((uint64_t)(alignment)-1)) == 0)

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
