/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_LIST_H
#define PATRONUS_FWD_IR_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir.h"
#include "addrlist.h"

/* Long lists of the intermediate form: what of them the large set has, and what the small ones. */

#define IR_LIST_CHANGES_MAX	4096	/* intervals that more and less may have; beyond, a list is loaded anew */

#define IR_LIST_SALTS		4	/* names that one content may have */

/* Found or made.  Its base has a name that tells what is in it once it has been placed. */
struct ir_list	*ir_list_get(struct ir *, const char *name, const char *path, uint8_t field, struct addrlist *wanted);
/* As few changes as possible against a form that is in force: where a list has changed little, its base stays.  have may be NULL. */
void		 ir_lists_place(struct ir *, const struct ir *have);
/* Bases that are spoilt get another name, so that they are loaded again beside what is in force. */
void		 ir_lists_renew(struct ir *);
/*
 * The same against the kernel, from dumps of its sets and elements, by the names of bases and what more and less have.  A base whose name is right
 * has what its name says, since nothing looks into one that is not complete.
 */
void		 ir_lists_adopt(struct ir *, const uint8_t *sets, size_t sets_len, const uint8_t *elems, size_t elems_len);
/* This base with this salt of its name, and the rest as changes; false, and nothing is done, when they are too many. */
bool		 ir_list_place_on(struct ir *, struct ir_list *, struct addrlist *base, uint32_t salt);
/* What a base with this content is called: the name tells what is in it. */
const char	*ir_list_base_name(const struct ir_list *, const struct addrlist *, uint32_t salt, char *buf, size_t size);

#endif
