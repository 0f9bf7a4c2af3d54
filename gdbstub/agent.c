/*
 * Agent expressions: GDB's bytecode, run at the target. A stack machine whose values are 64 bits,
 * bounded in steps and in depth; it reads registers and memory and changes nothing.
 *
 * Source: GDB manual, appendix "The GDB Agent Expression Mechanism".
 */
#include "internal.h"

/*
 * OP(name, number, a, b, c): it finds at least `a` values on the stack, takes away `b` of them and
 * leaves `c` in their place; `d` bytes of operand follow it. The names and numbers are the
 * manual's. Those of tracepoints and of floating point are not here: they fail.
 */
#define OPS(OP)                             \
	OP(ADD, 0x02, 2, 2, 1, 0)           \
	OP(SUB, 0x03, 2, 2, 1, 0)           \
	OP(MUL, 0x04, 2, 2, 1, 0)           \
	OP(DIV_SIGNED, 0x05, 2, 2, 1, 0)    \
	OP(DIV_UNSIGNED, 0x06, 2, 2, 1, 0)  \
	OP(REM_SIGNED, 0x07, 2, 2, 1, 0)    \
	OP(REM_UNSIGNED, 0x08, 2, 2, 1, 0)  \
	OP(LSH, 0x09, 2, 2, 1, 0)           \
	OP(RSH_SIGNED, 0x0a, 2, 2, 1, 0)    \
	OP(RSH_UNSIGNED, 0x0b, 2, 2, 1, 0)  \
	OP(LOG_NOT, 0x0e, 1, 1, 1, 0)       \
	OP(BIT_AND, 0x0f, 2, 2, 1, 0)       \
	OP(BIT_OR, 0x10, 2, 2, 1, 0)        \
	OP(BIT_XOR, 0x11, 2, 2, 1, 0)       \
	OP(BIT_NOT, 0x12, 1, 1, 1, 0)       \
	OP(EQUAL, 0x13, 2, 2, 1, 0)         \
	OP(LESS_SIGNED, 0x14, 2, 2, 1, 0)   \
	OP(LESS_UNSIGNED, 0x15, 2, 2, 1, 0) \
	OP(EXT, 0x16, 1, 1, 1, 1)           \
	OP(REF8, 0x17, 1, 1, 1, 0)          \
	OP(REF16, 0x18, 1, 1, 1, 0)         \
	OP(REF32, 0x19, 1, 1, 1, 0)         \
	OP(REF64, 0x1a, 1, 1, 1, 0)         \
	OP(IF_GOTO, 0x20, 1, 1, 0, 2)       \
	OP(GOTO, 0x21, 0, 0, 0, 2)          \
	OP(CONST8, 0x22, 0, 0, 1, 1)        \
	OP(CONST16, 0x23, 0, 0, 1, 2)       \
	OP(CONST32, 0x24, 0, 0, 1, 4)       \
	OP(CONST64, 0x25, 0, 0, 1, 8)       \
	OP(REG, 0x26, 0, 0, 1, 2)           \
	OP(END, 0x27, 0, 0, 0, 0)           \
	OP(DUP, 0x28, 1, 0, 1, 0)           \
	OP(POP, 0x29, 1, 1, 0, 0)           \
	OP(ZERO_EXT, 0x2a, 1, 1, 1, 1)      \
	OP(SWAP, 0x2b, 2, 1, 1, 0)          \
	OP(PICK, 0x32, 1, 0, 1, 1)          \
	OP(ROT, 0x33, 3, 1, 1, 0)           \
	OP(PRINTF, 0x34, 2, 2, 0, 1)

enum {
#define NUMBER_OF(name, number, needs, takes, leaves, operand) OP_##name = (number),
	OPS(NUMBER_OF)
#undef NUMBER_OF
		OPCODES
};

struct shape {
	uint8_t known : 1, needs : 2, takes : 2, leaves : 1;
	uint8_t operand;
};

static const struct shape shapes[OPCODES] = {
#define SHAPE_OF(name, number, needs, takes, leaves, operand) \
	[number] = {1, needs, takes, leaves, operand},
	OPS(SHAPE_OF)
#undef SHAPE_OF
};

struct machine {
	const struct gdb_stub *stub;
	struct gdb_stub *printer;
	struct gdb_thread thread;
	const uint8_t *code, *end;
	unsigned depth;
	bool failed;
	uint64_t *stack; /* execute() looks at the one above, used or not */
};

static uint64_t fail(struct machine *m)
{
	m->failed = true;
	return 0;
}

/* An operand in the code: most significant byte first. */
static uint64_t fetch(struct machine *m, size_t bytes)
{
	uint64_t value = 0;

	if ((size_t)(m->end - m->code) < bytes)
		return fail(m);
	for (; bytes; bytes--)
		value = value << 8 | *m->code++;
	return value;
}

/* A register, or memory at an address. */
static uint64_t read_target(struct machine *m, bool memory, uint64_t from, size_t count)
{
	const struct gdb_config *config = &m->stub->config;
	const struct gdb_agent_ops *agent = config->ops->agent;
	uint8_t bytes[sizeof(uint64_t)];
	uint64_t value = 0;

	if (count - 1 >= sizeof(bytes))
		return fail(m);
	if (memory ? gdb_wraps(from, count) || agent->read_memory(config->target, m->thread, from,
								  bytes, count) != count
		   : agent->read_register(config->target, m->thread, (unsigned)from, bytes) !=
			     GDB_OK)
		return fail(m);
	for (size_t i = 0; i < count; i++)
		value = value << 8 | bytes[config->ops->core->big_endian ? i : count - 1 - i];
	return value;
}

