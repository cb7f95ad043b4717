/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commit protocol of patronus-confd (transaction.c, rollout.c, store.c) against its owners, explored by SPIN in every order of
 * events.  States, phases and the operations of the store have the names of the code, and test_commit.py holds both lists together.
 *
 * What is modelled: netd and fwd, which may refuse, answer too late, die at any step (netd in the middle of a change) and come back;
 * confd, which may die between any two steps and starts again from the store; power cuts, which also empty the kernel; a store whose
 * operations are atomic and may fail; a client that commits with and without confirmation, rehearses, confirms and cancels at any time;
 * timers that may end at any time.  Only faults, commits, rehearsals and answers of the client are counted: they can be used up without
 * happening, so that every run with fewer is explored too.
 *
 * What is left out: what a document says (a revision changes the part of one owner or of both), retention, and the mirror.  One thing is
 * assumed: an owner has read what the last confd sent to it before it answers the HELLO of the next one, which its event loop sees later.
 *
 * Every run must end (no cycle), and wherever nothing is left to happen, settled() must be true.  -DFAULT_NAME plants a fault.
 */
#ifndef COMMITS
#define COMMITS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef REHEARSALS
#define REHEARSALS 0
#endif
#define REVISIONS (COMMITS + 1)		/* revision 0 is the empty one */
#define NETD 0
#define FWD 1
#define NONE 7
#define ALL 3
#define BIT(o) (1 << (o))
#define HAS(set, o) (((set) >> (o)) & 1)
#define OWNERS 2

mtype:tx = { TX_IDLE, TX_COMMITTING, TX_CHECKING, TX_UNDOING, TX_GOING_BACK, TX_CATCHING_UP, TX_REHEARSING };
mtype:mode = { ROLLOUT_DRY_RUN, ROLLOUT_COMMIT, ROLLOUT_RETURN };
mtype:phase = { ROLLOUT_IDLE, ROLLOUT_WAITING, ROLLOUT_PREPARING, ROLLOUT_JUDGING, ROLLOUT_BESIDE, ROLLOUT_APPLYING, ROLLOUT_REMOVING,
    ROLLOUT_SETTLING, ROLLOUT_VERIFYING };
mtype:state = { REVISION_PREPARED, REVISION_PENDING, REVISION_KEPT, REVISION_ROLLED_BACK, UNUSED };
mtype:message = { PREPARE, REHEARSE, BESIDE, APPLY, APPLY_APART, REMOVE, VERIFY, ABORT, KEPT };
mtype:error = { OK, AGAIN, REFUSED, STORE };

/* --- what survives confd: the store --- */

typedef revision { mtype:state is; bit has_document; byte part[2] };	/* part: which revision last changed it */
revision rev[REVISIONS];
byte at_running, at_kept, at_pending, last;
bit is_same_boot;

/* --- the kernel, the owners and their channels --- */

byte kernel[2] = NONE;		/* part that is there */
bit torn[2];			/* half changed, or something is left to be removed */
byte ways;			/* of which parts of netd's the ways of packets may be */
byte beside;			/* fwd's parts that judge packets beside the one that is in force */
bit must_be_alone;		/* nothing shall stand beside, as fwd was told */
bit turns[2];			/* as the last PREPARE was answered */
bit excused;			/* what was assumed of the kernel or decided for the box's sake does not hold: ways and policies may be apart */
byte last_known_good = NONE;	/* what fwd gets at boot */
bit alive[2] = 1;
byte prepared[2] = NONE, applied[2] = NONE;
hidden mtype:message dropped;
hidden byte dropped_number;
hidden byte way, whose;
chan to[2] = [6] of { mtype:message, byte };
chan from[2] = [4] of { bit };	/* refused */

/* --- confd's memory --- */

mtype:tx tx;
mtype:mode mode;
mtype:phase phase;
mtype:error error;
byte running, kept, target, mask, failed, out, connected, broken, replaced, stale, restarted, next, pending_mask, caught_mask, back;
byte absent;
byte late[2];			/* replies that come after their call was given up */
bit apart;			/* fwd left what stands beside, since the ways were not known */
bit has_touched, is_both, kicked, retry, deadline, must_go_back, is_confirm, is_journaled, queued_confirm;
mtype:tx queued;		/* TX_IDLE: no job waits */
byte job_mask, queued_mask;

/* --- what was promised --- */

byte commits = COMMITS, rehearsals = REHEARSALS, answers = 1, faults = FAULTS;
byte acknowledged;		/* kept */
byte undone = NONE;		/* the client was told that it no longer runs */
bit confirmed[REVISIONS], asked_confirm[REVISIONS];

#define part_of(r, o) rev[r].part[o]
#define is_intended(o, r) (kernel[o] == part_of(r, o) && !torn[o])
#define knows(o, r) (applied[o] != NONE && part_of(applied[o], o) == part_of(r, o))

