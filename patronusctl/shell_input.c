/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: with editing, history, Tab and "?" on a terminal (libedit); as they are from anywhere else. */
#include <fcntl.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api.h"
#include "complete.h"
#include "ctl.h"
#include "exit.h"
#include "filter.h"
#include "line.h"
#include "shell.h"

#define HISTORY_LINES	500
#define CANDIDATES_MAX	2000
#define WORD_WIDTH	28

static EditLine		*editor;
static History		*history_;
static struct shell	*shell;
static char		*plain;		/* a line that came without the editor */
static size_t		 plain_size;

/* --- the prompt --- */

static const char *
prompt(EditLine *el)
{
	static char text[SHELL_PATH + 256];
	struct reply r;
	char waits[64] = "";

	(void)el;
	if (api_get_quietly(shell->ctl, "/commits/pending", &r) == EXIT_OK) {
		(void)snprintf(waits, sizeof(waits), "(goes back in %lld s) ", (long long)json_number(r.json, "confirm-seconds-left"));
		reply_fini(&r);
	}
	if (shell->is_editing)
		(void)snprintf(text, sizeof(text), "[edit%s%s]\n%s%s@%s# ", shell->level[0] != '\0' ? " " : "",
		    shell->level[0] != '\0' ? shell->level + 1 : "", waits, shell->user, shell->host);
	else
		(void)snprintf(text, sizeof(text), "%s%s@%s> ", waits, shell->user, shell->host);
	return text;
}

/* --- candidates --- */

struct candidates {
	char	*text;		/* "word\ttext" lines, taken apart in place */
	char	*word[CANDIDATES_MAX];
	char	*help[CANDIDATES_MAX];
	size_t	 n;
};

/* What the completing functions print, and nothing of what they complain about. */
static char *
captured(const char *const *words, int n, bool is_filter)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), fd = memfd_create("candidates", MFD_CLOEXEC);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *text = NULL;
	const char *w;
	size_t len;
	off_t end;

	if (out == -1 || err == -1 || fd == -1 || null == -1)
		return NULL;
	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	if (is_filter)
		for (w = filter_names; *w != '\0'; w += len, w += strspn(w, " ")) {
			len = strcspn(w, " ");
			complete_candidate(words[n - 1], w, len, "");
		}
	else if (shell->is_editing)
		shell_edit_complete(shell, words, n);
	else
		complete_line(shell->ctl, words, n);
	(void)fflush(stdout);
	end = lseek(fd, 0, SEEK_END);
	if (end >= 0 && (text = calloc(1, (size_t)end + 1)) != NULL && pread(fd, text, (size_t)end, 0) != end)
		text[0] = '\0';
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)close(out);
	(void)close(err);
	(void)close(null);
	(void)close(fd);
	return text;
}

static void
candidates_split(struct candidates *c)
{
	char *p = c->text, *end, *tab;

	c->n = 0;
	while (p != NULL && *p != '\0' && c->n < CANDIDATES_MAX) {
		end = strchr(p, '\n');
		if (end != NULL)
			*end = '\0';
		tab = strchr(p, '\t');
		if (tab != NULL) {	/* all else is a message, or asks for files */
			*tab = '\0';
			c->word[c->n] = p;
			c->help[c->n++] = tab + 1;
		}
		p = end != NULL ? end + 1 : NULL;
	}
}

/* The part of the line before the cursor, taken apart, with the word that is being typed as the last one. */
static bool
candidates_get(struct candidates *c, char *ret_partial, size_t size)
{
	const LineInfo *li = el_line(editor);
	size_t len = (size_t)(li->cursor - li->buffer);
	const struct filter_spec *f;
	const char *why, *words[LINE_WORDS + 1];
	char *text = strndup(li->buffer, len);
	struct line l;
	int n;

	memset(c, 0, sizeof(*c));
	if (text == NULL || line_parse(&l, text, &why) != 0) {
		free(text);
		return false;
	}
	n = l.n;
	memcpy(words, l.words, sizeof(l.words[0]) * (size_t)n);
	if (l.nfilters > 0) {
		f = &l.filters[l.nfilters - 1];
		words[0] = f->name;
		n = 1;
	} else if (n == 0 || l.is_open)
		words[n++] = "";
	(void)snprintf(ret_partial, size, "%s", words[n - 1]);
	c->text = captured(words, n, l.nfilters > 0);
	line_fini(&l);
	free(text);
	candidates_split(c);
	return true;
}

/* How many characters all candidates share. */
static size_t
shared_length(const struct candidates *c)
{
	size_t len = strlen(c->word[0]), i, k;

	for (i = 1; i < c->n; i++) {
		for (k = 0; k < len && c->word[i][k] == c->word[0][k]; k++)
			continue;
		len = k;
	}
	return len;
}

static void
candidates_print(const struct candidates *c)
{
	size_t i;

	printf("\n");
	for (i = 0; i < c->n; i++)
		printf("  %-*s %s\n", WORD_WIDTH, c->word[i], c->help[i]);
	if (c->n == 0)
		printf("  (nothing more is known here; Enter)\n");
	(void)fflush(stdout);
}

static unsigned char
on_tab(EditLine *el, int ch)
{
	unsigned char result = CC_ERROR;
	struct candidates c;
	char partial[512], insert[600];
	size_t len;

	(void)ch;
	if (!candidates_get(&c, partial, sizeof(partial)) || c.n == 0 || c.word[0][0] == '<') {
		free(c.text);
		return CC_ERROR;
	}
	len = shared_length(&c);
	if (len > strlen(partial) || c.n == 1) {
		/* In words, a path goes on with the next one. */
		(void)snprintf(insert, sizeof(insert), "%.*s%s", (int)(len - strlen(partial)), c.word[0] + strlen(partial),
		    c.n == 1 && c.word[0][len - 1] != '/' ? " " : "");
		len = strlen(insert);
		if (shell->is_editing && len > 0 && insert[len - 1] == '/')
			insert[len - 1] = ' ';
		result = el_insertstr(el, insert) == 0 ? CC_REFRESH : CC_ERROR;
	} else {
		candidates_print(&c);
		result = CC_REDISPLAY;
	}
	free(c.text);
	return result;
}

/* Inside quotes a question mark is one. */
static bool
is_in_quotes(void)
{
	const LineInfo *li = el_line(editor);
	const char *p;
	char quote = 0;

	for (p = li->buffer; p < li->cursor; p++)
		if (quote != 0 ? *p == quote : *p == '"' || *p == '\'')
			quote = quote != 0 ? 0 : *p;
	return quote != 0;
}

static unsigned char
on_question(EditLine *el, int ch)
{
	struct candidates c;
	char partial[512];

	(void)ch;
	if (is_in_quotes())
		return el_insertstr(el, "?") == 0 ? CC_REFRESH : CC_ERROR;
	if (!candidates_get(&c, partial, sizeof(partial)))
		return CC_ERROR;
	candidates_print(&c);
	free(c.text);
	return CC_REDISPLAY;
}

/* Ctrl-C: the line is forgotten, the shell is not. */
static unsigned char
on_interrupt(EditLine *el, int ch)
{
	const LineInfo *li = el_line(el);

	(void)ch;
	(void)el_cursor(el, (int)(li->lastchar - li->cursor));
	li = el_line(el);
	el_deletestr(el, (int)(li->cursor - li->buffer));
	printf("^C\n");
	(void)fflush(stdout);
	return CC_REDISPLAY;
}

/* --- lines --- */

void
shell_input_open(struct shell *sh)
{
	HistEvent ev;

	shell = sh;
	sh->is_tty = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
	if (!sh->is_tty || (editor = el_init("patronusctl", stdin, stdout, stderr)) == NULL)
		return;
	history_ = history_init();
	(void)history(history_, &ev, H_SETSIZE, HISTORY_LINES);
	(void)history(history_, &ev, H_SETUNIQUE, 1);
	(void)el_set(editor, EL_PROMPT, prompt);
	(void)el_set(editor, EL_EDITOR, "emacs");
	(void)el_set(editor, EL_HIST, history, history_);
	(void)el_set(editor, EL_ADDFN, "patronus-complete", "complete the word", on_tab);
	(void)el_set(editor, EL_ADDFN, "patronus-help", "what could be typed here", on_question);
	(void)el_set(editor, EL_ADDFN, "patronus-interrupt", "forget the line", on_interrupt);
	(void)el_set(editor, EL_BIND, "^I", "patronus-complete", NULL);
	(void)el_set(editor, EL_BIND, "?", "patronus-help", NULL);
	(void)el_set(editor, EL_SETTY, "-d", "-isig", NULL);
	(void)el_set(editor, EL_BIND, "^C", "patronus-interrupt", NULL);
	(void)el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

const char *
shell_input_line(struct shell *sh)
{
	const char *line;
	HistEvent ev;
	ssize_t len;
	int n;

	(void)sh;
	if (editor == NULL) {
		if ((len = getline(&plain, &plain_size, stdin)) <= 0)
			return NULL;
		plain[strcspn(plain, "\r\n")] = '\0';
		return plain;
	}
	/* Before the prompt, not at the first read: a Ctrl-C that follows the prompt at once is the editor's. */
	(void)el_set(editor, EL_PREP_TERM, 1);
	shell_interrupts_forget();
	if ((line = el_gets(editor, &n)) == NULL || n <= 0)
		return NULL;
	free(plain);
	plain_size = 0;
	if ((plain = strdup(line)) == NULL)
		return NULL;
	plain[strcspn(plain, "\r\n")] = '\0';
	if (plain[strspn(plain, " \t")] != '\0')
		(void)history(history_, &ev, H_ENTER, plain);
	return plain;
}

void
shell_input_close(void)
{
	if (editor != NULL)
		el_end(editor);
	if (history_ != NULL)
		history_end(history_);
	free(plain);
}
