/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/head.h"
#include "base/buf.h"
#include "base/str.h"

static const char begins[] = "{\"audit-head\":";

/* What is left of a line. */
struct rest {
	const char	*at;
	size_t		 left;
};

void
audit_head_statement(const struct audit_head *h, struct buf *b)
{
	char root[AUDIT_HASH_HEX + 1], previous[AUDIT_HASH_HEX + 1];

	str_hex(h->root.b, AUDIT_HASH_LEN, root);
	str_hex(h->previous.b, AUDIT_HASH_LEN, previous);
	buf_printf(b, "%s%llu,\"size\":%llu,\"time\":\"%s\",\"root\":\"%s\",\"previous\":\"%s\"}", begins, (unsigned long long)h->number,
	    (unsigned long long)h->size, h->time, root, previous);
}

void
audit_head_print(const struct audit_head *h, struct buf *b)
{
	char signature[2 * AUDIT_SIGNATURE_MAX + 1];

	str_hex(h->signature, h->signature_len, signature);
	audit_head_statement(h, b);
	if (buf_failed(b))
		return;
	b->len--;
	buf_printf(b, ",\"signature\":\"%s\"}", signature);
}

bool
audit_head_is(const char *line, size_t len)
{
	return len >= sizeof(begins) - 1 && memcmp(line, begins, sizeof(begins) - 1) == 0;
}

static bool
take_text(struct rest *r, const char *text)
{
	size_t n = strlen(text);

	if (r->left < n || memcmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	r->left -= n;
	return true;
}

/* Up to and without the byte `end`, which is taken too. */
static bool
take_until(struct rest *r, char end, char *ret, size_t size)
{
	const char *found = memchr(r->at, end, r->left);
	size_t n = found != NULL ? (size_t)(found - r->at) : 0;

	if (found == NULL || n >= size)
		return false;
	memcpy(ret, r->at, n);
	ret[n] = '\0';
	r->at += n + 1;
	r->left -= n + 1;
	return true;
}

static bool
take_number(struct rest *r, const char *name, uint64_t *ret)
{
	char text[24];

	return take_text(r, name) && take_until(r, ',', text, sizeof(text)) && str_u64(text, 1, UINT64_MAX >> 2, ret) == 0;
}

static bool
take_hash(struct rest *r, const char *name, struct audit_hash *ret)
{
	char text[AUDIT_HASH_HEX + 1];

	return take_text(r, name) && take_until(r, '"', text, sizeof(text)) && str_unhex(text, ret->b, AUDIT_HASH_LEN) == 0;
}

static bool
take_signature(struct rest *r, struct audit_head *h)
{
	char text[2 * AUDIT_SIGNATURE_MAX + 1];

	if (!take_text(r, ",\"signature\":\"") || !take_until(r, '"', text, sizeof(text)))
		return false;
	h->signature_len = strlen(text) / 2;
	return str_unhex(text, h->signature, h->signature_len) == 0;
}

static bool
is_time(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789-:.TZ") == strlen(text);
}

int
audit_head_parse(const char *line, size_t len, struct audit_head *ret)
{
	struct rest r = { line, len };
	struct audit_head h;
	struct buf again;
	bool same;

	memset(&h, 0, sizeof(h));
	if (!take_number(&r, begins, &h.number) || !take_number(&r, "\"size\":", &h.size) || !take_text(&r, "\"time\":\"") ||
	    !take_until(&r, '"', h.time, sizeof(h.time)) || !is_time(h.time) || !take_hash(&r, ",\"root\":\"", &h.root) ||
	    !take_hash(&r, ",\"previous\":\"", &h.previous) || !take_signature(&r, &h))
		return -EBADMSG;
	/* One head, one text: what reads alike is alike. */
	buf_init(&again, AUDIT_HEAD_MAX);
	audit_head_print(&h, &again);
	same = !buf_failed(&again) && again.len == len && memcmp(again.data, line, len) == 0;
	buf_fini(&again);
	if (!same)
		return -EBADMSG;
	*ret = h;
	return 0;
}

void
audit_head_hash(const struct audit_head *h, struct audit_hash *ret)
{
	struct buf b;

	buf_init(&b, 0);
	audit_head_statement(h, &b);
	audit_hash_bytes(b.data, b.len, ret);
	buf_fini(&b);
}

bool
audit_head_verify(const struct audit_head *h, const struct audit_key *key)
{
	struct buf b;
	bool ok;

	buf_init(&b, 0);
	audit_head_statement(h, &b);
	ok = !buf_failed(&b) && audit_key_verify(key, b.data, b.len, h->signature, h->signature_len);
	buf_fini(&b);
	return ok;
}
