/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets of the configuration: written from the terminal or a pipe, and never shown; and how the box keeps them. */
#include <stdio.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "prompt.h"
#include "run.h"
#include "table.h"
#include "term.h"

#define SECRET_MAX	65538
#define PASSPHRASE_MAX	514
#define PATH_MAX_LEN	2048

/* "/configuration/management/..." without its first word. */
static int
secret_path(const char *typed, char *buf, size_t size, const char **ret)
{
	int code = api_config_path(typed, buf, size);

	*ret = buf + strlen("/configuration");
	return code;
}

static int
patch_secret(struct ctl *c, const char *typed, json_t *value)
{
	char buf[PATH_MAX_LEN], workspace[65];
	struct mgmt_req req = { .method = MGMT_PATCH, .path = "/secrets", .workspace = workspace };
	const char *path;
	struct reply r;
	json_t *o;
	int code;

	if ((code = secret_path(typed, buf, sizeof(buf), &path)) != EXIT_OK ||
	    (code = api_workspace(c, true, workspace, sizeof(workspace))) != EXIT_OK) {
		json_decref(value);
		return code;
	}
	o = value != NULL ? json_object() : NULL;
	if (o != NULL && json_object_set_new(o, path, value) != 0) {
		json_decref(o);
		o = NULL;
	}
	if ((code = api_send_secret(c, &req, o, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s in workspace %s, nothing is applied yet: patronusctl diff, then patronusctl commit\n",
		    json_array_size(json_object_get(r.json, "secrets")) > 0 ? "set" : "removed", workspace);
	reply_fini(&r);
	return code;
}

int
run_secret_set(struct ctl *c)
{
	static char value[SECRET_MAX];
	size_t len;
	int code;

	if (!prompt_text("Secret: ", value, sizeof(value), &len)) {
		explicit_bzero(value, sizeof(value));
		return EXIT_USAGE;
	}
	code = patch_secret(c, c->args[0], json_stringn(value, len));
	explicit_bzero(value, sizeof(value));
	return code;
}

int
run_secret_remove(struct ctl *c)
{
	return patch_secret(c, c->args[0], json_null());
}

int
run_secret_list(struct ctl *c)
{
	static const char *const titles[] = { "PATH", "FINGERPRINT", "VALUE" };
	struct mgmt_req req = { .method = MGMT_GET, .path = "/secrets", .accept = "application/json",
	    .workspace = c->workspace != NULL ? c->workspace : "" };
	const json_t *list, *s;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	if ((code = api_call(c, &req, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
		list = json_object_get(r.json, "secrets");
		for (i = 0; i < json_array_size(list); i++) {
			s = json_array_get(list, i);
			table_cell(t, "%s", json_text(s, "path"));
			table_cell(t, "%s", json_text(s, "fingerprint"));
			table_cell(t, "%s", json_flag(s, "stored") ? "set" : "lost");
		}
		table_print(t, term_is_tty(), "");
		table_free(t);
	}
	reply_fini(&r);
	return code;
}

/* --- the vault --- */

static void
tell_protection(const json_t *v)
{
	const char *how = json_text(v, "protection"), *refusal = json_text(v, "refusal");

	printf("Protection   %s", json_flag(v, "protected") ? term_good() : term_warn());
	if (strcmp(how, "tpm") == 0)
		printf("the TPM of this box (PCR %s), and a recovery passphrase", json_text(v, "pcrs"));
	else
		printf("%s", json_flag(v, "protected") ? "a passphrase" : "none: the key lies in a file beside the secrets");
	printf("%s\n", term_plain());
	if (refusal[0] != '\0')
		printf("TPM          %s%s%s\n", term_bad(), refusal, term_plain());
}

static int
tell_vault(const struct ctl *c, struct reply *r)
{
	int code = EXIT_OK;

	if (c->format == FORMAT_JSON)
		code = api_print_body(r);
	else {
		tell_protection(r->json);
		printf("State        %s\n", json_flag(r->json, "locked") ? "locked: patronusctl secret unlock" : "open");
		printf("Secrets      %lld, %lld lost, key epoch %lld\n", (long long)json_number(r->json, "secrets"),
		    (long long)json_number(r->json, "lost"), (long long)json_number(r->json, "epoch"));
	}
	reply_fini(r);
	return code;
}

int
run_secret_status(struct ctl *c)
{
	struct reply r;
	int code = api_get(c, "/vault", "", &r);

	return code != EXIT_OK ? code : tell_vault(c, &r);
}

int
run_secret_unlock(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_POST, .path = "/vault/unlock" };
	char word[PASSPHRASE_MAX];
	struct reply r;
	json_t *o;
	int code;

	word[0] = '\0';
	if (ctl_option(c, "tpm") == NULL && !prompt_hidden("Passphrase: ", word, sizeof(word))) {
		explicit_bzero(word, sizeof(word));
		return EXIT_USAGE;
	}
	o = json_pack("{s:s}", "passphrase", word);
	explicit_bzero(word, sizeof(word));
	code = api_send_secret(c, &req, o, &r);
	return code != EXIT_OK ? code : tell_vault(c, &r);
}

int
run_secret_protect(struct ctl *c)
{
	struct mgmt_req req = { .method = MGMT_PUT, .path = "/vault/protection" };
	const char *how = strcmp(c->args[0], "none") == 0 ? "key-file" : c->args[0], *pcrs = ctl_option(c, "pcrs");
	bool by_tpm = strcmp(how, "tpm") == 0, has_word = by_tpm || strcmp(how, "passphrase") == 0;
	char word[PASSPHRASE_MAX] = "";
	struct reply r;
	json_t *o;
	int code;

	if (pcrs != NULL && !by_tpm) {
		(void)fprintf(stderr, "patronusctl: --pcrs is for secret protect tpm\n");
		return EXIT_USAGE;
	}
	if (has_word && !prompt_twice(by_tpm ? "Recovery passphrase: " : "New passphrase: ", word, sizeof(word))) {
		explicit_bzero(word, sizeof(word));
		return EXIT_USAGE;
	}
	o = has_word ? json_pack("{s:s, s:s, s:s*}", "protection", how, "passphrase", word, "pcrs", pcrs) : json_pack("{s:s}", "protection", how);
	explicit_bzero(word, sizeof(word));
	code = api_send_secret(c, &req, o, &r);
	return code != EXIT_OK ? code : tell_vault(c, &r);
}

int
run_secret_rotate(struct ctl *c)
{
	struct reply r;
	int code = api_post(c, "/vault/rotate", json_object(), &r);

	return code != EXIT_OK ? code : tell_vault(c, &r);
}
