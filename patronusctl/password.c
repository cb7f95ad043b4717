/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Somebody's password, from the terminal without echo or from a pipe; never from the command line, which others can read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "prompt.h"
#include "run.h"

#define PASSWORD_MAX	512

int
run_password(struct ctl *c)
{
	char path[256], word[PASSWORD_MAX + 2];
	struct mgmt_req req = { .method = MGMT_PUT, .path = path, .content_type = "application/json" };
	struct reply r;
	char *body;
	json_t *o;
	int code;

	if (strspn(c->args[0], "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(c->args[0])) {
		fprintf(stderr, "patronusctl: \"%s\" is not a user name\n", c->args[0]);
		return EXIT_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/users/%s/password", c->args[0]);
	if (!prompt_twice("New password: ", word, sizeof(word))) {
		explicit_bzero(word, sizeof(word));
		return EXIT_USAGE;
	}
	o = json_pack("{s:s}", "new", word);
	explicit_bzero(word, sizeof(word));
	body = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (body == NULL) {
		fprintf(stderr, "patronusctl: the password is not UTF-8\n");
		return EXIT_USAGE;
	}
	req.body.data = (const uint8_t *)body;
	req.body.len = (uint32_t)strlen(body);
	code = api_call(c, &req, &r);
	explicit_bzero(body, strlen(body));
	free(body);
	if (code != EXIT_OK)
		return code;
	reply_fini(&r);
	printf("%s has a new password; the sessions are ended\n", c->args[0]);
	return EXIT_OK;
}
