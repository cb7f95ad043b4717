/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "ipc/ids.h"
#include "node.h"
#include "problem.h"

#include "import/draft.h"
#include "import/import.h"

static const struct {
	uint8_t		 format;
	void		(*read)(struct draft *, const char *text, size_t len);
} readers[] = {
	{ PARSE_IPTABLES, import_iptables }, { PARSE_PF, import_pf }, { PARSE_UCI, import_uci }, { PARSE_NFT, import_nft },
};

static void
(*reader_of(uint8_t format))(struct draft *, const char *, size_t)
{
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].format == format)
			return readers[i].read;
	return NULL;
}

bool
import_is_format(uint8_t format)
{
	return reader_of(format) != NULL;
}

int
import_read(uint8_t format, const char *text, size_t len, const char *const *context, size_t ncontext, struct arena *arena,
    struct problems *problems, struct node **ret)
{
	void (*read)(struct draft *, const char *, size_t) = reader_of(format);
	struct draft *d = arena_alloc(arena, 1, sizeof(*d));
	const char *copy;

	*ret = NULL;
	if (read == NULL)
		return -EINVAL;
	if (!node_check_text(text, len, IMPORT_BYTES_MAX, problems))
		return -EINVAL;
	if (d == NULL || (copy = arena_strndup(arena, text, len)) == NULL)
		return -ENOMEM;
	draft_init(d, arena, context, ncontext);
	if (!d->failed)
		read(d, copy, len);
	if (!d->failed)
		*ret = draft_finish(d);
	if (*ret != NULL)
		return 0;
	if (d->why == NULL)
		return -ENOMEM;
	problems_add(problems, "", "", 0, "import", "", "%s", d->why);
	return -EINVAL;
}
