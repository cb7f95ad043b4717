/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DIFF_VALUE_H
#define PATRONUS_CONFD_DIFF_VALUE_H

#include <stdbool.h>

/* What the ways to print a diff share: the values of its changes, as nodes. */

struct arena;
struct buf;
struct node;

/* The value of a change; 0, -EINVAL or -ENOMEM. */
int		 diff_read_value(const char *json, struct arena *, struct node **ret);
/* A word as it is, anything else in quotes. */
void		 diff_print_scalar(const char *text, struct buf *);
/* The name of an entry of a list: its first member, which is the key; "" when it is no entry. */
const char	*diff_entry_name(const struct node *);
/* What stands at the end of the path is a list's entry when the value starts with the last word of it. */
bool		 diff_is_entry(const char *path, const struct node *value);

#endif
