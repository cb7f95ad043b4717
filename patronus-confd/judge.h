/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_JUDGE_H
#define PATRONUS_CONFD_JUDGE_H

#include <stdbool.h>

struct document;
struct lyd_node;
struct node;
struct problems;
struct schema;

/*
 * Does a data tree keep what goes beyond types: references, mandatory members, numbers of entries and the rules of the
 * modules?  0, -EINVAL with the problems, or -ENOMEM.  Defaults may be added to *tree.  source (may be NULL) gives the
 * lines.  Problems of things about which something is known already are not told.
 */
int	 judge(const struct schema *, struct lyd_node **tree, const struct node *source, struct problems *);
/* The rules of roles: false with problems.  source as above. */
bool	 judge_roles(const struct document *, const struct node *source, struct problems *);

#endif
