/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"

#include "access.h"
#include "body.h"
#include "confd.h"
#include "document.h"
#include "node.h"
#include "problem.h"
#include "reach.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "secret.h"
#include "secrets.h"
#include "sight.h"
#include "snapshot.h"
#include "tpm.h"
#include "workspace.h"

/*
 * Secrets, written and never read: a value goes into the vault at once and becomes part of the configuration by a commit, because
 * the workspace then refers to it.
 */

/* --- what is set --- */

struct listing {
	const struct confd	*confd;
	struct buf		*b;
	unsigned		 n;
};

static void
print_secret(const char *pointer, const char *fingerprint, void *arg)
{
	struct listing *l = arg;

	buf_puts(l->b, l->n++ > 0 ? ",{\"path\":" : "{\"path\":");
	record_json_string(pointer, strlen(pointer), l->b);
	buf_printf(l->b, ",\"fingerprint\":\"%s\",\"stored\":%s}", fingerprint,
	    vault_has(l->confd->vault, pointer, fingerprint) ? "true" : "false");
}

void
secret_list(struct request *req)
{
	struct listing l = { .confd = req->confd };
	struct workspace *w;
	struct buf b;

	if (!route_find_workspace(req, &w))
		return;
	buf_init(&b, 1 << 20);
	l.b = &b;
	buf_puts(&b, "{\"secrets\":[");
	secret_each(sight_document(req, RIGHT_CONFIG_READ, w != NULL ? workspace_document(w) : req->confd->running->doc), print_secret, &l);
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

void
route_print_vault(struct confd *confd, struct buf *b)
{
	char pcrs[TPM_PCRS_TEXT_MAX];
	struct vault_status st;

	vault_status(confd->vault, &st);
	buf_printf(b, "{\"protection\":\"%s\",\"protected\":%s,\"locked\":%s,\"epoch\":%u,\"secrets\":%u,\"to-reseal\":%u,\"lost\":%u",
	    vault_protection_name(st.protection), st.protection == VAULT_KEY_FILE ? "false" : "true", st.is_locked ? "true" : "false",
	    st.epoch, st.nsecrets, st.nold, secrets_lost(confd));
	if (st.protection == VAULT_TPM) {
		tpm_pcrs_print(st.pcrs, pcrs);
		buf_printf(b, ",\"pcrs\":\"%s\"", pcrs);
	}
	if (st.protection == VAULT_TPM && tpm_refusal()[0] != '\0') {
		buf_puts(b, ",\"refusal\":");
		record_json_string(tpm_refusal(), strlen(tpm_refusal()), b);
	}
	buf_putc(b, '}');
}

static void
reply_vault(struct request *req)
{
	struct buf b;

	buf_init(&b, 4096);
	route_print_vault(req->confd, &b);
	reply_json(req, 200, &b, NULL);
}

void
vault_show(struct request *req)
{
	reply_vault(req);
}

/* --- setting --- */

static void
reply_vault_error(struct request *req, int error)
{
	if (error == -ENOKEY)
		reply_problem(req, PROBLEM_CONFLICT, "the secrets are locked: patronusctl secret unlock");
	else if (error == -EAGAIN)
		reply_problem_with(req, PROBLEM_RATE, "", &(struct reply_extra){ .retry_after_s = 2 }, "too many tries; wait two seconds");
	else if (error == -EACCES)
		reply_problem(req, PROBLEM_PERMISSION, "that is not the passphrase");
	else if (error == -EALREADY)
		reply_problem(req, PROBLEM_CONFLICT, "nothing is locked");
	else if (error == -ERANGE)
		reply_problem(req, PROBLEM_VALIDATION, "a passphrase has %d to %d bytes", VAULT_PASSPHRASE_MIN, VAULT_PASSPHRASE_MAX);
	else
		reply_error(req, error, NULL);
}

static int
set_secret(struct request *req, struct workspace *w, const char *pointer, const char *value, char ret[SEAL_FINGERPRINT_LEN],
    struct problems *problems)
{
	struct edit e = { .kind = EDIT_KIND_PUT, .path = pointer, .format = DOCUMENT_JSON };
	char body[96];
	int error;

	if (!secret_check(req->confd->schema, pointer, value, 0, problems))
		return (-EINVAL);
	if ((error = vault_set(req->confd->vault, pointer, value, strlen(value), ret)) != 0)
		return (error);
	req->confd->must_sweep = true;
	e.len = (size_t)snprintf(body, sizeof(body), "{\"set\":true,\"fingerprint\":\"%s\"}", ret);
	e.body = body;
	if ((error = workspace_edit(req->confd->workspaces, w, &req->rights, &e, NULL, NULL, problems)) == 0)
		daemon_audit(req->user, req->from, "secret", pointer, "set", "fingerprint %s", ret);
	return (error);
}

static void
reply_edit_error(struct request *req, int error, const struct problems *problems)
{
	if (error == -ENOKEY)
		reply_vault_error(req, error);
	else
		route_reply_edit_error(req, error, problems);
}

/* null: it is removed. */
static int
patch_one(struct request *req, struct workspace *w, const struct node *n, struct buf *b, struct problems *problems)
{
	struct edit e = { .kind = EDIT_KIND_DELETE, .path = n->name, .body = "" };
	char print[SEAL_FINGERPRINT_LEN];
	int error;

	if (n->kind == NODE_NULL)
		return (workspace_edit(req->confd->workspaces, w, &req->rights, &e, NULL, NULL, problems));
	if ((error = set_secret(req, w, n->name, n->text, print, problems)) != 0)
		return (error);
	buf_puts(b, b->data[b->len - 1] == '[' ? "{\"path\":" : ",{\"path\":");
	record_json_string(n->name, strlen(n->name), b);
	buf_printf(b, ",\"fingerprint\":\"%s\",\"stored\":true}", print);
	return (0);
}

/* All of them are looked at before the first is written. */
static void
check_all(const struct request *req, const struct node *map, struct problems *problems)
{
	unsigned min, max;
	const struct node *n;
	bool multiline;

	for (n = map->first; n != NULL; n = n->next) {
		if (n->kind == NODE_SCALAR && n->style != NODE_BOOL)
			(void)secret_check(req->confd->schema, n->name, n->text, n->line, problems);
		else if (n->kind != NODE_NULL)
			problems_add(problems, n->name, NULL, n->line, "type", "", "a secret is text, or null to remove it");
		else if (!secret_at(req->confd->schema, n->name, &min, &max, &multiline))
			problems_add(problems, n->name, NULL, n->line, "not-a-secret", "", "there is no secret at %.200s", n->name);
	}
}

/* Before the first value goes anywhere; false, answered. */
static bool
may_set_all(struct request *req, const struct node *map)
{
	struct breach breach = { .right = RIGHT_SECRETS_WRITE };
	const struct node *n;

	for (n = map->first; n != NULL; n = n->next) {
		if (rights_may(&req->rights, RIGHT_SECRETS_WRITE, n->name))
			continue;
		(void)user_role_may(req->rights.role, RIGHT_SECRETS_WRITE, n->name, &breach.right);
		(void)str_copy(breach.path, n->name, sizeof(breach.path));
		breach.is_hidden = !rights_may(&req->rights, RIGHT_CONFIG_READ, n->name);
		access_reply_breach(req, &breach);
		return (false);
	}
	return (true);
}

void
secret_patch(struct request *req)
{
	struct problems *problems;
	struct workspace *w;
	const struct node *n;
	struct node *map;
	struct buf b;
	int error;

	if (!route_find_candidate(req, &w))
		return;
	if (w == NULL) {
		reply_problem(req, PROBLEM_PRECONDITION, "the header Patronus-Workspace is missing: a secret becomes real by a commit");
		return;
	}
	if (!body_map(req, &map) || !may_set_all(req, map))
		return;
	if ((problems = problems_new()) == NULL)
		fatalx("secret", "no memory");
	check_all(req, map, problems);
	error = problems_count(problems) > 0 ? -EINVAL : 0;
	buf_init(&b, 1 << 20);
	buf_puts(&b, "{\"secrets\":[");
	for (n = map->first; n != NULL && error == 0; n = n->next)
		error = patch_one(req, w, n, &b, problems);
	buf_puts(&b, "]}");
	if (error != 0) {
		buf_fini(&b);
		reply_edit_error(req, error, problems);
	} else
		reply_json(req, 200, &b, NULL);
	problems_free(problems);
}

/* --- the vault --- */

/* When it cannot even be asked. */
static void
reply_not_asked(struct request *req, int error)
{
	if (error == -ENOKEY || error == -ERANGE)
		reply_vault_error(req, error);
	else
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 2 }, "%s", error == -EBUSY ?
		    "the TPM is being asked; try again" : "the process that asks the TPM cannot be started");
}

