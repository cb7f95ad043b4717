/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

#include "backups.h"
#include "body.h"
#include "confd.h"
#include "document.h"
#include "node.h"
#include "nodes.h"
#include "parse.h"
#include "problem.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "secrets.h"
#include "workspace.h"

/* Backups of the box: a list of files, each of which somebody with its key can look into or put into a workspace. */

#define PASSPHRASE_MIN	12
#define PASSPHRASE_MAX	512
#define MAPPINGS_MAX	256

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

void
backup_download(struct request *req)
{
	uint8_t *data;
	size_t len;
	int error = backup_dir_read(backups_dir(req->confd->backups), req->segment[1], &data, &len);

	if (error != 0) {
		reply_error(req, error, NULL);
		return;
	}
	daemon_audit(req->user, req->from, "backup", req->segment[1], "downloaded", "%s", "");
	reply_text(req, 200, "application/octet-stream", (const char *)data, len, NULL);
	free(data);
}

/* A file from elsewhere, to be looked into or restored: it stays what it is, and is not believed anything. */
void
backup_upload(struct request *req)
{
	const struct bytes *body = &req->in->body;
	static const char intro[] = "age-encryption.org/v1\n";
	int error;

	if (strcmp(req->in->content_type, "application/octet-stream") != 0)
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
	else if (body->len < sizeof(intro) || memcmp(body->data, intro, sizeof(intro) - 1) != 0)
		reply_problem(req, PROBLEM_VALIDATION, "that is no file of age, version 1");
	else if ((error = backup_dir_take(backups_dir(req->confd->backups), req->segment[1], body->data, body->len)) == -EEXIST)
		reply_problem(req, PROBLEM_STALE, "there is a backup of this name already");
	else if (error == -EINVAL)
		reply_problem(req, PROBLEM_VALIDATION, "a backup is called HOST-20261128T033000Z-full.age, with its own host, time and content");
	else if (error != 0)
		reply_error(req, error, NULL);
	else {
		daemon_audit(req->user, req->from, "backup", req->segment[1], "uploaded", "%s", "");
		reply_empty(req, 204, NULL);
	}
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
	uint8_t			*plain;
	size_t			 len;
	struct backup_mapping	 map[MAPPINGS_MAX];
	size_t			 nmap;
};

static void
opening_free(struct opening *o)
{
	age_free(o->plain, o->len);
	free(o);
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
	struct buf b;
	int error = 0;

	if (o->is_dry) {
		error = document_validate(doc, problems);
		document_free(doc);
	} else if ((w = workspace_new(req->confd->workspaces, req->user, doc, &error)) == NULL) {
		route_reply_no_room(req, error);
		return;
	}
	if (error != 0) {
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
	buf_putc(&b, '}');
	reply_json(req, w != NULL ? 201 : 200, &b, &(struct reply_extra){ .location = location });
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
on_parsed(int error, struct message *m, void *arg)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct opening *o = arg;

	if (problems == NULL || arena == NULL)
		fatalx("backup", "no memory");
	if (error == -EAGAIN)
		reply_problem_with(o->req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many documents are being read");
	else if (error != 0)
		reply_problem(o->req, PROBLEM_VALIDATION, "what is in the backup is more than its reader could take");
	else
		take_apart(o, &((const struct parse_rep *)m->body)->nodes, arena, problems);
	arena_free(arena);
	problems_free(problems);
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
	uint8_t *sealed;
	size_t len;
	int error;

	if ((error = backup_dir_read(backups_dir(req->confd->backups), name, &sealed, &len)) != 0) {
		reply_error(req, error, NULL);
		free(o);
		return;
	}
	error = age_open(key, sealed, len, &o->plain, &o->len, &fault);
	free(sealed);
	if (error != 0) {
		daemon_audit(req->user, req->from, "backup", name, "refused", "%s", fault.text);
		reply_not_opened(req, error, &fault);
		free(o);
		return;
	}
	if ((error = parse_start(req->confd->base, &(struct parse_req){ .format = PARSE_BACKUP, .text = { o->plain, (uint32_t)o->len } }, on_parsed,
	    o)) != 0)
		on_parsed(error, NULL, o);
}

static void
open_asked(struct request *req, bool is_dry)
{
	const char *name = NULL, *passphrase = NULL, *identity = NULL;
	const struct node *interfaces = NULL;
	const struct body_member members[] = { { .name = "name", .ret_text = &name, .is_required = true },
	    { .name = "passphrase", .ret_text = &passphrase }, { .name = "identity", .ret_text = &identity },
	    { .name = "interfaces", .ret_list = &interfaces, .max = MAPPINGS_MAX }, { .name = NULL } };
	struct problems *problems;
	struct opening *o;

	if (!body_object(req, members))
		return;
	if ((passphrase != NULL) == (identity != NULL)) {
		reply_problem(req, PROBLEM_VALIDATION, "say either a passphrase or an identity");
		return;
	}
	if ((problems = problems_new()) == NULL || (o = calloc(1, sizeof(*o))) == NULL)
		fatalx("backup", "no memory");
	o->req = req;
	o->is_dry = is_dry;
	if (take_mappings(interfaces, o, problems))
		open_backup(req, name, &(struct age_key){ .passphrase = passphrase, .identity = identity }, o);
	else {
		reply_problems(req, PROBLEM_VALIDATION, problems, "the mapping of interfaces cannot be read");
		free(o);
	}
	problems_free(problems);
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
