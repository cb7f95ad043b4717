/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "apply.h"
#include "apply_list.h"
#include "beside.h"
#include "carry.h"
#include "diff.h"
#include "ir_list.h"
#include "nft_encode.h"
#include "nft_read.h"
#include "problems.h"

/* Reading back the elements of huge sets takes the kernel longer than anything else that we ask of it. */
#define ELEMS_COMPARED_MAX	100000

void
apply_init(struct apply *a)
{
	memset(a, 0, sizeof(*a));
}

void
apply_fini(struct apply *a)
{
	ir_free(a->ir);
	ir_free(a->previous);
	free(a->kept);
	memset(a, 0, sizeof(*a));
}

static void
refused(const struct nft_batch *b, const struct privcall_error *e, struct problems *problems)
{
	const char *path;

	path = nft_batch_path_at(b, e->offset);
	problems_add(problems, path, "kernel-refused", "the kernel refused the ruleset here: %s", e->text[0] != '\0' ? e->text :
	    strerror(e->error));
}

/* -ESTALE is not a problem yet, and nothing is without problems. */
int
apply_send(struct apply *a, const struct nft_batch *b, uint32_t generation, bool echo, struct message *ret, struct problems *problems)
{
	struct nft_batch_req req = {
		.generation = generation, .echo = echo, .messages = { .data = b->out.data, .len = (uint32_t)b->out.len }
	};
	const struct nft_batch_rep *rep;
	struct privcall_error e;
	uint64_t start;
	int r;

	start = clock_mono_us();
	r = privcall(MSG_NFT_BATCH, &req, ret, &e);
	a->kernel_us = clock_mono_us() - start;
	a->n_batches++;
	if (r == 0) {
		rep = ret->body;
		a->generation = rep->generation;
		a->n_own_events++;
	} else if (r != -ESTALE && problems != NULL) {
		refused(b, &e, problems);
	}
	return r;
}

struct dump {
	const uint8_t	*data;
	size_t		 len;
	uint32_t	 generation;
};

static int
dump_get(struct dump *d, uint8_t what)
{
	struct privcall_error e;

	memset(d, 0, sizeof(*d));
	return privcall_dump(what, &d->data, &d->len, &d->generation, &e);
}

static void
dump_free(struct dump *d)
{
	privcall_dump_free(d->data, d->len);
}

/* The table anew around its lists, which take too long to be sent again in one transaction. */
static int
put_around_lists(struct nft_batch *b, const struct ir *ir)
{
	struct dump chains, sets;
	int r;

	r = dump_get(&chains, NL_DUMP_NFT_CHAINS);
	if (r != 0)
		return r;
	r = dump_get(&sets, NL_DUMP_NFT_SETS);
	if (r == 0) {
		nft_put_table(b, NFPROTO_INET);
		if (ir->has_bridge)
			nft_put_table_anew(b, NFPROTO_BRIDGE);
		apply_lists_clear(b, ir, chains.data, chains.len, sets.data, sets.len);
		nft_put_contents(b, ir, false);
		dump_free(&sets);
	}
	dump_free(&chains);
	return r;
}

/* A table bridge that the form has not: nothing else of the kernel's tables could be left behind. */
static int
put_bridge_away(struct nft_batch *b, const struct ir *ir)
{
	struct nft_message n;
	struct dump tables;
	struct nl_reader r;
	struct nl_msg m;
	int error;

	if (ir->has_bridge)
		return 0;
	error = dump_get(&tables, NL_DUMP_NFT_TABLES);
	if (error != 0)
		return error;
	nlmsg_reader_init(&r, tables.data, tables.len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!nft_read(&m, &n) || !n.is_ours || n.family != NFPROTO_BRIDGE)
			continue;
		nft_put_table(b, NFPROTO_BRIDGE);
		nft_put_table_delete(b, NFPROTO_BRIDGE);
	}
	dump_free(&tables);
	return 0;
}

