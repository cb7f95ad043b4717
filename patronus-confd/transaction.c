/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"

#include "commit.h"
#include "confd.h"
#include "database.h"
#include "document.h"
#include "events.h"
#include "guard.h"
#include "health.h"
#include "problem.h"
#include "rollout.h"
#include "snapshot.h"
#include "standing.h"
#include "store.h"
#include "transaction.h"

#define COMMITS_KEPT	64
#define JOBS_MAX	16
#define RETRY_MAX_MS	5000
#define RETRY_STORE_MS	1000
#define CONFIRM_FORCED_S	60
#define DOCUMENT_MAX	(64 << 20)
#define CHECKS_MAX_LEN	(256 << 10)

enum tx_state {
	TX_INVALID = 0,
	TX_IDLE,
	TX_COMMITTING,		/* the new revision on its way */
	TX_CHECKING,		/* it is applied and read back: does what must work? */
	TX_UNDOING,		/* it was refused: the running one again */
	TX_GOING_BACK,		/* from the pending to the kept revision */
	TX_CATCHING_UP,		/* owners that are stale get the running revision */
	TX_REHEARSING		/* a dry run */
};

struct job {
	STAILQ_ENTRY(job)	 link;
	bool			 is_commit;
	struct snapshot		*target;
	struct commit		 commit;	/* of a commit: what will be in the list */
	uint32_t		 mask;
	unsigned		 confirm_s;
	struct guard		*guard;		/* see struct commit_order */
	struct health		*health;	/* NULL: nothing must be checked */
	char			 request[STORE_REQUEST];
	bool			 is_forced_always;
	uint64_t		 started_us;
	transaction_end		*on_end;
	void			*arg;
};

struct transaction {
	struct confd		*confd;
	enum tx_state		 state;
	struct rollout		 rollout;
	STAILQ_HEAD(, job)	 jobs;
	unsigned		 njobs;
	struct job		*job;		/* under way */
	struct event		*kick;		/* look for work in the next turn of the loop */
	struct event		*retry;		/* stale owners again */
	struct event		*deadline;	/* of the pending revision */
	bool			 must_go_back;
	uint32_t		 pending_mask;
	uint32_t		 caught_mask;	/* of these, who had no part in it, and got it when it was restarted */
	uint32_t		 back_number;	/* the revision that is being left */
	transaction_end		*on_back;	/* of cancel */
	void			*back_arg;
	char			 back_actor[65];	/* who cancelled; "system" when the time was over */
	char			 back_origin[65];
	struct outcome_info	 refused;	/* what an undo will report */
	struct problems		*refused_problems;
	struct commit		 commits[COMMITS_KEPT];
	unsigned		 ncommits;	/* ever */
};

static void	 on_kick(evutil_socket_t, short, void *);
static void	 on_deadline(evutil_socket_t, short, void *);
static void	 on_rollout_end(struct rollout *, void *);
static int	 on_preparing(struct rollout *, void *);
static bool	 on_prepared(struct rollout *, void *);
static void	 end_commit(struct transaction *);
static void	 conclude_commit(struct transaction *);
static void	 end_undo(struct transaction *);
static void	 end_back(struct transaction *);
static void	 end_catching_up(struct transaction *);
static void	 end_rehearsal(struct transaction *);

static uint64_t
boot_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

static void
kick(struct transaction *tx)
{
	static const struct timeval now = { 0, 0 };

	(void)event_add(tx->kick, &now);
}

static void
arm(struct event *timer, uint64_t ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	(void)event_add(timer, &tv);
}

struct transaction *
transaction_new(struct confd *confd)
{
	struct transaction *tx;

	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return (NULL);
	tx->confd = confd;
	tx->state = TX_IDLE;
	STAILQ_INIT(&tx->jobs);
	tx->kick = evtimer_new(confd->base, on_kick, tx);
	tx->retry = evtimer_new(confd->base, on_kick, tx);
	tx->deadline = evtimer_new(confd->base, on_deadline, tx);
	if (tx->kick == NULL || tx->retry == NULL || tx->deadline == NULL)
		fatalx("transaction", "no memory");
	rollout_init(&tx->rollout, confd->base, &confd->owners);
	tx->rollout.on_preparing = on_preparing;
	tx->rollout.on_prepared = on_prepared;
	tx->rollout.on_end = on_rollout_end;
	tx->rollout.arg = tx;
	return (tx);
}

