/* Clearing whole pages, faster than memset: for page pools and guest RAM. */
#ifndef MM_ZERO_PAGES_H
#define MM_ZERO_PAGES_H

#include <stdint.h>

/*
 * Clear [start, start + bytes), both 4 KiB aligned. The MMU must be on and the range normal memory:
 * DC ZVA faults on what is or counts as Device memory.
 */
void zero_pages(void *start, uint64_t bytes);

#endif
