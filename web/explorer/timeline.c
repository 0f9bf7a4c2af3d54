/* The exits of each vCPU over time, as many parts as the picture has columns. See answers.h. */
#include <stdlib.h>
#include <string.h>

#include "web/explorer/answers.h"
#include "web/explorer/index.h"
#include "web/explorer/trace.h"

#define MAX_COLUMNS 8192u
#define REASONS	    32u

/* What is being drawn. */
static struct {
	double from, to, ticks_a_column; /* in ticks since the first moment */
	uint32_t columns;
	float *busy; /* [column][reason]: share of the column */
	uint8_t *bytes;
} picture;

static double since_first(uint64_t ticks)
{
	const uint64_t first = trace.summary.first_ticks;

	return ticks > first ? (double)(ticks - first) : 0;
}

static double ticks_of_ns(double ns)
{
	return ns * (double)trace.summary.cntfrq / 1e9;
}

/* The first of a vCPU's exits that ends after `ticks`. */
static uint32_t first_after(const uint32_t *exits, uint32_t count, double ticks)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (since_first(index_end_ticks(exits[middle])) <= ticks)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An exit's share of each column that it touches; one that took no time at all is still seen. */
static void paint(double begin, double end, uint8_t reason)
{
	double from = (begin - picture.from) / picture.ticks_a_column;
	double to = (end - picture.from) / picture.ticks_a_column;

	from = from < 0 ? 0 : from;
	to = to > picture.columns ? picture.columns : to;
	if (from >= picture.columns || to < 0)
		return;
	if (to - from < 1e-4)
		to = from + 1e-4;
	for (uint32_t column = (uint32_t)from; column < to && column < picture.columns; column++) {
		const double left = from > column ? from : column;
		const double right = to < column + 1 ? to : column + 1;

		picture.busy[column * REASONS + reason % REASONS] += (float)(right - left);
	}
}

static void finish_row(uint8_t *bytes)
{
	for (uint32_t column = 0; column < picture.columns; column++) {
		const float *busy = &picture.busy[column * REASONS];
		float all = 0;
		uint32_t most = 0;

		for (uint32_t reason = 0; reason < REASONS; reason++) {
			all += busy[reason];
			if (busy[reason] > busy[most])
				most = reason;
		}
		bytes[2 * column] = all >= 1 ? 255 : all > 0 ? (uint8_t)(1 + all * 254) : 0;
		bytes[2 * column + 1] = (uint8_t)most;
	}
}

static void draw_row(uint32_t vcpu, uint8_t *bytes)
{
	uint32_t count;
	const uint32_t *exits = index_exits_of(vcpu, &count);

	memset(picture.busy, 0, picture.columns * REASONS * sizeof(float));
	for (uint32_t i = first_after(exits, count, picture.from); i < count; i++) {
		const double begin = since_first(index_begin_ticks(exits[i]));

		if (begin > picture.to)
			break;
		paint(begin, since_first(index_end_ticks(exits[i])), index_reason(exits[i]));
	}
	finish_row(bytes);
}

const uint8_t *trace_timeline(double from_ns, double to_ns, uint32_t columns)
{
	uint32_t rows = 0, count;

	columns = columns < 1 ? 1 : columns > MAX_COLUMNS ? MAX_COLUMNS : columns;
	picture.from = ticks_of_ns(from_ns);
	picture.to = ticks_of_ns(to_ns);
	picture.columns = columns;
	picture.ticks_a_column = (picture.to - picture.from) / columns;
	free(picture.busy);
	free(picture.bytes);
	picture.busy = malloc(columns * REASONS * sizeof(float));
	picture.bytes = calloc(256 * 2, columns);
	if (!picture.busy || !picture.bytes || !(picture.ticks_a_column > 0))
		return NULL;
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
		index_exits_of(vcpu, &count);
		if (count || trace.summary.vcpu_seen[vcpu])
			draw_row(vcpu, picture.bytes + (size_t)2 * columns * rows++);
	}
	return picture.bytes;
}

uint32_t trace_nearest(uint32_t vcpu, double ns)
{
	const double ticks = ticks_of_ns(ns);
	uint32_t count, at;
	const uint32_t *exits = index_exits_of(vcpu, &count);

	if (!count)
		return NO_EVENT;
	at = first_after(exits, count, ticks);
	if (at == count)
		return exits[count - 1];
	if (at > 0 && ticks - since_first(index_end_ticks(exits[at - 1])) <
			      since_first(index_begin_ticks(exits[at])) - ticks)
		at--;
	return exits[at];
}