/* generation: as apply_send(). */
static int
apply_all(struct apply *a, struct ir *ir, uint32_t generation, struct problems *problems)
{
	struct nft_batch b;
	struct message m;
	uint64_t start;
	int r = 0;

	a->is_behind = false;
	ir_lists_renew(ir);
	if (ir->lists != NULL)
		r = apply_lists_ensure(a, ir, problems);
	if (r == 0 && ir->lists != NULL && generation != 0)
		generation = a->generation;
	start = clock_mono_us();
	nft_batch_init(&b);
	if (r == 0)
		r = put_bridge_away(&b, ir);
	if (ir->lists == NULL)
		nft_put_all(&b, ir);
	else if (r == 0)
		r = put_around_lists(&b, ir);
	a->encode_us = clock_mono_us() - start;
	if (r == 0)
		r = apply_send(a, &b, generation, false, &m, problems);
	nft_batch_fini(&b);
	if (r != 0)
		return r;
	message_fini(&m);
	a->n_full++;
	a->is_touched = false;
	a->is_trusted = false;
	a->has_handles = false;
	return 0;
}

/* Rules that move take their counters along. */
static void
carry(const struct diff *d)
{
	struct carry *c;
	struct dump dump;

	c = carry_new(d);
	if (c != NULL && carry_needs_rules(c) && dump_get(&dump, NL_DUMP_NFT_RULES) == 0) {
		carry_counters(c, dump.data, dump.len);
		dump_free(&dump);
	}
	if (c != NULL && carry_needs_elems(c) && dump_get(&dump, NL_DUMP_NFT_ELEMS) == 0) {
		carry_counters(c, dump.data, dump.len);
		dump_free(&dump);
	}
	carry_free(c);
}

/* 1: it cannot be done in steps.  *ret_same: the kernel has nothing else than before, by us or by itself. */
static int
apply_steps(struct apply *a, struct ir *next, bool *ret_same, struct problems *problems)
{
	const struct nft_batch_rep *rep;
	struct nft_batch b;
	struct message m;
	struct diff d;
	uint64_t start;
	int r;

	start = clock_mono_us();
	diff_make(&d, a->ir, next);
	*ret_same = !d.is_impossible && d.n == 0 && !d.has_ended;
	if (d.is_impossible || d.n == 0) {
		r = d.is_impossible ? 1 : 0;
		diff_fini(&d);
		return r;
	}
	carry(&d);
	nft_batch_init(&b);
	diff_encode(&d, &b);
	a->encode_us = clock_mono_us() - start;
	/* What ends by itself may have gone meanwhile: then everything is sent, and what is wrong otherwise is told then. */
	r = apply_send(a, &b, a->generation, true, &m, d.has_timed ? NULL : problems);
	if (r != 0 && r != -ESTALE && d.has_timed)
		r = 1;
	if (r == 0) {
		rep = m.body;
		a->has_handles = verify_echo(&b, rep->replies.data, rep->replies.len);
		a->is_trusted = a->is_trusted && a->has_handles;
		message_fini(&m);
	}
	nft_batch_fini(&b);
	diff_fini(&d);
	return r;
}

/* --- reading back */
static int
read_back(struct ir *ir, const struct ir *coming, const struct dump *tables, uint32_t *ret_generation, verify_report *report, void *arg)
{
	static const uint8_t what[] = { NL_DUMP_NFT_CHAINS, NL_DUMP_NFT_RULES, NL_DUMP_NFT_SETS, NL_DUMP_NFT_ELEMS };
	struct dump d[sizeof(what)];
	struct verify_dumps v;
	unsigned i, n;
	int r;

	memset(d, 0, sizeof(d));
	n = ir->n_elems <= ELEMS_COMPARED_MAX ? 4 : 3;
	for (i = 0, r = 0; i < n && r == 0; i++)
		r = dump_get(&d[i], what[i]);
	if (r == 0) {
		v = (struct verify_dumps){
			.tables = { tables->data, tables->len }, .chains = { d[0].data, d[0].len }, .rules = { d[1].data, d[1].len },
			.sets = { d[2].data, d[2].len }, .elems = { d[3].data, d[3].len }, .has_tables = true, .has_elems = n == 4,
			.coming = coming
		};
		/* A transaction in between would be seen by the next look: the first dump's generation is what was looked at. */
		*ret_generation = tables->generation;
		r = (int)verify_compare(ir, &v, report, arg);
	}
	for (i = 0; i < n; i++)
		dump_free(&d[i]);
	return r;
}

