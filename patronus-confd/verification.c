/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "confd.h"
#include "contents.h"
#include "database.h"
#include "document.h"
#include "helper.h"
#include "record_json.h"
#include "snapshot.h"
#include "temporary.h"
#include "verification.h"

#define JSON_MAX	(1u << 20)
#define TIMEOUT_MS	15000
#define NDUMPS		6

/* What is read for the second opinion, in the order of dump_of(). */
static const uint8_t dump_kinds[NDUMPS] = {
	NL_DUMP_LINKS, NL_DUMP_NFT_TABLES, NL_DUMP_NFT_CHAINS, NL_DUMP_NFT_RULES, NL_DUMP_NFT_SETS, NL_DUMP_NFT_ELEMS,
};

/* One owner's answer; they come in any order, and are told in the order of the owners. */
struct part {
	struct verification_run	*run;
	const char		*owner;
	struct buf		 json;
};

struct verification_run {
	struct confd		*confd;
	struct snapshot		*target;
	verification_end	*on_end;
	void			*arg;
	uint64_t		 since_us;
	struct channel		*helper;
	struct part		 parts[OWNERS_MAX];
	struct part		 fwd;		/* after them */
	unsigned		 waiting;
	bool			 is_good;
	int			 error;
	bool			 is_starting;
};

static bool	is_running;

/* --- the answer --- */

static void
put_string(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "\"%s\":", name);
	record_json_string(text, strlen(text), b);
}

static void
check_begin(struct part *p, const char *by)
{
	buf_putc(&p->json, '{');
	put_string(&p->json, "owner", p->owner);
	buf_putc(&p->json, ',');
	put_string(&p->json, "by", by);
}

static void
differences_put(struct part *p, const struct ipc_problem *items, uint32_t n, uint32_t all)
{
	uint32_t i;

	buf_printf(&p->json, ",\"differences-count\":%u,\"differences\":[", all);
	for (i = 0; i < n; i++) {
		buf_puts(&p->json, i > 0 ? ",{" : "{");
		put_string(&p->json, "path", items[i].path);
		buf_putc(&p->json, ',');
		put_string(&p->json, "object", items[i].code);
		buf_putc(&p->json, ',');
		put_string(&p->json, "text", items[i].text);
		buf_putc(&p->json, '}');
	}
	buf_puts(&p->json, "]}");
	if (all > 0)
		p->run->is_good = false;
}

static void
parts_join(struct verification_run *v, struct buf *json)
{
	unsigned i, n = 0;
	struct part *p;

	buf_printf(json, "{\"revision\":%u,\"checks\":[", v->target->number);
	for (i = 0; i <= OWNERS_MAX; i++) {
		p = i < OWNERS_MAX ? &v->parts[i] : &v->fwd;
		if (buf_failed(&p->json))
			v->error = -ENOMEM;
		if (p->json.len == 0)
			continue;
		buf_puts(json, n++ > 0 ? "," : "");
		buf_put(json, p->json.data, p->json.len);
	}
	buf_printf(json, "],\"verified\":%s,\"took-us\":%llu}", v->is_good ? "true" : "false",
	    (unsigned long long)(clock_mono_us() - v->since_us));
	if (buf_failed(json) && v->error == 0)
		v->error = -ENOMEM;
}

static void
run_free(struct verification_run *v)
{
	unsigned i;

	for (i = 0; i < OWNERS_MAX; i++)
		buf_fini(&v->parts[i].json);
	buf_fini(&v->fwd.json);
	snapshot_unref(v->target);
	free(v);
}

static void
run_end(struct verification_run *v)
{
	struct verification result = { .revision = v->target->number };
	struct buf json;

	buf_init(&json, JSON_MAX);
	parts_join(v, &json);
	result.is_verified = v->is_good;
	result.error = v->error;
	result.json = result.error == 0 ? &json : NULL;
	is_running = false;
	v->on_end(&result, v->arg);
	buf_fini(&json);
	run_free(v);
}

