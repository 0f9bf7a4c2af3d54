/*
 * A VM of three vCPUs under a debugger, each on a CPU of its own: src/debug/world.c, step.c, control.c and over.c. The debugger
 * sets and removes a breakpoint, interrupts, continues, steps one vCPU while the others stay or go on, detaches and attaches, in any
 * order. Where its condition is false a vCPU is taken over the breakpoint while the others stand; what it executes there may be CPU_OFF.
 * Labels name steps; the source has them in comments, `model: LABEL`.
 *
 * tests/unit/test_model_stop.py has spin look at every interleaving, and at those of each fault below (-DFAULT_...), which must be
 * found. Memory is sequentially consistent here: that the source's acquire and release suffice is not shown.
 */
#define CPUS 3
#define SERVER 7
#define NOBODY 8
#define ODD(number) ((number) % 2)

mtype = { RUN, STEP, STAY };

/* struct debug_vm */
bool locked;
byte epoch, unparked, why;
bool stopped, over_goes;
byte over = NOBODY;

/* struct debug_vcpu */
byte seen[CPUS];
bool held[CPUS];
mtype action[CPUS] = RUN, later[CPUS] = RUN;
bool done[CPUS];

/* The machine */
bool in_guest[CPUS], kicked[CPUS];
bool armed;          /* the BRK is in memory, where all vCPUs come by */
bool at_break[CPUS]; /* its pc is there, and the instruction below has not been executed */

bool lifted;         /* the BRK is not in memory, for one instruction */
bool off[CPUS];

/* The debugger */
bool wanted;         /* it has asked for a stop, and has not been told of one */
byte overs_left = OVERS;
bool attached, awaiting;
bool alone;          /* it has asked for a step that nobody runs beside */
byte resumes_left = RESUMES, interrupts_left = INTERRUPTS;

/* When they arrive is up to the CPU: what it does before, it does with an SGI on its way. */
inline kick_all()
{
	kicked[0] = true;
	kicked[1] = true;
	kicked[2] = true
}

#define MET (armed && !lifted)

inline begin_stop(who, is_over)
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
		d_step {
			why = who;
			unparked = CPUS;
			if
			:: is_over -> over = who; over_goes = false
			:: else
			fi
		};
		epoch = epoch | 1
#endif
	:: else
	fi;
	locked = false;
	if
#ifndef FAULT_NO_KICK
	:: d_step { first -> kick_all(); first = false }
#endif
	:: else
	fi
}

inline world_stop(who)
{
	begin_stop(who, false)
}

/* sched_loop() of a home CPU: is_held(), then idle() or run(). A step reads or writes one thing that others write, too. */
proctype cpu(byte me)
{
	bool first;

must_park:
	if
#ifdef FAULT_PARK_TWICE
	:: ODD(epoch) && !stopped ->
#else
	:: ODD(epoch) && seen[me] != epoch ->
#endif
parked:
		d_step {
			seen[me] = epoch;
#ifndef FAULT_STAYS_LIFTED
			if
			:: lifted && action[me] == STEP -> lifted = false
			:: else
			fi;
#endif
			held[me] = true
		};
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
			held[me] = held[me] && action[me] == STAY;
			if
			:: !held[me] -> done[me] = false
			:: else
			fi
#endif
		:: else
		fi
	};
#ifdef FAULT_KICK_LOST
	if
	:: held[me] || off[me] -> kicked[me] = false
	:: else
	fi;
#endif
end_idle:
	if
	:: d_step { (held[me] || off[me]) && kicked[me] -> kicked[me] = false }
	:: atomic { !(held[me] || off[me]) ->
enter:
		in_guest[me] = true };
end_guest:
		if
		:: atomic { kicked[me] -> kicked[me] = false; in_guest[me] = false }
		:: atomic {
			MET && (action[me] == RUN || at_break[me]) ->
			at_break[me] = true;
			in_guest[me] = false
		   };
brk:
			world_stop(me)
		:: atomic {
			action[me] == STEP && !(MET && at_break[me]) ->
			assert(!(alone || lifted) || (!in_guest[(me + 1) % CPUS] && !in_guest[(me + 2) % CPUS]));
			at_break[me] = false;
			done[me] = lifted;
			lifted = false;
			in_guest[me] = false
		   };
step:
			world_stop(me)
		:: atomic {
			MET && action[me] == RUN && overs_left && me != 2 -> /* 1 and 2 are alike */
			overs_left--;
			at_break[me] = true;
			in_guest[me] = false
		   };