static void
job_free(struct job *job)
{
	if (job == NULL)
		return;
	snapshot_unref(job->target);
	commit_fini(&job->commit);
	guard_free(job->guard);
	health_free(job->health);
	free(job);
}

void
transaction_free(struct transaction *tx)
{
	struct job *job;
	unsigned i;

	if (tx == NULL)
		return;
	while ((job = STAILQ_FIRST(&tx->jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&tx->jobs, link);
		job_free(job);
	}
	job_free(tx->job);
	for (i = 0; i < COMMITS_KEPT; i++)
		commit_fini(&tx->commits[i]);
	problems_free(tx->refused_problems);
	event_free(tx->kick);
	event_free(tx->retry);
	event_free(tx->deadline);
	rollout_fini(&tx->rollout);
	free(tx);
}

/* --- what the API sees --- */

static struct commit *
find(struct transaction *tx, uint32_t number)
{
	unsigned i;

	for (i = 0; i < COMMITS_KEPT; i++)
		if (tx->commits[i].state != COMMIT_STATE_INVALID && tx->commits[i].number == number)
			return (&tx->commits[i]);
	return (NULL);
}

const struct commit *
transaction_find(const struct transaction *tx, uint32_t number)
{
	return (find((struct transaction *)(uintptr_t)tx, number));
}

const struct commit *
transaction_pending(const struct transaction *tx)
{
	struct store_pointers at;

	store_pointers(tx->confd->store, &at);
	return (at.pending != 0 ? transaction_find(tx, at.pending) : NULL);
}

/* The commit's memory becomes the list's. */
static struct commit *
remember(struct transaction *tx, struct commit *from)
{
	struct commit *c = find(tx, from->number);

	if (c == NULL)
		c = &tx->commits[tx->ncommits++ % COMMITS_KEPT];
	commit_fini(c);
	*c = *from;
	from->impact = from->forced = from->cut = from->checks = NULL;
	return (c);
}

/*
 * Owners that have for certain what was kept make it what boots next.  Not only after a commit: an owner may have missed it when it was
 * kept, because this process or it was restarted then.
 */
static void
tell_kept(struct transaction *tx, uint32_t mask)
{
	struct conf_kept_req kept = { .revision = tx->confd->kept->number };
	struct owners *os = &tx->confd->owners;
	unsigned i;

	if (tx->confd->running != tx->confd->kept)
		return;
	for (i = 0; i < os->n; i++)
		if ((mask & (1u << i)) != 0 && !os->owner[i].is_stale && os->owner[i].channel != NULL)
			(void)channel_send(os->owner[i].channel, MSG_CONF_KEPT, kept.revision, &kept, NULL, 0);
}

/* A change of state goes to everybody who listens, and to the auditor. */
static void
announce(struct transaction *tx, const struct commit *c, const char *actor, const char *origin)
{
	static const char *const results[] = { "", "applying", "kept", "awaiting-confirm", "rolled-back", "failed" };
	struct revision rev;
	char object[32];
	struct buf b;

	buf_init(&b, 1 << 20);
	commit_print(c, &b);
	if (!buf_failed(&b))
		events_publish(tx->confd->events, TOPIC_COMMITS, (const char *)b.data, b.len);
	buf_fini(&b);
	buf_init(&b, sizeof(object));
	buf_printf(&b, "revision %u", c->number);
	(void)str_copy(object, buf_failed(&b) ? "" : (const char *)b.data, sizeof(object));
	buf_fini(&b);
	/* The link of the chain, in a log that this process cannot rewrite. */
	if (store_revision(tx->confd->store, c->number, &rev) != 0)
		rev.chain[0] = '\0';
	daemon_audit(actor, origin, "commit", object, results[c->state], "%s%schain %s", c->comment, c->comment[0] != '\0' ? "; " : "",
	    rev.chain);
}

/* Where a commit is, for who waits for it; check may be NULL. */
static void
tell_progress(struct transaction *tx, const char *phase, const struct health *h, unsigned check)
{
	struct buf b;

	if (!events_wanted(tx->confd->events, TOPIC_PROGRESS))
		return;
	buf_init(&b, 8192);
	buf_printf(&b, "{\"revision\":%u,\"phase\":\"%s\"", tx->job->target->number, phase);
	if (h != NULL) {
		buf_puts(&b, ",\"check\":");
		health_print_one(h, check, &b);
	}
	buf_putc(&b, '}');
	if (!buf_failed(&b))
		events_publish(tx->confd->events, TOPIC_PROGRESS, (const char *)b.data, b.len);
	buf_fini(&b);
}

static void
on_check(const struct health *h, unsigned i, void *arg)
{
	struct transaction *tx = arg;

	tell_progress(tx, tx->state == TX_CHECKING ? "check" : "check-before", h, i);
}

bool
transaction_is_busy(const struct transaction *tx)
{
	const struct job *job;

	if (tx->state == TX_COMMITTING || tx->state == TX_CHECKING || tx->state == TX_UNDOING || tx->state == TX_GOING_BACK || tx->must_go_back)
		return (true);
	STAILQ_FOREACH(job, &tx->jobs, link)
		if (job->is_commit)
			return (true);
	return (false);
}

/* --- orders --- */

static struct job *
job_new(struct transaction *tx, struct document *doc, uint32_t mask, transaction_end *on_end, void *arg)
{
	struct job *job;

	if (tx->njobs >= JOBS_MAX || (job = calloc(1, sizeof(*job))) == NULL)
		return (NULL);
	if ((job->target = snapshot_new(store_last(tx->confd->store) + 1, "", doc)) == NULL)
		fatalx("transaction", "no memory");
	job->mask = mask;
	job->on_end = on_end;
	job->arg = arg;
	return (job);
}

static void
enqueue(struct transaction *tx, struct job *job)
{
	STAILQ_INSERT_TAIL(&tx->jobs, job, link);
	tx->njobs++;
	if (tx->state == TX_IDLE)
		on_kick(-1, 0, tx);
}

int
transaction_commit(struct transaction *tx, const struct commit_order *order)
{
	struct store_pointers at;
	struct job *job;

	store_pointers(tx->confd->store, &at);
	if (transaction_is_busy(tx) || at.pending != 0)
		return (at.pending != 0 ? -EALREADY : -EBUSY);
	if ((job = job_new(tx, order->doc, order->mask, order->on_end, order->arg)) == NULL)
		return (-EBUSY);
	job->is_commit = true;
	job->confirm_s = order->confirm_s;
	job->started_us = order->started_us;
	job->commit.state = COMMIT_STATE_APPLYING;
	job->guard = order->guard;
	if ((job->health = health_new(tx->confd->base, order->doc)) != NULL)
		health_watch(job->health, on_check, tx);
	job->is_forced_always = order->is_forced_always;
	job->commit.validate_us = order->validate_us;
	(void)str_copy(job->commit.author, order->author, sizeof(job->commit.author));
	(void)str_copy(job->commit.origin, order->origin, sizeof(job->commit.origin));
	(void)str_copy(job->commit.comment, order->comment, sizeof(job->commit.comment));
	(void)str_copy(job->request, order->request != NULL ? order->request : "", sizeof(job->request));
	enqueue(tx, job);
	return (0);
}

int
transaction_dry_run(struct transaction *tx, struct document *doc, uint32_t mask, struct guard *guard, transaction_end *on_end,
    void *arg)
{
	struct job *job;

	if ((job = job_new(tx, doc, mask, on_end, arg)) == NULL)
		return (-EBUSY);
	job->guard = guard;
	enqueue(tx, job);
	return (0);
}

int
transaction_confirm(struct transaction *tx, const char *actor, const char *origin)
{
	struct store_pointers at;
	struct commit *c;
	int error;

	store_pointers(tx->confd->store, &at);
	if (at.pending == 0 || tx->must_go_back || tx->state == TX_GOING_BACK)
		return (-ENOENT);
	if ((error = store_confirm(tx->confd->store)) != 0)
		return (error);
	(void)event_del(tx->deadline);
	standing_kept(tx->confd->standing, tx->confd->kept->doc, tx->confd->running->doc, tx->confd->running->number);
	snapshot_unref(tx->confd->kept);
	tx->confd->kept = snapshot_ref(tx->confd->running);
	tell_kept(tx, owners_all(&tx->confd->owners));
	if ((c = find(tx, at.pending)) != NULL) {
		c->state = COMMIT_STATE_KEPT;
		announce(tx, c, actor, origin);
	}
	confd_running_changed(tx->confd);
	return (0);
}

int
transaction_cancel(struct transaction *tx, const char *actor, const char *origin, transaction_end *on_end, void *arg)
{
	struct store_pointers at;

	store_pointers(tx->confd->store, &at);
	if (at.pending == 0 || tx->must_go_back || tx->state == TX_GOING_BACK)
		return (-ENOENT);
	tx->on_back = on_end;
	tx->back_arg = arg;
	(void)str_copy(tx->back_actor, actor, sizeof(tx->back_actor));
	(void)str_copy(tx->back_origin, origin, sizeof(tx->back_origin));
	tx->must_go_back = true;
	kick(tx);
	return (0);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct transaction *tx = arg;

	(void)fd;
	(void)what;
	log_info("transaction", "revision %u was not confirmed in time", tx->confd->running->number);
	(void)str_copy(tx->back_actor, "system", sizeof(tx->back_actor));
	(void)str_copy(tx->back_origin, "timer", sizeof(tx->back_origin));
	tx->must_go_back = true;
	kick(tx);
}

/* --- what to do next --- */

/*
 * Also those that are away, when somebody else is there: the rollout waits for them.  One alone would send packets another way while what
 * judges them there is still to come (docs/adr/0224).  And who left something standing beside, as soon as it can be known where packets go.
 */
static uint32_t
stale_owners(const struct transaction *tx)
{
	const struct owners *os = &tx->confd->owners;
	uint32_t mask = 0, apart = 0;
	unsigned i;

	for (i = 0; i < os->n; i++) {
		if (os->owner[i].is_stale)
			mask |= 1u << i;
		else if (os->owner[i].is_apart && os->owner[i].channel != NULL)
			apart |= 1u << i;
	}
	return (mask != 0 && owners_away(os, mask) == mask ? 0 : mask | apart);
}

/*
 * Who takes part in a commit.  No way turns while it is not known what judges there: of what the process before us has sent, or from a commit
 * that failed, something may still be in force.
 */
static uint32_t
commit_mask(const struct transaction *tx, uint32_t mask)
{
	const struct owners *os = &tx->confd->owners;
	unsigned i;

	for (i = 0; i < os->n && (mask & owners_that(os, false)) != 0; i++)
		if (os->owner[i].judges && os->owner[i].is_stale)
			mask |= 1u << i;
	return (mask);
}

static void
go_back(struct transaction *tx)
{
	struct store_pointers at;
	struct commit *c;
	uint32_t mask;
	int error = 0;

	store_pointers(tx->confd->store, &at);
	tx->must_go_back = false;
	tx->back_number = at.pending;
	(void)event_del(tx->deadline);
	tx->state = TX_GOING_BACK;
	/* The store first: whatever happens from here on, the kept revision is what runs. */
	if (at.pending != 0 && (error = store_roll_back(tx->confd->store)) != 0)
		log_errx("transaction", "cannot store that revision %u was rolled back; it is tried again", at.pending);
	snapshot_unref(tx->confd->running);
	tx->confd->running = snapshot_ref(tx->confd->kept);
	if (error == 0 && (c = find(tx, at.pending)) != NULL)
		c->state = COMMIT_STATE_ROLLED_BACK;
	/* Who had no part in the change has in force what it had before: is it away, nobody waits for it, and the ways are known all the same. */
	mask = tx->pending_mask & ~owners_at_rest(&tx->confd->owners, tx->caught_mask);
	rollout_start(&tx->rollout, ROLLOUT_RETURN, tx->confd->kept, tx->confd->kept->number, mask);
}

static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct transaction *tx = arg;
	struct job *next;
	uint32_t stale;

	(void)fd;
	(void)what;
	if (tx->state == TX_UNDOING && tx->rollout.phase == ROLLOUT_IDLE) {
		rollout_start(&tx->rollout, ROLLOUT_RETURN, tx->confd->running, tx->confd->running->number, tx->job->mask);
		return;
	}
	if (tx->state != TX_IDLE)
		return;
	if (tx->must_go_back && !event_pending(tx->retry, EV_TIMEOUT, NULL)) {
		go_back(tx);
	} else if ((stale = stale_owners(tx)) != 0 && !event_pending(tx->retry, EV_TIMEOUT, NULL)) {
		tx->state = TX_CATCHING_UP;
		rollout_start(&tx->rollout, ROLLOUT_RETURN, tx->confd->running, tx->confd->running->number, stale);
	} else if ((next = STAILQ_FIRST(&tx->jobs)) != NULL && databases_are_ready(tx->confd, next->target->doc)) {
		tx->job = next;
		STAILQ_REMOVE_HEAD(&tx->jobs, link);
		tx->njobs--;
		tx->state = tx->job->is_commit ? TX_COMMITTING : TX_REHEARSING;
		tx->job->target->number = store_last(tx->confd->store) + 1;
		if (tx->job->is_commit) {
			tx->job->mask = commit_mask(tx, tx->job->mask);
			tell_progress(tx, "prepare", NULL, 0);
		}
		rollout_start(&tx->rollout, tx->job->is_commit ? ROLLOUT_COMMIT : ROLLOUT_DRY_RUN, tx->job->target,
		    tx->job->target->number, tx->job->mask);
	} else {
		tx->job = NULL;
	}
}