static void
reply_tpm(struct request *req, int error, const char *why)
{
	if (error == -EREMOTEIO)
		reply_problem(req, PROBLEM_CONFLICT, "%s", why);
	else if (error != 0)
		reply_vault_error(req, error);
	else
		reply_vault(req);
}

static void
on_tpm_unlock(int error, const char *why, void *arg)
{
	struct request *req = arg;

	daemon_audit(req->user, req->from, "secret", "vault", error == 0 ? "unlocked" : "refused", "%s", "by the TPM");
	reply_tpm(req, error, why);
}

void
vault_unlock_create(struct request *req)
{
	const char *passphrase = "";
	const struct body_member members[] = { { .name = "passphrase", .ret_text = &passphrase }, { .name = NULL } };
	int error;

	if (!body_object(req, members))
		return;
	if (passphrase[0] == '\0' && (error = tpm_unlock(req->confd, on_tpm_unlock, req)) != -EALREADY) {
		if (error != 0)
			reply_not_asked(req, error);
		return;
	}
	error = vault_unlock(req->confd->vault, passphrase, strlen(passphrase));
	daemon_audit(req->user, req->from, "secret", "vault", error == 0 ? "unlocked" : "refused", "%s", "");
	if (error != 0)
		reply_vault_error(req, error);
	else
		reply_vault(req);
}