over_stop:
#ifdef FAULT_OVER_BESIDE_OTHERS
			d_step { lifted = true; action[me] = STEP }
#else
			begin_stop(me, true)
#endif
		:: d_step {
			action[me] == STEP && lifted && over == me ->
			at_break[me] = false;
			off[me] = true;
			in_guest[me] = false
		   }
		:: d_step {
			!armed && at_break[me] && action[me] == RUN ->
			at_break[me] = false;
			in_guest[me] = false
		   }
		fi
	fi;
	goto must_park
}

/* Each vCPU goes on with its action; `me` is only for those that step. */
inline resume()
{
#ifdef FAULT_STOPPED_LATE
	epoch = epoch + 1;
	stopped = false;
#else
	d_step { stopped = false; why = 0 };
	epoch = epoch + 1;
#endif
#ifndef FAULT_NO_KICK_TO_GO
	d_step { kick_all() }
#else
	skip
#endif
}

inline all(what)
{
	d_step { action[0] = what; action[1] = what; action[2] = what }
}

/* It stops for the debugger, even if it stops only to take a vCPU over a breakpoint. */
inline stop_for()
{
	world_stop(SERVER);
	d_step {
		if
		:: over != NOBODY -> why = SERVER
		:: else
		fi;
#ifndef FAULT_OVER_GOES_ON
		over = NOBODY;
		over_goes = false;
		later[0] = RUN;
		later[1] = RUN;
		later[2] = RUN;
#endif
	}
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
		assert(over == NOBODY);
		if
		:: !ODD(epoch) ->
			assert(!lifted);
			for (who : 0 .. 2) {
				assert(off[who] || held[who] == (action[who] == STAY));
				assert(off[who] || held[who] || in_guest[who])
			}
		:: else
		fi;
		break
#ifdef FAULT_REPORT_EARLY
	:: awaiting && ODD(epoch) ->
#else
	:: awaiting && ODD(epoch) && stopped && over == NOBODY ->
#endif
report:
		d_step {
			awaiting = false;
			wanted = false;
			alone = false;
			assert(!lifted);
			assert(!in_guest[0] && !in_guest[1] && !in_guest[2]);
			assert(held[0] && held[1] && held[2]);
			assert(unparked == 0);
			/* Who hit the breakpoint is at it still; who only stays has stopped nobody. */
			assert(why == SERVER || off[why] || action[why] == STEP || (action[why] == RUN && armed && at_break[why]))
		}
	:: awaiting && interrupts_left ->
ctrl_c:
		d_step { interrupts_left--; wanted = true };
		stop_for()
	:: !attached && interrupts_left ->
attach:
		d_step { interrupts_left--; attached = true; awaiting = true; wanted = true };
		stop_for()
	/* A vCPU of it is to go over the breakpoint: it goes, and then all. */
	:: atomic {
		over != NOBODY && ODD(epoch) && stopped && !over_goes ->
one_goes:
		d_step {
			for (who : 0 .. 2) {
				later[who] = action[who];
				action[who] = (who == over -> STEP : STAY)
			}
			over_goes = true;
			lifted = true;
			who = 0
		} };
		resume()
#ifndef FAULT_LEFT_UNSEEN
	:: over != NOBODY && !ODD(epoch) && over_goes && off[over] ->
has_left:
		world_stop(SERVER)
#endif
	:: atomic {
		over != NOBODY && ODD(epoch) && stopped && over_goes ->
all_go:
		d_step {
			for (who : 0 .. 2) {
				action[who] = later[who];
				later[who] = RUN
			}
			first = action[over] != STEP && (done[over] || off[over]);
			done[over] = false;
			over = NOBODY;
			over_goes = false;
			who = 0;
			assert(!(first && wanted))
		} };
		if
		:: first -> first = false; resume()
		:: else
		fi
	/* While it stands still all of it is the server's: one step. */
	:: atomic {
		attached && !awaiting && resumes_left ->
		assert(ODD(epoch) && stopped);
		assert(!in_guest[0] && !in_guest[1] && !in_guest[2]);
		resumes_left--;
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
	byte each;

	atomic {
#ifdef HALTED
		/* The debugger has stopped it at its first instruction. */
		epoch = 1;
		stopped = true;
		attached = true;
		for (each : 0 .. 2) {
			seen[each] = 1;
			held[each] = true
		}
		each = 0;
#endif
		run cpu(0);
		run cpu(1);
		run cpu(2);
		run server()
	}
}
