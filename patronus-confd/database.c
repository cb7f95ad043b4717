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
#include "database.h"
#include "dbtext.h"
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

struct kind {
	const char	*id;		/* in the list of sources; the leaf-list that asks for it, the container of its settings, its file */
	const char	*path;
	const char	*magic;		/* of its file */
	const char	*entry;		/* "country" */
	enum parse_format format;
	bool		 has_package;
};

static const struct kind kinds[ADDRDB_KIND_MAX] = {
	[ADDRDB_COUNTRIES] = { "countries", "/firewall/countries", "patronus-countries 1", "country", PARSE_COUNTRIES, true },
	[ADDRDB_SYSTEMS] = { "autonomous-systems", "/firewall/autonomous-systems", "patronus-autonomous-systems 1", "autonomous system", PARSE_SYSTEMS, false },
};

/* Where a database comes from, and what its server said of it. */
struct origin_of {
	char		 place[ORIGIN_MAX];	/* UPLOAD, "package SIZE.TIME SIZE.TIME", or a URL; "" for none */
	char		 etag[128];
	char		 modified[64];
};

struct database {
	struct confd		*confd;
	const struct kind	*kind;
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
	database_end		*on_end;	/* of an upload */
	void			*arg;
	char			 text_for_people[320];
};

static void	 start(struct database *);

enum addrdb_kind
database_kind(const struct database *db)
{
	return ((enum addrdb_kind)(db->kind - kinds));
}

/* --- who wants it --- */

static bool
wants(const struct database *db, const struct document *doc)
{
	char path[64];
	const char *lookup;

	(void)snprintf(path, sizeof(path), "%s/lookup", db->kind->path);
	lookup = document_value(doc, path);
	return ((lookup != NULL && strcmp(lookup, "true") == 0) || document_has(doc, db->kind->id));
}

static const char *
setting(const struct database *db, const char *leaf)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", db->kind->path, leaf);
	return (document_value(db->confd->running->doc, path));
}

/* --- when --- */

