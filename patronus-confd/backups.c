/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/msg.h"

#include "backups.h"
#include "confd.h"
#include "document.h"
#include "fetch.h"
#include "record_json.h"
#include "secrets.h"
#include "snapshot.h"

#define ROOT		"/management/backup"
#define DAY_MS		(24ull * 3600 * 1000)
#define HOUR_MS		(3600ull * 1000)
#define MINUTE_MS	(60ull * 1000)
#define RETRY_MS	(10ull * 60 * 1000)	/* after a failure */
#define TARGETS_MAX	16

enum delivery {
	DELIVERY_NONE = 0,
	DELIVERY_WAITING,
	DELIVERY_RUNNING,
	DELIVERY_SENT,
	DELIVERY_FAILED,
};

/* How the newest backup of the schedule gets to one target. */
struct target {
	char		name[64];
	char		file[BACKUP_NAME_LEN];
	enum delivery	state;
	uint64_t	retry_ms;	/* monotonic */
	uint64_t	time_ms;	/* wall clock, of the last word */
	char		text[256];	/* what went wrong */
	struct backups	*all;
};

struct backups {
	struct confd		*confd;
	struct backup_dir	*dir;
	struct target		*targets[TARGETS_MAX];
	uint64_t		 retry_ms;	/* monotonic: not before, after a failure */
	char			 fault[160];	/* of the last attempt; "" */
};

static void	 target_free(struct target *);

struct backups *
backups_new(struct confd *confd, const char *dir)
{
	struct backups *bs;
	int error;

	if ((bs = calloc(1, sizeof(*bs))) == NULL)
		return (NULL);
	bs->confd = confd;
	if ((error = backup_dir_open(dir, &bs->dir)) != 0) {
		log_errx("backup", "no directory: %s", strerror(-error));
		free(bs);
		return (NULL);
	}
	return (bs);
}

void
backups_free(struct backups *bs)
{
	unsigned i;

	if (bs == NULL)
		return;
	for (i = 0; i < TARGETS_MAX; i++)
		if (bs->targets[i] != NULL)
			target_free(bs->targets[i]);
	backup_dir_close(bs->dir);
	free(bs);
}

struct backup_dir *
backups_dir(struct backups *bs)
{
	return (bs->dir);
}

static const char *
setting(const struct backups *bs, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), ROOT "/%s", name);
	return (document_value(bs->confd->running->doc, path));
}

/* --- making --- */

static int
put_sealed(const void *data, size_t len, void *arg)
{
	return (backup_dir_put(arg, data, len));
}

static int
put_plain(const void *data, size_t len, void *arg)
{
	return (age_writer_put(arg, data, len));
}

int
backups_make(struct backups *bs, enum backup_content content, const struct age_lock *lock, bool is_auto, struct backup_file *ret,
    const char **ret_bad)
{
	const char *hostname = document_value(bs->confd->running->doc, "/system/hostname");
	struct backup_file f = { .is_auto = is_auto, .time_ms = clock_wall_ms() };
	struct age_writer *w = NULL;
	int error;

	*ret_bad = NULL;
	(void)str_copy(f.content, backup_content_name(content), sizeof(f.content));
	if ((error = backup_dir_begin(bs->dir, is_auto)) != 0)
		return (error);
	if ((error = age_writer_new(lock, put_sealed, bs->dir, &w, ret_bad)) == 0 && (error = backup_write(bs->confd, content, put_plain, w)) == 0)
		error = age_writer_end(w);
	age_writer_free(w);
	if ((error = backup_dir_end(bs->dir, hostname != NULL ? hostname : "", &f, error)) == 0)
		*ret = f;
	return (error);
}

/* --- the schedule --- */

/* When the newest of the schedule was made; 0: never.  What the clock says is still to come does not count. */
static uint64_t
last_made(struct backups *bs, uint64_t now)
{
	struct backup_file *files;
	uint64_t last = 0;
	unsigned n, i;

	if (backup_dir_list(bs->dir, &files, &n) != 0)
		return (now);
	for (i = 0; i < n && last == 0; i++)
		if (files[i].is_auto && files[i].time_ms <= now + MINUTE_MS)
			last = files[i].time_ms;
	free(files);
	return (last);
}

/* The last moment at which one had to be made; 0 without a schedule. */
static uint64_t
last_due(const struct backups *bs, uint64_t now, uint64_t last)
{
	const char *daily = setting(bs, "daily-at"), *every = setting(bs, "every");
	uint64_t at;

	if (every != NULL)
		return (last + strtoul(every, NULL, 10) * HOUR_MS <= now ? now : last);
	if (daily == NULL)
		return (0);
	at = now - now % DAY_MS + strtoul(daily, NULL, 10) * HOUR_MS + strtoul(daily + 3, NULL, 10) * MINUTE_MS;
	return (at <= now ? at : at - DAY_MS);
}