#define settled() (at_pending == 0 && at_running == at_kept && running == at_running && kept == at_kept && tx == TX_IDLE && stale == 0 && \
    alive[NETD] && alive[FWD] && is_intended(NETD, running) && is_intended(FWD, running) && knows(NETD, running) && \
    knows(FWD, running) && last_known_good == part_of(kept, FWD) && beside == 0)

/*
 * Never one new and the other old: wherever packets may go, the policy of a revision that sends them there is among those that judge them.
 * Without a ruleset nobody passes the guard.
 */
inline together()
{
	d_step {
		way = 0;
		do
		:: way <= COMMITS && HAS(ways, way) && kernel[FWD] != NONE && !excused ->
			whose = 0;
			do
			:: whose <= COMMITS && rev[whose].is != UNUSED && rev[whose].part[NETD] == way &&
			    (rev[whose].part[FWD] == kernel[FWD] || HAS(beside, rev[whose].part[FWD])) -> break
			:: whose <= COMMITS && !(rev[whose].is != UNUSED && rev[whose].part[NETD] == way &&
			    (rev[whose].part[FWD] == kernel[FWD] || HAS(beside, rev[whose].part[FWD]))) -> whose++
			:: whose > COMMITS -> break
			od;
			assert(whose <= COMMITS);
			way++
		:: way <= COMMITS && !(HAS(ways, way) && kernel[FWD] != NONE && !excused) -> way++
		:: way > COMMITS -> break
		od;
		way = 0; whose = 0
	}
}

/* True of every state that anybody could look at. */
inline promises()
{
	together();
	assert(rev[at_running].has_document && rev[at_kept].has_document);
	assert(at_kept >= acknowledged && rev[acknowledged].is == REVISION_KEPT);	/* an acknowledged commit is never lost */
	assert(at_running != undone);
	assert(at_pending == 0 || (at_running == at_pending && rev[at_pending].is == REVISION_PENDING));
}

/* --- store.c: each is one step, or fails and has changed nothing --- */

#define MAY_FAIL(operation) \
	if \
	:: faults > 0 -> faults--; error_of_store = 1; printf("the store fails\n") \
	:: error_of_store = 0; operation \
	fi

inline store_prepare(r)
{
	d_step {
		printf("store_prepare %d\n", r);
		assert(rev[r].is == UNUSED);
		rev[r].is = REVISION_PREPARED;
#ifndef FAULT_FORGOTTEN_JOURNAL
		rev[r].has_document = 1;
#endif
		rev[r].part[NETD] = (HAS(queued_mask, NETD) -> r : part_of(running, NETD));
		rev[r].part[FWD] = (HAS(queued_mask, FWD) -> r : part_of(running, FWD));
		queued_mask = 0;
		confirmed[r] = 0;
		asked_confirm[r] = is_confirm;
		last = r
	}
}

inline store_finish(r, result)
{
	d_step {
		assert(rev[r].is == REVISION_PREPARED);
		rev[r].is = result;
		printf("store_finish %d: %e\n", r, rev[r].is);
		if
		:: result == REVISION_KEPT ->
			assert(!asked_confirm[r]);
			at_running = r; at_kept = r; at_pending = 0
		:: result == REVISION_PENDING ->
			at_running = r; at_pending = r; is_same_boot = 1
		:: else
		fi;
		/* "Committed" means that the kernel is what was meant. */
		assert(result == REVISION_ROLLED_BACK || ((!HAS(job_mask, NETD) || is_intended(NETD, r)) &&
		    (!HAS(job_mask, FWD) || (is_intended(FWD, r) && !(must_be_alone && beside != 0)))))
	}
}

inline store_discard(r)
{
	d_step {
		printf("store_discard %d\n", r);
		if
		:: rev[r].is == REVISION_PREPARED ->
			rev[r].is = UNUSED; rev[r].has_document = 0;
			last = r - 1
		:: else
		fi
	}
}

inline store_confirm()
{
	d_step {
		printf("store_confirm %d\n", at_pending);
		assert(confirmed[at_pending]);
		rev[at_pending].is = REVISION_KEPT;
		at_kept = at_pending; at_running = at_pending; at_pending = 0
	}
}

inline store_roll_back()
{
	d_step {
		printf("store_roll_back %d\n", at_pending);
		rev[at_pending].is = REVISION_ROLLED_BACK;
		at_running = at_kept; at_pending = 0
	}
}

/* --- the owners --- */

inline reply(o, is_refused) { printf("  owner %d: %e %d, refused %d\n", o, what, r, is_refused); from[o]!is_refused }

