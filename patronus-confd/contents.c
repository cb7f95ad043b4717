/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "confd.h"
#include "contents.h"
#include "document.h"
#include "listtext.h"
#include "parse.h"
#include "record_json.h"
#include "rights.h"
#include "snapshot.h"
#include "store.h"

#define MINUTE_MS	60000ull
#define GET_BYTES	(32u << 20)
#define GET_MS		330000
#define RESOLVE_MS	30000
#define FWD_MS		60000
#define AWAY_MS		1000		/* fetchd is away: again after this */
#define RETRY_LIST_MS	MINUTE_MS	/* doubled with each failure */
#define RETRY_LIST_MAX	(60 * MINUTE_MS)
#define RETRY_NAME_MS	5000ull
#define RETRY_NAME_MAX	MINUTE_MS
#define FAILURES_ALARM	3
#define MEMBERS_MAX	256
#define BAD_SHARE	10		/* of ten lines one may be useless */
#define NEVER		UINT64_MAX
#define UPLOAD		"upload"	/* in place of the URL */

/* An address of a name. */
struct member {
	uint8_t		family;
	uint8_t		bytes[16];
	uint64_t	until_ms;	/* monotonic; 0: it is in the newest answer */
};

struct content {
	struct content	*next;
	struct contents	*all;		/* NULL: nobody wants to hear of it any more */
	bool		 is_list;
	bool		 is_wanted;
	bool		 is_busy;
	bool		 is_asked_again;	/* while it was busy */
	char		 key[254];
	char		 id[262];
	char		 url[1001];
	struct store_content kept;	/* what is in force; its data is ours */
	struct store_content next_kept;	/* what is on its way there */
	struct message	 fetched;
	struct member	 members[MEMBERS_MAX];
	unsigned	 nmembers;
	uint64_t	 due_ms;	/* monotonic: of the next question */
	uint64_t	 checked_ms;	/* wall: of the last good answer */
	unsigned	 failures;
	char		 text[320];
	contents_end	*on_end;	/* of what a person brought */
	void		*arg;
};

struct contents {
	struct confd	*confd;
	struct content	*first;
	struct event	*timer;
};

static void	 schedule(struct contents *);
static void	 start(struct content *);

static uint64_t
jitter(uint64_t up_to)
{
	uint64_t r;

	return (up_to > 0 && getrandom(&r, sizeof(r), GRND_NONBLOCK) == sizeof(r) ? r % up_to : 0);
}

static const char *
setting(const struct content *c, const char *leaf)
{
	const struct document *doc = c->all->confd->running->doc;
	char path[400];

	if (c->is_list)
		(void)snprintf(path, sizeof(path), "/firewall/lists/%s/%s", c->key, leaf);
	else
		(void)snprintf(path, sizeof(path), "/firewall/names/%s", leaf);
	return (document_value(doc, path));
}

static uint64_t
number(const struct content *c, const char *leaf, uint64_t otherwise)
{
	const char *text = setting(c, leaf);
	uint64_t n;

	return (text != NULL && str_u64(text, 0, UINT32_MAX, &n) == 0 ? n : otherwise);
}

static void
kept_free(struct store_content *k)
{
	free(k->v4);
	free(k->v6);
	memset(k, 0, sizeof(*k));
}

static void
content_free(struct content *c)
{
	kept_free(&c->kept);
	kept_free(&c->next_kept);
	free(c);
}

/* --- how it ended --- */

/* Of a person, and not fetched. */
static bool
is_uploaded(const struct content *c)
{
	const char *source = c->is_list && c->all != NULL ? setting(c, "source") : NULL;

	return (source != NULL && strcmp(source, UPLOAD) == 0);
}

/* text is for who brought it. */
static void
again(struct content *c, int error, const char *text, uint64_t ms)
{
	contents_end *on_end = c->on_end;

	c->is_busy = false;
	c->on_end = NULL;
	if (on_end != NULL)
		on_end(c->all != NULL ? error : -ENOENT, c->all != NULL ? text : "the list is not there any more", c->arg);
	if (c->all == NULL) {
		content_free(c);
		return;
	}
	c->due_ms = is_uploaded(c) ? NEVER : clock_mono_ms() + (c->is_asked_again ? 0 : ms);
	c->is_asked_again = false;
	schedule(c->all);
}

static void
failed(struct content *c, const char *text)
{
	uint64_t wait = c->is_list ? RETRY_LIST_MS : RETRY_NAME_MS, most = c->is_list ? RETRY_LIST_MAX : RETRY_NAME_MAX;

	/* What somebody uploads in vain is his to know, and no failure of what there is. */
	if (c->on_end != NULL) {
		again(c, -EINVAL, text, 0);
		return;
	}
	wait <<= c->failures < 8 ? c->failures : 8;
	if (strcmp(c->text, text) != 0)
		log_warnx("groups", "%s: %s", c->id, text);
	c->failures++;
	(void)str_copy(c->text, text, sizeof(c->text));
	again(c, -EINVAL, text, wait < most ? wait : most);
}

static uint64_t
until_next(const struct content *c, uint32_t ttl_s)
{
	uint64_t refresh = c->all != NULL ? number(c, "refresh", 1440) * MINUTE_MS : 0, shortest, longest, s;

	if (c->is_list)
		return (refresh - jitter(refresh / 10));
	shortest = number(c, "shortest", 30);
	longest = number(c, "longest", 3600);
	s = ttl_s < shortest ? shortest : ttl_s > longest ? longest : ttl_s;
	return (s * 1000 + 100);
}

static void
succeeded(struct content *c, const char *text)
{
	if (c->failures > 0)
		log_info("groups", "%s: it is there again", c->id);
	c->failures = 0;
	c->checked_ms = clock_wall_ms();
	(void)str_copy(c->text, text, sizeof(c->text));
	again(c, 0, text, c->all != NULL ? until_next(c, c->next_kept.ttl_s) : 0);
}

/* --- to fwd --- */

static void
fill(const char *id, const struct store_content *k, struct ipc_content *ret)
{
	*ret = (struct ipc_content){ .name = id, .v4 = { k->v4, k->n4 * 8 }, .v6 = { k->v6, k->n6 * 32 } };
}

static int
tell(struct contents *all, const char *id, const struct store_content *k, channel_reply_handler *on_reply, void *arg)
{
	struct owner *fwd = owners_by_role(&all->confd->owners, ROLE_FWD);
	struct ipc_content content;
	struct content_set_req req = { .contents = { &content, 1 } };

	fill(id, k, &content);
	if (fwd == NULL || fwd->channel == NULL)
		return (-EAGAIN);
	return (on_reply != NULL ? channel_call(fwd->channel, MSG_CONTENT_SET, 0, &req, NULL, 0, FWD_MS, on_reply, arg) :
	    channel_send(fwd->channel, MSG_CONTENT_SET, 0, &req, NULL, 0));
}

static bool
is_same(const struct store_content *a, const struct store_content *b)
{
	return (a->n4 == b->n4 && a->n6 == b->n6 && (a->n4 == 0 || memcmp(a->v4, b->v4, a->n4 * 8) == 0) &&
	    (a->n6 == 0 || memcmp(a->v6, b->v6, a->n6 * 32) == 0));
}

/* What is on its way is what there is from now on; false: until the next start. */
static bool
take(struct content *c)
{
	uint32_t ttl_s = c->next_kept.ttl_s;

	if (!is_same(&c->kept, &c->next_kept))
		log_info("groups", "%s: %u IPv4 and %u IPv6 ranges", c->id, c->next_kept.n4, c->next_kept.n6);
	kept_free(&c->kept);
	c->kept = c->next_kept;
	memset(&c->next_kept, 0, sizeof(c->next_kept));
	c->next_kept.ttl_s = ttl_s;
	c->kept.time_ms = clock_wall_ms();
	(void)str_copy(c->kept.url, c->url, sizeof(c->kept.url));
	if (c->all == NULL || store_content_put(c->all->confd->store, c->id, &c->kept) == 0)
		return (true);
	log_errx("groups", "%s: it cannot be stored, and has to be fetched after the next start", c->id);
	return (false);
}

static void
settle(struct content *c, const char *text)
{
	bool is_of_person = c->on_end != NULL;

	if (take(c) || !is_of_person)
		succeeded(c, text);
	else
		failed(c, "it is in force and cannot be stored: the next start is without it");
}

static void
on_in_force(struct channel *ch, struct message *m, int error, void *arg)
{
	struct content *c = arg;
	char text[256];

	(void)ch;
	/* A fwd that comes later gets what is kept. */
	if (error == 0 || m == NULL) {
		(void)snprintf(text, sizeof(text), "%.255s", c->text);
		settle(c, text);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.255s", ((const struct ipc_error_req *)m->body)->text);
	kept_free(&c->next_kept);
	failed(c, text);
}

/* What next_kept says is what it has now; text is what people should know of it. */
static void
offer(struct content *c, const char *text)
{
	(void)str_copy(c->text, text, sizeof(c->text));
	if (c->all == NULL || is_same(&c->kept, &c->next_kept))
		settle(c, text);
	else if (tell(c->all, c->id, &c->next_kept, on_in_force, c) != 0)
		on_in_force(NULL, NULL, -EAGAIN, c);
}

/* --- lists --- */

static uint8_t *
room(size_t len)
{
	uint8_t *p = calloc(1, len + 1);

	if (p == NULL)
		fatalx("groups", "no memory");
	return (p);
}

static uint8_t *
copy(const uint8_t *data, size_t len)
{
	uint8_t *p = room(len);

	if (len > 0)
		memcpy(p, data, len);
	return (p);
}

static void
judge_list(struct content *c, const struct listtext *l)
{
	uint64_t most = c->all != NULL ? number(c, "maximum", 100000) : 0;
	char text[160] = "";

	if ((uint64_t)l->nbad * BAD_SHARE > l->nlines)
		(void)snprintf(text, sizeof(text), "%u of its %u lines cannot be used, line %u is the first: it does not look like a list of addresses",
		    l->nbad, l->nlines, l->first_bad);
	else if (l->n4 + l->n6 == 0)
		(void)snprintf(text, sizeof(text), "there is no address in it");
	else if (l->n4 + l->n6 > most)
		(void)snprintf(text, sizeof(text), "it has %u entries, more than its maximum of %llu", l->n4 + l->n6, (unsigned long long)most);
	if (text[0] != '\0') {
		kept_free(&c->next_kept);
		failed(c, text);
		return;
	}
	c->next_kept.n4 = l->n4;
	c->next_kept.n6 = l->n6;
	c->next_kept.v4 = copy(l->v4, (size_t)l->n4 * 8);
	c->next_kept.v6 = copy(l->v6, (size_t)l->n6 * 32);
	if (l->nbad > 0)
		(void)snprintf(text, sizeof(text), "%u of its lines cannot be used, line %u is the first", l->nbad, l->first_bad);
	offer(c, text);
}

static void
on_parsed(int error, struct message *m, void *arg)
{
	struct content *c = arg;
	const struct parse_rep *rep = m != NULL ? m->body : NULL;
	struct listtext l;

	message_fini(&c->fetched);
	if (error == 0 && listtext_unpack(rep->nodes.data, rep->nodes.len, &l) == 0) {
		judge_list(c, &l);
		return;
	}
	kept_free(&c->next_kept);
	failed(c, error == -EAGAIN ? "too many documents are being read" : "it cannot be read");
}

static void
on_got(struct channel *ch, struct message *m, int error, void *arg)
{
	struct content *c = arg;
	const struct fetch_get_rep *rep;
	char text[256];

	if (error != 0) {
		failed(c, m != NULL ? ((const struct ipc_error_req *)m->body)->text : "patronus-fetchd ended before it answered");
		return;
	}
	rep = m->body;
	if (!rep->is_done || c->all == NULL) {
		(void)snprintf(text, sizeof(text), "%s", rep->text);
		failed(c, text);
	} else if (rep->status == 304) {
		succeeded(c, "");
	} else {
		kept_free(&c->next_kept);
		(void)str_copy(c->next_kept.etag, rep->etag, sizeof(c->next_kept.etag));
		(void)str_copy(c->next_kept.modified, rep->modified, sizeof(c->next_kept.modified));
		channel_keep(ch, m, &c->fetched);
		rep = c->fetched.body;
		if (parse_start(c->all->confd->base, &(struct parse_req){ .format = PARSE_LIST, .text = rep->data }, on_parsed, c) != 0)
			on_parsed(-EAGAIN, NULL, c);
	}
}

static int
start_list(struct content *c, struct channel *fetchd)
{
	const char *url = setting(c, "url"), *trust = setting(c, "trust");
	struct fetch_get_req req = { .url = url, .trust = trust != NULL ? trust : "", .etag = "", .modified = "", .max = GET_BYTES };

	if (url == NULL)
		return (-ENOENT);
	(void)str_copy(c->url, url, sizeof(c->url));
	/* Only of what is in force from the same place can be said that it has not changed. */
	if (c->kept.n4 + c->kept.n6 > 0 && strcmp(c->kept.url, url) == 0) {
		req.etag = c->kept.etag;
		req.modified = c->kept.modified;
	}
	return (channel_call(fetchd, MSG_FETCH_GET, 0, &req, NULL, 0, GET_MS, on_got, c));
}

/* --- names --- */

static int
order_v4(const void *a, const void *b)
{
	return (memcmp(a, b, 4));
}

static int
order_v6(const void *a, const void *b)
{
	return (memcmp(a, b, 16));
}

/* Members as ranges of one address, sorted. */
static uint8_t *
pack(const struct content *c, uint8_t family, uint32_t *ret_n)
{
	uint8_t *data = room(MEMBERS_MAX * 32);
	size_t len = family == ADDR_V4 ? 4 : 16;
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < c->nmembers; i++) {
		if (c->members[i].family != family)
			continue;
		memcpy(data + n * 2 * len, c->members[i].bytes, len);
		memcpy(data + n * 2 * len + len, c->members[i].bytes, len);
		n++;
	}
	qsort(data, n, 2 * len, family == ADDR_V4 ? order_v4 : order_v6);
	*ret_n = n;
	return (data);
}

/* What is not in the answer goes when its grace is over. */
static void
age(struct content *c, uint64_t now)
{
	unsigned i;

	for (i = c->nmembers; i-- > 0; )
		if (c->members[i].until_ms != 0 && c->members[i].until_ms <= now)
			c->members[i] = c->members[--c->nmembers];
}

static void
see(struct content *c, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < c->nmembers; i++)
		if (c->members[i].family == a->family && memcmp(c->members[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			break;
	if (i == MEMBERS_MAX)
		return;
	c->members[i].family = a->family;
	memcpy(c->members[i].bytes, a->bytes, sizeof(a->bytes));
	c->members[i].until_ms = 0;
	c->nmembers += i == c->nmembers;
}

static void
offer_members(struct content *c, const char *text, uint32_t ttl_s)
{
	kept_free(&c->next_kept);
	c->next_kept.ttl_s = ttl_s;
	c->next_kept.v4 = pack(c, ADDR_V4, &c->next_kept.n4);
	c->next_kept.v6 = pack(c, ADDR_V6, &c->next_kept.n6);
	offer(c, text);
}

static void
on_resolved(struct channel *ch, struct message *m, int error, void *arg)
{
	struct content *c = arg;
	const struct fetch_resolve_rep *rep;
	uint64_t now = clock_mono_ms(), grace;
	char text[256] = "";
	unsigned i;

	(void)ch;
	rep = error == 0 ? m->body : NULL;
	if (rep == NULL || !rep->is_done || c->all == NULL) {
		(void)snprintf(text, sizeof(text), "%s", rep != NULL ? rep->text : m != NULL ? ((const struct ipc_error_req *)m->body)->text :
		    "patronus-fetchd ended before it answered");
		failed(c, text);
		return;
	}
	grace = number(c, "grace", 300) * 1000;
	for (i = 0; i < c->nmembers; i++)
		if (c->members[i].until_ms == 0)
			c->members[i].until_ms = now + grace;
	for (i = 0; i < rep->addresses.n; i++)
		see(c, &rep->addresses.items[i].address);
	age(c, now);
	(void)snprintf(text, sizeof(text), "%s", rep->text);
	offer_members(c, text, rep->ttl_s);
}

static int
start_name(struct content *c, struct channel *fetchd)
{
	const char *private = setting(c, "private");
	struct fetch_resolve_req req = { .name = c->key, .may_be_private = private != NULL && strcmp(private, "true") == 0 };

	return (channel_call(fetchd, MSG_FETCH_RESOLVE, 0, &req, NULL, 0, RESOLVE_MS, on_resolved, c));
}

/* --- when --- */

static void
start(struct content *c)
{
	struct channel *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	int error = -EAGAIN;

	if (is_uploaded(c)) {
		c->due_ms = NEVER;
		c->failures = 0;
		return;
	}
	c->is_busy = true;
	if (fetchd != NULL)
		error = c->is_list ? start_list(c, fetchd) : start_name(c, fetchd);
	if (error != 0)
		again(c, error, "", AWAY_MS);
}

/* The first end of a grace; 0: none. */
static uint64_t
next_end(const struct content *c)
{
	uint64_t next = 0;
	unsigned i;

	for (i = 0; i < c->nmembers; i++)
		if (c->members[i].until_ms != 0 && (next == 0 || c->members[i].until_ms < next))
			next = c->members[i].until_ms;
	return (next);
}

/* A grace is over: what is left, without another question. */
static void
expire(struct content *c, uint64_t now)
{
	uint32_t n4, n6;

	if (next_end(c) == 0 || next_end(c) > now)
		return;
	age(c, now);
	kept_free(&c->kept);
	c->kept.v4 = pack(c, ADDR_V4, &n4);
	c->kept.v6 = pack(c, ADDR_V6, &n6);
	c->kept.n4 = n4;
	c->kept.n6 = n6;
	(void)tell(c->all, c->id, &c->kept, NULL, NULL);
	(void)store_content_put(c->all->confd->store, c->id, &c->kept);
	log_info("groups", "%s: %u IPv4 and %u IPv6 addresses are left", c->id, n4, n6);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct contents *all = arg;
	uint64_t now = clock_mono_ms();
	struct content *c;

	(void)fd;
	(void)what;
	for (c = all->first; c != NULL; c = c->next) {
		if (c->is_busy)
			continue;
		expire(c, now);
		if (c->due_ms <= now)
			start(c);
	}
	schedule(all);
}

static void
schedule(struct contents *all)
{
	uint64_t next = UINT64_MAX, now = clock_mono_ms(), end;
	const struct content *c;
	struct timeval tv;

	for (c = all->first; c != NULL; c = c->next) {
		if (c->is_busy)
			continue;
		end = next_end(c);
		end = end != 0 && end < c->due_ms ? end : c->due_ms;
		next = end < next ? end : next;
	}
	if (next == UINT64_MAX)
		return;
	next = next > now ? next - now : 0;
	tv = (struct timeval){ .tv_sec = (time_t)(next / 1000), .tv_usec = (suseconds_t)(next % 1000 * 1000 + 500) };
	(void)event_add(all->timer, &tv);
}

/* --- which there are --- */

static struct content *
find(const struct contents *all, const char *id)
{
	struct content *c;

	for (c = all->first; c != NULL && strcmp(c->id, id) != 0; c = c->next)
		;
	return (c);
}

static struct content *
find_list(const struct contents *all, const char *key)
{
	struct content *c;

	for (c = all->first; c != NULL && (!c->is_list || strcmp(c->key, key) != 0); c = c->next)
		;
	return (c);
}

/* Addresses of a name that were kept over a start. */
static void
members_unpack(struct content *c)
{
	struct addr a = { .family = ADDR_V4 };
	uint32_t i;

	for (i = 0; i < c->kept.n4; i++) {
		memcpy(a.bytes, c->kept.v4 + (size_t)i * 8, 4);
		see(c, &a);
	}
	a.family = ADDR_V6;
	for (i = 0; i < c->kept.n6; i++) {
		memcpy(a.bytes, c->kept.v6 + (size_t)i * 32, 16);
		see(c, &a);
	}
}

static void
want(struct contents *all, bool is_list, const char *key)
{
	struct content *c;
	char id[300];
	int error;

	(void)snprintf(id, sizeof(id), "%s/%s", is_list ? "list" : "name", key);
	if ((c = find(all, id)) != NULL) {
		c->is_wanted = true;
		return;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatalx("groups", "no memory");
	c->all = all;
	c->is_list = is_list;
	c->is_wanted = true;
	(void)str_copy(c->key, key, sizeof(c->key));
	(void)str_copy(c->id, id, sizeof(c->id));
	if ((error = store_content_get(all->confd->store, id, &c->kept)) == 0) {
		c->checked_ms = c->kept.time_ms;
		if (!is_list)
			members_unpack(c);
	} else if (error != -ENOENT)
		log_errx("groups", "%s: what was kept of it cannot be read: %s", id, strerror(-error));
	c->due_ms = clock_mono_ms();
	c->next = all->first;
	all->first = c;
}

static void
want_list(const char *key, void *arg)
{
	want(arg, true, key);
}

static void
want_name(const char *key, void *arg)
{
	want(arg, false, key);
}

struct walk {
	struct contents		*all;
	const struct document	*doc;
};

static void
want_names_of(const char *group, void *arg)
{
	struct walk *w = arg;
	char path[128];

	(void)snprintf(path, sizeof(path), "/firewall/groups/%s/names", group);
	document_each(w->doc, path, want_name, w->all);
}

/* What nobody asks for any more is forgotten, also in fwd. */
static void
drop_unwanted(struct contents *all)
{
	static const struct store_content nothing;
	struct content **at, *c;

	for (at = &all->first; (c = *at) != NULL; ) {
		if (c->is_wanted) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		(void)tell(all, c->id, &nothing, NULL, NULL);
		(void)store_content_remove(all->confd->store, c->id);
		c->all = NULL;
		if (!c->is_busy)
			content_free(c);
	}
}

void
contents_changed(struct contents *all)
{
	const struct document *docs[] = { all->confd->running->doc, all->confd->kept->doc };
	const char *url;
	struct content *c;
	unsigned i;

	for (c = all->first; c != NULL; c = c->next)
		c->is_wanted = false;
	for (i = 0; i < 2; i++) {
		struct walk w = { all, docs[i] };

		document_each(docs[i], "/firewall/lists", want_list, all);
		document_each(docs[i], "/firewall/groups", want_names_of, &w);
	}
	drop_unwanted(all);
	/* A list from another place is fetched from there now; a name is asked for anew, since what holds for it may be another. */
	for (c = all->first; c != NULL; c = c->next) {
		url = c->is_list ? setting(c, "url") : NULL;
		if (!c->is_busy && (!c->is_list || (url != NULL && strcmp(url, c->url) != 0)))
			c->due_ms = clock_mono_ms();
	}
	schedule(all);
}

static void
forget_unknown(const char *id, void *arg)
{
	struct contents *all = arg;

	if (find(all, id) == NULL)
		(void)store_content_remove(all->confd->store, id);
}

struct contents *
contents_new(struct confd *confd)
{
	struct contents *all = calloc(1, sizeof(*all));

	if (all == NULL || (all->timer = evtimer_new(confd->base, on_timer, all)) == NULL) {
		free(all);
		return (NULL);
	}
	all->confd = confd;
	contents_changed(all);
	/* What a commit had placed that was not made in the end. */
	store_content_each(confd->store, forget_unknown, all);
	return (all);
}

void
contents_free(struct contents *all)
{
	struct content *c;

	if (all == NULL)
		return;
	while ((c = all->first) != NULL) {
		all->first = c->next;
		c->all = NULL;
		/* One that waits for an answer is freed by that. */
		if (!c->is_busy)
			content_free(c);
	}
	event_free(all->timer);
	free(all);
}

void
contents_fwd_ready(struct contents *all)
{
	const struct content *c;

	for (c = all->first; c != NULL; c = c->next)
		if (c->kept.n4 + c->kept.n6 > 0)
			(void)tell(all, c->id, &c->kept, NULL, NULL);
}

uint32_t
contents_list(const struct contents *all, struct ipc_content *ret)
{
	const struct content *c;
	uint32_t n = 0;

	for (c = all->first; c != NULL && n < CONTENTS_MAX; c = c->next)
		if (c->kept.n4 + c->kept.n6 > 0)
			fill(c->id, &c->kept, &ret[n++]);
	return (n);
}

/* --- people --- */

static void
path_of(const struct content *c, char *ret, size_t size)
{
	(void)snprintf(ret, size, c->is_list ? "/firewall/lists/%s" : "/firewall/groups", c->key);
}

bool
contents_find(const struct contents *all, const char *id, char *ret_path, size_t size)
{
	const struct content *c = find(all, id);

	if (c != NULL)
		path_of(c, ret_path, size);
	return (c != NULL);
}

void
contents_refresh(struct contents *all, const char *id)
{
	struct content *c = find(all, id);

	if (c == NULL)
		return;
	c->is_asked_again = c->is_busy;
	if (c->is_busy)
		return;
	c->due_ms = clock_mono_ms();
	schedule(all);
}

bool
contents_takes_upload(const struct contents *all, const char *list)
{
	const struct content *c = find_list(all, list);

	return (c != NULL && is_uploaded(c));
}

int
contents_offer(struct contents *all, const char *list, struct store_content *next, contents_end *on_end, void *arg)
{
	struct content *c = find_list(all, list);

	if (c == NULL)
		return (-ENOENT);
	if (!is_uploaded(c))
		return (-EPERM);
	if (c->is_busy)
		return (-EBUSY);
	c->is_busy = true;
	c->on_end = on_end;
	c->arg = arg;
	(void)str_copy(c->url, UPLOAD, sizeof(c->url));
	kept_free(&c->next_kept);
	c->next_kept = *next;
	memset(next, 0, sizeof(*next));
	offer(c, "");
	return (0);
}

static void
on_placed(struct channel *ch, struct message *m, int error, void *arg)
{
	(void)ch;
	(void)arg;
	if (error != 0 && m != NULL)
		log_errx("groups", "entries of a list that a commit brings: %s", ((const struct ipc_error_req *)m->body)->text);
}

int
contents_place(struct contents *all, const char *list, const struct store_content *k)
{
	struct store_content copy = *k;
	char id[300];
	int error;

	(void)snprintf(id, sizeof(id), "list/%s", list);
	(void)str_copy(copy.url, UPLOAD, sizeof(copy.url));
	copy.time_ms = clock_wall_ms();
	if ((error = store_content_put(all->confd->store, id, &copy)) == 0)
		(void)tell(all, id, k, on_placed, NULL);
	return (error);
}

void
contents_unplace(struct contents *all, const char *list)
{
	static const struct store_content nothing;
	char id[300];

	if (find_list(all, list) != NULL)
		return;
	(void)snprintf(id, sizeof(id), "list/%s", list);
	(void)store_content_remove(all->confd->store, id);
	(void)tell(all, id, &nothing, NULL, NULL);
}

void
contents_each_upload(const struct contents *all, void (*fn)(const char *, const struct store_content *, void *), void *arg)
{
	const struct content *c;

	for (c = all->first; c != NULL; c = c->next)
		if (is_uploaded(c) && c->kept.n4 + c->kept.n6 > 0)
			fn(c->key, &c->kept, arg);
}

const struct store_content *
contents_of_list(const struct contents *all, const char *list)
{
	const struct content *c = find_list(all, list);

	return (c != NULL ? &c->kept : NULL);
}

static void
print_one(const struct content *c, struct buf *b)
{
	uint64_t now = clock_mono_ms();
	char when[32];

	buf_puts(b, "{\"id\":");
	record_json_string(c->id, strlen(c->id), b);
	buf_printf(b, ",\"kind\":\"%s\",\"name\":", c->is_list ? "list" : "name");
	record_json_string(c->key, strlen(c->key), b);
	buf_printf(b, ",\"ipv4\":%u,\"ipv6\":%u,\"state\":\"%s\"", c->kept.n4, c->kept.n6,
	    c->failures > 0 ? "failed" : c->checked_ms == 0 ? "waiting" : "good");
	if (c->checked_ms != 0)
		buf_printf(b, ",\"checked\":\"%s\"", clock_rfc3339(c->checked_ms / 1000 * 1000, when));
	buf_printf(b, ",\"next\":%llu,\"text\":", (unsigned long long)(c->due_ms > now && c->due_ms != NEVER ? (c->due_ms - now) / 1000 : 0));
	record_json_string(c->text, strlen(c->text), b);
	if (is_uploaded(c))
		buf_printf(b, ",\"uploaded\":true,\"digest\":\"%s\"", strcmp(c->kept.url, UPLOAD) == 0 ? c->kept.etag : "");
	buf_putc(b, '}');
}

void
contents_print(const struct contents *all, const struct rights *r, struct buf *b)
{
	const struct content *c;
	const char *between = "";
	char path[300];

	for (c = all->first; c != NULL; c = c->next) {
		path_of(c, path, sizeof(path));
		if (!rights_may(r, RIGHT_STATE_READ, path))
			continue;
		buf_puts(b, between);
		print_one(c, b);
		between = ",";
	}
}

/* A rule that asks for it may be believed to do something. */
static bool
is_missing(const struct content *c)
{
	return (is_uploaded(c) && c->checked_ms == 0);
}

bool
contents_alarm(const struct contents *all, unsigned i, char *ret, size_t size)
{
	const struct content *c;
	char when[32];

	for (c = all->first; c != NULL; c = c->next) {
		if (c->failures < FAILURES_ALARM && (c->failures == 0 || c->kept.n4 + c->kept.n6 > 0) && !is_missing(c))
			continue;
		if (i-- > 0)
			continue;
		if (c->checked_ms != 0)
			(void)snprintf(ret, size, "%s is as it was at %s: %s", c->id, clock_rfc3339(c->checked_ms / 1000 * 1000, when), c->text);
		else
			(void)snprintf(ret, size, "%s is empty: %s", c->id, is_missing(c) ? "nothing has been uploaded" : c->text);
		return (true);
	}
	return (false);
}