static void
on_tpm_protect(int error, const char *why, void *arg)
{
	struct request *req = arg;

	daemon_audit(req->user, req->from, "secret", "vault", error == 0 ? "protected" : "failed", "by %s", "tpm");
	reply_tpm(req, error, why);
}

static void
protect_tpm(struct request *req, const char *passphrase, const char *pcrs)
{
	uint32_t bits;
	int error;

	if (tpm_pcrs_parse(pcrs, &bits) != 0)
		reply_problem(req, PROBLEM_VALIDATION, "pcrs are up to 8 numbers of 0 to 23 with + between them, such as 0+7, or none");
	else if ((error = tpm_protect(req->confd, bits, passphrase, on_tpm_protect, req)) != 0)
		reply_not_asked(req, error);
}

void
vault_protection_put(struct request *req)
{
	const char *kind = NULL, *passphrase = "", *pcrs = TPM_PCRS_DEFAULT;
	const struct body_member members[] = { { .name = "protection", .ret_text = &kind, .is_required = true },
	    { .name = "passphrase", .ret_text = &passphrase }, { .name = "pcrs", .ret_text = &pcrs }, { .name = NULL } };
	int error;

	if (!body_object(req, members))
		return;
	if (strcmp(kind, vault_protection_name(VAULT_TPM)) == 0) {
		protect_tpm(req, passphrase, pcrs);
		return;
	}
	if (strcmp(kind, vault_protection_name(VAULT_PASSPHRASE)) == 0)
		error = vault_protect_passphrase(req->confd->vault, passphrase, strlen(passphrase));
	else if (strcmp(kind, vault_protection_name(VAULT_KEY_FILE)) == 0)
		error = vault_protect_key_file(req->confd->vault);
	else {
		reply_problem(req, PROBLEM_VALIDATION, "protection is tpm, passphrase or key-file");
		return;
	}
	daemon_audit(req->user, req->from, "secret", "vault", error == 0 ? "protected" : "failed", "by %s", kind);
	if (error != 0)
		reply_vault_error(req, error);
	else
		reply_vault(req);
}

void
vault_rotate_create(struct request *req)
{
	int error = vault_rotate(req->confd->vault);

	daemon_audit(req->user, req->from, "secret", "vault", error == 0 ? "rotated" : "failed", "%s", "a new data key");
	if (error != 0)
		reply_vault_error(req, error);
	else
		reply_vault(req);
}