inline die(o)
{
	printf("  owner %d dies\n", o);
	alive[o] = 0; prepared[o] = NONE; applied[o] = NONE;
	if :: o == FWD -> must_be_alone = 0 :: else fi;
	do :: nempty(to[o]) -> to[o]?dropped, dropped_number :: empty(to[o]) -> break od;
	if :: HAS(connected, o) -> broken = broken | BIT(o); replaced = replaced & ~BIT(o) :: else fi
}

/* Something stands beside that should not: fwd's drift. */
#ifndef FAULT_BESIDE_NOT_READ
#define is_crowded (must_be_alone && beside != 0)
#else
#define is_crowded 0
#endif
#define must_look(o) ((o) == FWD && is_crowded)

/* What is in force goes on judging beside what comes, since it is not known where packets go. */
inline keep_beside()
{
#ifndef FAULT_TURNED_APART
	must_be_alone = 0; beside = beside | BIT(kernel[FWD])
#else
	skip
#endif
}

#ifndef FAULT_TURNED_APART
#define would_turn_unknown(r) (applied[FWD] == NONE && kernel[FWD] != part_of(r, FWD))
#else
#define would_turn_unknown(r) 0
#endif

inline put_beside(r)
{
	must_be_alone = 0;
#ifndef FAULT_NOTHING_BESIDE
	if :: kernel[FWD] != part_of(r, FWD) -> beside = beside | BIT(part_of(r, FWD)) :: else fi
#else
	skip
#endif
}

/* One request.  A fault makes it refuse, at netd also half way. */
inline serve(o, what, r)
{
	if
	:: what == PREPARE || what == REHEARSE ->
		if
		:: faults > 0 -> faults--; reply(o, 1)
		:: true ->
			if
			:: what == PREPARE ->
				prepared[o] = r;
				if
				:: o == NETD -> turns[o] = !is_intended(o, r)
				:: o == FWD -> turns[o] = (kernel[o] != part_of(r, o) || beside != 0)
				fi
			:: else
			fi;
			reply(o, 0)
		fi
	:: what == BESIDE && prepared[o] == r ->
		if
		:: faults > 0 -> faults--; reply(o, 1)
		:: faults > 0 -> faults--; if :: true -> put_beside(r) :: true fi; die(o)
		:: true -> put_beside(r); reply(o, 0)
		fi
	/* Nobody knows what is in force, so that it cannot go on judging. */
	:: what == APPLY_APART && o == FWD && prepared[o] == r && would_turn_unknown(r) -> prepared[o] = NONE; reply(o, 1)
	:: (what == APPLY || what == APPLY_APART) && prepared[o] == r && !(what == APPLY_APART && o == FWD && would_turn_unknown(r)) ->
		if
		:: what == APPLY_APART && o == FWD && kernel[o] != part_of(r, o) -> keep_beside()
		:: else
		fi;
		if
		:: faults > 0 -> faults--;
			if
			:: o == NETD -> torn[o] = 1; ways = ways | BIT(part_of(r, o))
			:: prepared[o] = NONE
			fi;
			reply(o, 1)
		:: faults > 0 -> faults--;
			if
			:: o == NETD -> torn[o] = 1; ways = ways | BIT(part_of(r, o))
			:: kernel[o] = part_of(r, o); if :: o == NETD -> ways = ways | BIT(part_of(r, o)); torn[o] = 1 :: else fi
			:: skip
			fi;
			die(o)
		:: faults > 0 -> faults--;	/* says that it did, and did not */
			excused = 1;
			if :: o == FWD && what == APPLY -> must_be_alone = 1 :: else fi;
			applied[o] = r; prepared[o] = NONE; reply(o, 0)
		:: true ->
			if :: o == NETD && kernel[o] != part_of(r, o) -> torn[o] = 1 :: else fi;
			kernel[o] = part_of(r, o);
			if
			:: o == NETD -> ways = ways | BIT(part_of(r, o))
			:: o == FWD && what == APPLY ->
				together();
				must_be_alone = 1;
				if
				:: beside == 0
				:: beside != 0 -> beside = 0
				:: beside != 0 && faults > 0 -> faults--; printf("  the kernel keeps what it says that it removed\n")
				fi
			:: else
			fi;
			applied[o] = r; prepared[o] = NONE; reply(o, 0)
		fi;
		together()
	:: what == REMOVE && applied[o] == r ->
		if
		:: faults > 0 -> faults--; reply(o, 1)
		:: true -> torn[o] = 0; if :: o == NETD -> ways = BIT(kernel[o]) :: else fi; reply(o, 0)
		fi;
		together()
	:: what == VERIFY && applied[o] == r ->
		if
		:: faults > 0 -> faults--; reply(o, 1)
		:: true -> reply(o, !is_intended(o, r) || must_look(o))
		fi
	:: what == ABORT ->
		if :: prepared[o] == r -> prepared[o] = NONE :: else fi
	:: what == KEPT ->
		if
		:: o == FWD && applied[o] == r ->
			assert(r == 0 || rev[r].is == REVISION_KEPT);	/* what boots next was confirmed */
			printf("  owner %d keeps revision %d\n", o, r);
			last_known_good = kernel[o]
		:: else
		fi
	:: else -> reply(o, 1)		/* "revision is not prepared" */
	fi
}