/* The journal, while the owners prepare: after this the commit will be found by whoever starts after a crash. */
static int
on_preparing(struct rollout *r, void *arg)
{
	struct transaction *tx = arg;
	struct job *job = tx->job;
	struct revision rev = { .number = r->number, .parent = tx->confd->running->number, .time_ms = clock_wall_ms() };
	uint64_t since_us = clock_mono_us();
	struct buf text;
	int error;

	buf_init(&text, DOCUMENT_MAX);
	error = document_print(job->target->doc, DOCUMENT_JSON, 0, &text);
	if (error == 0 && buf_failed(&text))
		error = -ENOMEM;
	if (error == 0 && (error = digest_hex(text.data, text.len, rev.digest)) == 0) {
		memcpy(job->target->digest, rev.digest, sizeof(rev.digest));
		(void)str_copy(rev.author, job->commit.author, sizeof(rev.author));
		(void)str_copy(rev.origin, job->commit.origin, sizeof(rev.origin));
		(void)str_copy(rev.comment, job->commit.comment, sizeof(rev.comment));
		(void)str_copy(rev.request, job->request, sizeof(rev.request));
		error = store_prepare(tx->confd->store, &rev, (const char *)text.data, text.len);
	}
	buf_fini(&text);
	job->commit.store_us += clock_mono_us() - since_us;
	job->commit.number = r->number;
	return (error);
}

