/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups: made on the box, fetched from it, looked into, and put into a workspace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "prompt.h"
#include "run.h"
#include "table.h"
#include "term.h"

#define FILE_MAX	(60u << 20)
#define PIECE		(8u << 20)	/* of an upload */
#define WORD_MAX	514
#define IDENTITY	"AGE-SECRET-KEY-1"

static int
post_secret(struct ctl *c, const char *path, json_t *o, struct reply *ret)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = path };

	return api_send_secret(c, &req, o, ret);
}

static void
print_row(struct table *t, const json_t *o)
{
	char size[24], when[32];

	table_cell(t, "%s", json_text(o, "name"));
	table_cell(t, "%s", json_text(o, "content"));
	table_cell(t, "%s", term_time(json_text(o, "created-at"), when));
	table_cell(t, "%s", json_flag(o, "scheduled") ? "schedule" : "by hand");
	table_cell(t, "%s", term_bytes((uint64_t)json_number(o, "size"), size));
}

static void
print_targets(const json_t *list)
{
	const json_t *t;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		t = json_array_get(list, i);
		printf("target %s: %s %s%s%s\n", json_text(t, "name"), json_text(t, "state"), json_text(t, "file"),
		    json_text(t, "text")[0] != '\0' ? ": " : "", json_text(t, "text"));
	}
}

int
run_backup_list(struct ctl *c)
{
	static const char *const titles[] = { "NAME", "CONTENT", "MADE", "BY", ">SIZE" };
	const json_t *list;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_get(c, "/backups", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
		list = json_object_get(r.json, "backups");
		for (i = 0; i < json_array_size(list); i++)
			print_row(t, json_array_get(list, i));
		table_print(t, term_is_tty(), "");
		table_free(t);
		print_targets(json_object_get(r.json, "targets"));
		if (json_text(r.json, "fault")[0] != '\0')
			printf("no backup was made: %s\n", json_text(r.json, "fault"));
	}
	reply_fini(&r);
	return code;
}

/* "age1...,age1..." */
static json_t *
split(const char *list)
{
	json_t *array = json_array();
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n > 0)
			json_array_append_new(array, json_stringn(list, n));
	}
	return array;
}