proctype owner(byte o)
{
	mtype:message what;
	byte r;
end:
	do
	:: atomic { alive[o] && nempty(to[o]) -> to[o]?what, r; serve(o, what, r); what = ABORT; r = 0 }
	/* repair_table() */
	:: atomic { o == FWD && alive[o] && is_crowded -> printf("  what stands beside goes\n"); beside = 0; together() }
	:: atomic { alive[o] && faults > 0 -> faults--; die(o) }
	:: atomic { !alive[o] -> alive[o] = 1 }
	od
}

/* --- rollout.c --- */

#define TAKES_PART(o) (HAS(mask, o) && !HAS(failed, o))
#define is_open(o) (HAS(connected, o) && (!HAS(broken, o) || HAS(replaced, o)))

inline fail(o) { printf("owner %d failed\n", o); failed = failed | BIT(o); error = REFUSED }

inline request(o, what, r)
{
	if
	:: is_open(o) -> to[o]!what, r; out = out | BIT(o)
	:: else -> fail(o)
	fi
}

/* Nothing waits any more for the channel of an owner that was replaced. */
inline answered(o)
{
	out = out & ~BIT(o);
	if :: HAS(replaced, o) -> replaced = replaced & ~BIT(o); broken = broken & ~BIT(o) :: else fi
}

inline tell(set, what, r)
{
	if :: HAS(set, NETD) && is_open(NETD) -> to[NETD]!what, r :: else fi;
	if :: HAS(set, FWD) && is_open(FWD) -> to[FWD]!what, r :: else fi
}

/* Goes on at `started`. */
inline rollout_start(how, to_revision, to_mask)
{
	mode = how;
	printf("%e: %e of revision %d to owners %d\n", tx, mode, to_revision, to_mask);
	target = to_revision; mask = to_mask;
	failed = 0; error = OK; has_touched = 0; next = 0; restarted = 0; is_both = 0; absent = 0
}

/* Who left something beside takes part as soon as it can be known where packets go. */
#ifndef FAULT_LEFT_BESIDE
#define apart_mask ((apart && !HAS(stale, FWD) && HAS(connected, FWD)) * BIT(FWD))
#else
#define apart_mask 0
#endif
/* Who judges takes part in a commit when it is not known what is in force. */
#ifndef FAULT_JUDGED_BY_ANOTHER
#define stale_judge (stale & BIT(FWD))
#else
#define stale_judge 0
#endif
/* Who had no part in what is pending, and is away. */
#ifndef FAULT_ANYBODY_AT_REST
#define at_rest (caught_mask & ~connected & ~stale)
#else
#define at_rest (pending_mask & ~connected & ~stale)
#endif
#define must_catch_up ((stale & connected) != 0 || (stale == 0 && apart_mask != 0))
#define ways_unknown ((!HAS(mask, NETD) && HAS(stale, NETD)) || HAS(failed, NETD))
#ifndef FAULT_WAYS_TURN_ALONE
#define must_stay (HAS(mask, FWD) && HAS(failed, FWD) && !HAS(absent, FWD))	/* patience is endless here */
#else
#define must_stay 0
#endif
#define do_both_turn (TAKES_PART(FWD) && turns[FWD] && ((TAKES_PART(NETD) && turns[NETD]) || (mode == ROLLOUT_RETURN && ways_unknown)))

/* One owner after another; who has no turn is passed over. */
inline serial_phase(netd_has_turn, netd_what, fwd_has_turn, fwd_what, then)
{
	if
	:: next == NETD && TAKES_PART(NETD) && netd_has_turn -> next = FWD; has_touched = 1; request(NETD, netd_what, target)
	:: next == NETD && !(TAKES_PART(NETD) && netd_has_turn) -> next = FWD
	:: next == FWD && TAKES_PART(FWD) && fwd_has_turn ->
		next = OWNERS; has_touched = 1;
		if
		:: phase == ROLLOUT_APPLYING && ways_unknown -> apart = 1
		:: phase == ROLLOUT_SETTLING || (phase == ROLLOUT_APPLYING && !ways_unknown) -> apart = 0
		:: else
		fi;
		request(FWD, fwd_what, target)
	:: else -> end_serial(); phase = then; next = NETD
	fi
}

