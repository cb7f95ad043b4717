/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ipc/codec.h"
#include "net/addr.h"
#include "record_json.h"

void
record_json_string(const char *s, size_t len, struct buf *b)
{
	static const char escapes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *p;
	size_t i, start = 0;

	buf_putc(b, '"');
	for (i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f)
			continue;
		buf_put(b, s + start, i - start);
		start = i + 1;
		p = s[i] != '\0' ? strchr(escapes, s[i]) : NULL;
		if (p != NULL)
			buf_printf(b, "\\%c", letters[p - escapes]);
		else
			buf_printf(b, "\\u%04x", (unsigned char)s[i]);
	}
	buf_put(b, s + start, len - start);
	buf_putc(b, '"');
}

static void
print_string(const char *s, struct buf *b)
{
	record_json_string(s != NULL ? s : "", s != NULL ? strlen(s) : 0, b);
}

/* A large state has some hundred thousand numbers: a format that is read for each of them would be most of its cost. */
static void
print_number(uint64_t v, struct buf *b)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_put(b, digits + at, sizeof(digits) - at);
}

static void
print_u64(const struct field *f, const void *p, struct buf *b)
{
	char text[32];
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	if (f->flags & FIELD_TIME)
		print_string(clock_rfc3339(v, text), b);
	else
		print_number(v, b);
}

static void
print_bytes(const struct bytes *bytes, struct buf *b)
{
	uint32_t i;

	buf_putc(b, '"');
	for (i = 0; i < bytes->len; i++)
		buf_printf(b, "%02x", bytes->data[i]);
	buf_putc(b, '"');
}

static void	 print_list(const struct field *, const struct list *, struct buf *);

/* One value of the given kind at p. */
static void
print_value(const struct field *f, uint8_t kind, const void *p, struct buf *b)
{
	char text[PREFIX_STRLEN];
	uint16_t u16;
	uint32_t u32;
	int64_t i64;

	switch ((enum field_kind)kind) {
	case FIELD_U8:
		print_number(*(const uint8_t *)p, b);
		break;
	case FIELD_U16:
		memcpy(&u16, p, sizeof(u16));
		print_number(u16, b);
		break;
	case FIELD_U32:
		memcpy(&u32, p, sizeof(u32));
		print_number(u32, b);
		break;
	case FIELD_U64:
		print_u64(f, p, b);
		break;
	case FIELD_I64:
		memcpy(&i64, p, sizeof(i64));
		buf_printf(b, "%" PRId64, i64);
		break;
	case FIELD_BOOL:
		buf_puts(b, *(const bool *)p ? "true" : "false");
		break;
	case FIELD_ENUM:
		if (f->names != NULL)
			print_string(f->names[*(const uint8_t *)p], b);
		else
			print_number(*(const uint8_t *)p, b);
		break;
	case FIELD_STRING:
		print_string(*(const char *const *)p, b);
		break;
	case FIELD_BYTES:
		print_bytes(p, b);
		break;
	case FIELD_ADDR:
		print_string(addr_format(p, text, sizeof(text)), b);
		break;
	case FIELD_PREFIX:
		print_string(prefix_format(p, text, sizeof(text)), b);
		break;
	case FIELD_MAC:
		print_string(mac_format(p, text, sizeof(text)), b);
		break;
	case FIELD_PORTS:
		print_string(ports_format(p, text, sizeof(text)), b);
		break;
	case FIELD_RATE:
		print_string(rate_format(p, text, sizeof(text)), b);
		break;
	case FIELD_RECORD:
		record_json_print(f->rec, p, b);
		break;
	case FIELD_LIST:
		print_list(f, p, b);
		break;
	case FIELD_INVALID:
	case FIELD_KIND_MAX:
		buf_puts(b, "null");
		break;
	}
}

static void
print_list(const struct field *f, const struct list *l, struct buf *b)
{
	size_t size = codec_kind_size(f->elem, f->rec);
	uint32_t i;

	buf_putc(b, '[');
	for (i = 0; i < l->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		print_value(f, f->elem, (const uint8_t *)l->items + i * size, b);
	}
	buf_putc(b, ']');
}

static bool
is_present(const struct field *f, const uint8_t *base)
{
	const void *p;

	if (f->has != FIELD_NO_HAS)
		return *(const bool *)(base + f->has);
	switch (f->kind) {
	case FIELD_RECORD:
		memcpy(&p, base + f->offset, sizeof(p));
		return p != NULL;
	case FIELD_STRING:
		memcpy(&p, base + f->offset, sizeof(p));
		return p != NULL || (f->flags & FIELD_OPTIONAL) == 0;
	case FIELD_ADDR:
	case FIELD_PREFIX:
	case FIELD_ENUM:
		return base[f->offset] != 0;
	case FIELD_RATE:
		return ((const struct rate *)(const void *)(base + f->offset))->seconds != 0;
	default:
		return true;
	}
}

void
record_json_print(const struct record *r, const void *msg, struct buf *b)
{
	const uint8_t *base = msg;
	const struct field *f;
	const void *p;
	bool is_first = true;
	uint32_t i;

	buf_putc(b, '{');
	for (i = 0; i < r->nfields; i++) {
		f = &r->fields[i];
		if ((f->flags & FIELD_SECRET) || !is_present(f, base))
			continue;
		if (!is_first)
			buf_putc(b, ',');
		is_first = false;
		buf_putc(b, '"');
		buf_puts(b, f->name);
		buf_put(b, "\":", 2);
		p = base + f->offset;
		if (f->kind == FIELD_RECORD)
			memcpy(&p, base + f->offset, sizeof(p));
		print_value(f, f->kind, p, b);
	}
	buf_putc(b, '}');
}