static void
on_ready(void *arg)
{
	struct transaction *tx = arg;

	if (tx->state == TX_COMMITTING)
		tell_progress(tx, "apply", NULL, 0);
	rollout_go_on(&tx->rollout);
}

/* Only a change that does something can break something. */
static bool
must_check(const struct transaction *tx)
{
	return (tx->state == TX_COMMITTING && tx->job->health != NULL && tx->rollout.has_effect);
}

/* What works before anything is applied? */
static void
on_judged(void *arg)
{
	struct transaction *tx = arg;

	if (must_check(tx))
		health_run_before(tx->job->health, on_ready, tx);
	else
		on_ready(tx);
}

/* Whoever asks is asked about, as long as nothing is changed. */
static bool
on_prepared(struct rollout *r, void *arg)
{
	struct transaction *tx = arg;
	struct job *job = tx->job;

	if (job->guard != NULL)
		guard_judge(job->guard, r->number, tx->confd->running->doc, job->target->doc, on_judged, tx);
	else if (must_check(tx))
		on_judged(tx);
	else {
		if (tx->state == TX_COMMITTING)
			tell_progress(tx, "apply", NULL, 0);
		return (false);
	}
	return (true);
}

static void
on_rollout_end(struct rollout *r, void *arg)
{
	struct transaction *tx = arg;

	(void)r;
	switch (tx->state) {
	case TX_COMMITTING:
		end_commit(tx);
		break;
	case TX_UNDOING:
		end_undo(tx);
		break;
	case TX_GOING_BACK:
		end_back(tx);
		break;
	case TX_CATCHING_UP:
		end_catching_up(tx);
		break;
	case TX_REHEARSING:
		end_rehearsal(tx);
		break;
	case TX_INVALID:
	case TX_IDLE:
	case TX_CHECKING:
		fatalx("transaction", "a rollout ended that nobody started");
	}
}

