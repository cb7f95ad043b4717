/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/check.h"
#include "audit/head.h"
#include "audit/key.h"
#include "audit/lines.h"
#include "audit/received.h"
#include "audit/tree.h"

#define FIELDS_MAX	6	/* PRI with VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID (RFC 5424, 6) */

static const char bom[] = "\xef\xbb\xbf";

struct at {
	const char	*p;
	const char	*end;
};

static bool
starts(const struct at *at, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(at->end - at->p) >= len && memcmp(at->p, text, len) == 0;
}

/* A word and the space behind it. */
static bool
word(struct at *at, const char **ret, size_t *ret_len)
{
	const char *space = memchr(at->p, ' ', (size_t)(at->end - at->p));

	if (space == NULL || space == at->p)
		return false;
	*ret = at->p;
	*ret_len = (size_t)(space - at->p);
	at->p = space + 1;
	return true;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
hash_take(const char *s, size_t len, struct audit_hash *ret)
{
	size_t i;

	if (len != 2 * AUDIT_HASH_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (digit(s[i]) < 0)
			return false;
	for (i = 0; i < AUDIT_HASH_LEN; i++)
		ret->b[i] = (uint8_t)(digit(s[2 * i]) << 4 | digit(s[2 * i + 1]));
	return true;
}

/* The value of a parameter, from behind its quote to its end. */
static bool
value_skip(struct at *at)
{
	for (; at->p < at->end && *at->p != '"'; at->p++)
		if (*at->p == '\\' && at->p + 1 < at->end)
			at->p++;
	if (at->p == at->end)
		return false;
	at->p++;
	return true;
}

/* [ID NAME="VALUE" ...]: the leaf is remembered. */
static bool
element_skip(struct at *at, struct audit_received *ret)
{
	const char *name, *value;
	size_t len;

	while (at->p < at->end && *at->p != ' ' && *at->p != ']')
		at->p++;
	while (at->p < at->end && *at->p == ' ') {
		name = ++at->p;
		while (at->p < at->end && *at->p != '=' && *at->p != ']')
			at->p++;
		len = (size_t)(at->p - name);
		if (!starts(at, "=\""))
			return false;
		value = at->p += 2;
		if (!value_skip(at))
			return false;
		if (len == 4 && memcmp(name, "leaf", 4) == 0)
			ret->has_leaf = hash_take(value, (size_t)(at->p - 1 - value), &ret->leaf);
	}
	if (at->p == at->end || *at->p != ']')
		return false;
	at->p++;
	return true;
}

static bool
structured_data_skip(struct at *at, struct audit_received *ret)
{
	if (starts(at, "-")) {
		at->p++;
		return true;
	}
	if (!starts(at, "["))
		return false;
	while (starts(at, "["))
		if (!element_skip(at, ret))
			return false;
	return true;
}

/* Everything before the text.  Only what says that it is of the audit log: the text of other messages is somebody else's. */
static bool
header_skip(struct at *at, struct audit_received *ret)
{
	const char *field = NULL;
	size_t len = 0;
	unsigned i;

	for (i = 0; i < FIELDS_MAX; i++)
		if (!word(at, &field, &len) || (i == 0 && (len < 4 || memcmp(field + len - 2, ">1", 2) != 0)))
			return false;
	if (len < 5 || memcmp(field, "audit", 5) != 0 || !structured_data_skip(at, ret) || !starts(at, " "))
		return false;
	at->p++;
	return true;
}

bool
audit_received_parse(const char *line, size_t len, struct audit_received *ret)
{
	struct at at = { .p = line, .end = line + len };

	memset(ret, 0, sizeof(*ret));
	if (starts(&at, "<") && !header_skip(&at, ret))
		return false;
	if (starts(&at, bom))
		at.p += sizeof(bom) - 1;
	ret->line = at.p;
	ret->len = (size_t)(at.end - at.p);
	return starts(&at, "{\"seq\":") || starts(&at, "{\"audit-");
}

int
audit_received_first(struct audit_check *c, const char *line, size_t len)
{
	struct audit_received r;
	uint8_t key[AUDIT_KEY_MAX];
	size_t n;

	if (!audit_received_parse(line, len, &r))
		return 0;
	if (audit_key_line_parse(r.line, r.len, key, &n) != -ENOENT)
		return audit_check_line(c, r.line, r.len);
	return audit_check_expect(c, r.line, r.len);
}

static int
record_take(struct audit_check *c, uint64_t *last, uint64_t seq, const struct audit_received *r)
{
	struct audit_hash leaf;

	if (seq <= *last)
		return 0;
	*last = seq;
	if (r->has_leaf) {
		audit_hash_leaf(r->line, r->len, &leaf);
		if (!audit_hash_equal(&leaf, &r->leaf))
			return audit_check_refuse(c, seq, "the record is not the one that was sent");
	}
	return audit_check_line(c, r->line, r->len);
}

int
audit_received_second(struct audit_check *c, uint64_t *last, const char *line, size_t len)
{
	struct audit_tree before;
	struct audit_received r;
	uint64_t seq;
	int error;

	if (!audit_received_parse(line, len, &r))
		return 0;
	if ((seq = audit_record_seq(r.line, r.len)) != 0)
		return record_take(c, last, seq, &r);
	if ((error = audit_prefix_line_parse(r.line, r.len, &before)) == -ENOENT)
		return 0;
	/* Each connection begins with one. */
	if (error == 0 && before.size <= *last)
		return 0;
	if (error == 0)
		*last = before.size;
	return audit_check_line(c, r.line, r.len);
}