static bool
is_known(const struct apply *a)
{
	return a->is_trusted && !a->is_touched;
}

/* Nobody has changed anything since we knew what was there. */
static bool
is_current(const struct apply *a, const struct dump *tables)
{
	return is_known(a) && tables->generation == a->generation;
}

/* Our table alone.  coming: a form whose lists may be there already. */
static int
verify(struct apply *a, const struct ir *coming, const struct dump *tables, verify_report *report, void *arg)
{
	int r;

	if (is_current(a, tables))
		return 0;
	a->n_dumps++;
	r = read_back(a->ir, coming, tables, &a->generation, report, arg);
	a->is_trusted = r == 0;
	a->has_handles = r == 0;
	a->is_touched = r != 0;
	return r;
}

int
apply_verify(struct apply *a, verify_report *report, void *arg)
{
	struct dump tables;
	int r;

	if (a->ir == NULL)
		return -ENOENT;
	if ((r = dump_get(&tables, NL_DUMP_NFT_TABLES)) != 0)
		return r;
	r = verify(a, NULL, &tables, report, arg);
	if (r >= 0)
		r += (int)beside_verify(a, tables.data, tables.len, report, arg);
	dump_free(&tables);
	return r;
}

/* Our table is as it should be, whatever stands beside it. */
static bool
is_right(struct apply *a, const struct ir *coming)
{
	struct dump tables;
	bool ret;

	if (dump_get(&tables, NL_DUMP_NFT_TABLES) != 0)
		return false;
	ret = verify(a, coming, &tables, NULL, NULL) == 0;
	dump_free(&tables);
	return ret;
}

int
apply_repair(struct apply *a, bool is_seen_only, struct problems *problems)
{
	int r = 0;

	if (!is_known(a))
		r = apply_all(a, a->ir, is_seen_only ? a->generation : 0, problems);
	if (r == 0 && a->must_be_alone)
		r = beside_remove(a, problems);
	return r != 0 ? r : apply_verify(a, NULL, NULL);
}

/* --- commit */
/*
 * Of several changes before apply_forget() the first is what connections were accepted by.  A form of which the kernel was told nothing judges as
 * the one before: nothing has to be looked at for it.
 */
static void
take(struct apply *a, struct ir *next, bool is_same)
{
	if (a->ir != next && a->previous == NULL && !is_same)
		a->previous = a->ir;
	else if (a->ir != next)
		ir_free(a->ir);
	a->ir = next;
}

void
apply_forget(struct apply *a)
{
	ir_free(a->previous);
	a->previous = NULL;
}

/* What lists a process before us had loaded, and what it has left unfinished. */
static void
adopt_lists(struct apply *a, struct ir *next)
{
	struct dump sets, elems = { .data = NULL };

	if (dump_get(&sets, NL_DUMP_NFT_SETS) != 0)
		return;
	a->generation = sets.generation;
	if (next->lists != NULL && dump_get(&elems, NL_DUMP_NFT_ELEMS) == 0) {
		ir_lists_adopt(next, sets.data, sets.len, elems.data, elems.len);
		dump_free(&elems);
	}
	apply_lists_sweep(a, next, sets.data, sets.len);
	dump_free(&sets);
}

