/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

#include "backup_contents.h"
#include "backups.h"
#include "body.h"
#include "confd.h"
#include "dbtext.h"
#include "document.h"
#include "listtext.h"
#include "node.h"
#include "nodes.h"
#include "parse.h"
#include "problem.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "restored.h"
#include "route.h"
#include "route_common.h"
#include "secrets.h"
#include "workspace.h"

/* Backups of the box: a list of files, each of which somebody with its key can look into or put into a workspace. */

#define PASSPHRASE_MIN	12
#define PASSPHRASE_MAX	512
#define MAPPINGS_MAX	256
#define WHOLE_MAX	(16u << 20)	/* of one answer */
#define PIECE		(8u << 20)

/* --- files --- */

static void
print_file(const struct backup_file *f, struct buf *b)
{
	char when[32];

	buf_printf(b, "{\"name\":\"%s\",\"content\":\"%s\",\"scheduled\":%s,\"created-at\":\"%s\",\"size\":%llu}", f->name, f->content,
	    f->is_auto ? "true" : "false", clock_rfc3339(f->time_ms, when), (unsigned long long)f->size);
}

void
backup_list(struct request *req)
{
	struct backup_file *files;
	unsigned n, i;
	struct buf b;
	int error;

	if ((error = backup_dir_list(backups_dir(req->confd->backups), &files, &n)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	buf_init(&b, 1 << 20);
	buf_puts(&b, "{\"backups\":[");
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		print_file(&files[i], &b);
	}
	buf_putc(&b, ']');
	backups_print(req->confd->backups, &b);
	buf_putc(&b, '}');
	free(files);
	reply_json(req, 200, &b, NULL);
}

/* A piece at a time, when it is asked for so: an answer has 16 MiB at most. */
void
backup_download(struct request *req)
{
	bool is_piece = req->in->query[0] != '\0';
	char link[200], total[24];
	uint64_t offset, size;
	uint8_t *data;
	size_t len;
	int error;

	if (!query_number(req, "offset", 0, BACKUP_BYTES_MAX, 0, &offset))
		return;
	if ((error = backup_dir_read_piece(backups_dir(req->confd->backups), req->segment[1], offset, is_piece ? PIECE : WHOLE_MAX, &data, &len, &size)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	(void)snprintf(link, sizeof(link), "</api/v1/backups/%.100s?offset=%llu>; rel=\"next\"", req->segment[1], (unsigned long long)offset + len);
	(void)snprintf(total, sizeof(total), "%llu", (unsigned long long)size);
	if (offset == 0)
		daemon_audit(req->user, req->from, "backup", req->segment[1], "downloaded", "%s", "");
	if (!is_piece && len < size)
		reply_problem(req, PROBLEM_TOO_LARGE, "the backup has %s bytes, more than one answer: ask for it in pieces, from offset=0 on", total);
	else
		reply_text(req, 200, "application/octet-stream", (const char *)data, len,
		    &(struct reply_extra){ .link = offset + len < size ? link : NULL, .count = total });
	free(data);
}

static void
reply_taken(struct request *req, int error, bool is_last)
{
	if (error == -EEXIST)
		reply_problem(req, PROBLEM_STALE, "there is a backup of this name already");
	else if (error == -EINVAL)
		reply_problem(req, PROBLEM_VALIDATION, "a backup is called HOST-20261128T033000Z-full.age, with its own host, time and content");
	else if (error == -ESTALE)
		reply_problem(req, PROBLEM_CONFLICT, "this piece does not continue the one before; begin again with offset=0");
	else if (error == -EFBIG)
		reply_problem(req, PROBLEM_TOO_LARGE, "a backup has at most 60 MiB");
	else if (error != 0)
		reply_error(req, error, NULL);
	else {
		if (is_last)
			daemon_audit(req->user, req->from, "backup", req->segment[1], "uploaded", "%s", "");
		reply_empty(req, is_last ? 204 : 202, NULL);
	}
}

/* A file from elsewhere, to be looked into or restored: it stays what it is, and is not believed anything.  In pieces, or whole. */
void
backup_upload(struct request *req)
{
	const struct bytes *body = &req->in->body;
	static const char intro[] = "age-encryption.org/v1\n";
	uint64_t offset, size;

	if (!query_number(req, "offset", 0, BACKUP_BYTES_MAX, 0, &offset) || !query_number(req, "size", 0, UINT32_MAX, offset + body->len, &size))
		return;
	if (strcmp(req->in->content_type, "application/octet-stream") != 0)
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
	else if (offset == 0 && (body->len < sizeof(intro) || memcmp(body->data, intro, sizeof(intro) - 1) != 0))
		reply_problem(req, PROBLEM_VALIDATION, "that is no file of age, version 1");
	else
		reply_taken(req, backup_dir_take(backups_dir(req->confd->backups), req->segment[1], offset, size, body->data, body->len),
		    offset + body->len == size);
}

void
backup_remove(struct request *req)
{
	int error = backup_dir_remove(backups_dir(req->confd->backups), req->segment[1]);

	if (error != 0) {
		reply_error(req, error, NULL);
		return;
	}
	daemon_audit(req->user, req->from, "backup", req->segment[1], "removed", "%s", "");
	reply_empty(req, 204, NULL);
}

/* --- making one --- */

static void
reply_backup_error(struct request *req, int error, const char *bad)
{
	if (error == -ENOKEY)
		reply_problem(req, PROBLEM_CONFLICT, "the secrets are locked: patronusctl secret unlock");
	else if (error == -EDQUOT)
		reply_problem(req, PROBLEM_CONFLICT, "there are too many backups on the box; remove some");
	else if (error == -EFBIG)
		reply_problem(req, PROBLEM_TOO_LARGE, "with its lists and databases it would be larger than 60 MiB: take the configuration and the keys alone");
	else if (error == -EBADMSG)
		reply_problem(req, PROBLEM_CONFLICT, "a secret of the configuration does not open: set it again");
	else if (bad != NULL)
		reply_problem(req, PROBLEM_VALIDATION, "%.80s is no recipient of age (age1...)", bad);
	else
		reply_error(req, error, NULL);
}

/* false, answered, when it is not one or the other. */
static bool
take_lock(struct request *req, const char *passphrase, const struct node *recipients, struct age_lock *ret)
{
	const struct node *n;

	if ((passphrase != NULL) == (recipients != NULL && recipients->n > 0)) {
		reply_problem(req, PROBLEM_VALIDATION, "say either a passphrase or recipients");
		return (false);
	}
	if (passphrase != NULL && (strlen(passphrase) < PASSPHRASE_MIN || strlen(passphrase) > PASSPHRASE_MAX)) {
		reply_problem(req, PROBLEM_VALIDATION, "a passphrase has %d to %d bytes", PASSPHRASE_MIN, PASSPHRASE_MAX);
		return (false);
	}
	ret->passphrase = passphrase;
	for (n = passphrase == NULL ? recipients->first : NULL; n != NULL; n = n->next)
		ret->recipients[ret->nrecipients++] = n->kind == NODE_SCALAR ? n->text : "";
	return (true);
}

void
backup_create(struct request *req)
{
	const char *content = "full", *passphrase = NULL, *bad = NULL;
	const struct node *recipients = NULL;
	const struct body_member members[] = { { .name = "content", .ret_text = &content }, { .name = "passphrase", .ret_text = &passphrase },
	    { .name = "recipients", .ret_list = &recipients, .max = AGE_RECIPIENTS_MAX }, { .name = NULL } };
	struct age_lock lock = { .passphrase = NULL };
	struct backup_file f;
	char location[160];
	struct buf b;
	int error;

	if (!body_object(req, members))
		return;
	if (backup_content_parse(content) == BACKUP_INVALID) {
		reply_problem(req, PROBLEM_VALIDATION, "content is full, configuration or keys");
		return;
	}
	if (!take_lock(req, passphrase, recipients, &lock))
		return;
	if ((error = backups_make(req->confd->backups, backup_content_parse(content), &lock, false, &f, &bad)) != 0) {
		reply_backup_error(req, error, bad);
		return;
	}
	daemon_audit(req->user, req->from, "backup", f.name, "made", "%s", content);
	(void)snprintf(location, sizeof(location), "/api/v1/backups/%s", f.name);
	buf_init(&b, 1024);
	print_file(&f, &b);
	reply_json(req, 201, &b, &(struct reply_extra){ .location = location });
}

/* --- looking into one --- */

struct opening {
	struct request		*req;
	bool			 is_dry;
	void			*sealed;	/* the file */
	size_t			 len;
	struct age_reader	*age;
	struct backup_reader	*reader;
	struct problems		*problems;
	struct backup_contents	*contents;	/* when all of it was read */
	enum backup_step	 step;		/* the last one */
	char			 name[BACKUP_NAME_LEN];
	uint8_t			 chunk[AGE_CHUNK];
	struct backup_mapping	 map[MAPPINGS_MAX];
	size_t			 nmap;
};

static void	 go_on(struct opening *);

static void
opening_free(struct opening *o)
{
	age_reader_free(o->age);
	backup_reader_free(o->reader);
	backup_contents_free(o->contents);
	backup_dir_unmap(o->sealed, o->len);
	problems_free(o->problems);
	explicit_bzero(o->chunk, sizeof(o->chunk));
	free(o);
}

static void
print_contents(const struct backup_contents *c, struct buf *b)
{
	struct addrdb all;
	uint32_t i;

	buf_puts(b, ",\"lists\":[");
	for (i = 0; i < c->n; i++)
		buf_printf(b, "%s{\"name\":\"%s\",\"ipv4\":%u,\"ipv6\":%u}", i > 0 ? "," : "", c->lists[i].name, c->lists[i].content.n4,
		    c->lists[i].content.n6);
	buf_putc(b, ']');
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		all = backup_contents_database(c, i);
		if (c->databases[i].is_there)
			buf_printf(b, ",\"%s\":{\"ipv4\":%u,\"ipv6\":%u}", backup_database_name(i), all.n4, all.n6);
	}
}

static void
print_notes(const struct backup *k, const struct backup_notes *notes, struct buf *b)
{
	buf_printf(b, "\"content\":\"%s\",\"revision\":%llu,\"created-at\":", backup_content_name(k->content), (unsigned long long)k->revision);
	record_json_string(k->created_at, strlen(k->created_at), b);
	buf_puts(b, ",\"device\":");
	record_json_string(k->device, strlen(k->device), b);
	buf_puts(b, ",\"hostname\":");
	record_json_string(k->hostname, strlen(k->hostname), b);
	buf_printf(b, ",\"secrets\":%u,\"secrets-missing\":[", notes->nsecrets);
	buf_put(b, notes->missing->data, notes->missing->len);
	buf_puts(b, "],\"users-disabled\":[");
	buf_put(b, notes->users->data, notes->users->len);
	buf_puts(b, "],\"system-uids-kept\":[");
	buf_put(b, notes->uids->data, notes->uids->len);
	buf_puts(b, "]");
}

/* A long list is cut by the record; the diff has them all. */
static void
audit_restore(struct request *req, const struct backup *k, const struct backup_notes *notes, const char *workspace)
{
	bool is_any = notes->users->len > 0;

	daemon_audit(req->user, req->from, "backup", k->device, "restored", "revision %llu into workspace %s%s%.*s%s",
	    (unsigned long long)k->revision, workspace, is_any ? "; disabled: " : "", is_any ? (int)notes->users->len : 0,
	    is_any ? (const char *)notes->users->data : "", is_any ? "; an administrator enables them by name" : "");
}

/* Verified: the document would do; or it lies in a workspace now. */
static void
finish(struct opening *o, const struct backup *k, const struct backup_notes *notes, struct document *doc, struct problems *problems)
{
	struct request *req = o->req;
	struct workspace *w = NULL;
	char location[64] = "";
	struct buf b, carried;
	int error = 0;

	if (o->is_dry) {
		error = document_validate(doc, problems);
		document_free(doc);
	} else if ((w = workspace_new(req->confd->workspaces, req->user, doc, &error)) == NULL) {
		route_reply_no_room(req, error);
		return;
	}
	buf_init(&carried, 1 << 20);
	print_contents(o->contents, &carried);
	if (w != NULL && !backup_contents_is_empty(o->contents)) {
		if (restored_put(req->confd->restored, w->id, req->user, o->contents) != 0) {
			workspace_free(req->confd->workspaces, w);
			buf_fini(&carried);
			reply_problem(req, PROBLEM_CONFLICT, "the lists of other restores wait for their commit; commit or discard these first");
			return;
		}
		o->contents = NULL;
	}
	if (error != 0) {
		buf_fini(&carried);
		reply_error(req, error, problems);
		return;
	}
	buf_init(&b, 1 << 20);
	buf_putc(&b, '{');
	if (w != NULL) {
		buf_printf(&b, "\"workspace\":\"%s\",\"changes\":%u,", w->id, w->changes);
		(void)snprintf(location, sizeof(location), "/api/v1/workspaces/%s", w->id);
		audit_restore(req, k, notes, w->id);
	} else
		buf_puts(&b, "\"valid\":true,");
	print_notes(k, notes, &b);
	buf_put(&b, carried.data, carried.len);
	buf_fini(&carried);
	buf_putc(&b, '}');
	reply_json(req, w != NULL ? 201 : 200, &b, &(struct reply_extra){ .location = location });
}

/* What stands behind the document is what the document says, and has a use in it. */
static bool
fits(const struct opening *o, const struct backup *k, const struct document *doc, struct problems *problems)
{
	const char *document, *source;
	bool has_parts;
	char path[128];
	size_t len;
	uint32_t i;

	backup_reader_document(o->reader, &document, &len, &has_parts);
	if (has_parts != (k->version > 1) || (has_parts && k->content != BACKUP_FULL)) {
		problems_add(problems, "/version", NULL, 1, "backup", "", "does not fit what stands behind the document");
		return (false);
	}
	for (i = 0; i < o->contents->n; i++) {
		(void)snprintf(path, sizeof(path), "/firewall/lists/%s/source", o->contents->lists[i].name);
		if ((source = document_value(doc, path)) != NULL && strcmp(source, "upload") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "/lists/%s", o->contents->lists[i].name);
		problems_add(problems, path, NULL, 0, "backup", "", "the configuration of the backup has no list of this name that is uploaded");
		return (false);
	}
	return (true);
}

static void
take_apart(struct opening *o, const struct bytes *nodes, struct arena *arena, struct problems *problems)
{
	struct buf users, uids, missing;
	struct backup_notes notes = { .users = &users, .uids = &uids, .missing = &missing };
	struct document *doc = NULL;
	struct node *root = NULL;
	struct backup k;
	int error;

	buf_init(&users, 1 << 20);
	buf_init(&uids, 1 << 20);
	buf_init(&missing, 1 << 20);
	if ((error = nodes_unpack(nodes->data, nodes->len, arena, problems, &root)) == 0 && !backup_read(root, problems, &k))
		error = -EINVAL;
	if (error == 0)
		error = backup_restore(o->req->confd, &k, arena, o->map, o->nmap, o->is_dry, problems, &notes, &doc);
	if (error == 0 && !fits(o, &k, doc, problems)) {
		document_free(doc);
		error = -EINVAL;
	}
	if (error == -ENOKEY)
		reply_backup_error(o->req, error, NULL);
	else if (error != 0)
		reply_error(o->req, error, problems);
	else
		finish(o, &k, &notes, doc, problems);
	buf_fini(&users);
	buf_fini(&uids);
	buf_fini(&missing);
}

static void
reply_not_parsed(struct request *req, int error)
{
	if (error == -EAGAIN)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many documents are being read");
	else
		reply_problem(req, PROBLEM_VALIDATION, "what is in the backup is more than its reader could take");
}

static void
on_document(int error, struct message *m, void *arg)
{
	struct arena *arena = arena_new(0);
	struct opening *o = arg;

	if (arena == NULL)
		fatalx("backup", "no memory");
	if (error != 0)
		reply_not_parsed(o->req, error);
	else
		take_apart(o, &((const struct parse_rep *)m->body)->nodes, arena, o->problems);
	arena_free(arena);
	opening_free(o);
}

static void
reply_not_opened(struct request *req, int error, const struct age_fault *fault)
{
	if (error == -EACCES)
		reply_problem(req, PROBLEM_PERMISSION, "this key does not open the backup");
	else if (error == -EBADMSG)
		reply_problem(req, PROBLEM_VALIDATION, "the backup is damaged, or none: %s", fault->text);
	else if (error == -EINVAL)
		reply_problem(req, PROBLEM_VALIDATION, "the identity is none of age (AGE-SECRET-KEY-1...)");
	else
		reply_error(req, error, NULL);
}

/* --- a part after the other --- */

static void
start_document(struct opening *o)
{
	struct parse_req req = { .format = PARSE_BACKUP };
	const char *text;
	bool has_parts;
	size_t len;
	int error;

	if ((o->contents = backup_reader_contents(o->reader)) == NULL)
		fatalx("backup", "no memory");
	backup_reader_document(o->reader, &text, &len, &has_parts);
	req.text = (struct bytes){ (const uint8_t *)text, (uint32_t)len };
	if ((error = parse_start(o->req->confd->base, &req, on_document, o)) != 0)
		on_document(error, NULL, o);
}

/* The next chunk; false, answered, when it is damaged. */
static bool
give_more(struct opening *o)
{
	struct age_fault fault;
	size_t len;
	int error = age_reader_next(o->age, o->chunk, &len, &fault);

	if (error != 0) {
		daemon_audit(o->req->user, o->req->from, "backup", o->name, "refused", "%s", fault.text);
		reply_not_opened(o->req, error, &fault);
		return (false);
	}
	backup_reader_give(o->reader, o->chunk, len);
	return (true);
}

static void
on_lines(int error, struct message *m, void *arg)
{
	const struct parse_rep *rep = m != NULL ? m->body : NULL;
	struct opening *o = arg;
	struct dbtext t;
	struct listtext l;
	bool ok = false;

	if (error == -EAGAIN) {
		reply_not_parsed(o->req, error);
		opening_free(o);
		return;
	}
	if (error != 0 || (o->step == BACKUP_STEP_LIST ? listtext_unpack(rep->nodes.data, rep->nodes.len, &l) :
	    dbtext_unpack(backup_reader_kind(o->reader), rep->nodes.data, rep->nodes.len, &t)) != 0)
		backup_reader_refuse(o->reader, "it cannot be read", o->problems);
	else
		ok = o->step == BACKUP_STEP_LIST ? backup_reader_take_list(o->reader, &l, o->problems) :
		    backup_reader_take_database(o->reader, &t, o->problems);
	if (ok) {
		go_on(o);
		return;
	}
	reply_error(o->req, -EINVAL, o->problems);
	opening_free(o);
}

/* Until something has to be read by another process. */
static void
go_on(struct opening *o)
{
	struct parse_req req = { .format = PARSE_LIST };
	const char *text;
	size_t len;

	while ((o->step = backup_reader_next(o->reader, o->problems, &text, &len)) == BACKUP_STEP_MORE) {
		if (give_more(o))
			continue;
		opening_free(o);
		return;
	}
	if (o->step == BACKUP_STEP_END) {
		start_document(o);
	} else if (o->step == BACKUP_STEP_REFUSED) {
		reply_error(o->req, -EINVAL, o->problems);
		opening_free(o);
	} else {
		if (o->step == BACKUP_STEP_DATABASE)
			req.format = backup_reader_kind(o->reader) == ADDRDB_SYSTEMS ? PARSE_SYSTEMS : PARSE_COUNTRIES;
		req.text = (struct bytes){ (const uint8_t *)text, (uint32_t)len };
		if (parse_start(o->req->confd->base, &req, on_lines, o) != 0)
			on_lines(-EAGAIN, NULL, o);
	}
}

/* {"interface": "wan", "name": "eth5"}, ...: false with problems. */
static bool
take_mappings(const struct node *list, struct opening *o, struct problems *problems)
{
	static const char *const kinds[] = { "name", "mac", "path" };
	const char *interface, *values[3];
	const struct body_member members[] = { { .name = "interface", .ret_text = &interface, .is_required = true },
	    { .name = "name", .ret_text = &values[0] }, { .name = "mac", .ret_text = &values[1] }, { .name = "path", .ret_text = &values[2] },
	    { .name = NULL } };
	const struct node *n;
	unsigned i;

	for (n = list != NULL ? list->first : NULL; n != NULL; n = n->next) {
		interface = values[0] = values[1] = values[2] = NULL;
		if (!body_members(n, "/interfaces", members, problems))
			return (false);
		if ((values[0] != NULL) + (values[1] != NULL) + (values[2] != NULL) != 1) {
			problems_add(problems, "/interfaces", NULL, n->line, "choice", "", "say one of name, mac and path");
			return (false);
		}
		for (i = 0; values[i] == NULL; i++)
			;
		o->map[o->nmap++] = (struct backup_mapping){ .interface = interface, .kind = kinds[i], .value = values[i] };
	}
	return (true);
}

static void
open_backup(struct request *req, const char *name, const struct age_key *key, struct opening *o)
{
	struct age_fault fault;
	int error;

	(void)str_copy(o->name, name, sizeof(o->name));
	if ((error = backup_dir_map(backups_dir(req->confd->backups), name, &o->sealed, &o->len)) != 0) {
		reply_error(req, error, NULL);
		opening_free(o);
		return;
	}
	if ((error = age_reader_new(key, o->sealed, o->len, &o->age, &fault)) != 0) {
		daemon_audit(req->user, req->from, "backup", name, "refused", "%s", fault.text);
		reply_not_opened(req, error, &fault);
		opening_free(o);
		return;
	}
	if ((o->reader = backup_reader_new()) == NULL)
		fatalx("backup", "no memory");
	go_on(o);
}

static void
open_asked(struct request *req, bool is_dry)
{
	const char *name = NULL, *passphrase = NULL, *identity = NULL;
	const struct node *interfaces = NULL;
	const struct body_member members[] = { { .name = "name", .ret_text = &name, .is_required = true },
	    { .name = "passphrase", .ret_text = &passphrase }, { .name = "identity", .ret_text = &identity },
	    { .name = "interfaces", .ret_list = &interfaces, .max = MAPPINGS_MAX }, { .name = NULL } };
	struct opening *o;

	if (!body_object(req, members))
		return;
	if ((passphrase != NULL) == (identity != NULL)) {
		reply_problem(req, PROBLEM_VALIDATION, "say either a passphrase or an identity");
		return;
	}
	if ((o = calloc(1, sizeof(*o))) == NULL || (o->problems = problems_new()) == NULL)
		fatalx("backup", "no memory");
	o->req = req;
	o->is_dry = is_dry;
	if (take_mappings(interfaces, o, o->problems)) {
		open_backup(req, name, &(struct age_key){ .passphrase = passphrase, .identity = identity }, o);
		return;
	}
	reply_problems(req, PROBLEM_VALIDATION, o->problems, "the mapping of interfaces cannot be read");
	opening_free(o);
}

void
backup_verify(struct request *req)
{
	open_asked(req, true);
}

void
backup_restore_create(struct request *req)
{
	open_asked(req, false);
}
