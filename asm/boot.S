/*
 * From the boot loader's jump to C.
 *
 * The image carries the arm64 Linux Image header, so QEMU -kernel, U-Boot booti and GRUB can start it. On entry: MMU off, data
 * cache off, interrupts masked, x0 = device tree, the image itself clean in memory.
 * Source: Linux Documentation/arch/arm64/booting; Arm ARM D1, D8; PSCI DEN0022 (CPU_ON entry state).
 */
#include "asm-offsets.h"

#define R_AARCH64_RELATIVE 1027
#define CURRENT_EL2 (2 << 2)

	.section .text.head, "ax"
	.global	image_start
image_start:
	b	primary_entry			/* code0 */
	.long	0				/* code1 */
	.quad	0				/* text_offset */
	.quad	image_bytes_in_memory		/* image_size, BSS included */
	.quad	0xa				/* flags: little-endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
primary_entry:
	/* LAB 01.2 primary_entry */
	msr	daifset, #0xf
	mov	x19, x0				/* the device tree, for later */
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.ne	wrong_level

	adrp	x1, boot_stack_top
	add	sp, x1, :lo12:boot_stack_top
	mov	x29, xzr			/* backtraces end here */
	mov	x30, xzr

	/* BSS is not part of the file. Its bounds are 16-byte aligned. */
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:
	/* END LAB */

	/* We are linked at 0: add where we really are to each pointer in initialised data. */
	/* LAB 01.3 relocation */
	adrp	x0, image_start
	add	x0, x0, :lo12:image_start
	adrp	x1, rela_start
	add	x1, x1, :lo12:rela_start
	adrp	x2, rela_end
	add	x2, x2, :lo12:rela_end
3:	cmp	x1, x2
	b.hs	4f
	ldp	x3, x4, [x1]			/* r_offset, r_info */
	ldr	x5, [x1, #16]			/* r_addend */
	add	x1, x1, #24
	cmp	w4, #R_AARCH64_RELATIVE
	b.ne	3b
	add	x5, x5, x0
	str	x5, [x0, x3]
	b	3b
4:
	/* END LAB */

	/*
	 * What we wrote went past the caches. Lines that were speculated in before must not hide it once the caches are on:
	 * invalidate the whole image. (Nothing of it is dirty: we are the first to run.)
	 */
	/* LAB 01.4 invalidation */
	adrp	x0, image_start
	add	x0, x0, :lo12:image_start
	adrp	x1, image_end
	add	x1, x1, :lo12:image_end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4			/* CTR_EL0.DminLine: log2 of words in the smallest line */
	mov	x3, #4
	lsl	x3, x3, x2
	dsb	sy
5:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	5b
	dsb	sy
	/* END LAB */

	adrp	x0, boot_mmu
	add	x0, x0, :lo12:boot_mmu
	mov	x1, x19
	bl	boot_map				/* fills in boot_mmu from C, MMU still off */
	adrp	x0, boot_mmu
	add	x0, x0, :lo12:boot_mmu
	ldr	x1, [x0, #SECONDARY_TTBR0]
	ldr	x2, [x0, #SECONDARY_TCR]
	ldr	x3, [x0, #SECONDARY_MAIR]
	ldr	x4, [x0, #SECONDARY_SCTLR]
	bl	mmu_on
	mov	x0, x19
	bl	boot_main
6:	wfi
	b	6b

/*
 * x0 = struct secondary_boot *, cleaned to memory by the CPU that started us.
 */
	.global	secondary_entry
	.type	secondary_entry, %function
secondary_entry:
	/* LAB 01.5 secondary_entry */
	msr	daifset, #0xf
	mov	x19, x0
	ldr	x1, [x0, #SECONDARY_TTBR0]
	ldr	x2, [x0, #SECONDARY_TCR]
	ldr	x3, [x0, #SECONDARY_MAIR]
	ldr	x4, [x0, #SECONDARY_SCTLR]
	bl	mmu_on
	ldr	x1, [x19, #SECONDARY_SP]
	mov	sp, x1
	ldr	x0, [x19, #SECONDARY_PERCPU]
	msr	tpidr_el2, x0
	mov	x29, xzr
	mov	x30, xzr
	bl	secondary_main
7:	wfi
	b	7b
	/* END LAB */

/* x1 TTBR0, x2 TCR, x3 MAIR, x4 SCTLR. Identity mapped, so the next instruction is where it was. */
mmu_on:
	/* LAB 01.4 mmu_on */
	msr	hcr_el2, xzr			/* E2H = 0: the layout of TCR_EL2 and friends depends on it */
	mov	x5, #(1 << 31)			/* but EL1 is AArch64, always */
	msr	hcr_el2, x5
	isb
	msr	ttbr0_el2, x1
	msr	tcr_el2, x2
	msr	mair_el2, x3
	ic	iallu
	tlbi	alle2
	dsb	nsh
	isb
	msr	sctlr_el2, x4
	isb
	ret
	/* END LAB */

/* Not at EL2: C says so on the platform's UART, and does not come back. It writes BSS, reads no pointer from data. */
wrong_level:
	/* LAB 01.2 wrong_level */
	adrp	x1, boot_stack_top
	add	sp, x1, :lo12:boot_stack_top
	bl	boot_wrong_level
8:	wfi
	b	8b
	/* END LAB */

	.bss
	.balign	4096
	.global	boot_stack_guard
boot_stack_guard:
	.skip	4096				/* becomes a hole */
	.skip	16384				/* EL2_STACK_BYTES */
	.global	boot_stack_top
boot_stack_top:
