/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "prompt.h"

/* One line of standard input without its end.  false at the end of input or when the line is too long. */
static bool
read_line(char *ret, size_t size)
{
	if (fgets(ret, (int)size, stdin) == NULL || strchr(ret, '\n') == NULL)
		return false;
	ret[strcspn(ret, "\r\n")] = '\0';
	return true;
}

bool
prompt_hidden(const char *prompt, char *ret, size_t size)
{
	struct termios shown, hidden;
	bool ok;

	if (tcgetattr(STDIN_FILENO, &shown) == -1)
		return read_line(ret, size);	/* a pipe */
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* What was typed before the question is forgotten; after it nothing is. */
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fprintf(stderr, "%s", prompt);
	ok = read_line(ret, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fprintf(stderr, "\n");
	return ok;
}

bool
prompt_twice(const char *prompt, char *ret, size_t size)
{
	char again[1024];
	bool same;

	if (!prompt_hidden(prompt, ret, size))
		return false;
	if (!isatty(STDIN_FILENO))
		return true;
	same = prompt_hidden("Once more: ", again, sizeof(again)) && strcmp(ret, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		fprintf(stderr, "patronusctl: the two differ\n");
	return same;
}

bool
prompt_text(const char *prompt, char *ret, size_t size, size_t *ret_len)
{
	size_t n;

	if (isatty(STDIN_FILENO)) {
		if (!prompt_twice(prompt, ret, size < 1024 ? size : 1024))
			return false;
		*ret_len = strlen(ret);
		return true;
	}
	n = fread(ret, 1, size - 1, stdin);
	if (ferror(stdin) || !feof(stdin) || memchr(ret, '\0', n) != NULL) {
		fprintf(stderr, "patronusctl: standard input is no text of at most %zu bytes\n", size - 2);
		explicit_bzero(ret, size);
		return false;
	}
	if (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	*ret_len = n;
	return true;
}
