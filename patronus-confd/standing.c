/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "confd.h"
#include "diff.h"
#include "digest.h"
#include "record_json.h"
#include "standing.h"
#include "store.h"

#define ACCEPTED_MAX	256	/* as DRIFT_BASELINE takes them */

struct standing {
	struct confd			*confd;
	struct {
		struct standing_item	*items;
		uint32_t		 n;
		uint32_t		 total;		/* of which items are the first */
	} of[OWNERS_MAX];
	struct store_baseline		*accepted;
	unsigned			 naccepted;
};

static void
take_stored(const struct store_baseline *b, void *arg)
{
	struct standing *s = arg;

	if (s->naccepted < ACCEPTED_MAX)
		s->accepted[s->naccepted++] = *b;
}

struct standing *
standing_new(struct confd *confd)
{
	struct standing *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->accepted = calloc(ACCEPTED_MAX, sizeof(*s->accepted))) == NULL) {
		free(s);
		return (NULL);
	}
	s->confd = confd;
	if (store_baselines(confd->store, take_stored, s) != 0)
		log_errx("drift", "what is accepted cannot be read: nothing is");
	return (s);
}

void
standing_free(struct standing *s)
{
	unsigned i;

	if (s == NULL)
		return;
	for (i = 0; i < OWNERS_MAX; i++)
		free(s->of[i].items);
	free(s->accepted);
	free(s);
}

/* --- what the owners tell --- */

static unsigned
index_of(const struct standing *s, const struct owner *o)
{
	return ((unsigned)(o - s->confd->owners.owner));
}

static void
name(struct standing_item *i)
{
	char hex[DIGEST_STRLEN] = "";
	struct buf b;

	buf_init(&b, 4096);
	buf_printf(&b, "%s\n%s\n%s", i->owner, i->object, i->detail);
	if (buf_failed(&b) || digest_hex(b.data, b.len, hex) != 0)
		fatalx("drift", "no digest");
	buf_fini(&b);
	(void)str_copy(i->id, hex, sizeof(i->id));
}

static void
fill(struct standing_item *i, const struct owner *o, const struct drift_record *r)
{
	(void)str_copy(i->owner, o->name, sizeof(i->owner));
	(void)str_copy(i->path, r->path, sizeof(i->path));
	(void)str_copy(i->object, r->object, sizeof(i->object));
	(void)str_copy(i->detail, r->detail, sizeof(i->detail));
	(void)str_copy(i->class, r->class, sizeof(i->class));
	(void)str_copy(i->action, r->action, sizeof(i->action));
	i->since_ms = r->time_ms;
	name(i);
}

void
standing_take(struct standing *s, const struct owner *o, const struct drift_standing_req *req)
{
	unsigned at = index_of(s, o);
	uint32_t i;

	free(s->of[at].items);
	if ((s->of[at].items = calloc(req->records.n + 1, sizeof(*s->of[at].items))) == NULL)
		fatalx("drift", "no memory");
	for (i = 0; i < req->records.n; i++)
		fill(&s->of[at].items[i], o, &req->records.items[i]);
	s->of[at].n = req->records.n;
	s->of[at].total = req->total;
}

void
standing_owner_gone(struct standing *s, const struct owner *o)
{
	s->of[index_of(s, o)].n = s->of[index_of(s, o)].total = 0;
}

const struct standing_item *
standing_find(const struct standing *s, const char *id)
{
	uint32_t i;
	unsigned o;

	for (o = 0; o < s->confd->owners.n; o++)
		for (i = 0; i < s->of[o].n; i++)
			if (strcmp(s->of[o].items[i].id, id) == 0)
				return (&s->of[o].items[i]);
	return (NULL);
}

const struct standing_item *
standing_open(const struct standing *s, unsigned nth)
{
	uint32_t i;
	unsigned o;

	for (o = 0; o < s->confd->owners.n; o++)
		for (i = 0; i < s->of[o].n; i++)
			if (strcmp(s->of[o].items[i].action, "accepted") != 0 && nth-- == 0)
				return (&s->of[o].items[i]);
	return (NULL);
}

/* --- what is accepted --- */

static void
tell(struct standing *s, const struct owner *o)
{
	struct drift_baseline items[ACCEPTED_MAX];
	struct drift_baseline_set_req req = { .items = { items, 0 } };
	unsigned i;

	if (o == NULL || o->channel == NULL || o->role != ROLE_NETD)
		return;
	for (i = 0; i < s->naccepted; i++)
		if (strcmp(s->accepted[i].item.owner, o->name) == 0)
			items[req.items.n++] = (struct drift_baseline){ .object = s->accepted[i].item.object, .detail = s->accepted[i].item.detail,
			    .until_ms = s->accepted[i].until_ms, .by = s->accepted[i].author };
	(void)channel_send(o->channel, MSG_DRIFT_BASELINE, 0, &req, NULL, 0);
}

void
standing_owner_ready(struct standing *s, const struct owner *o)
{
	standing_owner_gone(s, o);
	tell(s, o);
}

static struct store_baseline *
find_accepted(const struct standing *s, const char *id)
{
	unsigned i;

	for (i = 0; i < s->naccepted; i++)
		if (strcmp(s->accepted[i].item.id, id) == 0)
			return (&s->accepted[i]);
	return (NULL);
}

const struct standing_item *
standing_accepted(const struct standing *s, const char *id)
{
	const struct store_baseline *b = find_accepted(s, id);

	return (b != NULL ? &b->item : NULL);
}