/* --- how things end --- */

static void
idle(struct transaction *tx)
{
	tx->state = TX_IDLE;
	kick(tx);
}

static enum outcome
outcome_of(const struct rollout *r)
{
	if (r->error == 0)
		return (OUTCOME_DONE);
	if (r->error == -EREMOTEIO)
		return (r->has_touched || r->has_failed ? OUTCOME_REFUSED : OUTCOME_UNFIT);
	return (r->error == -EAGAIN ? OUTCOME_UNAVAILABLE : OUTCOME_BROKEN);
}

/* The end of a job: the caller hears, then the job is forgotten. */
static void
report(struct transaction *tx, struct outcome_info *info)
{
	struct job *job = tx->job;

	info->target = job->target;
	job->on_end(info, job->arg);
	tx->job = NULL;
	job_free(job);
	idle(tx);
}

static void
take_measures(struct job *job, const struct rollout *r)
{
	job->commit.prepare_us = r->prepare_us;
	job->commit.apply_us = r->apply_us;
	job->commit.read_back_us = r->read_back_us;
	if (r->impacts.len > 0 && !buf_failed(&r->impacts)) {
		free(job->commit.impact);
		job->commit.impact = strndup((const char *)r->impacts.data, r->impacts.len);
	}
}

static char *
words(const char *before, const char *text)
{
	char *ret;

	if (asprintf(&ret, "%s: %s", before, text) == -1)
		fatalx("transaction", "no memory");
	return (ret);
}

