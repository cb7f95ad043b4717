/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "ipc/msg.h"
#include "net/addrdb.h"

#include "addrlist.h"
#include "ir_list.h"
#include "links.h"
#include "live.h"
#include "mem.h"
#include "nft_flowtable.h"
#include "nft_read.h"
#include "problems.h"
#include "recheck/check.h"
#include "revision.h"
#include "verify.h"

#define DIFFERENCES_MAX	100

static struct {
	struct arena		*arena;
	struct revision		*revision;
	struct live		*live;
	struct ipc_problem	 found[DIFFERENCES_MAX];
	char			 why[512];
} state;

static void
on_difference(const struct verify_difference *d, void *arg)
{
	struct recheck_rep *rep = arg;
	uint32_t n = rep->ndifferences++;

	if (n >= DIFFERENCES_MAX)
		return;
	state.found[n] = (struct ipc_problem){ .path = mem_strdup(state.arena, d->path), .code = mem_printf(state.arena, "%.63s", d->object),
	    .text = mem_strdup(state.arena, d->detail) };
	rep->differences.n = n + 1;
}

static bool
take_database(enum addrdb_kind kind, const struct bytes *v4, const struct bytes *v6)
{
	struct addrdb db;

	return addrdb_from_bytes(kind, v4->data, v4->len, v6->data, v6->len, &db) && live_database_set(state.live, &db) == 0;
}

/* What kernel and cards cannot hand on goes by the rules, which is never less strict: how far they can is taken from what is there. */
static void
fit_flowtable(struct ir *ir, const struct bytes *sets)
{
	bool has_one = false, is_hardware = false;
	struct nft_message n;
	struct nl_reader r;
	const char *name;
	struct nl_msg m;

	if (ir->flowtable == NULL)
		return;
	nlmsg_reader_init(&r, sets->data, sets->len);
	while (!has_one && nlmsg_next(&r, &m) == 1)
		has_one = nft_read(&m, &n) && n.is_ours && nft_read_flowtable(&n, &name, &is_hardware);
	if (!has_one)
		ir_flowtable_remove(ir);
	else if (!is_hardware)
		ir->flowtable->is_hardware = false;
}

/* Where drivers drop nothing, sets do: on links without a program, or on all when the programs are somebody else's. */
static int
compile_anew(const struct recheck_req *q, bool has_foreign, struct problems *problems)
{
	struct links *links = links_read(q->links.data, q->links.len, state.arena);
	uint32_t i;
	int error;

	links_all_use_sets(links, has_foreign);
	revision_free(state.revision);
	state.revision = NULL;
	live_free(state.live);
	/* Only what they are counts; when they end is not looked at. */
	state.live = live_new();
	if (live_temporary_set(state.live, q->temporary.items, q->temporary.n, clock_mono_ms()) != 0)
		return -EINVAL;
	if (!take_database(ADDRDB_COUNTRIES, &q->countries4, &q->countries6) || !take_database(ADDRDB_SYSTEMS, &q->systems4, &q->systems6))
		return -EINVAL;
	for (i = 0; i < q->contents.n; i++)
		if (live_content_set(state.live, &q->contents.items[i]) != 0)
			return -EINVAL;
	error = revision_new(q->revision, q->conf.data, q->conf.len, links, state.live, problems, &state.revision);
	if (error == 0)
		fit_flowtable(state.revision->ir, &q->sets);
	if (error == 0)
		ir_lists_adopt(state.revision->ir, q->sets.data, q->sets.len, q->elems.data, q->elems.len);
	return error;
}

static void
count(const struct ir *ir, struct recheck_rep *rep)
{
	const struct ir_chain *c;
	const struct ir_set *s;

	for (c = ir->chains; c != NULL; c = c->next)
		rep->nchains++;
	for (s = ir->sets; s != NULL; s = s->next) {
		rep->nsets++;
		rep->nelems += s->list != NULL ? s->list->n : s->n;
	}
	rep->nrules = ir->n_rules;
}

static void
ignore_difference(const struct verify_difference *d, void *arg)
{
	(void)d;
	(void)arg;
}

void
check_run(const struct recheck_req *q, struct recheck_rep *rep)
{
	struct verify_dumps dumps = {
		.tables = { q->tables.data, q->tables.len }, .has_tables = true,
		.chains = { q->chains.data, q->chains.len }, .rules = { q->rules.data, q->rules.len },
		.sets = { q->sets.data, q->sets.len }, .elems = { q->elems.data, q->elems.len }, .has_elems = true,
	};
	struct problems problems;
	int error;

	rep->error = state.why;
	rep->differences.items = state.found;
	if ((state.arena = arena_new(0)) == NULL) {
		(void)str_copy(state.why, "no memory", sizeof(state.why));
		return;
	}
	problems_init(&problems, state.arena);
	error = compile_anew(q, false, &problems);
	if (error != 0) {
		(void)snprintf(state.why, sizeof(state.why), "revision %u cannot be compiled: %s", q->revision,
		    problems.n > 0 ? problems.items[0].text : strerror(-error));
		return;
	}
	count(state.revision->ir, rep);
	/* While ways turn one stands there by right: then the box is not at one configuration, and this says so. */
	if (verify_beside(q->tables.data, q->tables.len, on_difference, rep) != 0)
		return;
	if (verify_compare(state.revision->ir, &dumps, on_difference, rep) == 0 || compile_anew(q, true, &problems) != 0 ||
	    verify_compare(state.revision->ir, &dumps, ignore_difference, NULL) != 0)
		return;
	rep->ndifferences = rep->differences.n = 0;
	rep->nchains = rep->nsets = rep->nelems = 0;
	count(state.revision->ir, rep);
}

void
check_fini(void)
{
	revision_free(state.revision);
	live_free(state.live);
	arena_free(state.arena);
}
