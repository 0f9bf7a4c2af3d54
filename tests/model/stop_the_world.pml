/*
 * A VM of three vCPUs under a debugger, each on a CPU of its own: src/debug/world.c, step.c and control.c. The debugger sets and
 * removes a breakpoint, interrupts, continues, steps one vCPU while the others stay or go on, detaches and attaches, in any order.
 * Labels name steps; the source has them in comments, `model: LABEL`.
 *
 * tests/unit/test_model_stop.py has spin look at every interleaving, and at those of each fault below (-DFAULT_...), which must be
 * found. Memory is sequentially consistent here: that the source's acquire and release suffice is not shown.
 */
#define CPUS 3
#define SERVER 7
#define ODD(number) ((number) % 2)

mtype = { RUN, STEP, STAY };

/* struct debug_vm */
bool locked;
byte epoch, unparked, why;
bool stopped;

/* struct debug_vcpu */
byte seen[CPUS];
bool held[CPUS];
mtype action[CPUS] = RUN;

/* The machine */
bool in_guest[CPUS], kicked[CPUS];
bool armed;          /* the BRK is in memory, where all vCPUs come by */
bool at_break[CPUS]; /* its pc is there, and the instruction below has not been executed */

/* The debugger */
bool attached, awaiting;
bool alone;          /* it has asked for a step that nobody runs beside */
byte resumes_left = RESUMES, interrupts_left = INTERRUPTS;

/* When they arrive is up to the CPU: what it does before, it does with an SGI on its way. */
inline kick_all()
{
	d_step { kicked[0] = true; kicked[1] = true; kicked[2] = true }
}

inline world_stop(who)
{
#ifdef FAULT_NO_LOCK
	first = !ODD(epoch);
#else
	atomic { !locked -> locked = true; first = !ODD(epoch) };
#endif
	if
	:: first ->
#ifdef FAULT_EPOCH_BEFORE_COUNT
		d_step { why = who; epoch = epoch + 1 };
		unparked = CPUS
#else
		d_step { why = who; unparked = CPUS };
		epoch = epoch | 1
#endif
	:: else
	fi;
	locked = false;
	if
#ifndef FAULT_NO_KICK
	:: first -> kick_all()
#endif
	:: else
	fi;
	first = false
}

/* sched_loop() of a home CPU: is_held(), then idle() or run(). A step reads or writes one thing that others write, too. */
proctype cpu(byte me)
{
	bool first;

	do
	:: true ->
must_park:
		if
#ifdef FAULT_PARK_TWICE
		:: ODD(epoch) && !stopped ->
#else
		:: ODD(epoch) && seen[me] != epoch ->
#endif
parked:
			d_step { seen[me] = epoch; held[me] = true };
			if
			:: atomic { unparked == 1 -> unparked = 0 };
last:
				stopped = true
			:: atomic { else -> unparked-- }
			fi
		:: else
		fi;
holds:
		d_step {
			if
			:: !ODD(epoch) && seen[me] != epoch ->
				seen[me] = epoch;
#ifdef FAULT_STAY_GOES
				held[me] = false
#else
				held[me] = held[me] && action[me] == STAY
#endif
			:: else
			fi
		};
		if
		:: held[me] ->
#ifdef FAULT_KICK_LOST
			kicked[me] = false;
#endif
end_idle:
			atomic { kicked[me] -> kicked[me] = false }
		:: else ->
enter:
			in_guest[me] = true;
end_guest:
			if
			:: atomic { kicked[me] -> kicked[me] = false; in_guest[me] = false }
			:: atomic {
				armed && (action[me] == RUN || at_break[me]) ->
				at_break[me] = true;
				in_guest[me] = false
			   };
brk:
				world_stop(me)
			:: atomic {
				action[me] == STEP && !(armed && at_break[me]) ->
				assert(!alone || (!in_guest[(me + 1) % CPUS] && !in_guest[(me + 2) % CPUS]));
				at_break[me] = false;
				in_guest[me] = false
			   };
step:
				world_stop(me)
			:: d_step {
				!armed && at_break[me] && action[me] == RUN ->
				at_break[me] = false;
				in_guest[me] = false
			   }
			fi
		fi
	od
}

/* Each vCPU goes on with its action; `me` is only for those that step. */
inline resume()
{
#ifdef FAULT_STOPPED_LATE
	epoch = epoch + 1;
	stopped = false;
#else
	stopped = false;
	epoch = epoch + 1;
#endif
#ifndef FAULT_NO_KICK_TO_GO
	kick_all()
#else
	skip
#endif
}

inline all(what)
{
	d_step { action[0] = what; action[1] = what; action[2] = what }
}

/* The server, with GDB's wishes. */
proctype server()
{
	byte who;
	bool first;

	do
	/* Everything waits for something: nobody may wait in vain. */
	:: timeout ->
		assert(!ODD(epoch) || stopped);
		assert(!awaiting || !ODD(epoch));
		if
		:: !ODD(epoch) ->
			for (who : 0 .. 2) {
				assert(held[who] == (action[who] == STAY));
				assert(held[who] || in_guest[who])
			}
		:: else
		fi;
		break
#ifdef FAULT_REPORT_EARLY
	:: awaiting && ODD(epoch) ->
#else
	:: awaiting && ODD(epoch) && stopped ->
#endif
report:
		d_step {
			awaiting = false;
			assert(!in_guest[0] && !in_guest[1] && !in_guest[2]);
			assert(held[0] && held[1] && held[2]);
			assert(unparked == 0);
			/* Who hit the breakpoint is at it still; who only stays has stopped nobody. */
			assert(why == SERVER || action[why] == STEP || (action[why] == RUN && armed && at_break[why]))
		}
	:: awaiting && interrupts_left ->
ctrl_c:
		interrupts_left--;
		world_stop(SERVER)
	:: !attached && interrupts_left ->
attach:
		interrupts_left--;
		attached = true;
		awaiting = true;
		world_stop(SERVER)
	/* While it stands still all of it is the server's: one step. */
	:: atomic {
		attached && !awaiting && resumes_left ->
		assert(ODD(epoch) && stopped);
		assert(!in_guest[0] && !in_guest[1] && !in_guest[2]);
		resumes_left--;
		alone = false;
		awaiting = true;
		if
		:: armed = true
		:: armed = false
		fi;
		if
		:: all(RUN)
		:: all(RUN); action[0] = STEP
		:: all(STAY); alone = true; action[0] = STEP
		:: all(STAY); alone = true; action[1] = STEP
		:: armed = false;
detach:
			all(RUN);
			attached = false;
			awaiting = false
		fi };
		resume()
	od
}

init
{
	atomic {
		run cpu(0);
		run cpu(1);
		run cpu(2);
		run server()
	}
}
