/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "actual.h"
#include "before.h"
#include "memory.h"

#define RESOLV_CONF_LINE	"resolv.conf\n"
#define WORDS			4

void
before_print(const struct memory *m, const struct actual *a, struct buf *b)
{
	const char *text = memory_text_get(m, MEMORY_RESOLV_CONF_BEFORE);
	uint32_t i, mtu, index;
	bool was_without_ipv6;
	const struct link *l;

	for (i = 0; i < a->nlinks; i++)
		if ((mtu = memory_mtu_get(m, a->links[i].index)) != 0)
			buf_printf(b, "mtu %u %s %u\n", a->links[i].index, a->links[i].name, mtu);
	for (i = 0; memory_port_get(m, i, &index, &was_without_ipv6); i++)
		if ((l = actual_link(a, index)) != NULL)
			buf_printf(b, "port %u %s %u\n", index, l->name, was_without_ipv6);
	if (text == NULL)
		return;
	buf_puts(b, RESOLV_CONF_LINE);
	buf_puts(b, text);
}

/* A port that is down now was not brought up by us, or the box has been down since. */
static void
take(struct memory *m, const struct link *l, bool is_mtu, uint32_t value)
{
	if (!is_mtu && (l->flags & IFF_UP) != 0)
		memory_port_add(m, l->index, value != 0);
	else if (is_mtu && l->mtu != value)
		memory_mtu_before(m, l->index, value);
}

/* "mtu INDEX LINK VALUE" or "port INDEX LINK VALUE", in a line of its own that may be written to. */
static int
parse_link(struct memory *m, const struct actual *a, char *line)
{
	const char *words[WORDS] = { NULL };
	uint64_t index, value;
	const struct link *l;
	char *p = line;
	bool is_mtu;
	int n;

	for (n = 0; n < WORDS && p != NULL; n++)
		words[n] = strsep(&p, " ");
	if (n != WORDS || p != NULL)
		return -EPROTO;
	is_mtu = strcmp(words[0], "mtu") == 0;
	if ((!is_mtu && strcmp(words[0], "port") != 0) || str_u64(words[1], 1, INT32_MAX, &index) != 0 ||
	    str_u64(words[3], is_mtu ? 1 : 0, is_mtu ? INT32_MAX : 1, &value) != 0)
		return -EPROTO;
	l = actual_link(a, (uint32_t)index);
	if (l != NULL && strcmp(l->name, words[2]) == 0)
		take(m, l, is_mtu, (uint32_t)value);
	return 0;
}

static int
take_resolv_conf(struct memory *m, const char *text, size_t len)
{
	char copy[BEFORE_MAX];

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return -EPROTO;
	/* One that is not ours any more is what was before us, whatever an earlier one was. */
	if (memory_text_get(m, MEMORY_RESOLV_CONF) == NULL)
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	memory_text_set(m, MEMORY_RESOLV_CONF_BEFORE, copy);
	return 0;
}

int
before_parse(struct memory *m, const struct actual *a, const char *text, size_t len)
{
	const size_t head = strlen(RESOLV_CONF_LINE);
	const char *end;
	char line[64];
	int error;

	for (; len > 0; len -= (size_t)(end + 1 - text), text = end + 1) {
		if (len >= head && memcmp(text, RESOLV_CONF_LINE, head) == 0)
			return take_resolv_conf(m, text + head, len - head);
		end = memchr(text, '\n', len);
		if (end == NULL || (size_t)(end - text) >= sizeof(line))
			return -EPROTO;
		memcpy(line, text, (size_t)(end - text));
		line[end - text] = '\0';
		if ((error = parse_link(m, a, line)) != 0)
			return error;
	}
	return 0;
}
