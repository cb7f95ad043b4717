/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "config.h"

#include "backup.h"
#include "backup_contents.h"
#include "confd.h"
#include "contents.h"
#include "database.h"
#include "dbtext.h"
#include "document.h"
#include "listtext.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"
#include "secret.h"
#include "secrets.h"
#include "snapshot.h"
#include "store.h"

#define FORMAT		"patronus-backup"
#define VERSION		1
#define VERSION_PARTS	2	/* something stands behind the document */
#define PIECE		65536
#define PLAIN_MAX	(16u << 20)
#define NO_DIGEST	"0000000000000000000000000000000000000000000000000000000000000000"

static const char *const content_names[BACKUP_CONTENT_MAX] = { "", "full", "configuration", "keys" };

const char *
backup_content_name(enum backup_content content)
{
	return (content > BACKUP_INVALID && content < BACKUP_CONTENT_MAX ? content_names[content] : "");
}

enum backup_content
backup_content_parse(const char *name)
{
	unsigned i;

	for (i = BACKUP_FULL; i < BACKUP_CONTENT_MAX; i++)
		if (strcmp(content_names[i], name) == 0)
			return ((enum backup_content)i);
	return (BACKUP_INVALID);
}

/* --- writing --- */

struct printer {
	struct confd	*confd;
	struct buf	*b;
	unsigned	 n;
	int		 error;
};

static void
print_secret(const char *pointer, const char *fingerprint, void *arg)
{
	struct printer *p = arg;
	size_t len;
	char *value;
	int error;

	if (p->error != 0)
		return;
	if ((error = vault_get(p->confd->vault, pointer, fingerprint, &value, &len)) != 0) {
		/* One that is lost already cannot be saved; the rest can. */
		p->error = error == -ENOENT ? 0 : error;
		return;
	}
	if (p->n++ > 0)
		buf_putc(p->b, ',');
	record_json_string(pointer, strlen(pointer), p->b);
	buf_putc(p->b, ':');
	record_json_string(value, len, p->b);
	vault_value_free(value, len);
}

static void
count_upload(const char *list, const struct store_content *k, void *arg)
{
	(void)list;
	(void)k;
	++*(unsigned *)arg;
}

/* Does it carry more than its document? */
static bool
has_parts(const struct confd *confd, enum backup_content content)
{
	unsigned n = 0, i;

	if (content != BACKUP_FULL || confd->contents == NULL || confd->databases[0] == NULL)
		return (false);
	contents_each_upload(confd->contents, count_upload, &n);
	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		n += database_is_uploaded(confd->databases[i]);
	return (n > 0);
}

static void
print_head(struct confd *confd, enum backup_content content, struct buf *b)
{
	const char *hostname = document_value(confd->running->doc, "/system/hostname");
	struct vault_status st;
	char when[32];

	vault_status(confd->vault, &st);
	hostname = hostname != NULL ? hostname : "";
	buf_printf(b, "{\"format\":\"" FORMAT "\",\"version\":%d,\n\"created-at\":\"%s\",\n\"device\":\"%s\",\n\"hostname\":",
	    has_parts(confd, content) ? VERSION_PARTS : VERSION,
	    clock_rfc3339(clock_wall_ms(), when), st.device);
	record_json_string(hostname, strlen(hostname), b);
	buf_printf(b, ",\n\"software\":\"%s\",\n\"content\":\"%s\",\n\"revision\":%u", PATRONUS_VERSION, backup_content_name(content),
	    confd->running->number);
}

int
backup_print(struct confd *confd, enum backup_content content, struct buf *b)
{
	struct printer p = { .confd = confd, .b = b };
	struct vault_status st;
	int error = 0;

	vault_status(confd->vault, &st);
	if (content != BACKUP_CONFIGURATION && st.is_locked)
		return (-ENOKEY);
	print_head(confd, content, b);
	if (content != BACKUP_KEYS) {
		buf_puts(b, ",\n\"configuration\":");
		error = document_print(confd->running->doc, DOCUMENT_JSON, 0, b);
	}
	if (content != BACKUP_CONFIGURATION && error == 0) {
		buf_puts(b, ",\n\"secrets\":{");
		secret_each(confd->running->doc, print_secret, &p);
		buf_putc(b, '}');
		error = p.error;
	}
	buf_puts(b, "}\n");
	return (error == 0 && buf_failed(b) ? -ENOMEM : error);
}

struct writer {
	struct buf	 b;
	backup_sink	*sink;
	void		*arg;
	int		 error;
};

/* What was printed goes on. */
static void
flush(struct writer *w, size_t from)
{
	if (w->b.len < from || w->b.len == 0)
		return;
	if (w->error == 0)
		w->error = buf_failed(&w->b) ? -ENOMEM : w->sink(w->b.data, w->b.len, w->arg);
	buf_reset(&w->b);
}

static void
write_list(const char *list, const struct store_content *k, void *arg)
{
	struct writer *w = arg;
	uint32_t i;

	buf_printf(&w->b, "--- list %s %s\n", list, strlen(k->etag) == strlen(NO_DIGEST) ? k->etag : NO_DIGEST);
	for (i = 0; i < k->n4 && w->error == 0; i++, flush(w, PIECE))
		listtext_print(k->v4 + (size_t)i * 8, 4, &w->b);
	for (i = 0; i < k->n6 && w->error == 0; i++, flush(w, PIECE))
		listtext_print(k->v6 + (size_t)i * 32, 16, &w->b);
}

