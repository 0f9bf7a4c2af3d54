/* Device registers for host tests of a driver: each access by mmio_read32() and mmio_write32() is a test's. The driver includes this first. */
#ifndef LABS_LAB01_FAKE_MMIO_H
#define LABS_LAB01_FAKE_MMIO_H

#include "src/hal/arm64.h"

uint32_t fake_mmio_read32(uint64_t address);
void fake_mmio_write32(uint64_t address, uint32_t value);

#define mmio_read32  fake_mmio_read32
#define mmio_write32 fake_mmio_write32

#endif
