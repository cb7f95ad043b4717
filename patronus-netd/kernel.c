/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "actual.h"
#include "before.h"
#include "desired.h"
#include "encode.h"
#include "flip.h"
#include "host.h"
#include "kernel.h"
#include "memory.h"
#include "plan.h"
#include "problems.h"

#define BATCH_MAX	(4u << 20)	/* as RTNL_BATCH allows */

static int
read_dump(struct actual *a, uint8_t what)
{
	struct privcall_error err;
	const uint8_t *data;
	size_t len;
	int error;

	error = privcall_dump(what, &data, &len, NULL, &err);
	if (error != 0) {
		log_errx("kernel", "cannot read the kernel: %s", err.text);
		return error;
	}
	error = actual_read(a, data, len);
	privcall_dump_free(data, len);
	if (error != 0)
		log_errx("kernel", "cannot understand the kernel's dump: %s", strerror(-error));
	return error;
}

int
kernel_read(struct actual *a, struct arena *arena, unsigned what)
{
	int error = 0;

	actual_init(a, arena);
	if (what & KERNEL_LINKS)
		error = read_dump(a, NL_DUMP_LINKS);
	if (error == 0 && (what & KERNEL_ADDRS))
		error = read_dump(a, NL_DUMP_ADDRS);
	if (error == 0 && (what & KERNEL_ROUTES))
		error = read_dump(a, NL_DUMP_ROUTES);
	if (error == 0 && (what & KERNEL_RULES))
		error = read_dump(a, NL_DUMP_RULES);
	if (error == 0 && (what & KERNEL_HOST))
		error = host_read(a);
	return error;
}

/* --- operations --- */

/* What the batch holds: operations [first, end) of the plan. */
struct batch {
	const struct plan	*plan;
	const struct actual	*actual;
	struct memory		*memory;
	struct problems		*problems;
	struct buf		 messages;
	bool			 is_back;	/* something is as it was before us: no need to know it any longer */
	uint32_t		 ops[4096];
	uint32_t		 n;
	bool			 is_tolerant;	/* what fails is left out */
};

static void
fail(struct batch *b, const struct op *op, int error, const char *text)
{
	char line[256];
	struct buf what;

	buf_init(&what, sizeof(line));
	op_format(op, &what);
	log_warnx("kernel", "%s: %s", buf_failed(&what) ? op->object : (const char *)what.data, text[0] != '\0' ? text :
	    strerror(error));
	buf_fini(&what);
	if (b->problems != NULL && op->kind != OP_PORT_UP)
		problems_add(b->problems, op->path, "kernel-refused", "%s: the kernel refused: %s", op->object,
		    text[0] != '\0' ? text : strerror(error));
}

static void
remember(struct batch *b, const struct op *op)
{
	log_debug("kernel", "done: %s (%s)", op->object, op->detail);
	if (op->kind == OP_ADDR_ADD)
		memory_address_add(b->memory, op->index, &op->prefix);
	else if (op->kind == OP_ADDR_REMOVE)
		memory_address_remove(b->memory, op->index, &op->prefix);
	else if (op_is_link(op) && op->mtu != 0 && memory_mtu_get(b->memory, op->index) == op->mtu) {
		memory_mtu_forget(b->memory, op->index);
		b->is_back = true;
	}
}

/* Somebody was faster than we: what the operation wanted is so already. */
static bool
is_done_anyway(const struct op *op, int error)
{
	return (op->kind == OP_ADDR_ADD && error == EEXIST) ||
	    (op->kind == OP_ADDR_REMOVE && (error == EADDRNOTAVAIL || error == ENODEV)) ||
	    ((op->kind == OP_ROUTE_REMOVE || op->kind == OP_SHADOW_REMOVE) && (error == ESRCH || error == ENODEV)) ||
	    ((op->kind == OP_RULE_ADD || op->kind == OP_SHADOW_ADD) && error == EEXIST) ||
	    (op->kind == OP_RULE_REMOVE && error == ENOENT);
}

/* Send operations from..n of the batch; *ret_done of them were done. */
static int
batch_send(struct batch *b, uint32_t from, uint32_t *ret_failed, struct privcall_error *err)
{
	struct rtnl_batch_req req;
	struct message m;
	uint32_t i;
	int error;

	buf_reset(&b->messages);
	for (i = from; i < b->n; i++)
		if ((error = encode_op(&b->plan->ops[b->ops[i]], i + 1, &b->messages)) != 0)
			return error;
	req.messages.data = b->messages.data;
	req.messages.len = (uint32_t)b->messages.len;
	error = privcall(MSG_RTNL_BATCH, &req, &m, err);
	if (error == 0) {
		message_fini(&m);
		*ret_failed = b->n;
	} else
		*ret_failed = from + (err->offset < b->n - from ? err->offset : b->n - from - 1);
	return error;
}

