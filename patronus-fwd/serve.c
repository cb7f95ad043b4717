/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What confd asks: prepare, commit, read back, keep; and live state. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/addrdb.h"

#include "addrlist.h"
#include "assertion.h"
#include "beside.h"
#include "diff.h"
#include "drivers.h"
#include "evidence.h"
#include "fwd.h"
#include "impact.h"
#include "ir_list.h"
#include "judge.h"
#include "live.h"
#include "mem.h"
#include "nft_encode.h"
#include "offload.h"
#include "probe.h"
#include "problems.h"
#include "revision.h"
#include "watch.h"

#define CONF_MAX	(64u << 20)
#define BATCH_MAX	(64u << 20)	/* one message to the parent */
#define RULE_BYTES	640		/* of a usual rule and element */
#define ELEM_BYTES	96
#define DIFF_MAX	60000

static struct fwd *
fwd_of(struct channel *c)
{
	const struct daemon *d = channel_arg(c);

	return d->state;
}

/* --- prepare */
int
fwd_take_revision(struct fwd *f, struct message *m, unsigned fd_index, uint32_t number, struct problems *problems, struct revision **ret)
{
	const uint8_t *data;
	size_t len;
	int fd, r;

	fd = arena_take_fd(m->arena, fd_index);
	if (fd == -1)
		return -EPROTO;
	r = memfd_map(fd, CONF_MAX, &data, &len);
	(void)close(fd);
	if (r != 0)
		return r;
	r = revision_next(f->applied, f->apply.ir, number, data, len, f->links, f->live, problems, ret);
	if (r == 0)
		offload_fit((*ret)->ir);
	memfd_unmap(data, len);
	return r == -EINVAL ? 0 : r;
}

/* What must hold whatever the rules become.  Going back is never refused: what runs now may be worse. */
static void
check_assertions(const struct revision *r, struct problems *problems, struct buf *remarks)
{
	struct assertion_verdict v;
	struct arena *a = arena_new(0);
	uint32_t i;

	if (a == NULL)
		fatalx("conf", "out of memory");
	for (i = 0; i < r->n_assertions; i++) {
		v = assertion_check(&r->assertions[i], r->ir, &r->places, a);
		if (v.holds)
			continue;
		if (v.assertion->is_warning)
			buf_printf(remarks, "assertion %s does not hold: it must %s, and %s\n", v.assertion->name,
			    v.assertion->must_pass ? "pass" : "not pass", v.text);
		else
			problems_add(problems, v.assertion->path, "assertion", "a packet must %s, and %s%s%s%s; change that, or the assertion",
			    v.assertion->must_pass ? "pass" : "not pass", v.text, v.path[0] != '\0' ? " (" : "", v.path, v.path[0] != '\0' ? ")" : "");
	}
	arena_free(a);
}

/* The whole table must fit into one transaction, since any failure may have to send it whole. */
static void
check_size(const struct ir *ir, struct problems *problems)
{
	const struct ir_list *l;
	uint64_t bytes;

	bytes = (uint64_t)ir->n_rules * RULE_BYTES + (uint64_t)ir->n_elems * ELEM_BYTES;
	if (bytes > BATCH_MAX)
		problems_add(problems, "/firewall", "too-large", "the policy makes %u kernel rules and %u set elements, more than one "
		    "transaction can hold", ir->n_rules, ir->n_elems);
	/* So must the last known good one, which has the lists too. */
	for (l = ir->lists; l != NULL && bytes <= BATCH_MAX; l = l->next) {
		bytes += nft_list_size(l->base);
		if (bytes > BATCH_MAX)
			problems_add(problems, l->base->path, "too-large", "with its %u intervals the ruleset is more than the %u MiB that can be stored "
			    "as last known good; take a shorter list", l->wanted->n, BATCH_MAX >> 20);
	}
}

static const char *
diff_text(const struct diff *d, const struct revision *r, struct arena *a)
{
	struct buf b;
	const char *text;

	buf_init(&b, DIFF_MAX - 256);
	if (r->remarks.len > 0)
		buf_put(&b, r->remarks.data, r->remarks.len);
	diff_print(d, &b);
	if (buf_failed(&b))
		text = mem_printf(a, "%u rules are added, %u removed, %u changed: too many to show\n", d->n_added, d->n_removed,
		    d->n_changed);
	else
		text = b.len > 0 ? mem_strdup(a, (const char *)b.data) : "";
	buf_fini(&b);
	return text;
}

