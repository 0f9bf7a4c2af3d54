/*
 * VMIDs: small numbers that tag a VM's TLB entries. 8 bits are enough for us, and every CPU has
 * them.
 */
#ifndef MM_VMID_H
#define MM_VMID_H

#include <vitrine/err.h>

/* A free VMID in 1..255, or 0 when all are taken. */
unsigned vmid_take(void);
void vmid_give(unsigned vmid);

#endif
