/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_SHELL_H
#define PATRONUSCTL_SHELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The interactive shell: the commands of the one table, with completion, "?" and filters, and a mode in which the configuration is
 * edited from within.  A command runs in a process of its own, so that Ctrl-C ends it and not the shell, and the shell's own connection
 * serves completion and prompt alone.
 */

#define SHELL_PATH	1024

struct ctl;
struct line;

struct shell {
	struct ctl	*ctl;		/* of "patronusctl shell": socket, workspace, connection */
	bool		 is_editing;	/* configure mode */
	bool		 is_over;
	bool		 is_tty;
	int		 code;		/* of the last command */
	char		 level[SHELL_PATH];	/* "/firewall/rules/web-in"; "" at the top */
	json_t		*schema;	/* NULL until somebody asks */
	char		 user[65];
	char		 host[65];
};

/* shell_run.c: run words as "patronusctl WORDS..." would; their exit code. */
int		 shell_run(struct shell *, const char *const *words, int n, const struct line *filters);
/* SIGINT no longer ends the shell; one that comes before the next command runs ends that one. */
void		 shell_interrupts_take(void);
/* At a prompt: what was interrupted has ended. */
void		 shell_interrupts_forget(void);

/* shell_edit.c: a line of the configure mode. */
void		 shell_edit(struct shell *, struct line *);
/* Candidates for the last word, one "word\ttext" a line on standard output. */
void		 shell_edit_complete(struct shell *, const char *const *words, int n);
const json_t	*shell_schema(struct shell *);

/* shell_input.c: lines with an editor on a terminal, plain ones otherwise.  NULL at the end; the text is the input's until the next call. */
void		 shell_input_open(struct shell *);
const char	*shell_input_line(struct shell *);
void		 shell_input_close(void);

#endif