static void
reply_prepared(struct fwd *f, struct channel *c, struct message *m, const struct revision *r)
{
	struct conf_prepare_rep rep = { .diff = "" };
	struct arena *a = arena_new(0);
	struct diff d;

	if (a == NULL)
		fatalx("conf", "out of memory");
	ir_lists_place(r->ir, f->apply.ir);
	diff_make(&d, f->apply.ir, r->ir);
	rep.diff = diff_text(&d, r, a);
	rep.impacts.n = impact_list(&d, f->apply.ir, r->ir, a, &rep.impacts.items);
	rep.turns = beside_turns(&f->apply, r->ir, &d);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	diff_fini(&d);
	arena_free(a);
}

static void
reply_problems(struct channel *c, struct message *m, struct problems *problems)
{
	struct conf_prepare_rep rep = { .diff = "" };

	rep.problems.items = problems->items;
	rep.problems.n = problems->n;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_prepare(struct channel *c, struct message *m, void *arg)
{
	const struct conf_prepare_req *req = m->body;
	struct fwd *f = fwd_of(c);
	struct problems problems;
	struct revision *r;
	int error;

	(void)arg;
	problems_init(&problems, m->arena);
	r = NULL;
	error = fwd_take_revision(f, m, 0, req->revision, &problems, &r);
	if (error != 0) {
		(void)channel_reply_error(c, &m->header, error, 0, "revision %u cannot be prepared: %s", req->revision, strerror(-error));
		return;
	}
	if (r != NULL)
		check_size(r->ir, &problems);
	/* What was accepted once and cannot be any more, since another kernel was booted, closes; whoever asks for it now is told. */
	if (r != NULL && f->apply.ir == NULL && !req->dry_run)
		r->is_altered = probe_close(r->ir) > 0;
	else if (r != NULL)
		(void)probe_check(r->ir, &problems);
	if (r != NULL && !req->restore)
		check_assertions(r, &problems, &r->remarks);
	if (problems.n > 0 || r == NULL) {
		reply_problems(c, m, &problems);
		revision_free(r);
		return;
	}
	offload_remark(r->ir, &r->remarks);
	reply_prepared(f, c, m, r);
	r->is_dry_run = req->dry_run;
	revision_free(f->prepared);
	f->prepared = r;
}

/* --- compare */
static void
reply_compared(struct channel *c, struct message *m, const struct revision *from, const struct revision *to)
{
	struct conf_compare_rep rep = { .diff = "" };
	struct arena *a = arena_new(0);
	struct diff d;

	if (a == NULL)
		fatalx("conf", "out of memory");
	ir_lists_place(to->ir, from->ir);
	diff_make(&d, from->ir, to->ir);
	rep.diff = diff_text(&d, to, a);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	diff_fini(&d);
	arena_free(a);
}

static void
reply_uncompared(struct channel *c, struct message *m, struct problems *problems)
{
	struct conf_compare_rep rep = { .diff = "", .problems = { .items = problems->items, .n = problems->n } };

	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_compare(struct channel *c, struct message *m, void *arg)
{
	struct revision *r[2] = { NULL, NULL };
	struct fwd *f = fwd_of(c);
	struct problems problems;
	unsigned i;
	int error = 0;

	(void)arg;
	problems_init(&problems, m->arena);
	for (i = 0; i < 2 && error == 0 && problems.n == 0; i++)
		error = fwd_take_revision(f, m, i, 0, &problems, &r[i]);
	if (error != 0)
		(void)channel_reply_error(c, &m->header, error, 0, "the configurations cannot be compared: %s", strerror(-error));
	else if (problems.n > 0 || r[1] == NULL)
		reply_uncompared(c, m, &problems);
	else
		reply_compared(c, m, r[0], r[1]);
	revision_free(r[0]);
	revision_free(r[1]);
}

/* --- judge */
static void
on_judge(struct channel *c, struct message *m, void *arg)
{
	const struct conf_judge_req *req = m->body;
	struct fwd *f = fwd_of(c);
	const struct ir *ir = f->prepared != NULL && f->prepared->number == req->revision ? f->prepared->ir : f->apply.ir;
	struct conf_judge_rep rep = { .verdicts = { .n = req->flows.n } };
	struct arena *a;
	uint32_t i;

	(void)arg;
	if (ir == NULL) {
		(void)channel_reply_error(c, &m->header, ESTALE, 0, "there is no ruleset to ask");
		return;
	}
	if ((a = arena_new(0)) == NULL)
		fatalx("conf", "out of memory");
	rep.verdicts.items = mem_alloc(a, req->flows.n, sizeof(*rep.verdicts.items));
	for (i = 0; i < req->flows.n; i++)
		rep.verdicts.items[i] = judge_flow(ir, &req->flows.items[i], a);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	arena_free(a);
}

/* --- commit */
static int
commit_prepared(struct fwd *f, struct problems *problems)
{
	struct ir *next;
	int r;

	watch_drain(f->watch);
	revocation_now(f);
	fwd_drivers(f, &f->prepared);
	next = f->prepared->ir;
	report_adopt(f->apply.ir, next);
	r = fwd_apply(f, next, problems);
	if (r != 0) {
		revision_free(f->prepared);
		f->prepared = NULL;
		if (f->applied != NULL)
			drivers_answer(f->drivers, f->applied->xdp, f->links);
		return r;
	}
	report_adopted(f);
	f->prepared->ir = NULL;
	revision_free(f->applied);
	f->applied = f->prepared;
	f->prepared = NULL;
	drivers_answer(f->drivers, f->applied->xdp, f->links);
	drift_policy_set(f->drift, &f->applied->drift);
	(void)snprintf(f->credit, sizeof(f->credit), "revision %u", f->applied->number);
	watch_look(f->watch, 0);
	(void)repair_live(f, "groups have changed since it was prepared");
	return 0;
}

/* What the new policy does not have left in the transaction of APPLY: REMOVE has nothing to do. */
static int
commit_phase(struct fwd *f, const struct conf_commit_req *req, struct problems *problems)
{
	int r;

	switch ((enum commit_phase)req->phase) {
	case COMMIT_BESIDE:
		watch_drain(f->watch);
		return beside_put(&f->apply, f->prepared->ir, f->prepared->number, problems);
	case COMMIT_APPLY:
		r = req->is_apart ? beside_keep(&f->apply, f->prepared->ir, f->applied != NULL ? f->applied->number : 0, problems) : 0;
		if (r == -EAGAIN)
			problems_add(problems, "/firewall", "ways-unknown", "it is not known where packets go nor which ruleset is in force; try again");
		if (r == 0)
			r = commit_prepared(f, problems);
		return r == 0 && !req->is_apart ? beside_remove(&f->apply, problems) : r;
	case COMMIT_REMOVE:
	case COMMIT_INVALID:
		break;
	}
	return 0;
}

static void
on_commit(struct channel *c, struct message *m, void *arg)
{
	const struct conf_commit_req *req = m->body;
	struct fwd *f = fwd_of(c);
	struct conf_commit_rep rep = { .problems = { .n = 0 } };
	const struct revision *wanted;
	struct problems problems;
	int r;

	(void)arg;
	wanted = req->phase != COMMIT_REMOVE ? f->prepared : f->applied;
	if (wanted == NULL || wanted->number != req->revision || wanted->is_dry_run) {
		(void)channel_reply_error(c, &m->header, ESTALE, 0, "revision %u is not %s", req->revision,
		    req->phase != COMMIT_REMOVE ? "prepared" : "applied");
		return;
	}
	problems_init(&problems, m->arena);
	r = commit_phase(f, req, &problems);
	if (r != 0 && problems.n == 0)
		problems_add(&problems, "/firewall", "failed", "the ruleset could not be applied: %s", strerror(-r));
	if (r == 0 && req->phase == COMMIT_APPLY)
		log_info("conf", "revision %u: applied, %u kernel rules, %llu us to encode, %llu us in the kernel", req->revision,
		    f->apply.ir->n_rules, (unsigned long long)f->apply.encode_us, (unsigned long long)f->apply.kernel_us);
	rep.problems.items = problems.items;
	rep.problems.n = problems.n;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
note_difference(const struct verify_difference *d, void *arg)
{
	problems_add(arg, d->path, "differs", "the kernel differs: %s: %s", d->object, d->detail);
}

static void
on_verify(struct channel *c, struct message *m, void *arg)
{
	const struct conf_verify_req *req = m->body;
	struct fwd *f = fwd_of(c);
	struct conf_verify_rep rep = { .problems = { .n = 0 } };
	struct problems problems;
	const char *missing;
	int r;

	(void)arg;
	if (f->applied == NULL || f->applied->number != req->revision) {
		(void)channel_reply_error(c, &m->header, ESTALE, 0, "revision %u is not applied", req->revision);
		return;
	}
	problems_init(&problems, m->arena);
	watch_drain(f->watch);
	r = apply_verify(&f->apply, note_difference, &problems);
	fwd_links_refresh(f);
	if ((missing = drivers_missing(f->drivers, f->links)) != NULL)
		problems_add(&problems, "/firewall/xdp", "differs", "the kernel differs: link \"%s\" has not our program", missing);
	if (r < 0) {
		(void)channel_reply_error(c, &m->header, r, 0, "the kernel cannot be read: %s", strerror(-r));
		return;
	}
	rep.problems.items = problems.items;
	rep.problems.n = problems.n;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_abort(struct channel *c, struct message *m, void *arg)
{
	const struct conf_abort_req *req = m->body;
	struct fwd *f = fwd_of(c);
	struct conf_abort_rep rep = { 0 };

	(void)arg;
	if (f->prepared != NULL && f->prepared->number == req->revision) {
		revision_free(f->prepared);
		f->prepared = NULL;
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_kept(struct channel *c, struct message *m, void *arg)
{
	const struct conf_kept_req *req = m->body;
	struct fwd *f = fwd_of(c);
	struct conf_kept_rep rep = { 0 };
	int r;

	(void)arg;
	r = f->applied != NULL && f->applied->number == req->revision ? apply_keep(&f->apply) : -ESTALE;
	/* Not before: who has to confirm the change may do so over a connection that it cuts. */
	if (r == 0) {
		f->applied->is_kept = true;
		revocation_due(f);
	}
	if (r == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		(void)channel_reply_error(c, &m->header, r, 0, "revision %u cannot be stored as last known good: %s", req->revision,
		    strerror(-r));
}

static void
on_state(struct channel *c, struct message *m, void *arg)
{
	(void)arg;
	report_state(fwd_of(c), c, m);
}

/* --- what stands in groups beside the configuration */

static void
on_temporary(struct channel *c, struct message *m, void *arg)
{
	const struct temporary_set_req *req = m->body;
	struct temporary_set_rep rep = { 0 };
	struct fwd *f = fwd_of(c);
	int error;

	(void)arg;
	watch_drain(f->watch);
	error = live_temporary_set(f->live, req->entries.items, req->entries.n, clock_mono_ms());
	if (error == 0 && (error = repair_live(f, "members of groups for a time have changed")) != 0)
		live_restore(f->live);
	if (error == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		(void)channel_reply_error(c, &m->header, error, 0, "the members cannot be brought into force: %s", strerror(-error));
}

static void
on_content(struct channel *c, struct message *m, void *arg)
{
	const struct content_set_req *req = m->body;
	struct content_set_rep rep = { 0 };
	struct fwd *f = fwd_of(c);
	uint32_t i;
	int error = 0;

	(void)arg;
	watch_drain(f->watch);
	for (i = 0; error == 0 && i < req->contents.n; i++) {
		error = live_content_set(f->live, &req->contents.items[i]);
		if (error == 0 && (error = repair_live(f, req->contents.items[i].name)) != 0)
			live_content_back(f->live);
	}
	if (error == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		(void)channel_reply_error(c, &m->header, error, 0, error == -E2BIG ? "all lists together have too many entries" :
		    "it cannot be brought into force: %s", strerror(-error));
}

static void
on_database(struct channel *c, struct message *m, void *arg)
{
	const struct database_set_req *req = m->body;
	struct database_set_rep rep = { 0 };
	struct fwd *f = fwd_of(c);
	struct addrdb next;
	int error = -EINVAL;

	(void)arg;
	watch_drain(f->watch);
	if (req->kind < ADDRDB_KIND_MAX && addrdb_from_bytes(req->kind, req->v4.data, req->v4.len, req->v6.data, req->v6.len, &next) &&
	    (error = live_database_set(f->live, &next)) == 0) {
		if ((error = repair_live(f, "another database about addresses")) != 0)
			live_database_back(f->live, next.kind);
		live_database_settle(f->live, next.kind);
	}
	if (error == 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	else
		(void)channel_reply_error(c, &m->header, error, 0, "it cannot be brought into force: %s", strerror(-error));
}

static void
on_query(struct channel *c, struct message *m, void *arg)
{
	(void)arg;
	query_answer(fwd_of(c), c, m);
}

/* --- drift */

static void
on_repair(struct channel *c, struct message *m, void *arg)
{
	const struct drift_repair_req *req = m->body;
	struct drift_repair_rep rep = { 0 };
	struct fwd *f = fwd_of(c);

	(void)arg;
	if (!drift_stands(f->drift, req->object, req->detail)) {
		(void)channel_reply_error(c, &m->header, ENOENT, 0, "%s: it is not so any more", req->object);
		return;
	}
	f->wanted = req;
	repair_table(f);
	f->wanted = NULL;
	if (drift_stands(f->drift, req->object, req->detail))
		(void)channel_reply_error(c, &m->header, EIO, 0, "%s: it cannot be repaired", req->object);
	else
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_evidence(struct channel *c, struct message *m, void *arg)
{
	const struct evidence_load_req *req = m->body;
	struct fwd *f = fwd_of(c);
	uint32_t i;

	(void)arg;
	for (i = 0; i < req->rules.n; i++)
		evidence_load(f->evidence, &req->rules.items[i]);
	f->has_evidence |= req->is_last;
}

static void
on_ready(struct channel *c, void *arg)
{
	(void)arg;
	drift_tell(fwd_of(c)->drift);
	evidence_tell_again(fwd_of(c)->evidence);
}

static void
on_close(struct channel *c, int error, void *arg)
{
	struct fwd *f = fwd_of(c);

	(void)error;
	(void)arg;
	/* A commit that was under way has lost its coordinator, which starts again from what it has stored. */
	revision_free(f->prepared);
	f->prepared = NULL;
}

static const struct channel_dispatch table[] = {
	{ MSG_CONF_PREPARE, CHANNEL_PHASE_READY, on_prepare },
	{ MSG_CONF_COMPARE, CHANNEL_PHASE_READY, on_compare },
	{ MSG_CONF_JUDGE, CHANNEL_PHASE_READY, on_judge },
	{ MSG_CONF_COMMIT, CHANNEL_PHASE_READY, on_commit },
	{ MSG_CONF_VERIFY, CHANNEL_PHASE_READY, on_verify },
	{ MSG_CONF_ABORT, CHANNEL_PHASE_READY, on_abort },
	{ MSG_CONF_KEPT, CHANNEL_PHASE_READY, on_kept },
	{ MSG_TEMPORARY_SET, CHANNEL_PHASE_READY, on_temporary },
	{ MSG_CONTENT_SET, CHANNEL_PHASE_READY, on_content },
	{ MSG_DATABASE_SET, CHANNEL_PHASE_READY, on_database },
	{ MSG_STATE_GET, CHANNEL_PHASE_READY, on_state },
	{ MSG_QUERY, CHANNEL_PHASE_READY, on_query },
	{ MSG_DRIFT_REPAIR, CHANNEL_PHASE_READY, on_repair },
	{ MSG_EVIDENCE_LOAD, CHANNEL_PHASE_READY, on_evidence },
	{ 0, 0, NULL }
};

const struct channel_ops serve_confd_ops = { .table = table, .on_ready = on_ready, .on_close = on_close };