static void
part_done(struct verification_run *v, int error)
{
	if (error != 0 && v->error == 0)
		v->error = error;
	if (--v->waiting == 0 && !v->is_starting)
		run_end(v);
}

/* --- the second opinion about fwd --- */

static void
on_rechecked(struct channel *ch, struct message *m, int error, void *arg)
{
	struct verification_run *v = arg;
	const struct recheck_rep *r;

	(void)ch;
	if (v->helper == NULL)
		return;
	ch = v->helper;
	v->helper = NULL;
	if (m != NULL && error == 0) {
		r = m->body;
		check_begin(&v->fwd, "a fresh process");
		buf_printf(&v->fwd.json, ",\"chains\":%u,\"rules\":%u,\"sets\":%u,\"elements\":%u", r->nchains, r->nrules, r->nsets, r->nelems);
		if (r->error[0] != '\0') {
			buf_putc(&v->fwd.json, ',');
			put_string(&v->fwd.json, "error", r->error);
			v->is_good = false;
		}
		differences_put(&v->fwd, r->differences.items, r->differences.n, r->ndifferences);
	}
	channel_free(ch);
	part_done(v, m == NULL || error != 0 ? -EAGAIN : 0);
}

static struct bytes *
dump_of(struct recheck_req *q, unsigned i)
{
	struct bytes *const all[NDUMPS] = { &q->links, &q->tables, &q->chains, &q->rules, &q->sets, &q->elems };

	return (all[i]);
}

static void
dumps_free(struct recheck_req *q)
{
	unsigned i;

	for (i = 0; i < NDUMPS; i++)
		privcall_dump_free(dump_of(q, i)->data, dump_of(q, i)->len);
}

/* All of one generation: a transaction in between makes it wrong, and is tried again by whoever asked. */
static int
dumps_read(struct recheck_req *q)
{
	struct privcall_error why;
	uint32_t generation, first = 0;
	const uint8_t *data;
	size_t len;
	unsigned i;
	int error;

	for (i = 0; i < NDUMPS; i++) {
		if ((error = privcall_dump(dump_kinds[i], &data, &len, &generation, &why)) != 0) {
			log_warnx("verification", "the kernel cannot be read: %s", why.text);
			return (error);
		}
		*dump_of(q, i) = (struct bytes){ .data = data, .len = (uint32_t)len };
		if (i == 1)
			first = generation;
		else if (i > 1 && generation != first)
			return (-EAGAIN);
	}
	return (0);
}

static const struct channel_dispatch helper_table[] = { { 0, 0, NULL } };
static const struct channel_ops helper_ops = { .table = helper_table };

static int
helper_ask(struct verification_run *v, const struct recheck_req *q)
{
	int error, fd;

	if ((error = helper_open(HELPER_RECHECK, &fd)) != 0)
		return (error);
	if ((v->helper = channel_new(v->confd->base, fd, "recheck", ROLE_CONFD, ROLE_RECHECK, &helper_ops, v)) == NULL)
		return (-ENOMEM);
	if ((error = channel_call(v->helper, MSG_RECHECK, q->revision, q, NULL, 0, TIMEOUT_MS, on_rechecked, v)) != 0) {
		channel_free(v->helper);
		v->helper = NULL;
	}
	return (error);
}

/* What fwd has of it.  The caller frees what the bytes are in; NULL: nothing. */
static char *
load_database(const struct database *db, struct bytes *ret_v4, struct bytes *ret_v6)
{
	struct addrdb said;
	char *data;

	if (!database_is_wanted(db) || database_load(db, &data, &said) != 0)
		return (NULL);
	*ret_v4 = (struct bytes){ .data = said.v4, .len = (uint32_t)(said.n4 * addrdb_range_len(said.kind, 4)) };
	*ret_v6 = (struct bytes){ .data = said.v6, .len = (uint32_t)(said.n6 * addrdb_range_len(said.kind, 16)) };
	return (data);
}