static void
write_database(const struct database *db, struct writer *w)
{
	struct addrdb c;
	uint32_t i;
	char *data;

	if (!database_is_uploaded(db) || w->error != 0 || (w->error = database_load(db, &data, &c)) != 0)
		return;
	buf_printf(&w->b, "--- %s\n", backup_database_name(c.kind));
	for (i = 0; i < c.n4 && w->error == 0; i++, flush(w, PIECE))
		dbtext_print(c.kind, c.v4 + i * addrdb_range_len(c.kind, 4), 4, &w->b);
	for (i = 0; i < c.n6 && w->error == 0; i++, flush(w, PIECE))
		dbtext_print(c.kind, c.v6 + i * addrdb_range_len(c.kind, 16), 16, &w->b);
	free(data);
}

int
backup_write(struct confd *confd, enum backup_content content, backup_sink *sink, void *arg)
{
	struct writer w = { .sink = sink, .arg = arg };
	unsigned i;

	buf_init(&w.b, PLAIN_MAX);
	w.error = backup_print(confd, content, &w.b);
	if (w.error == 0)
		w.error = sink(w.b.data, w.b.len, arg);
	if (w.b.data != NULL)
		explicit_bzero(w.b.data, w.b.len);
	buf_reset(&w.b);
	if (w.error == 0 && has_parts(confd, content)) {
		contents_each_upload(confd->contents, write_list, &w);
		for (i = 0; i < ADDRDB_KIND_MAX; i++)
			write_database(confd->databases[i], &w);
		buf_puts(&w.b, "--- end\n");
		flush(&w, 0);
	}
	buf_fini(&w.b);
	return (w.error);
}

/* --- reading --- */

static bool
refuse(struct problems *problems, const char *name, unsigned line, const char *text)
{
	char pointer[64];

	(void)str_copy(pointer, "/", sizeof(pointer));
	(void)str_copy(pointer + 1, name, sizeof(pointer) - 1);
	problems_add(problems, pointer, NULL, line, "backup", "", "%s", text);
	return (false);
}

static bool
take_member(const struct node *n, struct problems *problems, struct backup *b)
{
	const struct {
		const char	*name;
		const char	**ret;
	} texts[] = { { "created-at", &b->created_at }, { "device", &b->device }, { "hostname", &b->hostname }, { "software", &b->software } };
	bool is_text = n->kind == NODE_SCALAR && n->style == NODE_QUOTED, is_number = n->kind == NODE_SCALAR && n->style == NODE_NUMBER;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(n->name, texts[i].name) != 0)
			continue;
		if (!is_text || n->len > 128)
			return (refuse(problems, n->name, n->line, "is no short text"));
		*texts[i].ret = n->text;
		return (true);
	}
	if (strcmp(n->name, "format") == 0)
		return ((is_text && strcmp(n->text, FORMAT) == 0) || refuse(problems, n->name, n->line, "this is no backup of Patronus"));
	if (strcmp(n->name, "version") == 0)
		return ((is_number && str_u64(n->text, VERSION, VERSION_PARTS, &b->version) == 0) ||
		    refuse(problems, n->name, n->line, "a backup of another version; this box reads versions 1 and 2"));
	if (strcmp(n->name, "content") == 0)
		return ((is_text && (b->content = backup_content_parse(n->text)) != BACKUP_INVALID) ||
		    refuse(problems, n->name, n->line, "is not full, configuration or keys"));
	if (strcmp(n->name, "revision") == 0)
		return ((is_number && str_u64(n->text, 0, UINT32_MAX, &b->revision) == 0) ||
		    refuse(problems, n->name, n->line, "is not the number of a revision"));
	if (n->kind == NODE_MAP && strcmp(n->name, "configuration") == 0)
		b->configuration = (struct node *)(uintptr_t)n;
	else if (n->kind == NODE_MAP && strcmp(n->name, "secrets") == 0)
		b->secrets = n;
	else
		return (refuse(problems, n->name, n->line, "is not part of a backup"));
	return (true);
}

bool
backup_read(const struct node *root, struct problems *problems, struct backup *ret)
{
	static const char *const needed[] = { "format", "version", "content", "revision", "created-at", "device" };
	const struct node *n;
	bool ok = true;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	ret->hostname = ret->software = "";
	if (root->kind != NODE_MAP)
		return (refuse(problems, "", root->line, "this is no backup of Patronus"));
	for (n = root->first; n != NULL; n = n->next)
		ok = take_member(n, problems, ret) && ok;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (node_member(root, needed[i]) == NULL)
			ok = refuse(problems, needed[i], root->line, "is missing");
	if (!ok)
		return (false);
	if ((ret->content != BACKUP_KEYS) != (ret->configuration != NULL))
		return (refuse(problems, "configuration", root->line, "does not fit the content that the backup says it has"));
	if ((ret->content != BACKUP_CONFIGURATION) != (ret->secrets != NULL))
		return (refuse(problems, "secrets", root->line, "does not fit the content that the backup says it has"));
	return (true);
}
