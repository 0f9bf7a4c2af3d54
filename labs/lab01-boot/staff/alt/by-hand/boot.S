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
	msr	daifset, #15
	mrs	x9, CurrentEL
	ubfx	x9, x9, #2, #2
	cmp	x9, #2
	b.ne	wrong_level
	mov	x19, x0
	adrp	x10, bss_start
	add	x10, x10, :lo12:bss_start
	adrp	x11, bss_end
	add	x11, x11, :lo12:bss_end
	sub	x11, x11, x10
	cbz	x11, .Lcleared
.Lclear:
	str	xzr, [x10], #8
	subs	x11, x11, #8
	b.ne	.Lclear
.Lcleared:
	adrp	x1, boot_stack_top
	add	x1, x1, :lo12:boot_stack_top
	mov	sp, x1
	mov	x29, #0
	mov	x30, #0
	/* END LAB */

	/* We are linked at 0: add where we really are to each pointer in initialised data. */
	/* LAB 01.3 relocation */
	adr	x9, image_start
	adrp	x10, rela_start
	add	x10, x10, :lo12:rela_start
	adrp	x11, rela_end
	add	x11, x11, :lo12:rela_end
	b	.Lrelocated
.Lrelocate:
	ldr	x12, [x10], #8
	ldr	x13, [x10], #8
	ldr	x14, [x10], #8
	mov	w13, w13
	cmp	x13, #R_AARCH64_RELATIVE
	b.ne	.Lrelocated
	add	x14, x9, x14
	add	x12, x9, x12
	str	x14, [x12]
.Lrelocated:
	cmp	x10, x11
	b.lo	.Lrelocate
	/* END LAB */

	/*
	 * What we wrote went past the caches. Lines that were speculated in before must not hide it once the caches are on:
	 * invalidate the whole image. (Nothing of it is dirty: we are the first to run.)
	 */
	/* LAB 01.4 invalidation */
	mrs	x9, ctr_el0
	and	x9, x9, #(0xf << 16)
	lsr	x9, x9, #16
	mov	w10, #4
	lsl	x10, x10, x9
	adrp	x11, image_start
	add	x11, x11, :lo12:image_start
	adrp	x12, image_end
	add	x12, x12, :lo12:image_end
	dsb	sy
.Lline:	dc	ivac, x11
	add	x11, x11, x10
	cmp	x11, x12
	b.lo	.Lline
	dsb	sy
	isb
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
	msr	daifset, #15
	mov	x28, x0
	mov	x29, #0
	ldp	x9, x10, [x28, #SECONDARY_SP]	/* SP, then struct percpu */
	mov	sp, x9
	msr	tpidr_el2, x10
	ldr	x4, [x28, #SECONDARY_SCTLR]
	ldr	x3, [x28, #SECONDARY_MAIR]
	ldr	x2, [x28, #SECONDARY_TCR]
	ldr	x1, [x28, #SECONDARY_TTBR0]
	bl	mmu_on
	mrs	x0, tpidr_el2
	mov	x30, #0
	bl	secondary_main
	b	.
	/* END LAB */

/* x1 TTBR0, x2 TCR, x3 MAIR, x4 SCTLR. Identity mapped, so the next instruction is where it was. */
mmu_on:
	/* LAB 01.4 mmu_on */
	mov	x5, #0x80000000			/* RW, and E2H = 0 */
	msr	hcr_el2, x5
	isb
	msr	mair_el2, x3
	msr	tcr_el2, x2
	msr	ttbr0_el2, x1
	isb
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
	adrp	x0, boot_stack_top
	add	x0, x0, :lo12:boot_stack_top
	mov	sp, x0
	mov	x29, #0
	bl	boot_wrong_level
	b	.
	/* END LAB */

	.bss
	.balign	4096
	.global	boot_stack_guard
boot_stack_guard:
	.skip	4096				/* becomes a hole */
	.skip	16384				/* EL2_STACK_BYTES */
	.global	boot_stack_top
boot_stack_top:
