/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "sandbox/profile.h"

#include "confd.h"
#include "countrydb.h"
#include "countrytext.h"
#include "document.h"
#include "parse.h"
#include "record_json.h"
#include "rights.h"
#include "snapshot.h"
#include "store.h"
#include "transaction.h"

#define MINUTE_MS	60000ull
#define DATABASE_MAX	(32u << 20)	/* as it is published */
#define FILE_MAX	(48u << 20)	/* as it is kept */
#define GET_MS		330000
#define FWD_MS		60000
#define AWAY_MS		1000
#define RETRY_MS	MINUTE_MS	/* doubled with each failure */
#define RETRY_MAX	(60 * MINUTE_MS)
#define DAY_MS		(1440 * MINUTE_MS)
#define FAILURES_ALARM	3
#define BAD_SHARE	10		/* of ten lines one may be useless */
#define ORIGIN_MAX	1001
#define UPLOAD		"upload"
#define PACKAGE		"package"

/* Where a database comes from, and what its server said of it. */
struct origin_of {
	char		 place[ORIGIN_MAX];	/* UPLOAD, "package SIZE.TIME SIZE.TIME", or a URL; "" for none */
	char		 etag[128];
	char		 modified[64];
};

struct countrydb {
	struct confd		*confd;
	struct event		*timer;
	struct origin_of	 origin;	/* of what is kept */
	struct origin_of	 next_origin;	/* of what is on its way there */
	uint8_t			*text;		/* being read; ours */
	struct message		 fetched;	/* or it is in this */
	uint8_t			*next;		/* packed, on its way into force */
	size_t			 next_len;
	uint32_t		 n4;		/* of what is kept */
	uint32_t		 n6;
	uint64_t		 checked_ms;	/* wall: of the last good answer */
	uint64_t		 due_ms;	/* monotonic: of the next look */
	unsigned		 failures;
	bool			 is_busy;
	bool			 is_told;	/* fwd has it */
	bool			 is_wanted;	/* by what runs, or by what is kept */
	countrydb_end		*on_end;	/* of an upload */
	void			*arg;
	char			 text_for_people[320];
};

static void	 start(struct countrydb *);

/* --- who wants it --- */

static bool
wants(const struct document *doc)
{
	const char *lookup = document_value(doc, COUNTRYDB_PATH "/lookup");

	return ((lookup != NULL && strcmp(lookup, "true") == 0) || document_has(doc, "countries"));
}

static const char *
setting(const struct countrydb *db, const char *leaf)
{
	char path[64];

	(void)snprintf(path, sizeof(path), COUNTRYDB_PATH "/%s", leaf);
	return (document_value(db->confd->running->doc, path));
}

/* --- when --- */

static void
schedule(struct countrydb *db, uint64_t ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	db->due_ms = clock_mono_ms() + ms;
	if (db->is_wanted)
		(void)event_add(db->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct countrydb *db = arg;

	(void)fd;
	(void)what;
	if (!db->is_busy && db->is_wanted)
		start(db);
}

/* --- how it ended --- */

static void
ended(struct countrydb *db, int error, uint64_t again_ms)
{
	countrydb_end *on_end = db->on_end;

	free(db->text);
	free(db->next);
	db->text = db->next = NULL;
	message_fini(&db->fetched);
	db->is_busy = false;
	db->on_end = NULL;
	schedule(db, again_ms);
	if (on_end != NULL)
		on_end(error, db->text_for_people, db->arg);
	transaction_go_on(db->confd->transaction);
}

static void
failed(struct countrydb *db, const char *text)
{
	uint64_t wait = RETRY_MS << (db->failures < 8 ? db->failures : 8);

	if (strcmp(db->text_for_people, text) != 0)
		log_warnx("countries", "%s", text);
	/* What somebody uploads in vain is his to know, and no failure of what there is. */
	db->failures += db->on_end == NULL;
	(void)str_copy(db->text_for_people, text, sizeof(db->text_for_people));
	ended(db, -EINVAL, wait < RETRY_MAX ? wait : RETRY_MAX);
}

static uint64_t
until_next(const struct countrydb *db)
{
	const char *text = setting(db, "refresh");
	uint64_t n;

	return (setting(db, "url") != NULL && text != NULL && str_u64(text, 1, UINT32_MAX, &n) == 0 ? n * MINUTE_MS : DAY_MS);
}

static void
succeeded(struct countrydb *db, const char *text)
{
	db->failures = 0;
	db->checked_ms = clock_wall_ms();
	(void)str_copy(db->text_for_people, text, sizeof(db->text_for_people));
	ended(db, 0, until_next(db));
}

/* --- the file --- */

static int
keep(struct countrydb *db)
{
	const struct origin_of *o = &db->next_origin;
	struct buf b;
	int error;

	buf_init(&b, FILE_MAX);
	buf_printf(&b, "patronus-countries 1\n%s\n%s\n%s\n%llu\n", o->place, o->etag, o->modified, (unsigned long long)clock_wall_ms());
	buf_put(&b, db->next, db->next_len);
	error = buf_failed(&b) ? -ENOMEM : store_countries_put(db->confd->store, (const char *)b.data, b.len);
	buf_fini(&b);
	return (error);
}

/* A line of the head, cut out. */
static bool
line(char **at, const char *end, char *ret, size_t size)
{
	char *stop = memchr(*at, '\n', (size_t)(end - *at));

	if (stop == NULL || (size_t)(stop - *at) >= size)
		return (false);
	memcpy(ret, *at, (size_t)(stop - *at));
	ret[stop - *at] = '\0';
	*at = stop + 1;
	return (true);
}

static int
load(const struct countrydb *db, char **ret_data, struct origin_of *ret_origin, uint64_t *ret_ms, struct countries *ret)
{
	char *data, *at, magic[32], when[24];
	struct countrytext t;
	size_t len;
	int error;

	if ((error = store_countries_get(db->confd->store, &data, &len)) != 0)
		return (error);
	at = data;
	if (!line(&at, data + len, magic, sizeof(magic)) || strcmp(magic, "patronus-countries 1") != 0 ||
	    !line(&at, data + len, ret_origin->place, sizeof(ret_origin->place)) ||
	    !line(&at, data + len, ret_origin->etag, sizeof(ret_origin->etag)) ||
	    !line(&at, data + len, ret_origin->modified, sizeof(ret_origin->modified)) || !line(&at, data + len, when, sizeof(when)) ||
	    str_u64(when, 0, UINT64_MAX, ret_ms) != 0 ||
	    countrytext_unpack((const uint8_t *)at, len - (size_t)(at - data), &t) != 0) {
		free(data);
		return (-EBADMSG);
	}
	*ret = t.countries;
	*ret_data = data;
	return (0);
}

int
countrydb_load(const struct countrydb *db, char **ret_data, struct countries *ret)
{
	struct origin_of origin;
	uint64_t ms;

	return (load(db, ret_data, &origin, &ms, ret));
}

/* --- to fwd --- */

static int
tell(struct countrydb *db, const struct countries *c, channel_reply_handler *on_reply)
{
	struct owner *fwd = owners_by_role(&db->confd->owners, ROLE_FWD);
	struct countries_set_req req = { .v4 = { c->v4, c->n4 * COUNTRIES_V4 }, .v6 = { c->v6, c->n6 * COUNTRIES_V6 } };

	if (fwd == NULL || fwd->channel == NULL)
		return (-EAGAIN);
	return (on_reply != NULL ? channel_call(fwd->channel, MSG_COUNTRIES_SET, 0, &req, NULL, 0, FWD_MS, on_reply, db) :
	    channel_send(fwd->channel, MSG_COUNTRIES_SET, 0, &req, NULL, 0));
}

static void
tell_kept(struct countrydb *db)
{
	struct countries c;
	char *data;

	if (db->is_told || db->n4 + db->n6 == 0 || countrydb_load(db, &data, &c) != 0)
		return;
	db->is_told = tell(db, &c, NULL) == 0;
	free(data);
}

/* What was read is what there is from now on. */
static void
take(struct countrydb *db)
{
	struct countrytext t;

	(void)countrytext_unpack(db->next, db->next_len, &t);
	if (keep(db) != 0) {
		failed(db, "it cannot be stored");
		return;
	}
	db->origin = db->next_origin;
	db->n4 = t.countries.n4;
	db->n6 = t.countries.n6;
	log_info("countries", "%s: %u IPv4 and %u IPv6 ranges", db->origin.place, db->n4, db->n6);
	succeeded(db, t.nbad > 0 ? "some of it cannot be used" : "");
}

static void
on_in_force(struct channel *ch, struct message *m, int error, void *arg)
{
	struct countrydb *db = arg;
	char text[256];

	(void)ch;
	if (error == -ECANCELED)
		return;
	if (error == 0 || m == NULL) {		/* a fwd that comes later gets what is kept */
		db->is_told = error == 0;
		take(db);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.255s", ((const struct ipc_error_req *)m->body)->text);
	failed(db, text);
}

/* --- reading --- */

static bool
is_good(const struct countrytext *t, char *ret, size_t size)
{
	if ((uint64_t)t->nbad * BAD_SHARE > t->nlines)
		(void)snprintf(ret, size, "%u of its %u entries cannot be used (the first is line %u): it is no database of countries", t->nbad,
		    t->nlines, t->first_bad);
	else if (t->countries.n4 + t->countries.n6 == 0)
		(void)snprintf(ret, size, "there is no country in it");
	else
		return (true);
	return (false);
}

/* A packed answer is what there is from now on. */
static void
bring(struct countrydb *db, const uint8_t *packed, size_t len)
{
	struct countrytext t;

	if ((db->next = malloc(len)) == NULL)
		fatalx("countries", "no memory");
	memcpy(db->next, packed, len);
	db->next_len = len;
	(void)countrytext_unpack(db->next, db->next_len, &t);
	/* Who does not use it hears of it when he does. */
	if (!db->is_wanted)
		db->is_told = false;
	if (!db->is_wanted || tell(db, &t.countries, on_in_force) != 0)
		take(db);
}

static void
on_parsed(int error, struct message *m, void *arg)
{
	const struct parse_rep *rep = m != NULL ? m->body : NULL;
	struct countrydb *db = arg;
	struct countrytext t;
	char text[160];

	if (error != 0 || countrytext_unpack(rep->nodes.data, rep->nodes.len, &t) != 0) {
		failed(db, error == -EAGAIN ? "too many documents are being read" : "it cannot be read");
		return;
	}
	if (!is_good(&t, text, sizeof(text))) {
		failed(db, text);
		return;
	}
	bring(db, rep->nodes.data, rep->nodes.len);
}

static void
read_it(struct countrydb *db, const uint8_t *data, size_t len)
{
	struct parse_req req = { .format = PARSE_COUNTRIES, .text = { .data = data, .len = (uint32_t)len } };

	if (parse_start(db->confd->base, &req, on_parsed, db) != 0)
		on_parsed(-EAGAIN, NULL, db);
}

/* --- of the package --- */

static const char *const package_files[] = { PROFILE_GEOIP_DIR "/geoip", PROFILE_GEOIP_DIR "/geoip6" };

/* What tells whether the package has others now; *ret_size of all together.  false: there are none. */
static bool
package_stamp(char ret[ORIGIN_MAX], size_t *ret_size)
{
	struct stat sb;
	size_t i, at = (size_t)snprintf(ret, ORIGIN_MAX, PACKAGE);

	for (*ret_size = 0, i = 0; i < 2; i++) {
		if (stat(package_files[i], &sb) == -1 || !S_ISREG(sb.st_mode) || sb.st_size < 0 || sb.st_size > DATABASE_MAX)
			return (false);
		*ret_size += (size_t)sb.st_size;
		at += (size_t)snprintf(ret + at, ORIGIN_MAX - at, " %lld.%lld", (long long)sb.st_size, (long long)sb.st_mtime);
	}
	return (*ret_size <= DATABASE_MAX);
}

/* Up to size bytes of a file. */
static size_t
read_file(const char *path, uint8_t *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t at = 0;
	ssize_t n = 0;

	while (fd != -1 && at < size && (n = read(fd, to + at, size - at)) > 0)
		at += (size_t)n;
	if (fd != -1)
		(void)close(fd);
	return (at);
}

/* Both files are one text. */
static void
start_package(struct countrydb *db)
{
	size_t size, len = 0, i;

	db->is_busy = true;
	db->next_origin = (struct origin_of){ .etag = "" };
	if (!package_stamp(db->next_origin.place, &size)) {
		failed(db, "the package tor-geoipdb is not installed: upload a database, or name the place of one (firewall/countries/url)");
	} else if (strcmp(db->next_origin.place, db->origin.place) == 0 && db->n4 + db->n6 > 0) {
		succeeded(db, "");
	} else {
		if ((db->text = malloc(size + 1)) == NULL)
			fatalx("countries", "no memory");
		for (i = 0; i < 2; i++)
			len += read_file(package_files[i], db->text + len, size - len);
		read_it(db, db->text, len);
	}
}

/* --- from a place --- */

static void
on_got(struct channel *ch, struct message *m, int error, void *arg)
{
	const struct fetch_get_rep *rep;
	struct countrydb *db = arg;
	char text[256];

	if (error == -ECANCELED)
		return;
	if (error != 0) {
		(void)snprintf(text, sizeof(text), "%.255s", m != NULL ? ((const struct ipc_error_req *)m->body)->text :
		    "patronus-fetchd ended before it answered");
		failed(db, text);
		return;
	}
	rep = m->body;
	if (!rep->is_done) {
		(void)snprintf(text, sizeof(text), "%.255s", rep->text);
		failed(db, text);
	} else if (rep->status == 304) {
		succeeded(db, "");
	} else {
		(void)str_copy(db->next_origin.etag, rep->etag, sizeof(db->next_origin.etag));
		(void)str_copy(db->next_origin.modified, rep->modified, sizeof(db->next_origin.modified));
		channel_keep(ch, m, &db->fetched);
		rep = db->fetched.body;
		read_it(db, rep->data.data, rep->data.len);
	}
}

static void
start_url(struct countrydb *db, const char *url)
{
	struct channel *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	const char *trust = setting(db, "trust");
	struct fetch_get_req req = { .url = url, .trust = trust != NULL ? trust : "", .etag = "", .modified = "", .max = DATABASE_MAX };

	db->is_busy = true;
	db->next_origin = (struct origin_of){ .etag = "" };
	(void)str_copy(db->next_origin.place, url, sizeof(db->next_origin.place));
	if (strcmp(db->origin.place, url) == 0) {
		req.etag = db->origin.etag;
		req.modified = db->origin.modified;
	}
	if (fetchd == NULL || channel_call(fetchd, MSG_FETCH_GET, 0, &req, NULL, 0, GET_MS, on_got, db) != 0)
		ended(db, -EAGAIN, AWAY_MS);
}

static void
start(struct countrydb *db)
{
	const char *url = setting(db, "url");

	if (url != NULL)
		start_url(db, url);
	else if (strcmp(db->origin.place, UPLOAD) != 0)
		start_package(db);
}

int
countrydb_offer(struct countrydb *db, const uint8_t *data, size_t len, countrydb_end *on_end, void *arg)
{
	if (db->is_busy)
		return (-EBUSY);
	db->is_busy = true;
	db->on_end = on_end;
	db->arg = arg;
	db->next_origin = (struct origin_of){ .place = UPLOAD };
	read_it(db, data, len);
	return (0);
}

int
countrydb_restore(struct countrydb *db, const struct countries *c, countrydb_end *on_end, void *arg)
{
	struct buf b;

	if (db->is_busy)
		return (-EBUSY);
	buf_init(&b, FILE_MAX);
	countrytext_pack_ranges(c, &b);
	if (buf_failed(&b)) {
		buf_fini(&b);
		return (-ENOMEM);
	}
	db->is_busy = true;
	db->on_end = on_end;
	db->arg = arg;
	db->next_origin = (struct origin_of){ .place = UPLOAD };
	bring(db, b.data, b.len);
	buf_fini(&b);
	return (0);
}

bool
countrydb_is_uploaded(const struct countrydb *db)
{
	return (db->n4 + db->n6 > 0 && strcmp(db->origin.place, UPLOAD) == 0);
}

void
countrydb_forget(struct countrydb *db)
{
	if (strcmp(db->origin.place, UPLOAD) != 0)
		return;
	/* It is in force until the other one is there. */
	db->origin.place[0] = '\0';
	countrydb_refresh(db);
}

void
countrydb_refresh(struct countrydb *db)
{
	if (db->is_busy)
		return;
	db->failures = 0;
	start(db);
}

/* --- what others need --- */

bool
countrydb_is_wanted(const struct countrydb *db)
{
	return (db->is_wanted);
}

bool
countrydb_is_ready(struct countrydb *db, const struct document *doc)
{
	if (!wants(doc))
		return (true);
	/* What the package has is there at once; a place that is to be asked may take long, or never answer. */
	if (db->n4 + db->n6 == 0 && !db->is_busy && db->failures == 0)
		start_package(db);
	if (db->n4 + db->n6 == 0 && db->is_busy)
		return (false);
	tell_kept(db);
	return (true);
}

void
countrydb_changed(struct countrydb *db)
{
	static const struct countries nothing;
	const char *url = setting(db, "url");

	db->is_wanted = wants(db->confd->running->doc) || wants(db->confd->kept->doc);
	if (!db->is_wanted) {
		if (db->is_told)
			(void)tell(db, &nothing, NULL);
		db->is_told = false;
		db->failures = 0;
		(void)event_del(db->timer);
		return;
	}
	tell_kept(db);
	if (db->is_busy)
		return;
	if (db->n4 + db->n6 == 0 || (url != NULL && strcmp(url, db->origin.place) != 0) || db->due_ms == 0)
		schedule(db, 0);
}

void
countrydb_fwd_ready(struct countrydb *db)
{
	db->is_told = false;
	if (db->is_wanted)
		tell_kept(db);
}

struct countrydb *
countrydb_new(struct confd *confd)
{
	struct countrydb *db = calloc(1, sizeof(*db));
	struct countries c;
	char *data;

	if (db == NULL || (db->timer = evtimer_new(confd->base, on_timer, db)) == NULL) {
		free(db);
		return (NULL);
	}
	db->confd = confd;
	if (load(db, &data, &db->origin, &db->checked_ms, &c) == 0) {
		db->n4 = c.n4;
		db->n6 = c.n6;
		free(data);
	}
	countrydb_changed(db);
	return (db);
}

void
countrydb_free(struct countrydb *db)
{
	if (db == NULL)
		return;
	event_free(db->timer);
	message_fini(&db->fetched);
	free(db->text);
	free(db->next);
	free(db);
}

/* --- people --- */

void
countrydb_print(const struct countrydb *db, const struct rights *r, const char *between, struct buf *b)
{
	const char *place = db->origin.place;
	uint64_t now = clock_mono_ms();
	char when[32];

	if ((!db->is_wanted && db->n4 + db->n6 == 0) || !rights_may(r, RIGHT_STATE_READ, COUNTRYDB_PATH))
		return;
	buf_printf(b, "%s{\"id\":\"" COUNTRYDB_ID "\",\"kind\":\"countries\",\"name\":", between);
	place = strncmp(place, PACKAGE, strlen(PACKAGE)) == 0 ? PACKAGE : place;
	record_json_string(place, strlen(place), b);
	buf_printf(b, ",\"ipv4\":%u,\"ipv6\":%u,\"state\":\"%s\"", db->n4, db->n6,
	    db->failures > 0 ? "failed" : db->n4 + db->n6 == 0 ? "waiting" : "good");
	if (db->checked_ms != 0)
		buf_printf(b, ",\"checked\":\"%s\"", clock_rfc3339(db->checked_ms / 1000 * 1000, when));
	buf_printf(b, ",\"next\":%llu,\"text\":", (unsigned long long)(db->due_ms > now ? (db->due_ms - now) / 1000 : 0));
	record_json_string(db->text_for_people, strlen(db->text_for_people), b);
	buf_putc(b, '}');
}

bool
countrydb_alarm(const struct countrydb *db, char *ret, size_t size)
{
	if (!db->is_wanted || (db->failures < FAILURES_ALARM && (db->failures == 0 || db->n4 + db->n6 > 0)))
		return (false);
	(void)snprintf(ret, size, db->n4 + db->n6 > 0 ? "the database of countries is as it was: %s" : "there is no database of countries: %s",
	    db->text_for_people);
	return (true);
}
