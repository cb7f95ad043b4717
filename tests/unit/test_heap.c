/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"

/*
 * Is it anywhere in the memory of this process that may be written?  What is looked for is kept scrambled, so that the search does not find
 * itself.
 */
static unsigned
count(const char *scrambled)
{
	static char chunk[1 << 20];
	size_t len = strlen(scrambled), n, at, i, k;
	unsigned long from, to;
	unsigned found = 0;
	char line[512], *p;
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);

	assert_non_null(maps);
	assert_true(mem != -1);
	while (fgets(line, sizeof(line), maps) != NULL) {
		from = strtoul(line, &p, 16);
		to = strtoul(p + 1, &p, 16);
		if (p[2] != 'w')
			continue;
		for (at = from; at < to; at += n - len) {
			n = to - at < sizeof(chunk) ? to - at : sizeof(chunk);
			if ((unsigned long)chunk >= at && (unsigned long)chunk < at + n)
				n = (unsigned long)chunk - at;
			if (n <= len || pread(mem, chunk, n, (off_t)at) != (ssize_t)n) {
				if ((unsigned long)chunk == at && to - at > sizeof(chunk)) {
					at += sizeof(chunk) - (n - len);
					continue;
				}
				break;
			}
			for (i = 0; i + len <= n; i++) {
				for (k = 0; k < len && chunk[i + k] == (scrambled[k] ^ 1); k++)
					continue;
				found += k == len;
			}
			memset(chunk, 0, n);
			if (at + n >= to)
				break;
		}
	}
	(void)fclose(maps);
	(void)close(mem);
	return (found);
}

/* "canary" and a number, scrambled; unscrambled into place by the tests. */
#define LEN	24

static void
unscramble(const char *scrambled, char *ret)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		ret[i] = (char)(scrambled[i] ^ 1);
}

static void
make(unsigned n, char ret[LEN + 1])
{
	size_t i;

	(void)snprintf(ret, LEN + 1, "a canary of number %05u", n);
	for (i = 0; i < LEN; i++)
		ret[i] = (char)(ret[i] ^ 1);
	ret[LEN] = '\0';
}

static void
test_the_search_finds(void **state)
{
	char scrambled[LEN + 1], *p = malloc(LEN);

	(void)state;
	make(1, scrambled);
	assert_int_equal(count(scrambled), 0);
	unscramble(scrambled, p);
	assert_int_equal(count(scrambled), 1);
	heap_wipe(p, LEN);
	assert_int_equal(count(scrambled), 0);
	heap_wipe(NULL, 5);
}

static void
test_growing_leaves_nothing(void **state)
{
	char scrambled[LEN + 1], *p = malloc(LEN);

	(void)state;
	make(2, scrambled);
	unscramble(scrambled, p);
	p = heap_regrow(p, LEN, 100000);
	assert_non_null(p);
	assert_int_equal(count(scrambled), 1);
	heap_wipe(p, LEN);
	p = heap_regrow(NULL, 0, 10);
	free(p);
}

static void
test_buffers_and_arenas_leave_nothing(void **state)
{
	struct arena *arena = arena_new(0);
	char scrambled[LEN + 1], plain[LEN];
	struct buf b;
	unsigned i;

	(void)state;
	make(3, scrambled);
	buf_init(&b, 0);
	for (i = 0; i < 3000; i++) {
		unscramble(scrambled, plain);
		buf_put(&b, plain, LEN);
		explicit_bzero(plain, LEN);
	}
	buf_reset(&b);
	buf_puts(&b, "x");
	buf_fini(&b);
	for (i = 0; i < 3000; i++) {
		unscramble(scrambled, plain);
		(void)arena_strndup(arena, plain, LEN);
		explicit_bzero(plain, LEN);
	}
	assert_true(count(scrambled) >= 3000);
	arena_free(arena);
	assert_int_equal(count(scrambled), 0);
}

#ifdef PATRONUS_SANITIZED
#define SEARCH(test)	cmocka_unit_test(test_nothing)	/* the sanitizer's own memory is too large to look through */

static void
test_nothing(void **state)
{
	(void)state;
	(void)test_the_search_finds;
	(void)test_growing_leaves_nothing;
	(void)test_buffers_and_arenas_leave_nothing;
	skip();
}
#else
#define SEARCH(test)	cmocka_unit_test(test)
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SEARCH(test_the_search_finds),
		SEARCH(test_growing_leaves_nothing),
		SEARCH(test_buffers_and_arenas_leave_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