static void
add_recipient(const char *key, void *arg)
{
	struct age_lock *lock = arg;

	if (lock->nrecipients < AGE_RECIPIENTS_MAX)
		lock->recipients[lock->nrecipients++] = key;
}

static void
queue(const char *name, void *arg)
{
	const struct backup_file *f = ((void **)arg)[1];
	struct backups *bs = ((void **)arg)[0];
	struct target *t = NULL;
	unsigned i, at = TARGETS_MAX;

	for (i = 0; i < TARGETS_MAX && t == NULL; i++) {
		if (bs->targets[i] == NULL)
			at = at == TARGETS_MAX ? i : at;
		else if (strcmp(bs->targets[i]->name, name) == 0)
			t = bs->targets[i];
	}
	if (t == NULL) {
		if (at == TARGETS_MAX || (t = calloc(1, sizeof(*t))) == NULL)
			return;
		bs->targets[at] = t;
		t->all = bs;
		(void)str_copy(t->name, name, sizeof(t->name));
	}
	(void)str_copy(t->file, f->name, sizeof(t->file));
	/* One that is on its way now is followed by this one. */
	if (t->state != DELIVERY_RUNNING)
		t->state = DELIVERY_WAITING;
	t->retry_ms = 0;
}

static void
make_due(struct backups *bs)
{
	const char *keep = setting(bs, "keep"), *bad;
	struct age_lock lock = { .passphrase = NULL };
	struct backup_file f;
	void *arg[2] = { bs, &f };
	int error;

	document_each(bs->confd->running->doc, ROOT "/recipients", add_recipient, &lock);
	error = backups_make(bs, backup_content_parse(setting(bs, "content")), &lock, true, &f, &bad);
	daemon_audit("system", "local", "backup", error == 0 ? f.name : "schedule", error == 0 ? "made" : "failed", "%s",
	    error == 0 ? "" : strerror(-error));
	if (error != 0) {
		(void)snprintf(bs->fault, sizeof(bs->fault), "%s", error == -ENOKEY ? "the secrets are locked" :
		    error == -EFBIG ? "it would be larger than 60 MiB" : bad != NULL ? "a recipient is no key" : strerror(-error));
		bs->retry_ms = clock_mono_ms() + (error == -ENOKEY ? MINUTE_MS : RETRY_MS);
		log_warnx("backup", "none was made: %s", bs->fault);
		return;
	}
	bs->fault[0] = '\0';
	backup_dir_keep(bs->dir, keep != NULL ? (unsigned)strtoul(keep, NULL, 10) : 1);
	document_each(bs->confd->running->doc, ROOT "/targets", queue, arg);
}

/* --- targets --- */

static void
target_free(struct target *t)
{
	unsigned i;

	for (i = 0; i < TARGETS_MAX; i++)
		if (t->all->targets[i] == t)
			t->all->targets[i] = NULL;
	/* One on its way is freed when its answer comes. */
	if (t->state == DELIVERY_RUNNING)
		t->all = NULL;
	else
		free(t);
}

static const char *
target_setting(const struct target *t, const char *name)
{
	char path[192];

	(void)snprintf(path, sizeof(path), ROOT "/targets/%s/%s", t->name, name);
	return (document_value(t->all->confd->running->doc, path));
}

static void
target_says(struct target *t, enum delivery state, const char *text)
{
	t->state = state;
	t->time_ms = clock_wall_ms();
	(void)str_copy(t->text, text, sizeof(t->text));
	str_clean(t->text);
	daemon_audit("system", "local", "backup", t->file, state == DELIVERY_SENT ? "sent" : "failed", "target %s%s%s", t->name,
	    text[0] != '\0' ? ": " : "", t->text);
	if (state != DELIVERY_FAILED)
		return;
	t->retry_ms = clock_mono_ms() + RETRY_MS;
	log_warnx("backup", "target %s: %s", t->name, t->text);
}

static void
on_sent(const struct fetch_result *r, void *arg)
{
	struct target *t = arg;

	if (t->all == NULL) {
		free(t);
		return;
	}
	target_says(t, r->is_good ? DELIVERY_SENT : DELIVERY_FAILED, r->is_good ? "" : r->text);
}

