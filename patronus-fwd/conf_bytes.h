/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_CONF_BYTES_H
#define PATRONUS_FWD_CONF_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/generated.h"
#include "ipc/codec_marks.h"

#include "policy.h"

/*
 * Where groups, rules and port forwards stand in an encoded configuration, and which of them are others in the next one.  There is one encoding of each
 * value, so that what has the same bytes is the same.
 */

struct arena;

/* As they come in the encoding. */
enum conf_list {
	CONF_LIST_GROUPS = 0,
	CONF_LIST_PRE,
	CONF_LIST_RULES,
	CONF_LIST_POST,
	CONF_LIST_FORWARDS,	/* only where there is any translation */
	CONF_LIST_MAX
};

struct conf_bytes {
	uint8_t			*data;
	size_t			 len;
	struct codec_marks	 marks;		/* [enum conf_list] */
};

#define CONF_ITEMS_MAX	64	/* that may have changed */

/* Items of one list that stand in the place of others; the rest of the configuration is the same. */
struct conf_change {
	unsigned	 list;		/* enum conf_list */
	uint32_t	 at;		/* of the first one */
	uint32_t	 n_old;
	uint32_t	 n_next;
};

void	 conf_bytes_fini(struct conf_bytes *);
/* It is decoded, copied and marked.  0, or as codec_decode(). */
int	 conf_bytes_new(struct conf_bytes *, const void *, size_t len, struct arena *, struct conf_fwd **ret, struct codec_error *);
/* The difference to the next one, which is copied and marked; false, and nothing is, when it is more than that. */
bool	 conf_bytes_compare(const struct conf_bytes *old, const void *, size_t len, struct arena *scratch, struct conf_bytes *next, struct conf_change *ret);
/* All but the rules and the port forwards; NULL when that cannot be decoded. */
struct conf_fwd	*conf_bytes_frame(const struct conf_bytes *, struct arena *);
/* One item of a list; NULL as above. */
struct conf_rule *conf_bytes_rule(const struct conf_bytes *, unsigned list, uint32_t at, struct arena *);
struct conf_port_forward *conf_bytes_forward(const struct conf_bytes *, uint32_t at, struct arena *);
/* How many items of the lists from first to last, in force or not, have this id. */
unsigned conf_bytes_count(const struct conf_bytes *, unsigned first, unsigned last, const char *id);
/* Those of a list that have the word anywhere, and perhaps more of them: has[i] is set, and the others are left as they are. */
void	 conf_bytes_find(const struct conf_bytes *, unsigned list, const char *word, bool *has);
uint32_t conf_bytes_n(const struct conf_bytes *, unsigned list);

#endif
