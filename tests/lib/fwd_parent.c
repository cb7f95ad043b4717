/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "net/nlmsg.h"

#include "fwd_parent.h"
#include "nft_kernel.h"
#include "nft_read.h"

static int
reply(struct message *m, void *body, uint16_t type)
{
	memset(m, 0, sizeof(*m));
	m->arena = arena_new(0);
	m->spec = msg_spec(type);
	m->body = body;
	return 0;
}

static int
refuse(int r, uint32_t offset, const char *text, struct privcall_error *e)
{
	e->error = -r;
	e->offset = offset;
	(void)snprintf(e->text, sizeof(e->text), "%s", text != NULL ? text : strerror(-r));
	return r;
}

/* The first message to a table of bridges, which such a kernel answers with EOPNOTSUPP (nf_tables_newtable()); false: there is none. */
static bool
find_bridge(const struct bytes *messages, uint32_t *ret_offset)
{
	struct nft_message n;
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, messages->data, messages->len);
	for (*ret_offset = 0; nlmsg_next(&r, &m) == 1; *ret_offset = (uint32_t)r.at)
		if (nft_read(&m, &n) && n.family == NFPROTO_BRIDGE)
			return true;
	return false;
}

static int
fake_batch(struct fwd_parent *p, const struct nft_batch_req *req, struct message *ret, struct privcall_error *e)
{
	static struct nft_batch_rep rep;
	static struct buf replies;
	uint64_t start, us;
	uint32_t at;
	int r;

	if (p->lacks_bridges && find_bridge(&req->messages, &at))
		return refuse(-EOPNOTSUPP, at, NULL, e);

	buf_fini(&replies);
	buf_init(&replies, 0);
	start = clock_mono_us();
	r = nft_kernel_batch(p->kernel, req->messages.data, req->messages.len, req->generation, req->echo, &replies);
	us = clock_mono_us() - start;
	p->longest_us = us > p->longest_us ? us : p->longest_us;
	if (r == -ERESTART)
		r = -ESTALE;
	if (r != 0)
		return refuse(r, nft_kernel_offset(req->messages.data, req->messages.len, p->kernel->n_refused) + p->kernel->at,
		    p->kernel->reason, e);
	rep.generation = nft_kernel_generation(p->kernel);
	rep.replies.data = replies.data;
	rep.replies.len = (uint32_t)replies.len;
	return reply(ret, &rep, MSG_NFT_BATCH);
}

static int
fake_dump(struct fwd_parent *p, const struct nl_dump_req *req, struct message *ret, struct privcall_error *e)
{
	static struct nl_dump_rep rep;
	struct buf b;
	int r;

	buf_init(&b, 0);
	r = nft_kernel_dump(p->kernel, req->what, &b);
	if (r != 0) {
		buf_fini(&b);
		return refuse(r, 0, NULL, e);
	}
	rep.generation = nft_kernel_generation(p->kernel);
	rep.len = b.len;
	(void)reply(ret, &rep, MSG_NL_DUMP);
	(void)arena_add_fd(ret->arena, memfd_sealed("dump", b.data, b.len));
	buf_fini(&b);
	return 0;
}

static int
fake(uint16_t type, const void *req, struct message *ret, struct privcall_error *e, void *arg)
{
	static struct file_put_rep put;
	const struct file_put_req *file;
	struct fwd_parent *p = arg;

	switch (type) {
	case MSG_NFT_BATCH:
		return fake_batch(p, req, ret, e);
	case MSG_NL_DUMP:
		return fake_dump(p, req, ret, e);
	case MSG_FILE_PUT:
		file = req;
		free(p->stored);
		p->stored = malloc(file->data.len);
		if (file->id != FILE_LKG_RULESET || p->stored == NULL)
			return refuse(-EPERM, 0, NULL, e);
		memcpy(p->stored, file->data.data, file->data.len);
		p->stored_len = file->data.len;
		return reply(ret, &put, type);
	default:
		return refuse(-ENOSYS, 0, NULL, e);
	}
}

void
fwd_parent_start(struct fwd_parent *p, struct nft_kernel *kernel)
{
	memset(p, 0, sizeof(*p));
	p->kernel = kernel;
	privcall_set_fake(fake, p);
}

void
fwd_parent_stop(struct fwd_parent *p)
{
	privcall_set_fake(NULL, NULL);
	free(p->stored);
	memset(p, 0, sizeof(*p));
}
