/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "confd.h"
#include "document.h"
#include "record_json.h"
#include "rights.h"
#include "snapshot.h"
#include "store.h"
#include "temporary.h"

#define FWD_MS	10000
#define LINGER_MS	5000

struct item {
	struct store_temporary	 entry;
	bool			 is_new;	/* fwd has not answered yet: nobody is told of it */
};

struct temporary {
	struct confd	*confd;
	struct item	 items[TEMPORARY_MAX];
	uint32_t	 n;
};

static void
take_stored(const struct store_temporary *e, void *arg)
{
	struct temporary *t = arg;

	if (t->n < TEMPORARY_MAX)
		t->items[t->n++].entry = *e;
}

struct temporary *
temporary_new(struct confd *confd)
{
	struct temporary *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return (NULL);
	t->confd = confd;
	if (store_temporaries(confd->store, take_stored, t) != 0)
		log_errx("groups", "the members of groups for a time cannot be read: there are none");
	return (t);
}

void
temporary_free(struct temporary *t)
{
	free(t);
}

uint64_t
temporary_left_ms(const struct temporary *t, const struct store_temporary *e)
{
	uint64_t now = clock_wall_ms(), mono = clock_mono_ms(), given = e->until_ms - e->time_ms;

	if (t->confd->boot_id[0] != '\0' && strcmp(e->boot, t->confd->boot_id) == 0)
		return (e->mono_until_ms > mono ? e->mono_until_ms - mono : 0);
	if (now >= e->until_ms)
		return (0);
	return (e->until_ms - now < given ? e->until_ms - now : given);
}

/* Over for so long that nothing of it is left in the kernel. */
static bool
is_past(const struct temporary *t, const struct store_temporary *e)
{
	return (temporary_left_ms(t, e) == 0 && (strcmp(e->boot, t->confd->boot_id) != 0 || clock_mono_ms() > e->mono_until_ms + LINGER_MS));
}

uint32_t
temporary_list(const struct temporary *t, struct ipc_temporary *ret)
{
	struct prefix p;
	uint32_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		const struct store_temporary *e = &t->items[i].entry;

		if (prefix_parse_host(e->address, &p) != 0)
			continue;
		ret[n++] = (struct ipc_temporary){ .id = e->id, .group = e->group, .address = p.addr, .length = p.len,
		    .left_ms = temporary_left_ms(t, e) };
	}
	return (n);
}

/* --- to fwd --- */

struct telling {
	struct temporary	*temporary;
	uint64_t		 id;		/* of the new one; 0: none */
	temporary_end		*on_end;	/* NULL: nobody waits */
	void			*arg;
};

static void	 on_told(struct channel *, struct message *, int, void *);

/* Ends with on_told(), now when fwd is away. */
static void
tell(struct temporary *t, uint64_t id, temporary_end *on_end, void *arg)
{
	struct owner *fwd = owners_by_role(&t->confd->owners, ROLE_FWD);
	struct temporary_set_req req = { .entries = { calloc(TEMPORARY_MAX, sizeof(*req.entries.items)), 0 } };
	struct telling *w = calloc(1, sizeof(*w));
	int error = -EAGAIN;

	if (w == NULL || req.entries.items == NULL)
		fatalx("groups", "no memory");
	*w = (struct telling){ .temporary = t, .id = id, .on_end = on_end, .arg = arg };
	req.entries.n = temporary_list(t, req.entries.items);
	if (fwd != NULL && fwd->channel != NULL)
		error = channel_call(fwd->channel, MSG_TEMPORARY_SET, 0, &req, NULL, 0, FWD_MS, on_told, w);
	free(req.entries.items);
	if (error != 0)
		on_told(NULL, NULL, error, w);
}

static struct item *
find(struct temporary *t, uint64_t id)
{
	uint32_t i;

	for (i = 0; id != 0 && i < t->n; i++)
		if (t->items[i].entry.id == id)
			return (&t->items[i]);
	return (NULL);
}

static void
drop(struct temporary *t, struct item *i)
{
	*i = t->items[--t->n];
}

static void
audit(const struct store_temporary *e, const char *actor, const char *origin, const char *result)
{
	char object[160], until[32];

	(void)snprintf(object, sizeof(object), "%s in group %s", e->address, e->group);
	daemon_audit(actor, origin, "temporary-member", object, result, "until %s; given by %s; %s", clock_rfc3339(e->until_ms, until), e->author,
	    e->reason);
}

/* It is in force: from now on it is one. */
static int
settle(struct temporary *t, struct item *i)
{
	int error = store_temporary_put(t->confd->store, &i->entry);

	if (error != 0)
		return (error);
	i->is_new = false;
	audit(&i->entry, i->entry.author, i->entry.origin, "granted");
	return (0);
}

static void
on_told(struct channel *ch, struct message *m, int error, void *arg)
{
	struct telling w = *(struct telling *)arg;
	struct item *i = find(w.temporary, w.id);
	const char *text = error != 0 && m != NULL ? ((const struct ipc_error_req *)m->body)->text : "";

	(void)ch;
	free(arg);
	if (error != 0 && m == NULL)
		error = -EAGAIN;
	if (i != NULL && i->is_new) {
		if (error == 0)
			error = settle(w.temporary, i);
		if (error != 0)
			drop(w.temporary, i);
		/* It may be in force, in a fwd that did not answer or before the disk was full. */
		if (error != 0)
			tell(w.temporary, 0, NULL, NULL);
	}
	if (w.on_end != NULL)
		w.on_end(error, text, w.arg);
	else if (error != 0 && error != -EAGAIN)
		log_errx("groups", "members for a time: %s", text);
}