static int
batch_flush(struct batch *b)
{
	struct privcall_error err = { 0 };
	uint32_t at = 0, failed = 0, i;
	const struct op *op;
	int error;

	while (at < b->n) {
		error = batch_send(b, at, &failed, &err);
		for (i = at; i < failed; i++)
			remember(b, &b->plan->ops[b->ops[i]]);
		if (error == 0)
			break;
		op = &b->plan->ops[b->ops[failed]];
		if (!is_done_anyway(op, -error)) {
			fail(b, op, -error, err.text);
			/* One port that does not come up (no firmware, say) is no reason to have no box. */
			if ((!b->is_tolerant && op->kind != OP_PORT_UP) || error == -ETIMEDOUT)
				return error;
		}
		at = failed + 1;
	}
	b->n = 0;
	return 0;
}

/* --- requests of their own --- */

static int
do_sysctl(const struct op *op, struct memory *memory, struct privcall_error *err)
{
	struct sysctl_set_req req = { .id = op->sysctl, .instance = op->text, .value = op->value };
	struct message m;
	int error;

	(void)memory;
	error = privcall(MSG_SYSCTL_SET, &req, &m, err);
	if (error == 0)
		message_fini(&m);
	/* The link, or its IPv6, has gone meanwhile: nothing is forwarded there. */
	return error == -ENOENT ? 0 : error;
}

static int
do_host(const struct op *op, struct memory *memory, struct privcall_error *err)
{
	struct host_ctl_req req = { .verb = op->kind == OP_HOSTNAME ? HOST_SET_NAME : HOST_SET_TIMEZONE, .value = op->text };
	struct message m;
	int error;

	(void)memory;
	error = privcall(MSG_HOST_CTL, &req, &m, err);
	if (error == 0)
		message_fini(&m);
	return error;
}

static bool
is_ours(const char *resolv_conf)
{
	return strncmp(resolv_conf, RESOLV_CONF_HEAD, strlen(RESOLV_CONF_HEAD)) == 0;
}

static int
do_resolv_conf(const struct op *op, struct memory *memory, struct privcall_error *err)
{
	struct file_put_req req = { .id = FILE_RESOLV_CONF, .data = { (const uint8_t *)op->text, (uint32_t)strlen(op->text) } };
	struct message m;
	int error;

	error = privcall(MSG_FILE_PUT, &req, &m, err);
	if (error != 0)
		return error;
	message_fini(&m);
	/* With the file from before us in its place there is nothing of ours to look after. */
	memory_text_set(memory, MEMORY_RESOLV_CONF, is_ours(op->text) ? op->text : NULL);
	return 0;
}

/* --- what the box had before us --- */

#define RESOLV_CONF_MAX	4096		/* as privd takes it back */

/* Text that privd would write again: one that it would not is no way back. */
static bool
is_plain(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e))
			return false;
	return len <= RESOLV_CONF_MAX;
}

static void
read_resolv_conf(struct memory *memory, struct arena *arena)
{
	const char *text = "";
	size_t len = 0;
	int error;

	error = host_file(FILE_RESOLV_CONF, RESOLV_CONF_MAX, arena, &text, &len);
	/* Another failure is a link to somewhere else, say: it is replaced when we are told to, and there is no way back. */
	if ((error != 0 && error != -ENOENT) || !is_plain(text, len))
		return;
	/* Ours, from before a restart, or what was there before us. */
	memory_text_set(memory, is_ours(text) ? MEMORY_RESOLV_CONF : MEMORY_RESOLV_CONF_BEFORE, text);
}

/* --- what is written down, so that a crash does not lose it --- */

static void
before_store(const struct memory *memory, const struct actual *actual)
{
	struct file_put_req req = { .id = FILE_NET_BEFORE };
	struct privcall_error err = { 0 };
	struct message m;
	struct buf text;
	int error = -EFBIG;

	buf_init(&text, BEFORE_MAX);
	before_print(memory, actual, &text);
	req.data.data = text.data;
	req.data.len = (uint32_t)text.len;
	if (!buf_failed(&text) && (error = privcall(MSG_FILE_PUT, &req, &m, &err)) == 0)
		message_fini(&m);
	buf_fini(&text);
	/* The change is made all the same: a disk that is full is no reason to have no network. */
	if (error != 0)
		log_warnx("kernel", "what was before cannot be written down: %s", err.text[0] != '\0' ? err.text : strerror(-error));
}

static bool
sets_mtu(const struct plan *plan, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < plan->n; i++)
		if (op_is_link(&plan->ops[i]) && plan->ops[i].index == index && plan->ops[i].mtu != 0)
			return true;
	return false;
}

/* A change that was noted and then failed: the link is as it was, and whoever changes it now is not us. */
static void
forget_failed(const struct plan *plan, const struct actual *actual, struct memory *memory)
{
	const struct link *l;

	for (l = actual->links; l < actual->links + actual->nlinks; l++)
		if (memory_mtu_get(memory, l->index) == l->mtu && !sets_mtu(plan, l->index))
			memory_mtu_forget(memory, l->index);
}