int
run_backup_create(struct ctl *c)
{
	const char *content = ctl_option(c, "content"), *recipients = ctl_option(c, "recipients");
	char word[WORD_MAX] = "";
	struct reply r;
	json_t *o;
	int code;

	if (recipients == NULL && !prompt_twice("Passphrase of the backup: ", word, sizeof(word))) {
		explicit_bzero(word, sizeof(word));
		return EXIT_USAGE;
	}
	o = recipients != NULL ? json_pack("{s:s, s:o}", "content", content != NULL ? content : "full", "recipients", split(recipients)) :
	    json_pack("{s:s, s:s}", "content", content != NULL ? content : "full", "passphrase", word);
	explicit_bzero(word, sizeof(word));
	if ((code = post_secret(c, "/backups", o, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s is on the box: patronusctl backup download %s\n", json_text(r.json, "name"), json_text(r.json, "name"));
	reply_fini(&r);
	return code;
}

/* --- files --- */

static int
write_all(int fd, const char *name, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n = 0;

	for (; len > 0 && n != -1; at += n, len -= (size_t)n)
		n = write(fd, at, len);
	if (n != -1)
		return EXIT_OK;
	fprintf(stderr, "patronusctl: %s: %s\n", name, strerror(errno));
	return EXIT_FAILED;
}

typedef int piece_fn(const void *data, size_t len, void *arg);

/* A backup of the box, a piece after the other. */
static int
each_piece(struct ctl *c, const char *name, piece_fn *fn, void *arg)
{
	char path[256], query[48];
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .query = query, .accept = "application/octet-stream" };
	unsigned long long offset = 0;
	bool is_more = true;
	struct reply r;
	int code;

	(void)snprintf(path, sizeof(path), "/backups/%.200s", name);
	while (is_more) {
		(void)snprintf(query, sizeof(query), "offset=%llu", offset);
		if ((code = api_call(c, &req, &r)) != EXIT_OK)
			return code;
		code = fn(r.rep->body.data, r.rep->body.len, arg);
		offset += r.rep->body.len;
		is_more = r.rep->link[0] != '\0' && r.rep->body.len > 0;
		reply_fini(&r);
		if (code != EXIT_OK)
			return code;
	}
	return EXIT_OK;
}

struct output {
	const char	*name;
	int		 fd;	/* -1: not opened yet */
};

static int
write_piece(const void *data, size_t len, void *arg)
{
	struct output *o = arg;

	if (o->fd == -1)
		o->fd = strcmp(o->name, "-") == 0 ? STDOUT_FILENO : open(o->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (o->fd != -1)
		return write_all(o->fd, o->name, data, len);
	fprintf(stderr, "patronusctl: %s: %s\n", o->name, strerror(errno));
	return EXIT_FAILED;
}

int
run_backup_download(struct ctl *c)
{
	struct output o = { .name = c->nargs > 1 ? c->args[1] : c->args[0], .fd = -1 };
	int code = each_piece(c, c->args[0], write_piece, &o);

	if (o.fd != -1 && o.fd != STDOUT_FILENO && close(o.fd) == -1)
		code = EXIT_FAILED;
	/* Half of one is none. */
	if (code != EXIT_OK && o.fd != -1 && o.fd != STDOUT_FILENO)
		(void)unlink(o.name);
	if (code == EXIT_OK && strcmp(o.name, "-") != 0)
		printf("%s\n", o.name);
	return code;
}

int
run_backup_remove(struct ctl *c)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/backups/%.200s", c->args[0]);
	return api_delete(c, path);
}

static int
read_file(const char *name, struct buf *ret)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char chunk[65536];
	ssize_t n = -1;

	while (fd != -1 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_put(ret, chunk, (size_t)n);
	if (fd != -1)
		(void)close(fd);
	if (n == 0 && !buf_failed(ret))
		return EXIT_OK;
	fprintf(stderr, "patronusctl: %s: %s\n", name, n == 0 ? "larger than 60 MiB" : strerror(errno));
	return EXIT_FAILED;
}

/* In pieces; the answer to the last, or to the first that was not taken. */
static int
put_file(struct ctl *c, const char *name, const struct buf *b, struct reply *r)
{
	char path[256], query[64];
	struct mgmt_req req = { .method = MGMT_PUT, .path = path, .query = query, .content_type = "application/octet-stream" };
	size_t at = 0, n;
	int code;

	(void)snprintf(path, sizeof(path), "/backups/%.200s", name);
	for (;;) {
		n = b->len - at < PIECE ? b->len - at : PIECE;
		(void)snprintf(query, sizeof(query), "offset=%zu&size=%zu", at, b->len);
		req.body = (struct bytes){ b->data + at, (uint32_t)n };
		if ((code = api_try(c, &req, r)) != EXIT_OK)
			return code;
		at += n;
		if (r->rep->status >= 400 || at == b->len)
			return EXIT_OK;
		reply_fini(r);
	}
}

struct comparison {
	const struct buf	*b;
	size_t			 at;
};

static int
compare_piece(const void *data, size_t len, void *arg)
{
	struct comparison *k = arg;

	if (len > k->b->len - k->at || memcmp(k->b->data + k->at, data, len) != 0)
		return EXIT_FAILED;
	k->at += len;
	return EXIT_OK;
}

/* The same bytes are on the box already. */
static bool
is_there(struct ctl *c, const char *name, const struct buf *b)
{
	struct comparison k = { .b = b };

	return each_piece(c, name, compare_piece, &k) == EXIT_OK && k.at == b->len;
}

/* A file of this host goes to the box under its own name, or (a name that is none of a backup) one that is made. */
static int
upload(struct ctl *c, const char *file, char *ret_name, size_t size, bool *ret_is_ours)
{
	const char *slash = strrchr(file, '/');
	time_t now = time(NULL);
	struct reply r;
	struct tm tm;
	struct buf b;
	int code;

	(void)snprintf(ret_name, size, "%s", slash != NULL ? slash + 1 : file);
	buf_init(&b, FILE_MAX);
	if ((code = read_file(file, &b)) == EXIT_OK && (code = put_file(c, ret_name, &b, &r)) == EXIT_OK) {
		if (r.rep->status == 422 && strncmp((const char *)b.data, "age-", 4) == 0) {
			reply_fini(&r);
			(void)strftime(ret_name, size, "uploaded-%Y%m%dT%H%M%SZ-full.age", gmtime_r(&now, &tm));
			code = put_file(c, ret_name, &b, &r);
		}
		*ret_is_ours = code == EXIT_OK && r.rep->status < 400;
		if (code == EXIT_OK && r.rep->status >= 400 && (r.rep->status != 412 || !is_there(c, ret_name, &b)))
			code = api_fail(c, &r, file);
		reply_fini(&r);
	}
	buf_fini(&b);
	return code;
}

/* --- keys --- */

/* The line of an identity file that age-keygen wrote. */
static bool
read_identity(const char *file, char *ret, size_t size)
{
	FILE *f = fopen(file, "re");
	bool found = false;

	while (f != NULL && !found && fgets(ret, (int)size, f) != NULL) {
		ret[strcspn(ret, "\r\n")] = '\0';
		found = strncmp(ret, IDENTITY, strlen(IDENTITY)) == 0;
	}
	if (f == NULL || !found)
		fprintf(stderr, "patronusctl: %s: %s\n", file, f == NULL ? strerror(errno) : "no identity of age in it");
	if (f != NULL)
		(void)fclose(f);
	return found;
}

static json_t *
ask_key(const struct ctl *c, const char *name)
{
	const char *file = ctl_option(c, "identity-file");
	char word[WORD_MAX] = "";
	json_t *o = NULL;

	if (file != NULL ? read_identity(file, word, sizeof(word)) : prompt_hidden("Passphrase of the backup: ", word, sizeof(word)))
		o = json_pack("{s:s, s:s}", "name", name, file != NULL ? "identity" : "passphrase", word);
	explicit_bzero(word, sizeof(word));
	return o;
}

/* "wan=eth5,lan=mac:00:00:5e:00:53:01" */
static json_t *
mappings(const char *text)
{
	json_t *array = json_array();
	const char *equal, *value, *kind;
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		if ((equal = memchr(text, '=', n)) == NULL) {
			json_decref(array);
			return NULL;
		}
		value = equal + 1;
		kind = strncmp(value, "mac:", 4) == 0 ? "mac" : strncmp(value, "path:", 5) == 0 ? "path" : "name";
		value += strcmp(kind, "name") == 0 ? 0 : strlen(kind) + 1;
		json_array_append_new(array, json_pack("{s:o, s:o}", "interface", json_stringn(text, (size_t)(equal - text)), kind,
		    json_stringn(value, (size_t)(text + n - value))));
	}
	return array;
}

/* --- looking into one, and restoring it --- */

static void
print_list(const char *what, const json_t *list)
{
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("%s", what);
	for (i = 0; i < json_array_size(list); i++)
		printf(" %s", json_string_value(json_array_get(list, i)));
	printf("\n");
}

/* "lists: bad (100000 entries), other (12 entries)" */
static void
print_carried(const json_t *o)
{
	const json_t *lists = json_object_get(o, "lists"), *countries = json_object_get(o, "countries"), *l;
	const json_t *systems = json_object_get(o, "autonomous-systems");
	size_t i;

	for (i = 0; i < json_array_size(lists); i++) {
		l = json_array_get(lists, i);
		printf("%s%s (%lld entries)", i == 0 ? "with the lists " : ", ", json_text(l, "name"),
		    (long long)(json_number(l, "ipv4") + json_number(l, "ipv6")));
	}
	printf("%s", i > 0 ? "\n" : "");
	if (countries != NULL)
		printf("with a database of countries (%lld ranges)\n", (long long)(json_number(countries, "ipv4") + json_number(countries, "ipv6")));
	if (systems != NULL)
		printf("with a database of autonomous systems (%lld ranges)\n", (long long)(json_number(systems, "ipv4") + json_number(systems, "ipv6")));
}

static void
tell(const json_t *o)
{
	char when[32];

	printf("%s of %s, revision %lld, made %s, %lld secrets\n", json_text(o, "content"),
	    json_text(o, "hostname")[0] != '\0' ? json_text(o, "hostname") : json_text(o, "device"), (long long)json_number(o, "revision"),
	    term_time(json_text(o, "created-at"), when), (long long)json_number(o, "secrets"));
	print_carried(o);
	print_list("disabled, for they cannot sign in today or would be more than they are:", json_object_get(o, "users-disabled"));
	if (json_array_size(json_object_get(o, "users-disabled")) > 0)
		printf("  enable them by name: patronusctl set users/NAME/enabled true\n");
	print_list("with the Unix account that they have here, not that of the backup:", json_object_get(o, "system-uids-kept"));
	print_list("secrets that the backup does not have, to be set again:", json_object_get(o, "secrets-missing"));
}

static int
open_backup(struct ctl *c, const char *path, json_t *interfaces)
{
	char name[128], remove[160];
	bool is_ours = false;
	struct reply r;
	json_t *o;
	int code = EXIT_OK;

	(void)snprintf(name, sizeof(name), "%s", c->args[0]);
	if (access(c->args[0], R_OK) == 0 && (code = upload(c, c->args[0], name, sizeof(name), &is_ours)) != EXIT_OK) {
		json_decref(interfaces);
		return code;
	}
	o = ask_key(c, name);
	if (o != NULL && interfaces != NULL)
		(void)json_object_set(o, "interfaces", interfaces);
	json_decref(interfaces);
	code = o != NULL ? post_secret(c, path, o, &r) : EXIT_USAGE;
	if (code == EXIT_OK) {
		if (c->format == FORMAT_JSON)
			code = api_print_body(&r);
		else {
			printf("%s", json_flag(r.json, "valid") ? "valid: " : "");
			tell(r.json);
			if (json_text(r.json, "workspace")[0] != '\0')
				printf("it is in workspace %s, nothing is applied yet: patronusctl diff, then patronusctl commit --confirm 5m\n",
				    json_text(r.json, "workspace"));
		}
		reply_fini(&r);
	}
	/* What came from here is still here. */
	(void)snprintf(remove, sizeof(remove), "/backups/%s", name);
	if (is_ours)
		(void)api_delete(c, remove);
	return code;
}

int
run_backup_verify(struct ctl *c)
{
	return open_backup(c, "/backups/verify", NULL);
}

int
run_backup_restore(struct ctl *c)
{
	const char *text = ctl_option(c, "interfaces");
	json_t *interfaces = text != NULL ? mappings(text) : NULL;

	if (text != NULL && interfaces == NULL) {
		fprintf(stderr, "patronusctl: --interfaces is a list such as wan=eth5,lan=mac:00:00:5e:00:53:01\n");
		return EXIT_USAGE;
	}
	return open_backup(c, "/backups/restore", interfaces);
}