static int
recheck_fwd(struct verification_run *v)
{
	struct recheck_req q = { .revision = v->target->number };
	char *databases[ADDRDB_KIND_MAX];
	uint8_t *conf = NULL;
	size_t len;
	int error;

	if ((error = document_encode(v->target->doc, "fwd", &conf, &len)) != 0)
		return (error);
	if ((q.temporary.items = calloc(TEMPORARY_MAX, sizeof(*q.temporary.items))) == NULL)
		fatalx("verification", "no memory");
	if ((q.contents.items = calloc(CONTENTS_MAX, sizeof(*q.contents.items))) == NULL)
		fatalx("verification", "no memory");
	q.contents.n = contents_list(v->confd->contents, q.contents.items);
	q.temporary.n = temporary_list(v->confd->temporary, q.temporary.items);
	databases[ADDRDB_COUNTRIES] = load_database(v->confd->databases[ADDRDB_COUNTRIES], &q.countries4, &q.countries6);
	databases[ADDRDB_SYSTEMS] = load_database(v->confd->databases[ADDRDB_SYSTEMS], &q.systems4, &q.systems6);
	q.conf = (struct bytes){ .data = conf, .len = (uint32_t)len };
	if ((error = dumps_read(&q)) == 0)
		error = helper_ask(v, &q);
	dumps_free(&q);
	free(q.temporary.items);
	free(q.contents.items);
	free(databases[ADDRDB_COUNTRIES]);
	free(databases[ADDRDB_SYSTEMS]);
	free(conf);
	return (error);
}

/* --- the other owners --- */

static void
on_seen(struct channel *ch, struct message *m, int error, void *arg)
{
	struct part *p = arg;
	const struct conf_verify_rep *r;

	(void)ch;
	if (m != NULL && error == 0) {
		r = m->body;
		check_begin(p, p->owner);
		differences_put(p, r->problems.items, r->problems.n, r->problems.n);
	}
	part_done(p->run, m == NULL || error != 0 ? -EAGAIN : 0);
}

static int
ask_owners(struct verification_run *v)
{
	struct owners *os = &v->confd->owners;
	struct conf_verify_req q;
	unsigned i;
	int error = 0;

	for (i = 0; i < os->n && error == 0; i++) {
		if (os->owner[i].role == ROLE_FWD)
			continue;
		q = (struct conf_verify_req){ .revision = os->owner[i].revision };
		v->parts[i].owner = os->owner[i].name;
		if (os->owner[i].channel == NULL)
			error = -EAGAIN;
		else if ((error = channel_call(os->owner[i].channel, MSG_CONF_VERIFY, q.revision, &q, NULL, 0, TIMEOUT_MS, on_seen,
		    &v->parts[i])) == 0)
			v->waiting++;
	}
	return (error);
}

static void
part_init(struct part *p, struct verification_run *v, const char *owner)
{
	p->run = v;
	p->owner = owner;
	buf_init(&p->json, JSON_MAX);
}

int
verification_start(struct confd *confd, verification_end *on_end, void *arg)
{
	struct verification_run *v;
	unsigned i;
	int error;

	if (is_running)
		return (-EBUSY);
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return (-ENOMEM);
	v->confd = confd;
	v->target = snapshot_ref(confd->running);
	v->on_end = on_end;
	v->arg = arg;
	v->since_us = clock_mono_us();
	v->is_good = true;
	v->is_starting = true;
	is_running = true;
	for (i = 0; i < OWNERS_MAX; i++)
		part_init(&v->parts[i], v, NULL);
	part_init(&v->fwd, v, "fwd");
	if ((error = recheck_fwd(v)) == 0) {
		v->waiting++;
		error = ask_owners(v);
	}
	v->is_starting = false;
	if (v->waiting > 0) {
		if (error != 0 && v->error == 0)
			v->error = error;	/* those that were asked are waited for */
		return (0);
	}
	is_running = false;
	run_free(v);
	return (error);
}
