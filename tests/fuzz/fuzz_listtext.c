/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses from outside: whatever the text, the answer unpacks; whatever the answer, it is refused or sorted. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "listtext.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Merged with itself it is what it was, and so it is printed and read. */
static void
again(const struct listtext *l)
{
	struct buf text, packed;
	struct listtext back;
	uint8_t *same;
	uint32_t i, n;

	if (l->n4 + l->n6 > 4096)
		return;
	if ((same = listtext_merge(l->v4, l->n4, l->v4, l->n4, 4, &n)) == NULL || n != l->n4 || (n > 0 && memcmp(same, l->v4, (size_t)n * 8) != 0))
		abort();
	free(same);
	buf_init(&text, 1 << 22);
	buf_init(&packed, 0);
	for (i = 0; i < l->n4; i++)
		listtext_print(l->v4 + (size_t)i * 8, 4, &text);
	for (i = 0; i < l->n6; i++)
		listtext_print(l->v6 + (size_t)i * 32, 16, &text);
	if (text.len > 0 && !buf_failed(&text)) {
		listtext_pack((const char *)text.data, text.len, &packed);
		if (listtext_unpack(packed.data, packed.len, &back) != 0 || back.nbad != 0 || back.n4 != l->n4 || back.n6 != l->n6 ||
		    (back.n4 > 0 && memcmp(back.v4, l->v4, (size_t)back.n4 * 8) != 0) || (back.n6 > 0 && memcmp(back.v6, l->v6, (size_t)back.n6 * 32) != 0))
			abort();
	}
	buf_fini(&text);
	buf_fini(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct listtext l;
	struct buf b;

	(void)listtext_unpack(data, len, &l);
	buf_init(&b, 0);
	listtext_pack((const char *)data, len, &b);
	if (listtext_unpack(b.data, b.len, &l) != 0)
		abort();
	again(&l);
	buf_fini(&b);
	return 0;
}
