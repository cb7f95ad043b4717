/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "http_request.h"

/*
 * The refusals and the attacks they stop:
 *   request smuggling: bare LF or CR, obs-fold, blanks before a colon, Content-Length twice or with Transfer-Encoding
 *   authorization by path: %2f %5c %00, dot segments, empty segments, ';', a second decoding
 *   routing by a name that nobody checked: Host twice, absolute and authority form
 *   another method than the one that was judged: the fields that some servers let override it
 */

/* Character classes of RFC 9110 and RFC 3986, one table: bit set per byte. */
#define CLASS_TOKEN	0x01
#define CLASS_PATH	0x02	/* pchar and '/', without ';' and '%' */
#define CLASS_QUERY	0x04	/* pchar, '/' and '?', without '%' */
#define CLASS_VALUE	0x08	/* field value: visible ASCII, blank, tab */
#define CLASS_HOST	0x10	/* reg-name without sub-delims and '%' */

static uint8_t
class_of(unsigned char c)
{
	uint8_t r = 0;
	bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	if (c == 0 || c > 0x7e)
		return 0;
	if (alnum)
		return CLASS_TOKEN | CLASS_PATH | CLASS_QUERY | CLASS_VALUE | CLASS_HOST;
	if (c >= 0x20 || c == '\t')
		r |= CLASS_VALUE;
	if (strchr("!#$%&'*+-.^_`|~", c) != NULL)
		r |= CLASS_TOKEN;
	if (strchr("-._~!$&'()*+,=:@/", c) != NULL)
		r |= CLASS_PATH | CLASS_QUERY;
	if (strchr(";?", c) != NULL)
		r |= CLASS_QUERY;
	if (strchr("-._", c) != NULL)
		r |= CLASS_HOST;
	return r;
}

static uint8_t classes[256];

__attribute__((constructor)) static void
classes_init(void)
{
	unsigned i;

	for (i = 0; i < 256; i++)
		classes[i] = class_of((unsigned char)i);
}

static bool
all_of(struct span s, uint8_t class)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((classes[(unsigned char)s.at[i]] & class) == 0)
			return false;
	return true;
}

bool
span_is(struct span s, const char *text)
{
	return s.at != NULL && s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static struct span
span_trim(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Cut the part before the first c off *s. */
static struct span
span_cut(struct span *s, char c)
{
	struct span part = *s;
	const char *end = s->len > 0 ? memchr(s->at, c, s->len) : NULL;

	if (end == NULL) {
		s->at += s->len;
		s->len = 0;
		return part;
	}
	part.len = (size_t)(end - part.at);
	s->at = end + 1;
	s->len -= part.len + 1;
	return part;
}

bool
span_has_token(struct span s, const char *token)
{
	struct span item;

	if (s.at == NULL)
		return false;
	while (s.len > 0) {
		item = span_cut(&s, ',');
		item = span_trim(span_cut(&item, ';'));
		if (span_is(item, token))
			return true;
	}
	return false;
}

int
http_request_scan(const char *data, size_t len, size_t *at)
{
	size_t i = *at;

	if (len > HTTP_HEAD_MAX)
		len = HTTP_HEAD_MAX;
	for (; i < len; i++) {
		const char *next = data + i;

		if (*next == '\0')
			return -400;
		if (*next == '\n') {
			if (i == 0 || data[i - 1] != '\r')
				return -400;
			if (i < 3)
				return -400;
			if (data[i - 2] == '\n')
				return (int)i + 1;
		} else if (i > 0 && data[i - 1] == '\r')
			return -400;
	}
	*at = i;
	if (i >= HTTP_LINE_MAX && memchr(data, '\n', HTTP_LINE_MAX) == NULL)
		return -414;
	return len == HTTP_HEAD_MAX ? -431 : 0;
}

static const struct {
	const char	*name;
	uint8_t		 method;	/* HTTP_METHOD_INVALID: known, and never served */
} methods[] = {
	{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST }, { "PUT", HTTP_PUT }, { "PATCH", HTTP_PATCH },
	{ "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS }, { "TRACE", 0 }, { "CONNECT", 0 },
};

const char *
http_method_name(uint8_t method)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (method != HTTP_METHOD_INVALID && methods[i].method == method)
			return methods[i].name;
	return NULL;
}

static int
parse_method(struct span s, uint8_t *ret)
{
	size_t i;

	if (s.len == 0 || !all_of(s, CLASS_TOKEN))
		return -400;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strlen(methods[i].name) != s.len || memcmp(methods[i].name, s.at, s.len) != 0)
			continue;
		*ret = methods[i].method;
		return methods[i].method == HTTP_METHOD_INVALID ? -405 : 0;
	}
	return -501;
}

