/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_VALUE_H
#define PATRONUSCTL_VALUE_H

struct buf;

/*
 * Words of a command line as YAML: one word is a value, several are a list, also between brackets of their own.  One word that starts with
 * [ or { is YAML (and JSON) already.  The schema says of what type a value is, so none of them needs quotes of its own.
 */
void	 value_put(struct buf *, const char *const *words, int n);
/* A text in double quotes. */
void	 value_put_quoted(struct buf *, const char *);

/* "90d", "12h", "30m", "45s"; 0 when it is none. */
uint64_t	 value_seconds(const char *);

#endif