/* Those that had no turn are not at the target, and get another. */
inline end_serial()
{
	if
	:: phase == ROLLOUT_APPLYING && must_stay && TAKES_PART(NETD) -> fail(NETD)
	:: phase == ROLLOUT_SETTLING && is_both && ways_unknown && TAKES_PART(FWD) -> fail(FWD)
	:: else
	fi
}

inline verify()
{
#ifndef FAULT_NO_READ_BACK
	if :: TAKES_PART(NETD) -> request(NETD, VERIFY, target) :: else fi;
	if :: TAKES_PART(FWD) -> request(FWD, VERIFY, target) :: else fi
#else
	skip
#endif
}

/* Who does not have the running revision for certain? */
inline mark_stale()
{
#ifdef FAULT_STALE_FORGOTTEN
	if
	:: has_touched && error != OK -> stale = (stale & ~mask) | (mode == ROLLOUT_COMMIT -> mask : mask & failed)
	:: has_touched && error == OK -> stale = stale & ~mask
	:: else
	fi
#else
	if
	:: mode == ROLLOUT_COMMIT && has_touched && error != OK -> stale = stale | mask
	:: (mode == ROLLOUT_COMMIT && has_touched && error == OK) || mode == ROLLOUT_RETURN ->
		stale = (stale & ~mask) | (mask & (failed | restarted))
	:: else
	fi
#endif
}

/* --- transaction.c --- */

inline idle()
{
	tx = TX_IDLE;
#ifndef FAULT_LOST_KICK
	kicked = 1
#endif
}

/* Who has what was kept for certain stores it as what boots next. */
inline tell_kept()
{
#ifndef FAULT_KEPT_NOT_TOLD
	if :: running == kept -> tell(mask & ~stale, KEPT, kept) :: else fi
#else
	if :: running == kept && (tx == TX_CATCHING_UP || tx == TX_CHECKING) -> tell(mask & ~stale, KEPT, kept) :: else fi
#endif
}

/* Not in the code, where the next rollout overwrites them: fewer states that differ in nothing. */
inline forget_rollout()
{
	mode = ROLLOUT_DRY_RUN; target = 0; mask = 0; failed = 0; error = OK; has_touched = 0; next = NETD; restarted = 0; is_both = 0; absent = 0
}

/* The end of a job.  confd's memory of it is gone. */
inline report() { if :: tx == TX_COMMITTING -> queued_mask = 0 :: else fi; job_mask = 0; is_confirm = 0; is_journaled = 0; idle() }

#define is_busy (tx == TX_COMMITTING || tx == TX_CHECKING || tx == TX_UNDOING || tx == TX_GOING_BACK || must_go_back || queued == TX_COMMITTING)
#define can_end_pending (answers > 0 && at_pending != 0 && !must_go_back && tx != TX_GOING_BACK)

#define CRASH_POINT if :: faults > 0 -> faults--; goto crashed :: skip fi

inline forget_memory()
{
	forget_rollout();
	connected = 0; broken = 0; replaced = 0; out = 0; late[NETD] = 0; late[FWD] = 0; stale = ALL; apart = 0; deadline = 0; must_go_back = 0; retry = 0; kicked = 0; queued = TX_IDLE; back = 0;
	pending_mask = 0; caught_mask = 0; job_mask = 0; queued_mask = 0; is_confirm = 0; is_journaled = 0; tx = TX_IDLE;
	phase = ROLLOUT_IDLE
}

inline power_cut()
{
	printf("power cut\n");
	die(NETD); die(FWD); broken = 0;
	alive[NETD] = 1; alive[FWD] = 1;
	kernel[NETD] = NONE; torn[NETD] = 0;
	kernel[FWD] = last_known_good; torn[FWD] = 0;
	ways = 0; beside = 0;
	is_same_boot = 0
}

inline drop_replies(o)
{
	late[o] = 0;
	do :: nempty(from[o]) -> from[o]?_ :: empty(from[o]) -> break od
}

/* A new channel, perhaps before the end of the old one was seen. */
inline owner_ready(o)
{
	printf("owner %d is ready\n", o);
	if
	:: HAS(broken, o) && HAS(out, o) -> replaced = replaced | BIT(o)
	:: else -> broken = broken & ~BIT(o); drop_replies(o)
	fi;
	if :: o == FWD -> prepared[o] = NONE :: else fi;
	connected = connected | BIT(o);
	stale = stale | BIT(o);
	if :: phase != ROLLOUT_IDLE -> restarted = restarted | BIT(o) :: else fi;
	retry = 0;
	kicked = 1
}

inline channel_closed(o)
{
	printf("owner %d is away\n", o);
	broken = broken & ~BIT(o);
	late[o] = 0;
	if
	:: HAS(replaced, o) -> replaced = replaced & ~BIT(o)
	:: else -> connected = connected & ~BIT(o)
	fi
}

