/*
 * The trace ring, trace/ring.c and trace/drain.c, with nothing left but who writes which number when. Its steps have
 * the names that comments in the source give them ("label: SEAL"). tests/unit/test_ring_model.py runs it with spin.
 *
 * Claims, over every interleaving of one writer and one drain with its device:
 *   - a page that the device reads does not change until it is given back: no torn record;
 *   - no page is read twice;
 *   - produced = read + lost, to the record;
 *   - the writer never waits: it comes to its end even where nobody drains (-DSTALLED).
 *
 * -DFLIGHT=1: flight recorder, with a dump wherever the model likes; =0: stream.
 * -DMUTATION=n breaks one step, to show that the claims can fail.
 */
#ifndef FLIGHT
#define FLIGHT 0
#endif
#ifndef MUTATION
#define MUTATION 0
#endif

#define PAGES	2 /* of the ring: TRACE_RING_PAGES */
#define RECORDS 2 /* on a page */
#define TOTAL	9

byte filled, oldest, offered, offer_from; /* the writer's */
byte sent, reaped;			  /* the drain's */
bool open, writer_is_done;

byte seq[PAGES], commit[PAGES]; /* what stands in each page: its number, and how many records */
byte produced, lost, found;
byte reads[TOTAL + 1]; /* of each page, by its number */

inline offer()
{
	if
	:: oldest != filled ->
		/* OFFER: reads `reaped` once, then publishes `offered` last */
		if
		:: reaped == offered -> offer_from = oldest
		:: else
		fi;
		oldest = filled;
		offered = filled
	:: else
	fi
}

inline seal()
{
	/* SEAL */
	open = false;
	filled++;
	if
	:: !FLIGHT -> offer()
	:: else
	fi
}

/* ROOM and OVERWRITE: `has_room` is the answer. */
inline make_room()
{
	r = reaped;
	all_back = (r == offered) || (MUTATION == 1);
	if
	:: all_back -> held = oldest
	:: !all_back && r < offer_from -> held = offer_from
	:: else -> held = r
	fi;
	if
	:: filled - held < PAGES -> has_room = true
	:: filled - held >= PAGES && !all_back -> has_room = false
	:: else ->
		if
		:: MUTATION == 2 /* forgets what it overwrites */
		:: else -> lost = lost + commit[oldest % PAGES]
		fi;
		oldest++;
		has_room = true
	fi
}

active proctype writer()
{
	byte r, held;
	bool all_back, has_room;

	do
	:: produced < TOTAL ->
		produced++;
		if
		:: open && commit[filled % PAGES] == RECORDS -> seal()
		:: else
		fi;
		has_room = true;
		if
		:: !open ->
			make_room();
			if
			:: has_room ->
				/* OPEN */
				seq[filled % PAGES] = filled;
				commit[filled % PAGES] = 0;
				open = true
			:: else
			fi
		:: else
		fi;
		if
		:: has_room -> commit[filled % PAGES] = commit[filled % PAGES] + 1 /* PUBLISH */
		:: else -> lost++						    /* DROP */
		fi;
		if
		:: FLIGHT && open -> seal(); offer() /* somebody asks for a dump */
		:: true
		fi
	:: else -> break
	od;
	if
	:: open -> seal()
	:: else
	fi;
	offer();
	writer_is_done = true
}

#ifndef STALLED
active proctype drain()
{
	byte to, from, n, page;
	bool last_round;

	do
	:: true ->
		last_round = writer_is_done;
		to = offered;
		from = offer_from;
		/* JUMP */
		if
		:: sent != to && sent < from -> sent = from; reaped = from
		:: else
		fi;
		do
		:: sent != to ->
			/* The device reads the page; what it reads first and last belongs to one page. */
			page = sent % PAGES;
			n = commit[page];
			assert(seq[page] == sent);
			if
			:: MUTATION == 3 -> reaped = sent + 1 /* gives it back too early */
			:: else
			fi;
			assert(reads[sent] == 0);
			reads[sent]++;
			found = found + n;
			assert(n > 0 && n <= RECORDS);
			assert(seq[page] == sent && commit[page] == n);
			sent++;
			reaped = sent
		:: else -> break
		od;
		if
		:: last_round -> break
		:: else
		fi
	od;
	assert(produced == TOTAL && produced == found + lost)
}
#endif