/* A secret of the target: 0 with *ret NULL when it has none. */
static int
target_secret(const struct target *t, const char *name, char **ret, size_t *ret_len)
{
	char path[192];
	int error;

	*ret = NULL;
	*ret_len = 0;
	(void)snprintf(path, sizeof(path), ROOT "/targets/%s/%s", t->name, name);
	error = secrets_value(t->all->confd, path, ret, ret_len);
	return (error == -ENOENT && target_setting(t, name) == NULL ? 0 : error);
}

static int
target_put(struct target *t, const char *url, const char *password, const char *private_key, const uint8_t *data, size_t len)
{
	const char *user = target_setting(t, "user"), *trust = target_setting(t, "trust");
	struct fetch_put_req req = { .user = user != NULL ? user : "", .password = password != NULL ? password : "",
	    .private_key = private_key != NULL ? private_key : "", .trust = trust != NULL ? trust : "",
	    .data = { .data = data, .len = (uint32_t)len } };
	char whole[1200];

	(void)snprintf(whole, sizeof(whole), "%s%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/", t->file);
	req.url = whole;
	return (fetch_put(&req, on_sent, t));
}

static void
target_send(struct target *t)
{
	const char *url = target_setting(t, "url");
	char *password, *private_key = NULL;
	size_t password_len, key_len = 0, len;
	uint8_t *data;
	int error;

	if (backup_dir_read(t->all->dir, t->file, &data, &len) != 0) {
		target_says(t, DELIVERY_FAILED, "the backup is not there any more");
		return;
	}
	if ((error = target_secret(t, "password", &password, &password_len)) == 0)
		error = target_secret(t, "private-key", &private_key, &key_len);
	if (error != 0)
		target_says(t, DELIVERY_FAILED, error == -ENOKEY ? "the secrets are locked" : "its secret is lost; set it again");
	else if ((error = target_put(t, url, password, private_key, data, len)) == 0)
		t->state = DELIVERY_RUNNING;
	else
		target_says(t, DELIVERY_FAILED, "patronus-fetchd is away");
	vault_value_free(password, password_len);
	vault_value_free(private_key, key_len);
	free(data);
}

static void
target_tick(struct target *t)
{
	const char *enabled;

	if (t->state == DELIVERY_RUNNING)
		return;
	if (target_setting(t, "url") == NULL) {
		target_free(t);
		return;
	}
	enabled = target_setting(t, "enabled");
	if ((enabled != NULL && strcmp(enabled, "false") == 0) || clock_mono_ms() < t->retry_ms)
		return;
	if (t->state == DELIVERY_WAITING || t->state == DELIVERY_FAILED)
		target_send(t);
}

void
backups_tick(struct backups *bs)
{
	uint64_t now = clock_wall_ms(), last;
	unsigned i;

	if ((setting(bs, "daily-at") != NULL || setting(bs, "every") != NULL) && clock_mono_ms() >= bs->retry_ms) {
		last = last_made(bs, now);
		if (last_due(bs, now, last) > last)
			make_due(bs);
	}
	for (i = 0; i < TARGETS_MAX; i++)
		if (bs->targets[i] != NULL)
			target_tick(bs->targets[i]);
}

/* --- telling --- */

void
backups_print(struct backups *bs, struct buf *b)
{
	static const char *const states[] = { "", "waiting", "sending", "sent", "failed" };
	const struct target *t;
	unsigned i, n = 0;
	char when[32];

	buf_puts(b, ",\"fault\":");
	record_json_string(bs->fault, strlen(bs->fault), b);
	buf_puts(b, ",\"targets\":[");
	for (i = 0; i < TARGETS_MAX; i++) {
		if ((t = bs->targets[i]) == NULL)
			continue;
		buf_printf(b, "%s{\"name\":\"%s\",\"file\":\"%s\",\"state\":\"%s\"", n++ > 0 ? "," : "", t->name, t->file, states[t->state]);
		if (t->time_ms != 0)
			buf_printf(b, ",\"time\":\"%s\"", clock_rfc3339(t->time_ms, when));
		buf_puts(b, ",\"text\":");
		record_json_string(t->text, strlen(t->text), b);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

bool
backups_alarm(struct backups *bs, unsigned i, char *ret, size_t size)
{
	const struct target *t;
	unsigned k;

	if (bs->fault[0] != '\0' && i-- == 0) {
		(void)snprintf(ret, size, "no backup was made: %s", bs->fault);
		return (true);
	}
	for (k = 0; k < TARGETS_MAX; k++) {
		t = bs->targets[k];
		if (t == NULL || t->state != DELIVERY_FAILED || i-- > 0)
			continue;
		(void)snprintf(ret, size, "the backup did not get to target %s: %s", t->name, t->text);
		return (true);
	}
	return (false);
}