/*
 * When the timer of a retry may be over.  At any time, for promises; a run that is asked whether it ends looks at what has come first, as seconds
 * are longer than that: else it could try again for ever and never see that an owner has gone, or is back.
 */
#define has_news(o) (len(from[o]) > 0 || HAS(broken, o) || (alive[o] && len(to[o]) == 0 && !is_open(o)))
#ifdef PATIENT
#define is_time (!has_news(NETD) && !has_news(FWD))
#else
#define is_time true
#endif

proctype confd()
{
	bit refused, error_of_store;

start:	/* store_open, load_store, transaction_resume */
	atomic {
		d_step {
			for (back : 1 .. COMMITS) {
				if :: rev[back].is == REVISION_PREPARED -> rev[back].is = REVISION_ROLLED_BACK :: else fi
			}
			back = 0;
			kept = at_kept; running = at_running;
		}
		if
		:: at_pending == 0
		:: at_pending != 0 && is_same_boot -> deadline = 1; pending_mask = ALL
		:: at_pending != 0 ->		/* another boot, or the time was over meanwhile */
#ifdef FAULT_BOOT_KEEPS_PENDING
			is_same_boot = 1
#else
			running = kept;
			pending_mask = ALL;
			MAY_FAIL(store_roll_back());
			if :: error_of_store -> error_of_store = 0; must_go_back = 1; kicked = 1 :: else fi
#endif
		fi
	}

loop:
	if
	:: atomic { kicked -> kicked = 0; goto on_kick }
	:: atomic { retry && is_time -> retry = 0; goto on_kick }
	:: atomic { deadline -> deadline = 0; must_go_back = 1; kicked = 1; printf("not confirmed in time\n") }
	:: atomic { phase == ROLLOUT_WAITING && (mode != ROLLOUT_RETURN || faults > 0) ->
		if
		:: mode == ROLLOUT_RETURN && faults > 0 -> faults--; failed = failed | (mask & ~connected); absent = mask & ~connected;
			if :: HAS(absent, FWD) && HAS(mask, NETD) -> excused = 1 :: else fi;	/* a way to the box counts more */
			goto prepare
		:: mode != ROLLOUT_RETURN -> error = AGAIN; goto finish
		fi }
	:: atomic { phase == ROLLOUT_JUDGING && mode != ROLLOUT_RETURN -> goto step }
	:: atomic { tx == TX_CHECKING ->
		if
		:: faults > 0 -> faults--; error = REFUSED; printf("a check fails\n")
		:: skip
		fi;
		goto conclude_commit }

	/* owners */
	:: atomic { nempty(from[NETD]) -> from[NETD]?refused;
		if
		:: late[NETD] > 0 -> late[NETD]--; refused = 0
		:: late[NETD] == 0 && HAS(out, NETD) -> answered(NETD);
			if :: refused -> fail(NETD); refused = 0 :: else fi;
			goto step
		:: else -> refused = 0
		fi }
	:: atomic { nempty(from[FWD]) -> from[FWD]?refused;
		if
		:: late[FWD] > 0 -> late[FWD]--; refused = 0
		:: late[FWD] == 0 && HAS(out, FWD) -> answered(FWD);
			if :: refused -> fail(FWD); refused = 0 :: else fi;
			goto step
		:: else -> refused = 0
		fi }
	:: atomic { HAS(broken, NETD) && empty(from[NETD]) -> channel_closed(NETD);
		if :: HAS(out, NETD) -> answered(NETD); fail(NETD); goto step :: else fi }
	:: atomic { HAS(broken, FWD) && empty(from[FWD]) -> channel_closed(FWD);
		if :: HAS(out, FWD) -> answered(FWD); fail(FWD); goto step :: else fi }
	:: atomic { alive[NETD] && empty(to[NETD]) && !is_open(NETD) -> owner_ready(NETD);
		if :: phase == ROLLOUT_WAITING && (mask & ~connected) == 0 -> goto prepare :: else fi }
	:: atomic { alive[FWD] && empty(to[FWD]) && !is_open(FWD) -> owner_ready(FWD);
		if :: phase == ROLLOUT_WAITING && (mask & ~connected) == 0 -> goto prepare :: else fi }
	:: atomic { faults > 0 && HAS(out, NETD) && !HAS(broken, NETD) -> faults--; answered(NETD); late[NETD]++; printf("netd does not answer in time\n"); fail(NETD); goto step }
	:: atomic { faults > 0 && HAS(out, FWD) && !HAS(broken, FWD) -> faults--; answered(FWD); late[FWD]++; printf("fwd does not answer in time\n"); fail(FWD); goto step }

	/* the client */
	:: atomic { commits > 0 && !is_busy && at_pending == 0 && queued == TX_IDLE -> commits--; queued = TX_COMMITTING;
		if :: queued_mask = 1 :: queued_mask = 2 :: queued_mask = 3 fi;
		if :: queued_confirm = 0 :: queued_confirm = 1 fi;
		if :: tx == TX_IDLE -> goto on_kick :: else fi }
	:: atomic { rehearsals > 0 && queued == TX_IDLE -> rehearsals--; queued = TX_REHEARSING;
		if :: tx == TX_IDLE -> goto on_kick :: else fi }
	:: atomic { can_end_pending -> answers--; confirmed[at_pending] = 1;
		MAY_FAIL(store_confirm());
		if
		:: error_of_store -> error_of_store = 0
		:: else ->
			CRASH_POINT;
			deadline = 0; kept = running; pending_mask = 0; caught_mask = 0;
			tell(ALL, KEPT, at_kept);
			acknowledged = at_kept
		fi }
	:: atomic { can_end_pending -> answers--; must_go_back = 1; kicked = 1; printf("cancel\n") }

	/* what could have happened does not */
	:: atomic { commits > 0 -> commits-- }
	:: atomic { rehearsals > 0 -> rehearsals-- }
	:: atomic { answers > 0 -> answers-- }
	:: atomic { faults > 0 -> faults-- }
	:: atomic { faults > 0 -> faults--; goto crashed }
	:: timeout ->
		/* Nothing is left to happen. */
		printf("settled: store %d/%d/%d, confd %d/%d %e, stale %d, kernel %d %d, torn %d %d, applied %d %d, boots %d\n", at_running,
		    at_kept, at_pending, running, kept, tx, stale, kernel[NETD], kernel[FWD], torn[NETD], torn[FWD], applied[NETD],
		    applied[FWD], last_known_good);
		assert(settled());
		goto done
	fi;
check:
	promises();
	goto loop;

on_kick:
	atomic {
		if
		:: tx == TX_UNDOING && phase == ROLLOUT_IDLE -> rollout_start(ROLLOUT_RETURN, running, job_mask)
		:: tx == TX_IDLE && must_go_back && !retry ->
			must_go_back = 0; deadline = 0; back = at_pending; tx = TX_GOING_BACK;
			MAY_FAIL(store_roll_back());
			CRASH_POINT;
			error_of_store = 0;
			running = kept;
			rollout_start(ROLLOUT_RETURN, kept, (pending_mask & ~at_rest));
			if :: at_pending == 0 -> pending_mask = 0; caught_mask = 0 :: else fi
		:: tx == TX_IDLE && !(must_go_back && !retry) && must_catch_up && !retry ->
			tx = TX_CATCHING_UP;
			rollout_start(ROLLOUT_RETURN, running, stale | apart_mask)
		:: tx == TX_IDLE && !(must_go_back && !retry) && !(must_catch_up && !retry) && queued != TX_IDLE ->
			tx = queued; queued = TX_IDLE;
			job_mask = (tx == TX_COMMITTING -> queued_mask | stale_judge : ALL); is_confirm = queued_confirm; queued_confirm = 0;
			assert(tx != TX_COMMITTING || at_pending == 0);
			if
			:: tx == TX_COMMITTING -> rollout_start(ROLLOUT_COMMIT, last + 1, job_mask)
			:: else -> rollout_start(ROLLOUT_DRY_RUN, last + 1, job_mask)
			fi
		:: else -> goto check
		fi;
		if
		:: (mask & ~connected) == 0 -> goto prepare
		:: else -> phase = ROLLOUT_WAITING; goto check
		fi
	}

prepare:
	atomic {
		phase = ROLLOUT_PREPARING;
		if
		:: TAKES_PART(NETD) && mode == ROLLOUT_DRY_RUN -> request(NETD, REHEARSE, target)
		:: TAKES_PART(NETD) && mode != ROLLOUT_DRY_RUN -> request(NETD, PREPARE, target)
		:: else
		fi;
		if
		:: TAKES_PART(FWD) && mode == ROLLOUT_DRY_RUN -> request(FWD, REHEARSE, target)
		:: TAKES_PART(FWD) && mode != ROLLOUT_DRY_RUN -> request(FWD, PREPARE, target)
		:: else
		fi;
		/* on_preparing: the journal, while they prepare */
		if
		:: mode == ROLLOUT_COMMIT && error == OK ->
			CRASH_POINT;
			is_journaled = 1;
			MAY_FAIL(store_prepare(target));
			if :: error_of_store -> error_of_store = 0; error = STORE; failed = mask :: else fi;
			CRASH_POINT
		:: else
		fi;
		goto step
	}

step:
	atomic {
		if
		:: out != 0 || phase == ROLLOUT_IDLE || phase == ROLLOUT_WAITING -> goto check
		:: else
		fi;
		if
		:: error != OK && mode != ROLLOUT_RETURN -> goto finish
		:: else
		fi;
		if
		:: phase == ROLLOUT_PREPARING ->
			phase = ROLLOUT_JUDGING;
			if :: mode != ROLLOUT_RETURN -> goto check :: else fi
		:: phase == ROLLOUT_JUDGING && mode == ROLLOUT_DRY_RUN -> goto finish
		:: phase == ROLLOUT_JUDGING && mode != ROLLOUT_DRY_RUN -> is_both = do_both_turn; phase = ROLLOUT_BESIDE; next = NETD
		:: phase == ROLLOUT_BESIDE -> serial_phase(0, BESIDE, is_both, BESIDE, ROLLOUT_APPLYING)
		:: phase == ROLLOUT_APPLYING ->
			serial_phase(!must_stay, APPLY, !is_both, (ways_unknown -> APPLY_APART : APPLY), ROLLOUT_REMOVING)
		:: phase == ROLLOUT_REMOVING -> serial_phase(!must_stay, REMOVE, 0, REMOVE, ROLLOUT_SETTLING)
		:: phase == ROLLOUT_SETTLING ->
			serial_phase(0, APPLY, is_both && !ways_unknown, APPLY, ROLLOUT_VERIFYING);
			if :: phase == ROLLOUT_VERIFYING -> verify() :: else fi
		:: phase == ROLLOUT_VERIFYING -> goto finish
		fi;
		goto step
	}

finish:
	atomic {
		if
		:: (phase == ROLLOUT_PREPARING || phase == ROLLOUT_JUDGING) && (error != OK || mode == ROLLOUT_DRY_RUN) -> tell(mask, ABORT, target)
		:: else
		fi;
		mark_stale();
		phase = ROLLOUT_IDLE;
		if
		:: tx == TX_COMMITTING && error == OK -> tx = TX_CHECKING; goto check
		:: tx == TX_COMMITTING && error != OK -> goto conclude_commit
		:: tx == TX_UNDOING -> tell_kept(); report()
		:: tx == TX_GOING_BACK ->
			tell_kept();
#ifdef FAULT_ROLL_BACK_NOT_STORED
			if :: error == OK -> undone = back :: else fi;
#else
			if
			:: at_pending != 0 -> must_go_back = 1; retry = 1
			:: at_pending == 0 && error == OK -> undone = back
			:: else
			fi;
#endif
			back = 0;
			idle()
		:: tx == TX_CATCHING_UP ->
			tell_kept();
#ifndef FAULT_CAUGHT_UP_WITH_PENDING
			if :: at_pending != 0 -> caught_mask = caught_mask | (mask & ~pending_mask); pending_mask = pending_mask | mask :: else fi;
#endif
			if :: (mask & stale) != 0 -> retry = 1 :: else fi;
			idle()
		:: tx == TX_REHEARSING -> report()
		fi;
		forget_rollout();
		goto check
	}

conclude_commit:
	atomic {
#ifdef FAULT_EARLY_ACKNOWLEDGEMENT
		if :: error == OK && !is_confirm -> acknowledged = target; CRASH_POINT :: else fi;
#endif
		if
		:: error == OK && is_confirm -> MAY_FAIL(store_finish(target, REVISION_PENDING))
		:: error == OK && !is_confirm -> MAY_FAIL(store_finish(target, REVISION_KEPT))
		:: else
		fi;
		if :: error_of_store -> error_of_store = 0; error = STORE; failed = mask :: else fi;
		CRASH_POINT;
		if
		:: error != OK && has_touched ->
			MAY_FAIL(store_finish(target, REVISION_ROLLED_BACK));
			error_of_store = 0;
			tx = TX_UNDOING; kicked = 1;
			CRASH_POINT
		:: error != OK && !has_touched ->
			if :: is_journaled -> MAY_FAIL(store_discard(target)); error_of_store = 0 :: else fi;
			report()
		:: else ->
			running = target;
			if
			:: is_confirm -> pending_mask = job_mask; caught_mask = 0; deadline = 1
			:: else -> kept = target
			fi;
#ifdef FAULT_PENDING_BOOTS
			tell(mask, KEPT, target);
#else
			tell_kept();
#endif
			CRASH_POINT;
			if :: !is_confirm -> acknowledged = target :: else fi;
			report()
		fi;
		forget_rollout();
		goto check
	}

crashed:
	atomic {
		printf("confd dies\n");
		forget_memory();
		refused = 0; error_of_store = 0;
		if
		:: skip
		:: true -> power_cut()
		fi;
		goto start
	}
done:
	skip
}

init
{
	atomic {
		rev[0].is = REVISION_KEPT; rev[0].has_document = 1;
		for (back : 1 .. COMMITS) {
			rev[back].is = UNUSED
		}
		forget_memory();
		run owner(NETD); run owner(FWD); run confd()
	}
}