static int
parse_version(struct span s)
{
	if (s.len != 8 || memcmp(s.at, "HTTP/", 5) != 0 || s.at[6] != '.' ||
	    s.at[5] < '0' || s.at[5] > '9' || s.at[7] < '0' || s.at[7] > '9')
		return -400;
	return s.at[5] == '1' && s.at[7] == '1' ? 0 : -505;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that %XX at s stands for, or -1 when that is no two hex digits. */
static int
decode_percent(const char *s, size_t left)
{
	int high, low;

	if (left < 3)
		return -1;
	high = hex_value(s[1]);
	low = hex_value(s[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* No empty segment, no "." or "..": there is one way to write a path. */
static bool
path_is_plain(const char *path, size_t len)
{
	size_t i, start = 1;

	for (i = 1; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		if (i == start && i < len)
			return false;
		if ((i - start == 1 && path[start] == '.') ||
		    (i - start == 2 && path[start] == '.' && path[start + 1] == '.'))
			return false;
		start = i + 1;
	}
	return true;
}

static int
parse_path(struct span s, char ret[HTTP_PATH_MAX + 1])
{
	size_t i, n = 0;
	int c;

	if (s.len == 0 || s.at[0] != '/')
		return -400;
	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.at[i];
		if (c == '%') {
			c = decode_percent(s.at + i, s.len - i);
			/*
			 * An encoded separator, or one that some reader takes for one; a control byte; a second '%' to
			 * decode.
			 */
			if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '%')
				return -400;
			i += 2;
		} else if ((classes[c] & CLASS_PATH) == 0)
			return -400;
		if (n == HTTP_PATH_MAX)
			return -414;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	if (!path_is_plain(ret, n) || !str_is_utf8(ret, n))
		return -400;
	return 0;
}

static int
parse_query(struct span s)
{
	size_t i;
	int c;

	if (s.len > HTTP_QUERY_MAX)
		return -414;
	for (i = 0; i < s.len; i++) {
		if (s.at[i] == '%') {
			c = decode_percent(s.at + i, s.len - i);
			if (c < 0x20 || c == 0x7f)
				return -400;
			i += 2;
		} else if ((classes[(unsigned char)s.at[i]] & CLASS_QUERY) == 0)
			return -400;
	}
	return 0;
}

static int
parse_request_line(struct span line, struct http_request *ret)
{
	struct span method, target, path;
	int r;

	if (memchr(line.at, ' ', line.len) == NULL)
		return -400;
	method = span_cut(&line, ' ');
	r = parse_method(method, &ret->method);
	if (r < 0)
		return r;
	if (memchr(line.at, ' ', line.len) == NULL)
		return -400;
	target = span_cut(&line, ' ');
	r = parse_version(line);
	if (r < 0)
		return r;
	if (target.len > HTTP_TARGET_MAX)
		return -414;
	path = span_cut(&target, '?');
	ret->query = target;
	r = parse_path(path, ret->path);
	return r < 0 ? r : parse_query(target);
}

static const struct {
	const char	*name;
	uint8_t		 len;
} field_names[HTTP_FIELD_MAX] = {
#define NAME(s)	{ s, sizeof(s) - 1 }
	[HTTP_HOST] = NAME("host"), [HTTP_CONTENT_LENGTH] = NAME("content-length"),
	[HTTP_TRANSFER_ENCODING] = NAME("transfer-encoding"), [HTTP_CONNECTION] = NAME("connection"),
	[HTTP_EXPECT] = NAME("expect"), [HTTP_COOKIE] = NAME("cookie"), [HTTP_AUTHORIZATION] = NAME("authorization"), [HTTP_ORIGIN] = NAME("origin"),
	[HTTP_SEC_FETCH_SITE] = NAME("sec-fetch-site"), [HTTP_CONTENT_TYPE] = NAME("content-type"),
	[HTTP_CONTENT_ENCODING] = NAME("content-encoding"), [HTTP_ACCEPT] = NAME("accept"),
	[HTTP_ACCEPT_ENCODING] = NAME("accept-encoding"), [HTTP_IF_MATCH] = NAME("if-match"),
	[HTTP_IF_NONE_MATCH] = NAME("if-none-match"), [HTTP_CSRF] = NAME("patronus-csrf"), [HTTP_IDEMPOTENCY_KEY] = NAME("idempotency-key"),
	[HTTP_WORKSPACE] = NAME("patronus-workspace"), [HTTP_LAST_EVENT_ID] = NAME("last-event-id"),
#undef NAME
};

/* Who sends one of these wants a request that says one thing and does another. */
static bool
is_override(struct span name)
{
	static const char *const names[] = { "x-http-method-override", "x-http-method", "x-method-override" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static int
parse_field(struct span line, struct http_request *ret)
{
	struct span name;
	unsigned i;

	/* A line that begins with a blank is obs-fold: the value of the line before, for some readers. */
	if (line.len == 0 || memchr(line.at, ':', line.len) == NULL)
		return -400;
	name = span_cut(&line, ':');
	if (name.len == 0 || !all_of(name, CLASS_TOKEN) || !all_of(line, CLASS_VALUE))
		return -400;
	for (i = 1; i < HTTP_FIELD_MAX; i++) {
		if (field_names[i].len != name.len || strncasecmp(field_names[i].name, name.at, name.len) != 0)
			continue;
		if (ret->fields[i].at != NULL)
			return -400;
		ret->fields[i] = span_trim(line);
		return 0;
	}
	return is_override(name) ? -400 : 0;
}

/* name[:port] or [IPv6][:port], RFC 9110 section 7.2; no user information, no empty name. */
static bool
host_is_valid(struct span s)
{
	const char *end;
	struct span name;
	size_t i;

	if (s.len == 0 || s.len > 255)
		return false;
	if (s.at[0] == '[') {
		end = memchr(s.at, ']', s.len);
		if (end == NULL || end - s.at < 3)
			return false;
		for (i = 1; s.at + i < end; i++)
			if (hex_value(s.at[i]) < 0 && s.at[i] != ':' && s.at[i] != '.')
				return false;
		s.len -= (size_t)(end + 1 - s.at);
		s.at = end + 1;
		if (s.len > 0 && s.at[0] != ':')
			return false;
		(void)span_cut(&s, ':');
	} else {
		name = span_cut(&s, ':');
		if (name.len == 0 || !all_of(name, CLASS_HOST))
			return false;
	}
	for (i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.len <= 5;
}

static int
parse_length(struct span s, uint32_t *ret)
{
	uint64_t n = 0;
	size_t i;

	if (s.len == 0)
		return -400;
	for (i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return -400;
		if (n <= HTTP_BODY_MAX)
			n = n * 10 + (uint64_t)(s.at[i] - '0');
	}
	if (n > HTTP_BODY_MAX)
		return -413;
	*ret = (uint32_t)n;
	return 0;
}

/*
 * How long is the body?  One way to say it, Content-Length: chunks are refused, so nobody can disagree about the end.
 */
static int
check_body(struct http_request *r)
{
	struct span coding = r->fields[HTTP_TRANSFER_ENCODING], length = r->fields[HTTP_CONTENT_LENGTH];
	int e;

	if (coding.at != NULL && length.at != NULL)
		return -400;
	if (coding.at != NULL)
		return span_is(coding, "chunked") ? -411 : -501;
	if (length.at != NULL) {
		e = parse_length(length, &r->content_length);
		if (e < 0)
			return e;
	}
	if (r->content_length == 0)
		return 0;
	if (r->method == HTTP_GET || r->method == HTTP_HEAD || r->method == HTTP_OPTIONS)
		return -400;
	return r->fields[HTTP_CONTENT_ENCODING].at != NULL ? -415 : 0;
}

static int
check_fields(struct http_request *r)
{
	struct span connection = r->fields[HTTP_CONNECTION], expect = r->fields[HTTP_EXPECT];
	int e;

	if (r->fields[HTTP_HOST].at == NULL || !host_is_valid(r->fields[HTTP_HOST]))
		return -400;
	e = check_body(r);
	if (e < 0)
		return e;
	r->keep_alive = !span_has_token(connection, "close");
	if (expect.at != NULL) {
		if (!span_is(expect, "100-continue"))
			return -417;
		r->expect_continue = r->content_length > 0;
	}
	return 0;
}

int
http_request_parse(const char *data, size_t len, struct http_request *ret)
{
	struct span left = { data, len }, line;
	unsigned n;
	int r;

	memset(ret, 0, offsetof(struct http_request, path) + 1);
	line = span_cut(&left, '\n');
	if (line.len == 0 || line.at[line.len - 1] != '\r')
		return -400;
	line.len--;
	r = line.len > HTTP_LINE_MAX ? -414 : parse_request_line(line, ret);
	for (n = 0; r == 0; n++) {
		line = span_cut(&left, '\n');
		if (line.len == 0 || line.at[line.len - 1] != '\r')
			return -400;
		line.len--;
		if (line.len == 0)
			return left.len == 0 ? check_fields(ret) : -400;
		if (n == HTTP_FIELDS_MAX)
			return -431;
		r = parse_field(line, ret);
	}
	return r;
}