int
standing_accept(struct standing *s, const struct standing_item *what, const char *actor, const char *origin, const char *comment,
    uint64_t until_ms)
{
	struct store_baseline b = { .item = *what, .time_ms = clock_wall_ms(), .until_ms = until_ms }, *old;
	char until[40] = "no end", when[32];
	int error;

	/* Of the firewall what is accepted would not be what the revision says, and nobody could prove it any more. */
	if (strcmp(what->owner, "netd") != 0)
		return (-EPERM);
	old = find_accepted(s, what->id);
	if (old == NULL && s->naccepted == ACCEPTED_MAX)
		return (-ENOSPC);
	(void)str_copy(b.author, actor, sizeof(b.author));
	(void)str_copy(b.origin, origin, sizeof(b.origin));
	(void)str_copy(b.comment, comment, sizeof(b.comment));
	if ((error = store_baseline_put(s->confd->store, &b)) != 0)
		return (error);
	if (old == NULL)
		old = &s->accepted[s->naccepted++];
	*old = b;
	if (until_ms != 0)
		(void)str_copy(until, clock_rfc3339(until_ms, when), sizeof(until));
	daemon_audit(actor, origin, "drift", b.item.object, "accepted", "%s; until %s; %s", b.item.detail, until, comment);
	tell(s, owners_by_name(&s->confd->owners, b.item.owner));
	return (0);
}

/* The result is the auditor's word for why. */
static int
drop(struct standing *s, struct store_baseline *b, const char *actor, const char *origin, const char *result, const char *why)
{
	struct owner *o = owners_by_name(&s->confd->owners, b->item.owner);
	int error;

	if ((error = store_baseline_remove(s->confd->store, b->item.id)) != 0)
		return (error);
	daemon_audit(actor, origin, "drift", b->item.object, result, "%s; accepted by %s; %s", b->item.detail, b->author, why);
	*b = s->accepted[--s->naccepted];
	tell(s, o);
	return (0);
}

int
standing_take_back(struct standing *s, const char *id, const char *actor, const char *origin)
{
	struct store_baseline *b = find_accepted(s, id);

	return (b == NULL ? -ENOENT : drop(s, b, actor, origin, "taken-back", ""));
}

void
standing_tick(struct standing *s)
{
	uint64_t now = clock_wall_ms();
	unsigned i;

	for (i = s->naccepted; i-- > 0; )
		if (s->accepted[i].until_ms != 0 && s->accepted[i].until_ms <= now)
			(void)drop(s, &s->accepted[i], "system", "local", "expired", "");
}

/* One is the other, or is in it. */
static bool
overlaps(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), len = n < m ? n : m;

	return (len > 0 && strncmp(a, b, len) == 0 && (n == m || (n < m ? b : a)[len] == '/'));
}

static bool
is_touched(const struct diff *d, const char *path)
{
	size_t i;

	for (i = 0; i < diff_count(d); i++)
		if (overlaps(diff_get(d, i)->path, path))
			return (true);
	return (false);
}

void
standing_kept(struct standing *s, const struct document *before, const struct document *after, uint32_t revision)
{
	struct diff *d;
	char why[32];
	unsigned i;
	struct buf b;

	if (s->naccepted == 0 || before == NULL || after == NULL || diff_documents(before, after, &d) != 0)
		return;
	buf_init(&b, sizeof(why));
	buf_printf(&b, "revision %u", revision);
	(void)str_copy(why, buf_failed(&b) ? "" : (const char *)b.data, sizeof(why));
	buf_fini(&b);
	for (i = s->naccepted; i-- > 0; )
		if (is_touched(d, s->accepted[i].item.path))
			(void)drop(s, &s->accepted[i], "system", "local", "cleared", why);
	diff_free(d);
}

/* --- printing --- */

static void
member(const char *key, const char *text, struct buf *b)
{
	buf_printf(b, "\"%s\":", key);
	record_json_string(text, strlen(text), b);
}

static void
print_time(const char *key, uint64_t ms, struct buf *b)
{
	char when[32];

	buf_printf(b, ",\"%s\":\"%s\"", key, clock_rfc3339(ms, when));
}

static void
print(const struct standing_item *i, const struct store_baseline *accepted, bool stands, struct buf *b)
{
	static const char *const keys[] = { "id", "owner", "path", "object", "detail", "class", "action" };
	const char *const values[] = { i->id, i->owner, i->path, i->object, i->detail, i->class, accepted != NULL ? "accepted" : i->action };
	size_t k;

	if (b->data[b->len - 1] == '}')
		buf_putc(b, ',');
	buf_putc(b, '{');
	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		if (values[k][0] == '\0')
			continue;
		if (k > 0)
			buf_putc(b, ',');
		member(keys[k], values[k], b);
	}
	buf_printf(b, ",\"stands\":%s", stands ? "true" : "false");
	print_time("since", i->since_ms, b);
	if (accepted != NULL) {
		buf_puts(b, ",\"acceptance\":{");
		member("by", accepted->author, b);
		buf_putc(b, ',');
		member("comment", accepted->comment, b);
		print_time("at", accepted->time_ms, b);
		if (accepted->until_ms != 0)
			print_time("until", accepted->until_ms, b);
		buf_putc(b, '}');
	}
	buf_putc(b, '}');
}

void
standing_print(const struct standing *s, struct buf *b)
{
	uint32_t i, total = 0;
	unsigned o;

	buf_puts(b, "{\"differences\":[");
	for (o = 0; o < s->confd->owners.n; o++) {
		total += s->of[o].total;
		for (i = 0; i < s->of[o].n; i++)
			print(&s->of[o].items[i], find_accepted(s, s->of[o].items[i].id), true, b);
	}
	/* What is accepted and not so now: it would be, should it come again. */
	for (i = 0; i < s->naccepted; i++)
		if (standing_find(s, s->accepted[i].item.id) == NULL)
			print(&s->accepted[i].item, &s->accepted[i], false, b);
	buf_printf(b, "],\"total\":%u}", total);
}