/* Before the first change, or whoever is killed right after it takes the knowledge along. */
static void
note_before(const struct plan *plan, uint8_t phase, const struct actual *actual, struct memory *memory)
{
	bool is_new = false;
	const struct link *l;
	const struct op *op;
	uint32_t i;

	forget_failed(plan, actual, memory);
	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (op->phase != phase)
			continue;
		if (op->kind == OP_RESOLV_CONF && memory_text_get(memory, MEMORY_RESOLV_CONF) == NULL)
			is_new = true;
		if (op->kind == OP_PORT_UP && (l = actual_link(actual, op->index)) != NULL) {
			memory_port_add(memory, op->index, l->sysctls.values[SYSCTL_IP6_DISABLE] != 0);
			is_new = true;
		}
		if (!op_is_link(op) || op->mtu == 0 || memory_mtu_get(memory, op->index) != 0 ||
		    (l = actual_link(actual, op->index)) == NULL)
			continue;
		memory_mtu_before(memory, op->index, l->mtu);
		is_new = true;
	}
	if (is_new)
		before_store(memory, actual);
}

static int
before_load(struct memory *memory, const struct actual *actual, struct arena *arena)
{
	const char *text;
	size_t len;
	int error;

	error = host_file(FILE_NET_BEFORE, BEFORE_MAX, arena, &text, &len);
	if (error != 0)
		return error == -ENOENT ? 0 : error;
	return before_parse(memory, actual, text, len);
}

void
kernel_read_before(struct memory *memory)
{
	struct arena *arena = arena_new(0);
	struct actual actual;
	int error;

	if (arena == NULL)
		fatalx("kernel", "out of memory");
	read_resolv_conf(memory, arena);
	if ((error = kernel_read(&actual, arena, KERNEL_LINKS)) == 0 && (error = before_load(memory, &actual, arena)) != 0)
		log_warnx("kernel", "what was before us is not known: %s", strerror(-error));
	arena_free(arena);
}

void
kernel_forget_ports(struct memory *memory)
{
	struct arena *arena;
	struct actual actual;
	bool was_without_ipv6;
	uint32_t index;

	if (!memory_port_get(memory, 0, &index, &was_without_ipv6))
		return;
	arena = arena_new(0);
	if (arena == NULL)
		fatalx("kernel", "out of memory");
	memory_ports_forget(memory);
	if (kernel_read(&actual, arena, KERNEL_LINKS) == 0)
		before_store(memory, &actual);
	arena_free(arena);
}

/* --- requests in order --- */

static int
do_op(struct batch *b, const struct op *op)
{
	static int (*const handlers[OP_KIND_MAX])(const struct op *, struct memory *, struct privcall_error *) = {
		[OP_SYSCTL_SET] = do_sysctl, [OP_SYSCTL_WIDEN] = do_sysctl, [OP_HOSTNAME] = do_host, [OP_TIME_ZONE] = do_host,
		[OP_RESOLV_CONF] = do_resolv_conf,
	};
	struct privcall_error err = { 0 };
	int error;

	error = batch_flush(b);
	if (error != 0)
		return error;
	error = handlers[op->kind](op, b->memory, &err);
	if (error != 0)
		fail(b, op, -error, err.text);
	return error;
}

static int
execute(struct batch *b)
{
	const struct plan *plan = b->plan;
	uint32_t i;
	int error = 0;

	buf_init(&b->messages, BATCH_MAX);
	for (i = 0; error == 0 && i < plan->n; i++) {
		if (!op_is_rtnl(&plan->ops[i]))
			error = do_op(b, &plan->ops[i]);
		else {
			b->ops[b->n++] = i;
			if (b->n == sizeof(b->ops) / sizeof(b->ops[0]))
				error = batch_flush(b);
		}
	}
	if (error == 0)
		error = batch_flush(b);
	if (b->is_back)
		before_store(b->memory, b->actual);
	buf_fini(&b->messages);
	return error;
}

static struct batch	batch;

int
kernel_execute(const struct plan *plan, uint8_t phase, const struct actual *actual, struct memory *memory,
    struct problems *problems)
{
	struct plan steps;

	note_before(plan, phase, actual, memory);
	plan_init(&steps, plan->arena);
	flip_expand(plan, phase, actual, &steps);
	batch = (struct batch){ .plan = &steps, .actual = actual, .memory = memory, .problems = problems };
	return execute(&batch);
}

int
kernel_recover(const struct actual *actual)
{
	struct plan steps;

	plan_init(&steps, actual->arena);
	flip_recover(actual, &steps);
	log_info("kernel", "a change of routes was left in the middle: %u steps to its end", steps.n);
	batch = (struct batch){ .plan = &steps, .actual = actual, .is_tolerant = true };
	return execute(&batch);
}
