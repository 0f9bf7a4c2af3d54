/*
 * Put a guest's image, initrd and device tree into its RAM. Pure but for inflate: runs on the host
 * under tests.
 *
 * linux: arm64 Image header (magic "ARM\x64" at 56), at RAM base + text_offset; gzip: the same,
 * inflated (zlib) first; elf: ELF64 AArch64, PT_LOAD by p_paddr, which must lie in RAM; raw: at
 * image_offset. auto looks at the magic, else raw. Source: Linux Documentation/arm64/booting;
 * System V ABI for AArch64.
 *
 * Not on any hot path; libfdt and zlib may use SIMD registers: call only where no guest FP state is
 * live.
 */
#ifndef VM_LOADER_H
#define VM_LOADER_H

#include <stdint.h>

#include "vm/manifest.h"

struct loaded_guest {
	uint64_t entry_ipa; /* first instruction */
	uint64_t dtb_ipa; /* x0 at entry; 8-byte aligned, 2 MiB aligned slot near the end of RAM */
	uint64_t initrd_ipa, initrd_end_ipa;
};

/*
 * @param config  as parsed.
 * @param ram     host pointer to the guest's RAM (ram_bytes long): EL2 maps it. Zeroed by the
 * caller.
 * @param guest   filled in.
 * Returns NULL, or a complaint "vm NAME: image: ..." in a static buffer; the RAM may then hold
 * parts. Overlaps (image, initrd, device tree) and images larger than RAM are complaints.
 * Afterwards the caller cleans the caches over the RAM.
 */
const char *loader_load(const struct vm_config *config, void *ram, struct loaded_guest *guest);

#endif