static void
schedule(struct database *db, uint64_t ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	db->due_ms = clock_mono_ms() + ms;
	if (db->is_wanted)
		(void)event_add(db->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct database *db = arg;

	(void)fd;
	(void)what;
	if (!db->is_busy && db->is_wanted)
		start(db);
}

/* --- how it ended --- */

static void
ended(struct database *db, int error, uint64_t again_ms)
{
	database_end *on_end = db->on_end;

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
failed(struct database *db, const char *text)
{
	uint64_t wait = RETRY_MS << (db->failures < 8 ? db->failures : 8);

	if (strcmp(db->text_for_people, text) != 0)
		log_warnx(db->kind->id, "%s", text);
	/* What somebody uploads in vain is his to know, and no failure of what there is. */
	db->failures += db->on_end == NULL;
	(void)str_copy(db->text_for_people, text, sizeof(db->text_for_people));
	ended(db, -EINVAL, wait < RETRY_MAX ? wait : RETRY_MAX);
}

static uint64_t
until_next(const struct database *db)
{
	const char *text = setting(db, "refresh");
	uint64_t n;

	return (setting(db, "url") != NULL && text != NULL && str_u64(text, 1, UINT32_MAX, &n) == 0 ? n * MINUTE_MS : DAY_MS);
}

static void
succeeded(struct database *db, const char *text)
{
	db->failures = 0;
	db->checked_ms = clock_wall_ms();
	(void)str_copy(db->text_for_people, text, sizeof(db->text_for_people));
	ended(db, 0, until_next(db));
}

/* --- the file --- */

static int
keep(struct database *db)
{
	const struct origin_of *o = &db->next_origin;
	struct buf b;
	int error;

	buf_init(&b, FILE_MAX);
	buf_printf(&b, "%s\n%s\n%s\n%s\n%llu\n", db->kind->magic, o->place, o->etag, o->modified, (unsigned long long)clock_wall_ms());
	buf_put(&b, db->next, db->next_len);
	error = buf_failed(&b) ? -ENOMEM : store_database_put(db->confd->store, db->kind->id, (const char *)b.data, b.len);
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
load(const struct database *db, char **ret_data, struct origin_of *ret_origin, uint64_t *ret_ms, struct addrdb *ret)
{
	char *data, *at, magic[40], when[24];
	struct dbtext t;
	size_t len;
	int error;

	if ((error = store_database_get(db->confd->store, db->kind->id, &data, &len)) != 0)
		return (error);
	at = data;
	if (!line(&at, data + len, magic, sizeof(magic)) || strcmp(magic, db->kind->magic) != 0 ||
	    !line(&at, data + len, ret_origin->place, sizeof(ret_origin->place)) ||
	    !line(&at, data + len, ret_origin->etag, sizeof(ret_origin->etag)) ||
	    !line(&at, data + len, ret_origin->modified, sizeof(ret_origin->modified)) || !line(&at, data + len, when, sizeof(when)) ||
	    str_u64(when, 0, UINT64_MAX, ret_ms) != 0 ||
	    dbtext_unpack(database_kind(db), (const uint8_t *)at, len - (size_t)(at - data), &t) != 0) {
		free(data);
		return (-EBADMSG);
	}
	*ret = t.db;
	*ret_data = data;
	return (0);
}

int
database_load(const struct database *db, char **ret_data, struct addrdb *ret)
{
	struct origin_of origin;
	uint64_t ms;

	return (load(db, ret_data, &origin, &ms, ret));
}

/* --- to fwd --- */

static int
tell(struct database *db, const struct addrdb *c, channel_reply_handler *on_reply)
{
	struct owner *fwd = owners_by_role(&db->confd->owners, ROLE_FWD);
	struct database_set_req req = { .kind = (uint8_t)c->kind, .v4 = { c->v4, (uint32_t)(c->n4 * addrdb_range_len(c->kind, 4)) },
	    .v6 = { c->v6, (uint32_t)(c->n6 * addrdb_range_len(c->kind, 16)) } };

	if (fwd == NULL || fwd->channel == NULL)
		return (-EAGAIN);
	return (on_reply != NULL ? channel_call(fwd->channel, MSG_DATABASE_SET, 0, &req, NULL, 0, FWD_MS, on_reply, db) :
	    channel_send(fwd->channel, MSG_DATABASE_SET, 0, &req, NULL, 0));
}

static void
tell_kept(struct database *db)
{
	struct addrdb c;
	char *data;

	if (db->is_told || db->n4 + db->n6 == 0 || database_load(db, &data, &c) != 0)
		return;
	db->is_told = tell(db, &c, NULL) == 0;
	free(data);
}

/* What was read is what there is from now on. */
static void
take(struct database *db)
{
	struct dbtext t;

	(void)dbtext_unpack(database_kind(db), db->next, db->next_len, &t);
	if (keep(db) != 0) {
		failed(db, "it cannot be stored");
		return;
	}
	db->origin = db->next_origin;
	db->n4 = t.db.n4;
	db->n6 = t.db.n6;
	log_info(db->kind->id, "%s: %u IPv4 and %u IPv6 ranges", db->origin.place, db->n4, db->n6);
	succeeded(db, t.nbad > 0 ? "some of it cannot be used" : "");
}

static void
on_in_force(struct channel *ch, struct message *m, int error, void *arg)
{
	struct database *db = arg;
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

/* "autonomous systems" */
static const char *
words(const struct database *db)
{
	return (database_kind(db) == ADDRDB_SYSTEMS ? "autonomous systems" : db->kind->id);
}

static bool
is_good(const struct database *db, const struct dbtext *t, char *ret, size_t size)
{
	if ((uint64_t)t->nbad * BAD_SHARE > t->nlines)
		(void)snprintf(ret, size, "%u of its %u entries cannot be used (the first is line %u): it is no database of %s", t->nbad,
		    t->nlines, t->first_bad, words(db));
	else if (t->db.n4 + t->db.n6 == 0)
		(void)snprintf(ret, size, "there is no %s in it", db->kind->entry);
	else
		return (true);
	return (false);
}

/* A packed answer is what there is from now on. */
static void
bring(struct database *db, const uint8_t *packed, size_t len)
{
	struct dbtext t;

	if ((db->next = malloc(len)) == NULL)
		fatalx(db->kind->id, "no memory");
	memcpy(db->next, packed, len);
	db->next_len = len;
	(void)dbtext_unpack(database_kind(db), db->next, db->next_len, &t);
	/* Who does not use it hears of it when he does. */
	if (!db->is_wanted)
		db->is_told = false;
	if (!db->is_wanted || tell(db, &t.db, on_in_force) != 0)
		take(db);
}

static void
on_parsed(int error, struct message *m, void *arg)
{
	const struct parse_rep *rep = m != NULL ? m->body : NULL;
	struct database *db = arg;
	struct dbtext t;
	char text[160];

	if (error != 0 || dbtext_unpack(database_kind(db), rep->nodes.data, rep->nodes.len, &t) != 0) {
		failed(db, error == -EAGAIN ? "too many documents are being read" : "it cannot be read");
		return;
	}
	if (!is_good(db, &t, text, sizeof(text))) {
		failed(db, text);
		return;
	}
	bring(db, rep->nodes.data, rep->nodes.len);
}

static void
read_it(struct database *db, const uint8_t *data, size_t len)
{
	struct parse_req req = { .format = (uint8_t)db->kind->format, .text = { .data = data, .len = (uint32_t)len } };

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
start_package(struct database *db)
{
	size_t size, len = 0, i;

	db->is_busy = true;
	db->next_origin = (struct origin_of){ .etag = "" };
	if (!db->kind->has_package) {
		failed(db, "no package has one: upload a database, or name the place of one (firewall/autonomous-systems/url)");
	} else if (!package_stamp(db->next_origin.place, &size)) {
		failed(db, "the package tor-geoipdb is not installed: upload a database, or name the place of one (firewall/countries/url)");
	} else if (strcmp(db->next_origin.place, db->origin.place) == 0 && db->n4 + db->n6 > 0) {
		succeeded(db, "");
	} else {
		if ((db->text = malloc(size + 1)) == NULL)
			fatalx(db->kind->id, "no memory");
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
	struct database *db = arg;
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
start_url(struct database *db, const char *url)
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
start(struct database *db)
{
	const char *url = setting(db, "url");

	if (url != NULL)
		start_url(db, url);
	else if (strcmp(db->origin.place, UPLOAD) != 0)
		start_package(db);
}

int
database_offer(struct database *db, const uint8_t *data, size_t len, database_end *on_end, void *arg)
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
database_restore(struct database *db, const struct addrdb *c, database_end *on_end, void *arg)
{
	struct buf b;

	if (db->is_busy)
		return (-EBUSY);
	buf_init(&b, FILE_MAX);
	dbtext_pack_ranges(c, &b);
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
database_is_uploaded(const struct database *db)
{
	return (db->n4 + db->n6 > 0 && strcmp(db->origin.place, UPLOAD) == 0);
}

static void
drop(struct database *db)
{
	const struct addrdb nothing = { .kind = database_kind(db) };

	store_database_remove(db->confd->store, db->kind->id);
	db->n4 = db->n6 = 0;
	if (db->is_told)
		(void)tell(db, &nothing, NULL);
	db->is_told = false;
	(void)str_copy(db->text_for_people, "", sizeof(db->text_for_people));
}

void
database_forget(struct database *db)
{
	if (strcmp(db->origin.place, UPLOAD) != 0)
		return;
	db->origin.place[0] = '\0';
	/* It is in force until the other one is there; when there can be none, it is gone. */
	if (db->kind->has_package || setting(db, "url") != NULL)
		database_refresh(db);
	else if (!db->is_busy)
		drop(db);
}

void
database_refresh(struct database *db)
{
	if (db->is_busy)
		return;
	db->failures = 0;
	start(db);
}

/* --- what others need --- */

bool
database_is_wanted(const struct database *db)
{
	return (db->is_wanted);
}

static bool
is_ready(struct database *db, const struct document *doc)
{
	if (!wants(db, doc))
		return (true);
	/* What the package has is there at once; a place that is to be asked may take long, or never answer. */
	if (db->n4 + db->n6 == 0 && !db->is_busy && db->failures == 0)
		start_package(db);
	if (db->n4 + db->n6 == 0 && db->is_busy)
		return (false);
	tell_kept(db);
	return (true);
}

static void
changed(struct database *db)
{
	const struct addrdb nothing = { .kind = database_kind(db) };
	const char *url = setting(db, "url");

	db->is_wanted = wants(db, db->confd->running->doc) || wants(db, db->confd->kept->doc);
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

static struct database *
new_one(struct confd *confd, enum addrdb_kind kind)
{
	struct database *db = calloc(1, sizeof(*db));
	struct addrdb c;
	char *data;
	int error;

	if (db == NULL || (db->timer = evtimer_new(confd->base, on_timer, db)) == NULL) {
		free(db);
		return (NULL);
	}
	db->confd = confd;
	db->kind = &kinds[kind];
	if ((error = load(db, &data, &db->origin, &db->checked_ms, &c)) == 0) {
		db->n4 = c.n4;
		db->n6 = c.n6;
		free(data);
	} else if (error == -ENOMEM)
		fatalx("database", "no memory");
	changed(db);
	return (db);
}

static void
free_one(struct database *db)
{
	if (db == NULL)
		return;
	event_free(db->timer);
	message_fini(&db->fetched);
	free(db->text);
	free(db->next);
	free(db);
}

/* --- all of them --- */

bool
databases_new(struct confd *confd)
{
	bool has_all = true;
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		confd->databases[i] = new_one(confd, (enum addrdb_kind)i);
		has_all = has_all && confd->databases[i] != NULL;
	}
	return (has_all);
}

void
databases_free(struct confd *confd)
{
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		free_one(confd->databases[i]);
}

void
databases_changed(struct confd *confd)
{
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		changed(confd->databases[i]);
}

void
databases_fwd_ready(struct confd *confd)
{
	struct database *db;
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		db = confd->databases[i];
		db->is_told = false;
		if (db->is_wanted)
			tell_kept(db);
	}
}

/* Each is asked, so that all are read at once. */
bool
databases_are_ready(struct confd *confd, const struct document *doc)
{
	bool are_ready = true;
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		are_ready = is_ready(confd->databases[i], doc) && are_ready;
	return (are_ready);
}

struct database *
databases_find(struct confd *confd, const char *id)
{
	unsigned i;

	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		if (strcmp(kinds[i].id, id) == 0)
			return (confd->databases[i]);
	return (NULL);
}

/* --- people --- */

const char *
database_id(const struct database *db)
{
	return (db->kind->id);
}

const char *
database_path(const struct database *db)
{
	return (db->kind->path);
}

void
database_print(const struct database *db, const struct rights *r, const char *between, struct buf *b)
{
	const char *place = db->origin.place;
	uint64_t now = clock_mono_ms();
	char when[32];

	if ((!db->is_wanted && db->n4 + db->n6 == 0) || !rights_may(r, RIGHT_STATE_READ, db->kind->path))
		return;
	buf_printf(b, "%s{\"id\":\"%s\",\"kind\":\"%s\",\"name\":", between, db->kind->id, db->kind->id);
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
database_alarm(const struct database *db, char *ret, size_t size)
{
	if (!db->is_wanted || (db->failures < FAILURES_ALARM && (db->failures == 0 || db->n4 + db->n6 > 0)))
		return (false);
	(void)snprintf(ret, size, db->n4 + db->n6 > 0 ? "the database of %s is as it was: %s" : "there is no database of %s: %s",
	    words(db), db->text_for_people);
	return (true);
}
