/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "net/policy.h"

#include "apply.h"
#include "apply_list.h"
#include "beside.h"
#include "diff.h"
#include "ir_list.h"
#include "nft_encode.h"
#include "nft_read.h"

#define NAME_MAX_LEN	(sizeof(NFT_TABLE) + 1 + POLICY_DIGITS_MAX)

/* Whatever is known of the table that stands alone stays known: these transactions leave it as it is. */
static int
send(struct apply *a, const struct nft_batch *b, struct problems *problems)
{
	uint32_t generation = a->generation, own = a->n_own_events;
	const struct nft_batch_rep *rep;
	struct message m;
	int r;

	if (b->n == 0)
		return 0;
	r = apply_send(a, b, 0, false, &m, problems);
	if (r != 0)
		return r;
	rep = m.body;
	/* Of another number than the next one, somebody else's came between: what it did is heard of. */
	a->generation = rep->generation == generation + 1 ? rep->generation : generation;
	a->n_own_events = own;
	message_fini(&m);
	return 0;
}

static bool
differs(struct apply *a, struct ir *next)
{
	struct diff d;
	bool ret;

	ir_lists_place(next, a->ir);
	diff_make(&d, a->ir, next);
	ret = d.n > 0 || d.is_impossible;
	diff_fini(&d);
	return ret;
}

/* What a process before us has left is looked for once. */
static bool
is_alone(struct apply *a)
{
	struct privcall_error e;
	const uint8_t *data;
	struct nl_reader r;
	bool is_owned;
	size_t len;

	if (!a->is_alone && privcall_dump(NL_DUMP_NFT_TABLES, &data, &len, NULL, &e) == 0) {
		nlmsg_reader_init(&r, data, len);
		a->is_alone = nft_read_beside(&r, &is_owned) == NULL;
		privcall_dump_free(data, len);
	}
	return a->is_alone;
}

bool
beside_turns(struct apply *a, struct ir *next, const struct diff *d)
{
	return !is_alone(a) || (a->ir == NULL ? !apply_is_there(a, next) : d->n > 0 || d->is_impossible);
}

static bool
is_in_force(struct apply *a, struct ir *next)
{
	return a->ir == NULL ? apply_is_there(a, next) : !a->is_touched && !differs(a, next);
}

static int
put(struct apply *a, struct ir *ir, uint32_t number, struct problems *problems)
{
	char name[NAME_MAX_LEN];
	struct nft_batch b;
	int r;

	(void)snprintf(name, sizeof(name), NFT_TABLE ".%u", number);
	a->is_alone = false;
	nft_batch_init(&b);
	b.table = name;
	b.is_beside = true;
	nft_put_all(&b, ir);
	r = send(a, &b, problems);
	nft_batch_fini(&b);
	return r;
}

int
beside_put(struct apply *a, struct ir *next, uint32_t number, struct problems *problems)
{
	a->must_be_alone = false;
	return is_in_force(a, next) ? 0 : put(a, next, number, problems);
}

int
beside_keep(struct apply *a, struct ir *next, uint32_t number, struct problems *problems)
{
	if (is_in_force(a, next))
		return 0;
	if (a->ir == NULL)
		return -EAGAIN;
	a->must_be_alone = false;
	return put(a, a->ir, number, problems);
}

int
beside_remove(struct apply *a, struct problems *problems)
{
	struct privcall_error e;
	struct nft_batch b;
	struct nl_reader names;
	bool is_owned, is_any_owned = false;
	const uint8_t *data;
	size_t len;
	int r;

	a->must_be_alone = true;
	if (a->is_alone)
		return 0;
	r = privcall_dump(NL_DUMP_NFT_TABLES, &data, &len, NULL, &e);
	if (r != 0)
		return r;
	nft_batch_init(&b);
	nlmsg_reader_init(&names, data, len);
	/* One that is owned would keep the others as well: they go in one transaction. */
	while ((b.table = nft_read_beside(&names, &is_owned)) != NULL) {
		is_any_owned |= is_owned;
		if (!is_owned)
			nft_put_table_delete(&b, NFPROTO_INET);
	}
	r = send(a, &b, problems);
	nft_batch_fini(&b);
	privcall_dump_free(data, len);
	a->is_alone = r == 0 && !is_any_owned;
	return r;
}

uint32_t
beside_verify(struct apply *a, const uint8_t *tables, size_t len, verify_report *report, void *arg)
{
	uint32_t n = verify_beside(tables, len, a->must_be_alone ? report : NULL, arg);

	a->is_alone = n == 0;
	return a->must_be_alone ? n : 0;
}

bool
beside_event(struct apply *a)
{
	a->is_alone = false;
	return a->must_be_alone;
}