/* After a restart the kernel may have just what is wanted; then its counters go on. */
static bool
adopt(struct apply *a, struct ir *next)
{
	struct dump tables;
	int r;

	a->n_dumps++;
	adopt_lists(a, next);
	if (dump_get(&tables, NL_DUMP_NFT_TABLES) != 0)
		return false;
	r = read_back(next, NULL, &tables, &a->generation, NULL, NULL);
	dump_free(&tables);
	if (r != 0)
		return false;
	a->is_trusted = true;
	a->has_handles = true;
	a->is_touched = false;
	return true;
}

bool
apply_is_there(struct apply *a, struct ir *next)
{
	return adopt(a, next);
}

/* 1: everything has to be sent. */
static int
apply_difference(struct apply *a, struct ir *next, bool *ret_same, struct problems *problems)
{
	int r;

	ir_lists_place(next, a->ir);
	a->is_behind = false;
	r = apply_lists_load(a, next, a->ir, problems);
	if (r != 0)
		return r;
	r = apply_steps(a, next, ret_same, problems);
	/* Somebody else's transaction came between: it is our table again when nothing of it differs. */
	if (r == -ESTALE) {
		a->is_trusted = false;
		ir_clear_counters(next);	/* what moves is counted again */
		r = is_right(a, next) ? apply_steps(a, next, ret_same, problems) : 1;
	}
	return r;
}

int
apply_commit(struct apply *a, struct ir *next, struct problems *problems)
{
	bool is_same = false;
	int r;

	r = 1;
	if (a->ir == NULL)
		r = adopt(a, next) ? 0 : 1;
	else if (!a->is_touched && (a->has_handles || is_right(a, NULL)))
		r = apply_difference(a, next, &is_same, problems);
	if (r == 1 || r == -ESTALE) {
		if (a->ir != NULL) {
			ir_lists_renew(a->ir);
			ir_lists_place(next, a->ir);
		}
		r = apply_all(a, next, 0, problems);
	}
	if (r == 0)
		take(a, next, is_same);
	return r;
}

int
apply_keep(struct apply *a)
{
	struct nft_batch b;

	if (a->ir == NULL)
		return -ENOENT;
	ir_clear_counters(a->ir);
	nft_batch_init(&b);
	b.is_stored = true;
	nft_put_all(&b, a->ir);
	free(a->kept);
	a->kept = buf_take(&b.out, &a->kept_len);
	nft_batch_fini(&b);
	return a->kept != NULL ? 0 : -ENOMEM;
}

int
apply_store(struct apply *a)
{
	struct file_put_req req = { .id = FILE_LKG_RULESET };
	struct privcall_error e;
	struct message m;
	int r;

	if (a->kept == NULL)
		return 0;
	req.data.data = a->kept;
	req.data.len = (uint32_t)a->kept_len;
	r = privcall(MSG_FILE_PUT, &req, &m, &e);
	free(a->kept);
	a->kept = NULL;
	if (r == 0)
		message_fini(&m);
	else
		log_errx("apply", "the last known good ruleset cannot be stored: %s", e.text);
	return r;
}

/*
 * Generations go up by one; between two of them is a transaction that we did not hear of.  Of those that are known already, ours are told
 * once each; one more that touches our table came between our transaction and the question for its number.
 */
bool
apply_event(struct apply *a, uint32_t generation, bool touches_ours)
{
	if (a->ir == NULL)
		return false;
	if ((int32_t)(generation - a->generation) <= 0) {
		if (!touches_ours)
			return false;
		if (a->n_own_events > 0) {
			a->n_own_events--;
			return false;
		}
	} else if (!touches_ours && generation == a->generation + 1) {
		a->generation = generation;
		return false;
	}
	a->is_touched = true;
	return true;
}

/* What was lost was ours alone when the generation is the one of our last transaction. */
void
apply_events_lost(struct apply *a)
{
	struct dump tables;
	bool is_same = false;

	a->n_own_events = 0;
	a->is_alone = false;
	if (a->ir != NULL && is_known(a) && dump_get(&tables, NL_DUMP_NFT_TABLES) == 0) {
		is_same = is_current(a, &tables);
		dump_free(&tables);
	}
	a->is_touched = a->ir != NULL && !is_same;
}