/*
 * Lock-out guard: would the author's own connection be cut, the commit waits for a confirmation that can only arrive through the new
 * state.  When nobody knows, it waits if the change does anything at all to packets.
 */
static void
force_confirm(struct job *job, const struct rollout *r)
{
	const struct guard_flow *f = guard_worry(job->guard, r->has_effect, job->is_forced_always);
	struct buf cut;

	if (f == NULL)
		return;
	if (f->verdict == FLOW_CUT) {
		buf_init(&cut, 8192);
		guard_print(f, &cut);
		if (!buf_failed(&cut))
			job->commit.cut = strndup((const char *)cut.data, cut.len);
		buf_fini(&cut);
	}
	if (job->confirm_s != 0)
		return;
	job->confirm_s = CONFIRM_FORCED_S;
	job->commit.forced = f->verdict == FLOW_CUT ? words("it cuts your own connection", f->text) :
	    words("it could cut your own connection", f->text);
}

/* Verified in the kernel: make it so in the store. */
static int
store_result(struct transaction *tx)
{
	struct job *job = tx->job;
	struct store_pointers at = { 0 };
	uint64_t since_us = clock_mono_us();
	int error;

	if (job->confirm_s > 0) {
		at.deadline_boot_ms = boot_ms() + job->confirm_s * 1000ull;
		at.deadline_wall_ms = clock_wall_ms() + job->confirm_s * 1000ull;
		(void)str_copy(at.boot_id, tx->confd->boot_id, sizeof(at.boot_id));
		job->commit.deadline_wall_ms = at.deadline_wall_ms;
		job->commit.deadline_mono_ms = clock_mono_ms() + job->confirm_s * 1000ull;
	}
	error = store_finish(tx->confd->store, job->target->number, job->confirm_s > 0 ? REVISION_PENDING : REVISION_KEPT, &at);
	job->commit.store_us += clock_mono_us() - since_us;
	return (error);
}

static void
become_running(struct transaction *tx)
{
	struct confd *confd = tx->confd;

	if (tx->job->confirm_s == 0)
		standing_kept(confd->standing, confd->kept->doc, tx->job->target->doc, tx->job->target->number);
	snapshot_unref(confd->running);
	confd->running = snapshot_ref(tx->job->target);
	if (tx->job->confirm_s > 0) {
		tx->pending_mask = tx->job->mask;
		tx->caught_mask = 0;
		arm(tx->deadline, tx->job->confirm_s * 1000ull);
		return;
	}
	snapshot_unref(confd->kept);
	confd->kept = snapshot_ref(tx->job->target);
	tell_kept(tx, tx->job->mask);
}