/* -2^63 / -1 has no result that fits: it wraps, as the rest of the arithmetic does. */
static uint64_t divide(struct machine *m, uint8_t op, uint64_t a, uint64_t b)
{
	uint64_t quotient;

	if (!b)
		return fail(m);
	if (op == OP_DIV_UNSIGNED || op == OP_REM_UNSIGNED)
		quotient = a / b;
	else if (b == UINT64_MAX)
		quotient = 0 - a;
	else
		quotient = (uint64_t)((int64_t)a / (int64_t)b);
	return op <= OP_DIV_UNSIGNED ? quotient : a - quotient * b;
}

/* Behind it stand copies of its topmost bit. (gcc and clang both shift a signed number so.) */
static uint64_t shift_signed(uint64_t value, uint64_t by)
{
	return (uint64_t)((int64_t)value >> (by > 63 ? 63 : by));
}

/* The low `bits` bits, filled up with zeros or with the sign. */
static uint64_t extend(struct machine *m, uint8_t op, uint64_t value, uint64_t bits)
{
	if (!bits)
		return fail(m);
	if (bits >= 64)
		return value;
	value <<= 64 - bits;
	return op == OP_EXT ? shift_signed(value, 64 - bits) : value >> (64 - bits);
}

/*
 * `count` arguments are on the stack, function and channel have been above them; a string follows
 * in the code.
 */
static uint64_t print(struct machine *m, uint64_t count)
{
	const uint64_t bytes = fetch(m, 2);
	const uint8_t *const format = m->code;

	if (!m->printer || !bytes || (size_t)(m->end - m->code) < bytes || m->depth < count ||
	    format[bytes - 1])
		return fail(m);
	m->code += bytes;
	m->depth -= (unsigned)count;
	gdb_agent_print(m->printer, m->thread, (const char *)format, m->stack + m->depth, count);
	return 0;
}

/*
 * What the opcode leaves, if it leaves something. a was below b, b on top; depth is without what it
 * takes.
 */
static uint64_t execute(struct machine *m, uint8_t op, uint64_t operand, const uint8_t *start)
{
	uint64_t *const top = &m->stack[m->depth];
	const bool two = shapes[op].takes == 2;
	const uint64_t a = top[0], b = two ? top[1] : a;

	switch (op) {
	case OP_ADD:
		return a + b;
	case OP_SUB:
		return a - b;
	case OP_MUL:
		return a * b;
	case OP_DIV_SIGNED:
	case OP_DIV_UNSIGNED:
	case OP_REM_SIGNED:
	case OP_REM_UNSIGNED:
		return divide(m, op, a, b);
	case OP_LSH:
		return b > 63 ? 0 : a << b;
	case OP_RSH_SIGNED:
		return shift_signed(a, b);
	case OP_RSH_UNSIGNED:
		return b > 63 ? 0 : a >> b;
	case OP_LOG_NOT:
		return !a;
	case OP_BIT_AND:
		return a & b;
	case OP_BIT_OR:
		return a | b;
	case OP_BIT_XOR:
		return a ^ b;
	case OP_BIT_NOT:
		return ~a;
	case OP_EQUAL:
		return a == b;
	case OP_LESS_SIGNED:
		return (int64_t)a < (int64_t)b;
	case OP_LESS_UNSIGNED:
		return a < b;
	case OP_EXT:
	case OP_ZERO_EXT:
		return extend(m, op, a, operand);
	case OP_REF8:
	case OP_REF16:
	case OP_REF32:
	case OP_REF64:
		return read_target(m, true, a, (size_t)1 << (op - OP_REF8));
	case OP_IF_GOTO:
	case OP_GOTO:
		if (operand > (size_t)(m->end - start))
			return fail(m);
		if (op == OP_GOTO || a)
			m->code = start + operand;
		return 0;
	case OP_REG:
		return read_target(m, false, operand, gdb_register_bytes(m->stub, operand));
	case OP_DUP:
		return top[-1];
	case OP_SWAP: /* a b => b a */
		operand = top[-1];
		top[-1] = a;
		return operand;
	case OP_PICK:
		return operand < m->depth ? top[-1 - (int)operand] : fail(m);
	case OP_ROT: /* a b c => c a b */
		operand = top[-1];
		top[-1] = top[-2];
		top[-2] = a;
		return operand;
	case OP_PRINTF:
		return print(m, operand);
	default: /* constants; what has been popped */
		return operand;
	}
}

/* A command leaves no value behind, a condition must. */
bool gdb_agent_run(const struct gdb_stub *stub, struct gdb_stub *printer, struct gdb_thread thread,
		   const uint8_t *code, size_t count, uint64_t *result)
{
	uint64_t stack[GDB_AGENT_STACK + 1]; /* not cleared: this may run 10^5 times a second */
	struct machine m = {
		.stub = stub,
		.printer = printer,
		.thread = thread,
		.code = code,
		.end = code + count,
		.stack = stack,
	};

	for (unsigned steps = 0; steps < GDB_AGENT_STEPS && m.code != m.end; steps++) {
		const uint8_t op = *m.code++;
		const struct shape *shape;
		uint64_t value;

		if (op >= OPCODES)
			return false;
		shape = &shapes[op];
		if (!shape->known || m.depth < shape->needs)
			return false;
		if (op == OP_END) {
			*result = m.depth ? m.stack[m.depth - 1] : 0;
			return m.depth || printer;
		}
		m.depth -= shape->takes;
		if (m.depth + shape->leaves > GDB_AGENT_STACK)
			return false;
		value = shape->operand ? fetch(&m, shape->operand) : 0;
		value = execute(&m, op, value, code);
		if (m.failed)
			return false;
		if (shape->leaves)
			m.stack[m.depth++] = value;
	}
	return false;
}
