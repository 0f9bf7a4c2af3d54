/* See samples.h. */
#include "trace/host/conversion.h"
#include "trace/host/names.h"
#include "trace/host/preamble.h"

#define FIRST_FRAME 4u /* below it the roots: EL0, EL1, and a stack that was not walked */
#define EL_UNWALKED 2u

bool samples_begin(struct samples *samples)
{
	return intern_begin(&samples->frames, FIRST_FRAME, MAX_FRAMES) &&
	       intern_begin(&samples->callstacks, 1, MAX_CALLSTACKS);
}

void samples_end(struct samples *samples)
{
	intern_end(&samples->frames);
	intern_end(&samples->callstacks);
}

static const struct symbol_table *table_of(const struct conversion *c, uint32_t vcpu)
{
	const uint32_t slot = c->vm_slot[vcpu];

	return c->symbols && slot < MAX_VMS ? c->symbols->vm[slot] : NULL;
}

/* One frame a function, so that samples anywhere in it add up. */
static uint32_t frame_of(struct conversion *c, uint32_t vcpu, uint64_t pc)
{
	const struct symbol_table *table = table_of(c, vcpu);
	const struct symbol *symbol = symbols_find(table, pc);
	bool fresh;

	return intern(&c->samples.frames, symbol ? symbol->address + table->slide : pc,
		      c->vm_slot[vcpu], &fresh);
}

static void define_frame(struct conversion *c, uint32_t vcpu, uint32_t iid)
{
	static const char *const roots[FIRST_FRAME] = {"", "EL0", "EL1", "not walked"};
	struct pb *pb = &c->perfetto.pb;
	char text[SPELLING_BYTES];
	const struct symbol_table *table = table_of(c, vcpu);
	const uint64_t pc = c->samples.frames.key[iid].a;
	const struct symbol *symbol = iid < FIRST_FRAME ? NULL : symbols_find(table, pc);
	uint8_t *mark;

	if (iid < FIRST_FRAME)
		snprintf(text, sizeof(text), "%s", roots[iid]);
	else if (symbol)
		snprintf(text, sizeof(text), "%s", symbol_name(table, symbol));
	else
		symbols_text(NULL, pc, text, sizeof(text));
	add_interned(pb, INTERNED_FUNCTIONS, iid, text);
	mark = pb_open(pb, INTERNED_FRAMES);
	pb_uint(pb, INTERNED_IID, iid);
	pb_uint(pb, FRAME_FUNCTION, iid);
	pb_close(pb, mark);
}

/* Define the stack and those of its frames that the sequence does not know yet. Outermost first. */
static void define_stack(struct conversion *c, uint32_t vcpu, uint32_t stack, const uint32_t *frame,
			 uint32_t frames)
{
	struct pb *pb = &c->perfetto.pb;
	uint8_t *mark = pb_open(pb, PACKET_INTERNED_DATA);
	uint8_t *inner;

	for (uint32_t i = 0; i < frames; i++)
		if (first_use(c->samples.has_frame[vcpu], frame[i]))
			define_frame(c, vcpu, frame[i]);
	inner = pb_open(pb, INTERNED_CALLSTACKS);
	pb_uint(pb, INTERNED_IID, stack);
	for (uint32_t i = 0; i < frames; i++)
		pb_uint(pb, CALLSTACK_FRAMES, frame[i]);
	pb_close(pb, inner);
	pb_close(pb, mark);
}

/* A sequence that starts anew knows nothing. */
static void forget_if_new(struct conversion *c, const struct sequence *s, uint32_t vcpu)
{
	if (s->started && !s->restart)
		return;
	memset(c->samples.has_frame[vcpu], 0, sizeof(c->samples.has_frame[vcpu]));
	memset(c->samples.has_callstack[vcpu], 0, sizeof(c->samples.has_callstack[vcpu]));
}

void convert_sample(struct conversion *c, const struct record *record, uint64_t ns)
{
	const uint32_t vcpu = record->vcpu;
	const uint32_t el = record->arg < EL_UNWALKED ? record->arg : EL_UNWALKED;
	struct sequence *s = samples_of(&c->tracks, vcpu);
	struct pb *pb = &c->perfetto.pb;
	uint32_t frame[TRACE_RECORD_LIMIT_WORDS + 1], frames = 1, stack;
	uint64_t hash[2] = {el, el};
	uint8_t *sample, *inner;
	bool fresh, known = true;

	if (vcpu == TRACE_NO_VCPU)
		return;
	frame[0] = el + 1;
	for (uint32_t i = record->values; i-- > 0;) {
		frame[frames] = frame_of(c, vcpu, record->value[i]);
		known &= frame[frames] != 0;
		hash[0] = (hash[0] ^ frame[frames]) * 0x100000001b3ull;
		hash[1] = (hash[1] + frame[frames]) * 0x9e3779b97f4a7c15ull;
		frames++;
	}
	stack = intern(&c->samples.callstacks, hash[0], hash[1], &fresh);
	if (!known || !stack) {
		c->samples.left_out++;
		return;
	}
	s->sampled = "guest.pc";
	forget_if_new(c, s, vcpu);
	packet_open(&c->perfetto, s, ns);
	if (first_use(c->samples.has_callstack[vcpu], stack))
		define_stack(c, vcpu, stack, frame, frames);
	sample = pb_open(pb, PACKET_STACK_SAMPLE);
	inner = pb_open(pb, SAMPLE_TASK);
	pb_uint(pb, TASK_CONTEXT_PID, vcpu_pid(&c->summary->metadata, vcpu));
	pb_uint(pb, TASK_CONTEXT_TID, (uint64_t)vcpu_tid(&c->summary->metadata, vcpu));
	pb_close(pb, inner);
	inner = pb_open(pb, SAMPLE_EXECUTION);
	pb_uint(pb, EXECUTION_CPU, record->cpu);
	pb_uint(pb, EXECUTION_MODE, el == 0 ? MODE_GUEST_USER : MODE_GUEST_KERNEL);
	pb_close(pb, inner);
	pb_uint(pb, SAMPLE_CALLSTACK_IID, stack);
	pb_uint(pb, SAMPLE_WEIGHT, 1);
	pb_close(pb, sample);
	packet_close(&c->perfetto);
}
