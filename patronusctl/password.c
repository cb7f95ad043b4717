/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Somebody's password, from the terminal without echo or from a pipe; never from the command line, which others can read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

#define PASSWORD_MAX	512

/* One line of standard input without its end.  false at the end of input or when the line is too long. */
static bool
read_line(char *ret, size_t size)
{
	if (fgets(ret, (int)size, stdin) == NULL || strchr(ret, '\n') == NULL)
		return false;
	ret[strcspn(ret, "\r\n")] = '\0';
	return true;
}

static bool
ask_hidden(const char *prompt, char *ret, size_t size)
{
	struct termios shown, hidden;
	bool ok;

	if (tcgetattr(STDIN_FILENO, &shown) == -1)
		return read_line(ret, size);	/* a pipe */
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s", prompt);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	ok = read_line(ret, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fprintf(stderr, "\n");
	return ok;
}

static bool
ask(char *ret, size_t size)
{
	char again[PASSWORD_MAX + 2];
	bool same;

	if (!ask_hidden("New password: ", ret, size))
		return false;
	if (!isatty(STDIN_FILENO))
		return true;
	same = ask_hidden("Once more: ", again, sizeof(again)) && strcmp(ret, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		fprintf(stderr, "patronusctl: the two differ\n");
	return same;
}

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
	if (!ask(word, sizeof(word))) {
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
