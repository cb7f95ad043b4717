/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/lines.h"
#include "base/log.h"
#include "ledger.h"
#include "logread.h"

#define MODE		0640
#define HEADS_ROTATE	(64u << 20)
#define PENDING_MAX	(4u << 20)
#define FLUSH_AT	65536		/* pending bytes while a whole log is read again */

void
ledger_alarm(struct ledger *l, const char *fmt, ...)
{
	char text[LEDGER_ALARM_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l->alarm[0] == '\0')
		memcpy(l->alarm, text, sizeof(text));
	log_errx("audit", "the audit log is not as it was written: %s", text);
}

/* --- the file of nodes --- */

/*
 * How many of so many nodes are there.  Only what a head covers is synced (ledger_settle): of the rest a file system may have written the length
 * before the bytes when the power went, which are zeros then, as no hash is.  Their records are on disk, and they are made again.
 */
static uint64_t
nodes_written(struct ledger *l, uint64_t nodes)
{
	static const struct audit_hash zeros;
	struct audit_hash h;
	uint64_t place;

	for (place = audit_tree_nodes(l->last.size); place < nodes; place++)
		if (ledger_node(l, place, &h) != 0 || audit_hash_equal(&h, &zeros))
			return place;
	return nodes;
}

static int
tree_open(struct ledger *l)
{
	struct stat st;
	uint64_t size;

	l->tree_fd = open(LEDGER_TREE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (l->tree_fd == -1)
		return -errno;
	if (fstat(l->tree_fd, &st) == -1 || !S_ISREG(st.st_mode))
		return -EINVAL;
	/* What is torn belongs to a record that is on disk: it is made again. */
	l->nodes = (uint64_t)st.st_size / AUDIT_HASH_LEN;
	size = audit_tree_size(nodes_written(l, l->nodes));
	l->nodes = audit_tree_nodes(size);
	if ((uint64_t)st.st_size != l->nodes * AUDIT_HASH_LEN && ftruncate(l->tree_fd, (off_t)(l->nodes * AUDIT_HASH_LEN)) == -1)
		return -errno;
	return audit_tree_load(ledger_node, l, size, &l->tree);
}

int
ledger_node(void *arg, uint64_t place, struct audit_hash *ret)
{
	struct ledger *l = arg;
	uint64_t at;
	ssize_t n;

	if (place < l->nodes) {
		n = pread(l->tree_fd, ret->b, AUDIT_HASH_LEN, (off_t)(place * AUDIT_HASH_LEN));
		return n == AUDIT_HASH_LEN ? 0 : n == -1 ? -errno : -EIO;
	}
	at = (place - l->nodes) * AUDIT_HASH_LEN;
	if (at >= l->pending.len)
		return -ERANGE;
	memcpy(ret->b, l->pending.data + at, AUDIT_HASH_LEN);
	return 0;
}

int
ledger_root(struct ledger *l, uint64_t size, struct audit_hash *ret)
{
	struct audit_tree t;
	int error;

	if (size > l->tree.size)
		return -ERANGE;
	error = audit_tree_load(ledger_node, l, size, &t);
	if (error == 0)
		audit_tree_root(&t, ret);
	return error;
}

static void
tree_add(struct ledger *l, const struct audit_hash *leaf)
{
	struct audit_hash nodes[AUDIT_LEVELS];
	unsigned n = audit_tree_append(&l->tree, leaf, nodes);

	buf_put(&l->pending, nodes, n * sizeof(nodes[0]));
}

/* What cannot be written is forgotten, and made again from the records when there is room. */
static void
tree_forget(struct ledger *l, int error)
{
	uint64_t size = audit_tree_size(l->nodes);

	if (!l->is_behind)
		log_errx("audit", "%s: nodes cannot be written, and no heads be signed, for now: %s", LEDGER_TREE, strerror(-error));
	l->is_behind = true;
	buf_reset(&l->pending);
	/* Half of it may be in the file: it is written over, or cut off at the next start. */
	if (audit_tree_load(ledger_node, l, size, &l->tree) != 0)
		fatalx("audit", "%s cannot be read any more", LEDGER_TREE);
}

static int
tree_flush(struct ledger *l)
{
	size_t done = 0;
	ssize_t n;
	int error = buf_failed(&l->pending) ? -ENOMEM : 0;

	while (error == 0 && done < l->pending.len) {
		n = pwrite(l->tree_fd, l->pending.data + done, l->pending.len - done, (off_t)(l->nodes * AUDIT_HASH_LEN + done));
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			error = n == 0 ? -ENOSPC : -errno;
	}
	if (error != 0) {
		tree_forget(l, error);
		return error;
	}
	l->nodes += l->pending.len / AUDIT_HASH_LEN;
	buf_reset(&l->pending);
	return 0;
}

/* --- records without nodes --- */

/* Records that are not there get the hash of nothing: every later record keeps its place. */
static void
fill_gap(struct ledger *l, uint64_t until, bool is_new)
{
	uint64_t from = l->tree.size + 1;
	struct audit_hash nothing;

	if (is_new && from == 1)
		log_warnx("audit", "the tree begins with record %llu: the records before it are gone", (unsigned long long)until + 1);
	else
		ledger_alarm(l, "records %llu to %llu are missing", (unsigned long long)from, (unsigned long long)until);
	audit_hash_leaf("", 0, &nothing);
	while (l->tree.size < until) {
		tree_add(l, &nothing);
		if (l->pending.len >= FLUSH_AT && tree_flush(l) != 0)
			return;
	}
}

/* Give the records after the tree's last one their nodes.  is_new: there never was a tree. */
static int
catch_up(struct ledger *l, bool is_new)
{
	struct audit_hash leaf;
	struct logread r;
	const char *line;
	uint64_t seq;
	size_t len;
	int n;

	n = logread_open(&r, LEDGER_LOG, LEDGER_KEEP, audit_record_seq, l->tree.size + 1);
	while (n == 0 && (n = logread_next(&r, &line, &len)) == 1) {
		n = 0;
		seq = audit_record_seq(line, len);
		if (seq <= l->tree.size || seq > l->log.seq)
			continue;
		if (seq > l->tree.size + 1)
			fill_gap(l, seq - 1, is_new);
		audit_hash_leaf(line, len, &leaf);
		tree_add(l, &leaf);
		if (l->pending.len >= FLUSH_AT)
			n = tree_flush(l);
	}
	logread_close(&r);
	if (n == 0)
		n = tree_flush(l);
	if (n == 0)
		l->is_behind = false;
	return n;
}

/* --- opening --- */

uint64_t
ledger_head_size(const char *line, size_t len)
{
	struct audit_head h;

	return audit_head_parse(line, len, &h) == 0 ? h.size : 0;
}

uint64_t
ledger_head_number(const char *line, size_t len)
{
	struct audit_head h;

	return audit_head_parse(line, len, &h) == 0 ? h.number : 0;
}

static int
load_last_head(struct ledger *l)
{
	char line[LOGREAD_LINE_MAX];
	size_t len;
	int error;

	error = logread_last(LEDGER_HEADS, LEDGER_HEADS_KEEP, line, &len);
	if (error == -ENOENT)
		return 0;
	if (error == 0 && audit_head_parse(line, len, &l->last) != 0)
		ledger_alarm(l, "the last line of %s is not a head", LEDGER_HEADS);
	return error;
}

/* Does the tree contain what was signed, and the log what is in the tree? */
static int
compare(struct ledger *l)
{
	struct audit_hash root;
	int error;

	if (l->tree.size > l->log.seq) {
		ledger_alarm(l, "records %llu to %llu are missing at the end", (unsigned long long)l->log.seq + 1,
		    (unsigned long long)l->tree.size);
		l->log.seq = l->tree.size;
	}
	if (l->last.size > l->tree.size) {
		ledger_alarm(l, "head %llu was signed over %llu records, and there are %llu", (unsigned long long)l->last.number,
		    (unsigned long long)l->last.size, (unsigned long long)l->tree.size);
		return 0;
	}
	error = ledger_root(l, l->last.size, &root);
	if (error == 0 && l->last.number > 0 && !audit_hash_equal(&root, &l->last.root))
		ledger_alarm(l, "head %llu was signed over other records than the %llu that are in %s", (unsigned long long)l->last.number,
		    (unsigned long long)l->last.size, LEDGER_TREE);
	return error;
}

int
ledger_open(struct ledger *l, uint64_t rotate_at)
{
	bool is_new;
	int error;

	memset(l, 0, sizeof(*l));
	l->tree_fd = l->log.fd = l->heads.fd = -1;
	buf_init(&l->pending, PENDING_MAX);
	error = logfile_open(&l->log, LEDGER_LOG, rotate_at, LEDGER_KEEP);
	if (error == 0)
		error = logfile_open(&l->heads, LEDGER_HEADS, HEADS_ROTATE, LEDGER_HEADS_KEEP);
	if (error == 0)
		error = load_last_head(l);
	if (error == 0)
		error = tree_open(l);
	if (error != 0)
		return error;
	is_new = l->tree.size == 0 && l->last.number == 0;
	if (l->tree.size == 0 && l->log.seq > 0)
		log_warnx("audit", "%s is made from the records", LEDGER_TREE);
	if (l->tree.size < l->log.seq && (error = catch_up(l, is_new)) != 0 && !l->is_behind)
		return error;
	return compare(l);
}

void
ledger_close(struct ledger *l)
{
	(void)ledger_sync(l);
	logfile_close(&l->log);
	logfile_close(&l->heads);
	if (l->tree_fd != -1)
		(void)close(l->tree_fd);
	l->tree_fd = -1;
	buf_fini(&l->pending);
}

/* --- writing --- */

int
ledger_append(struct ledger *l, const char *line, size_t len)
{
	struct audit_hash leaf;
	int error;

	error = logfile_append(&l->log, line, len);
	if (error != 0)
		return error;
	l->log.seq++;
	if (l->is_behind)
		return 0;
	audit_hash_leaf(line, len - 1, &leaf);
	tree_add(l, &leaf);
	if (buf_failed(&l->pending))
		tree_forget(l, -ENOMEM);
	return 0;
}

int
ledger_sync(struct ledger *l)
{
	int error = logfile_sync(&l->log);

	if (error != 0)
		return error;
	return l->is_behind ? catch_up(l, false) : tree_flush(l);
}

int
ledger_settle(struct ledger *l)
{
	int error = ledger_sync(l);

	return error != 0 ? error : fdatasync(l->tree_fd) == -1 ? -errno : 0;
}

int
ledger_add_head(struct ledger *l, const char *line, size_t len)
{
	struct audit_hash root, previous = { { 0 } };
	struct audit_head h;
	struct buf b;
	int error;

	if (l->last.number > 0)
		audit_head_hash(&l->last, &previous);
	if (audit_head_parse(line, len, &h) != 0 || h.number != l->last.number + 1 || h.size <= l->last.size ||
	    !audit_hash_equal(&h.previous, &previous) || ledger_root(l, h.size, &root) != 0 || !audit_hash_equal(&root, &h.root))
		return -EBADMSG;
	buf_init(&b, AUDIT_HEAD_MAX + 1);
	buf_put(&b, line, len);
	buf_putc(&b, '\n');
	error = buf_failed(&b) ? -ENOMEM : logfile_append(&l->heads, (const char *)b.data, b.len);
	buf_fini(&b);
	if (error == 0)
		error = logfile_sync(&l->heads);
	if (error == 0)
		l->last = h;
	return error;
}
