/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "audit/key.h"
#include "audit/lines.h"
#include "base/buf.h"
#include "base/str.h"

static const char	record_begins[] = "{\"seq\":";
static const char	key_begins[] = "{\"audit-key\":\"";
static const char	prefix_begins[] = "{\"audit-prefix\":";
static const char	leaves_begins[] = "{\"audit-leaves\":";
static const char	line_ends[] = "\"}";

uint64_t
audit_record_seq(const char *line, size_t len)
{
	const size_t skip = sizeof(record_begins) - 1;
	uint64_t n = 0;
	size_t i;

	if (len <= skip || memcmp(line, record_begins, skip) != 0)
		return 0;
	for (i = skip; i < len && line[i] >= '0' && line[i] <= '9'; i++)
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(line[i] - '0'), &n))
			return 0;
	return n;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The hexadecimal digits of a line between what stands before and after them: at most size bytes. */
static int
get_hex(const char *at, size_t len, uint8_t *ret, size_t size, size_t *ret_len)
{
	const size_t end = sizeof(line_ends) - 1;
	size_t i, n;

	if (len < end || memcmp(at + len - end, line_ends, end) != 0 || (len - end) % 2 != 0 || (n = (len - end) / 2) > size)
		return -EBADMSG;
	for (i = 0; i < n; i++) {
		if (digit(at[2 * i]) < 0 || digit(at[2 * i + 1]) < 0)
			return -EBADMSG;
		ret[i] = (uint8_t)(digit(at[2 * i]) << 4 | digit(at[2 * i + 1]));
	}
	*ret_len = n;
	return 0;
}

/* {"NAME":NUMBER,"MEMBER":"HEX"} */
static int
get_number_and_hex(const char *line, size_t len, const char *begins, const char *member, uint64_t *ret_number, uint8_t *ret, size_t size,
    size_t *ret_len)
{
	size_t skip = strlen(begins), n;
	const char *comma;
	char text[24];

	if (len < skip || memcmp(line, begins, skip) != 0)
		return -ENOENT;
	comma = memchr(line + skip, ',', len - skip);
	n = comma != NULL ? (size_t)(comma - line) - skip : sizeof(text);
	if (n >= sizeof(text))
		return -EBADMSG;
	memcpy(text, line + skip, n);
	text[n] = '\0';
	skip += n;
	n = strlen(member);
	if (str_u64(text, 0, UINT64_MAX >> 2, ret_number) != 0 || len - skip < n || memcmp(line + skip, member, n) != 0)
		return -EBADMSG;
	return get_hex(line + skip + n, len - skip - n, ret, size, ret_len);
}

void
audit_key_line_print(const uint8_t *der, size_t len, struct buf *b)
{
	buf_puts(b, key_begins);
	buf_hex(b, der, len);
	buf_puts(b, line_ends);
}

int
audit_key_line_parse(const char *line, size_t len, uint8_t *ret, size_t *ret_len)
{
	const size_t skip = sizeof(key_begins) - 1;

	if (len < skip || memcmp(line, key_begins, skip) != 0)
		return -ENOENT;
	return get_hex(line + skip, len - skip, ret, AUDIT_KEY_MAX, ret_len);
}

void
audit_prefix_line_print(const struct audit_tree *t, struct buf *b)
{
	int level;

	buf_printf(b, "%s%llu,\"peaks\":\"", prefix_begins, (unsigned long long)t->size);
	for (level = AUDIT_LEVELS - 1; level >= 0; level--)
		if ((t->size >> level & 1) != 0)
			buf_hex(b, t->peaks[level].b, AUDIT_HASH_LEN);
	buf_puts(b, line_ends);
}

int
audit_prefix_line_parse(const char *line, size_t len, struct audit_tree *ret)
{
	struct audit_tree t = { .size = 0 };
	uint8_t peaks[AUDIT_LEVELS * AUDIT_HASH_LEN];
	size_t n, at = 0;
	int level, error;

	error = get_number_and_hex(line, len, prefix_begins, ",\"peaks\":\"", &t.size, peaks, sizeof(peaks), &n);
	if (error != 0)
		return error;
	if (n != (size_t)__builtin_popcountll(t.size) * AUDIT_HASH_LEN)
		return -EBADMSG;
	for (level = AUDIT_LEVELS - 1; level >= 0; level--)
		if ((t.size >> level & 1) != 0) {
			memcpy(t.peaks[level].b, peaks + at, AUDIT_HASH_LEN);
			at += AUDIT_HASH_LEN;
		}
	*ret = t;
	return 0;
}

void
audit_leaves_line_print(uint64_t first, const struct audit_hash *hashes, size_t n, struct buf *b)
{
	size_t i;

	buf_printf(b, "%s%llu,\"hashes\":\"", leaves_begins, (unsigned long long)first);
	for (i = 0; i < n; i++)
		buf_hex(b, hashes[i].b, AUDIT_HASH_LEN);
	buf_puts(b, line_ends);
}

int
audit_leaves_line_parse(const char *line, size_t len, uint64_t *ret_first, struct audit_hash *ret, size_t *ret_n)
{
	size_t n;
	int error;

	error = get_number_and_hex(line, len, leaves_begins, ",\"hashes\":\"", ret_first, (uint8_t *)ret, AUDIT_LEAVES_MAX * sizeof(*ret), &n);
	if (error != 0)
		return error;
	if (n % AUDIT_HASH_LEN != 0 || n == 0 || *ret_first == 0)
		return -EBADMSG;
	*ret_n = n / AUDIT_HASH_LEN;
	return 0;
}