static void
undo(struct transaction *tx)
{
	struct job *job = tx->job;
	const struct problem *why;

	tx->refused = (struct outcome_info){ .outcome = outcome_of(&tx->rollout), .error = tx->rollout.error };
	tx->refused_problems = tx->rollout.problems;
	tx->rollout.problems = NULL;
	if (store_finish(tx->confd->store, job->target->number, REVISION_ROLLED_BACK, NULL) != 0)
		log_errx("transaction", "cannot store that revision %u was refused", job->target->number);
	why = problems_get(tx->refused_problems, 0);
	log_warnx("transaction", "revision %u was refused; going back to revision %u: %s", job->target->number,
	    tx->confd->running->number, why != NULL ? why->text : strerror(-tx->refused.error));
	tx->state = TX_UNDOING;
	/* Not in this turn: an owner whose channel just broke has to be seen as away first. */
	kick(tx);
}

/* What must work works, or the box goes back. */
static void
on_checked(void *arg)
{
	struct transaction *tx = arg;
	struct rollout *r = &tx->rollout;
	struct buf b;

	buf_init(&b, CHECKS_MAX_LEN);
	health_print(tx->job->health, &b);
	if (!buf_failed(&b))
		tx->job->commit.checks = strndup((const char *)b.data, b.len);
	buf_fini(&b);
	if (!health_is_good(tx->job->health, r->problems))
		r->error = -EREMOTEIO;
	conclude_commit(tx);
}

static void
end_commit(struct transaction *tx)
{
	struct rollout *r = &tx->rollout;

	if (r->error == 0 && must_check(tx)) {
		tx->state = TX_CHECKING;
		tell_progress(tx, "check", NULL, 0);
		health_run_after(tx->job->health, on_checked, tx);
		return;
	}
	conclude_commit(tx);
}

static void
conclude_commit(struct transaction *tx)
{
	struct rollout *r = &tx->rollout;
	struct job *job = tx->job;
	struct outcome_info info;
	struct commit *c;

	take_measures(job, r);
	force_confirm(job, r);
	if (r->error == 0 && (r->error = store_result(tx)) != 0)
		r->failed = r->mask;
	if (r->error != 0 && r->has_touched) {
		undo(tx);
		return;
	}
	info = (struct outcome_info){ .outcome = outcome_of(r), .problems = r->problems, .error = r->error };
	if (r->error != 0) {
		/* Nobody but the journal knows of it. */
		if (job->commit.number != 0)
			(void)store_discard(tx->confd->store, job->commit.number);
		report(tx, &info);
		return;
	}
	become_running(tx);
	job->commit.total_us = clock_mono_us() - job->started_us;
	job->commit.state = job->confirm_s > 0 ? COMMIT_STATE_AWAITING_CONFIRM : COMMIT_STATE_KEPT;
	c = remember(tx, &job->commit);
	info.commit = c;
	/* The record first: whoever is told waits for it (recorded.h). */
	announce(tx, c, c->author, c->origin);
	report(tx, &info);
	confd_running_changed(tx->confd);
}

static void
end_undo(struct transaction *tx)
{
	struct outcome_info info = tx->refused;
	struct commit *c;

	if (tx->rollout.error != 0)
		log_errx("transaction", "not every daemon took revision %u back; it is tried again", tx->confd->running->number);
	tx->job->commit.state = COMMIT_STATE_FAILED;
	tx->job->commit.total_us = clock_mono_us() - tx->job->started_us;
	c = remember(tx, &tx->job->commit);
	info.commit = c;
	info.problems = tx->refused_problems;
	tell_kept(tx, tx->rollout.mask);
	report(tx, &info);
	problems_free(tx->refused_problems);
	tx->refused_problems = NULL;
	announce(tx, c, c->author, c->origin);
}

