/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_IMPORT_H
#define PATRONUS_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Configurations of other firewalls, read in patronus-parse.  The answer is {"document": ..., "account": [...]}: a part of a configuration,
 * which confd takes as an edit, and what became of each object.
 */

struct arena;
struct draft;
struct node;
struct problems;

#define IMPORT_BYTES_MAX	(16u << 20)

/* Is this enum parse_format one of these? */
bool	 import_is_format(uint8_t format);
/*
 * 0 and *ret, or -EINVAL with problems, or -ENOMEM.  context: see draft_init().  Nothing that the text says is believed; the schema judges the
 * document as one that a person wrote.
 */
int	 import_read(uint8_t format, const char *text, size_t len, const char *const *context, size_t ncontext, struct arena *, struct problems *,
	    struct node **ret);

/* Each reads a text (UTF-8, NUL behind it) into the draft; what is no text of its format at all makes it fail. */
void	 import_iptables(struct draft *, const char *text, size_t len);
void	 import_pf(struct draft *, const char *text, size_t len);
void	 import_uci(struct draft *, const char *text, size_t len);
void	 import_nft(struct draft *, const char *text, size_t len);

#endif
