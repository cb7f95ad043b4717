/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_LINE_H
#define PATRONUSCTL_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A line of the shell, taken apart: words (quotes and backslashes as in other shells, but nothing is ever expanded), and what stands
 * behind "|" as filters of the output.
 */

#define LINE_WORDS	64
#define LINE_FILTERS	8

struct filter_spec {
	const char	*name;		/* "match" */
	const char	*arg;		/* "" when there is none */
};

struct line {
	char			*text;		/* the words' memory */
	const char		*words[LINE_WORDS + 1];
	int			 n;
	struct filter_spec	 filters[LINE_FILTERS];
	unsigned		 nfilters;
	bool			 is_open;	/* ended inside quotes, or with blank space: a new word begins */
};

/* 0, or -1 with *ret_why a constant.  line_fini in any case. */
int	 line_parse(struct line *, const char *text, const char **ret_why);
void	 line_fini(struct line *);

/*
 * Words of commands may be cut short while they stay unambiguous ("sh fi ru").  Replaces them by the whole words; false with
 * the candidates in ret ("show, set") when they are ambiguous.
 */
bool	 line_expand(struct line *, char *ret, size_t size);

#endif