static void
end_back(struct transaction *tx)
{
	struct outcome_info info = { .outcome = outcome_of(&tx->rollout), .problems = tx->rollout.problems,
	    .error = tx->rollout.error };
	transaction_end *on_back = tx->on_back;
	struct store_pointers at;

	if (tx->rollout.error != 0)
		log_errx("transaction", "not every daemon took revision %u back; it is tried again", tx->confd->running->number);
	tx->on_back = NULL;
	tell_kept(tx, tx->rollout.mask);
	store_pointers(tx->confd->store, &at);
	info.commit = find(tx, tx->back_number);
	/* The owners are back, but a restart would bring the pending revision again: nobody is told that it is gone. */
	if (at.pending != 0) {
		info.outcome = OUTCOME_BROKEN;
		tx->must_go_back = true;
		arm(tx->retry, RETRY_STORE_MS);
	} else if (info.commit != NULL)
		announce(tx, info.commit, tx->back_actor, tx->back_origin);
	if (on_back != NULL)
		on_back(&info, tx->back_arg);
	idle(tx);
	confd_running_changed(tx->confd);
}

static void
end_catching_up(struct transaction *tx)
{
	struct owners *os = &tx->confd->owners;
	struct store_pointers at;
	const struct problem *p;
	unsigned failures = 0, i;

	for (i = 0; i < os->n; i++) {
		if ((tx->rollout.mask & (1u << i)) == 0)
			continue;
		os->owner[i].failures = os->owner[i].is_stale ? os->owner[i].failures + 1 : 0;
		if (os->owner[i].failures > failures)
			failures = os->owner[i].failures;
	}
	tell_kept(tx, tx->rollout.mask);
	/* Who got the pending revision goes back with those that it was made for. */
	store_pointers(tx->confd->store, &at);
	if (at.pending != 0) {
		tx->caught_mask |= tx->rollout.mask & ~tx->pending_mask;
		tx->pending_mask |= tx->rollout.mask;
	}
	for (i = 0; i < problems_count(tx->rollout.problems); i++) {
		p = problems_get(tx->rollout.problems, i);
		log_errx("transaction", "revision %u at start: %s %s", tx->confd->running->number, p->pointer, p->text);
	}
	if (failures > 0)
		arm(tx->retry, failures < 6 ? 100ull << failures : RETRY_MAX_MS);
	idle(tx);
}

static void
end_rehearsal(struct transaction *tx)
{
	struct outcome_info info = { .outcome = outcome_of(&tx->rollout), .problems = tx->rollout.problems,
	    .rollout = &tx->rollout, .guard = tx->job->guard, .error = tx->rollout.error };

	report(tx, &info);
}

/* --- start --- */

void
transaction_resume(struct transaction *tx)
{
	struct confd *confd = tx->confd;
	struct store_pointers at;
	struct revision rev;
	struct commit c;
	uint64_t now = boot_ms();

	store_pointers(confd->store, &at);
	if (at.pending == 0)
		return;
	if (at.boot_id[0] == '\0' || strcmp(confd->boot_id, at.boot_id) != 0 || confd->running->number != at.pending || at.deadline_boot_ms <= now ||
	    store_revision(confd->store, at.pending, &rev) != 0) {
		log_warnx("transaction", "revision %u was not confirmed before the restart; revision %u runs again", at.pending, at.kept);
		tx->pending_mask = owners_all(&confd->owners);
		/* A full disk must not keep the box from going back: it runs what was kept, and storing that is tried again. */
		if (store_roll_back(confd->store) != 0) {
			log_errx("transaction", "cannot store that revision %u was rolled back; it is tried again", at.pending);
			(void)str_copy(tx->back_actor, "system", sizeof(tx->back_actor));
			(void)str_copy(tx->back_origin, "start", sizeof(tx->back_origin));
			tx->must_go_back = true;
			kick(tx);
		}
		snapshot_unref(confd->running);
		confd->running = snapshot_ref(confd->kept);
		return;
	}
	commit_from_revision(&c, &rev);
	c.deadline_wall_ms = at.deadline_wall_ms;
	c.deadline_mono_ms = clock_mono_ms() + (at.deadline_boot_ms - now);
	(void)remember(tx, &c);
	tx->pending_mask = owners_all(&confd->owners);
	arm(tx->deadline, at.deadline_boot_ms - now);
}

void
transaction_owner_ready(struct transaction *tx, struct owner *o)
{
	o->is_stale = true;
	o->failures = 0;
	(void)event_del(tx->retry);
	rollout_owner_ready(&tx->rollout, o);
	kick(tx);
}

void
transaction_go_on(struct transaction *tx)
{
	if (tx != NULL)
		kick(tx);
}