void
temporary_fwd_ready(struct temporary *t)
{
	tell(t, 0, NULL, NULL);
}

/* --- what people do --- */

static uint64_t
new_id(struct temporary *t)
{
	uint64_t id;

	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			fatal("groups", "no random numbers");
		id >>= 1;	/* the database has signed numbers */
	} while (id == 0 || find(t, id) != NULL);
	return (id);
}

/* The same address in the same group has one end: the newer one. */
static void
replace(struct temporary *t, const struct store_temporary *what)
{
	uint32_t i;

	for (i = t->n; i-- > 0; )
		if (strcmp(t->items[i].entry.group, what->group) == 0 && strcmp(t->items[i].entry.address, what->address) == 0 &&
		    store_temporary_remove(t->confd->store, t->items[i].entry.id) == 0)
			drop(t, &t->items[i]);
}

int
temporary_grant(struct temporary *t, const struct store_temporary *what, uint64_t life_ms, temporary_end *on_end, void *arg, uint64_t *ret_id)
{
	struct store_temporary e = *what;

	temporary_tick(t);
	if (t->n == TEMPORARY_MAX)
		return (-ENOSPC);
	e.id = new_id(t);
	e.time_ms = clock_wall_ms();
	e.until_ms = e.time_ms + life_ms;
	e.mono_until_ms = clock_mono_ms() + life_ms;
	(void)str_copy(e.boot, t->confd->boot_id, sizeof(e.boot));
	replace(t, &e);
	t->items[t->n++] = (struct item){ .entry = e, .is_new = true };
	*ret_id = e.id;
	tell(t, e.id, on_end, arg);
	return (0);
}

int
temporary_revoke(struct temporary *t, uint64_t id, const char *actor, const char *origin, temporary_end *on_end, void *arg)
{
	struct item *i = find(t, id);
	int error;

	if (i == NULL || i->is_new || temporary_left_ms(t, &i->entry) == 0)
		return (-ENOENT);
	if ((error = store_temporary_remove(t->confd->store, id)) != 0)
		return (error);
	audit(&i->entry, actor, origin, "revoked");
	drop(t, i);
	tell(t, 0, on_end, arg);
	return (0);
}

const struct store_temporary *
temporary_find(const struct temporary *t, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (t->items[i].entry.id == id)
			return (!t->items[i].is_new && temporary_left_ms(t, &t->items[i].entry) > 0 ? &t->items[i].entry : NULL);
	return (NULL);
}

static bool
takes_members(const struct document *doc, const char *group)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/firewall/groups/%s/temporary", group);
	return (document_find(doc, path) != NULL);
}

bool
temporary_is_allowed(const struct confd *confd, const char *group, uint64_t *ret_minutes)
{
	const char *value;
	char path[128];

	if (group[0] == '\0' || strlen(group) > 63 || group[strspn(group, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' ||
	    !takes_members(confd->running->doc, group))
		return (false);
	(void)snprintf(path, sizeof(path), "/firewall/groups/%s/temporary/maximum", group);
	value = document_value(confd->running->doc, path);
	return (value != NULL && str_u64(value, 1, UINT32_MAX, ret_minutes) == 0);
}

void
temporary_tick(struct temporary *t)
{
	const struct store_temporary *e;
	bool is_over, is_gone;
	uint32_t i;

	for (i = t->n; i-- > 0; ) {
		e = &t->items[i].entry;
		is_over = temporary_left_ms(t, e) == 0;
		/* Until what runs is kept, it may come back. */
		is_gone = !takes_members(t->confd->kept->doc, e->group) && !takes_members(t->confd->running->doc, e->group);
		if (t->items[i].is_new || (is_over ? !is_past(t, e) : !is_gone))
			continue;
		if (store_temporary_remove(t->confd->store, e->id) != 0)
			continue;
		audit(e, "system", "local", is_over ? "expired" : "cleared");
		drop(t, &t->items[i]);
	}
}

/* --- printing --- */

static void
member(const char *key, const char *text, struct buf *b)
{
	buf_printf(b, ",\"%s\":", key);
	record_json_string(text, strlen(text), b);
}

void
temporary_print_one(const struct temporary *t, const struct store_temporary *e, struct buf *b)
{
	char since[32], until[32];
	uint64_t left_ms = temporary_left_ms(t, e);

	buf_printf(b, "{\"id\":\"%016llx\"", (unsigned long long)e->id);
	member("group", e->group, b);
	member("address", e->address, b);
	member("owner", e->author, b);
	member("reason", e->reason, b);
	buf_printf(b, ",\"since\":\"%s\",\"until\":\"%s\",\"left\":%llu}", clock_rfc3339(e->time_ms / 1000 * 1000, since),
	    clock_rfc3339((clock_wall_ms() + left_ms) / 1000 * 1000, until), (unsigned long long)((left_ms + 999) / 1000));
}

void
temporary_print(const struct temporary *t, const struct rights *r, struct buf *b)
{
	const char *between = "";
	char path[128];
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct store_temporary *e = &t->items[i].entry;

		(void)snprintf(path, sizeof(path), "/firewall/groups/%s", e->group);
		if (t->items[i].is_new || temporary_left_ms(t, e) == 0 || !rights_may(r, RIGHT_STATE_READ, path))
			continue;
		buf_puts(b, between);
		temporary_print_one(t, e, b);
		between = ",";
	}
}
