/*
 * The toy processor's instructions. Source: Arm ARM DDI 0487, C6.2.
 */
#include <stdbool.h>
#include <string.h>

#include "cpu.h"

#define MOVZ	0xd2800000u
#define ADD_IMM 0x91000000u
#define ADD_REG 0x8b000000u
#define LDR	0xf9400000u
#define STR	0xf9000000u
#define B	0x14000000u
#define BL	0x94000000u
#define CBNZ	0xb5000000u
#define RET	0xd65f03c0u
#define NOP	0xd503201fu
#define BRK	0xd4200000u

static bool is(uint32_t insn, uint32_t mask, uint32_t opcode)
{
	return (insn & mask) == opcode;
}

static uint64_t field(uint32_t insn, unsigned low, unsigned bits)
{
	return insn >> low & ((1u << bits) - 1);
}

/* A branch's distance in bytes. */
static uint64_t distance(uint32_t insn, unsigned low, unsigned bits)
{
	const uint64_t sign = UINT64_C(1) << (bits - 1);

	return ((field(insn, low, bits) ^ sign) - sign) * 4;
}

static bool in_memory(uint64_t address, uint64_t bytes)
{
	return address <= MEMORY_BYTES - bytes;
}

static uint32_t insn_at(const struct cpu *cpu, uint64_t address)
{
	uint32_t insn = 0;

	if (in_memory(address, sizeof(insn)))
		memcpy(&insn, cpu->memory + address, sizeof(insn));
	return insn;
}

static uint64_t access_address(const struct cpu *cpu, uint32_t insn)
{
	return cpu->r[field(insn, 5, 5)] + field(insn, 10, 12) * 8;
}

uint64_t cpu_stores_to(const struct cpu *cpu)
{
	const uint32_t insn = insn_at(cpu, cpu->r[CPU_PC]);

	return is(insn, 0xffc00000, STR) ? access_address(cpu, insn) : UINT64_MAX;
}

enum cpu_event cpu_step(struct cpu *cpu)
{
	const uint64_t pc = cpu->r[CPU_PC];
	const uint32_t insn = insn_at(cpu, pc);
	const uint64_t rd = field(insn, 0, 5), rn = field(insn, 5, 5), rm = field(insn, 16, 5);
	uint64_t next = pc + 4;

	if (is(insn, 0xff800000, MOVZ)) {
		cpu->r[rd] = field(insn, 5, 16) << 16 * field(insn, 21, 2);
	} else if (is(insn, 0xffc00000, ADD_IMM)) {
		cpu->r[rd] = cpu->r[rn] + field(insn, 10, 12);
	} else if (is(insn, 0xffe0fc00, ADD_REG)) {
		cpu->r[rd] = cpu->r[rn] + cpu->r[rm];
	} else if (is(insn, 0xffc00000, LDR) || is(insn, 0xffc00000, STR)) {
		uint8_t *const at = cpu->memory + access_address(cpu, insn);

		if (!in_memory(access_address(cpu, insn), 8))
			return CPU_FAULT;
		if (is(insn, 0xffc00000, LDR))
			memcpy(&cpu->r[rd], at, 8);
		else
			memcpy(at, &cpu->r[rd], 8);
	} else if (is(insn, 0x7c000000, B)) {
		if (is(insn, 0xfc000000, BL))
			cpu->r[30] = next;
		next = pc + distance(insn, 0, 26);
	} else if (is(insn, 0xff000000, CBNZ)) {
		if (cpu->r[rd])
			next = pc + distance(insn, 5, 19);
	} else if (insn == RET) {
		next = cpu->r[30];
	} else if (is(insn, 0xffe0001f, BRK)) {
		return CPU_BREAKPOINT;
	} else if (insn != NOP) {
		return CPU_UNDEFINED;
	}
	cpu->r[CPU_PC] = next;
	cpu->executed++;
	return CPU_WENT_ON;
}
