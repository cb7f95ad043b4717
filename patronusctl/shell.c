/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "line.h"
#include "run.h"
#include "shell.h"

/* Who and where, for the prompt. */
static int
introduce(struct shell *sh)
{
	struct reply r;
	int code;

	if ((code = api_get(sh->ctl, "/session", "", &r)) != EXIT_OK)
		return code;
	(void)snprintf(sh->user, sizeof(sh->user), "%s", json_text(r.json, "user"));
	reply_fini(&r);
	(void)snprintf(sh->host, sizeof(sh->host), "patronus");
	if (api_get_quietly(sh->ctl, "/configuration/system/hostname", &r) == EXIT_OK) {
		if (json_is_string(r.json))
			(void)snprintf(sh->host, sizeof(sh->host), "%s", json_string_value(r.json));
		reply_fini(&r);
	}
	return EXIT_OK;
}

/* A line of the operational mode: the commands of the table, and the way into the other mode and out. */
static void
operate(struct shell *sh, struct line *l)
{
	char names[512];

	if (strcmp(l->words[0], "exit") == 0 || strcmp(l->words[0], "quit") == 0) {
		sh->is_over = true;
		return;
	}
	if (!line_expand(l, names, sizeof(names))) {
		fprintf(stderr, "ambiguous: %s\n", names);
		sh->code = EXIT_USAGE;
		return;
	}
	if (strcmp(l->words[0], "configure") == 0)
		sh->is_editing = true;
	else if (strcmp(l->words[0], "help") == 0)
		sh->code = shell_run(sh, l->words + 1, l->n - 1, l);
	else if (strcmp(l->words[0], "shell") != 0)
		sh->code = shell_run(sh, l->words, l->n, l);
}

static void
take_line(struct shell *sh, const char *text)
{
	const char *why;
	struct line l;

	if (line_parse(&l, text, &why) != 0) {
		fprintf(stderr, "%s\n", why);
		sh->code = EXIT_USAGE;
	} else if (l.n > 0 && sh->is_editing)
		shell_edit(sh, &l);
	else if (l.n > 0)
		operate(sh, &l);
	line_fini(&l);
}

static int
start(struct ctl *c, bool is_editing)
{
	struct shell sh = { .ctl = c, .is_editing = is_editing };
	const char *text;
	int code;

	if ((code = introduce(&sh)) != EXIT_OK)
		return code;
	shell_interrupts_take();
	shell_input_open(&sh);
	if (sh.is_tty)
		printf("Tab completes, ? tells what could follow, exit leaves.\n");
	while (!sh.is_over && (text = shell_input_line(&sh)) != NULL) {
		take_line(&sh, text);
		/* configure was asked for: leaving the mode is leaving. */
		if (is_editing && !sh.is_editing)
			sh.is_over = true;
		/* A script ends with its first failure, and says so. */
		if (!sh.is_tty && sh.code != EXIT_OK)
			sh.is_over = true;
	}
	shell_input_close();
	json_decref(sh.schema);
	return sh.is_tty ? EXIT_OK : sh.code;
}

int
run_shell(struct ctl *c)
{
	return start(c, false);
}

int
run_configure(struct ctl *c)
{
	return start(c, true);
}
