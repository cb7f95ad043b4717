/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_new(0);
	size_t n, i;

	(void)state;
	for (n = 0; n < 300; n++) {
		unsigned char *p = arena_alloc(a, n, 1);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, n);	/* what comes next must be zeroed all the same */
	}
	arena_discard(a);
}

static void
test_items_do_not_overlap(void **state)
{
	struct arena *a = arena_new(0);
	unsigned char *p[200];
	size_t i, k;

	(void)state;
	for (i = 0; i < 200; i++) {
		p[i] = arena_alloc(a, i * 37 + 1, 1);
		assert_non_null(p[i]);
		memset(p[i], (int)i, i * 37 + 1);
	}
	for (i = 0; i < 200; i++)
		for (k = 0; k < i * 37 + 1; k++)
			assert_int_equal(p[i][k], i);
	arena_free(a);
}

static void
test_bound_is_kept(void **state)
{
	struct arena *a = arena_new(1000);
	size_t got = 0;

	(void)state;
	assert_null(arena_alloc(a, 1001, 1));
	while (arena_alloc(a, 10, 1) != NULL)
		got += 10;
	assert_in_range(got, 500, 1000);	/* rounding costs, but not more than the smallest item */
	assert_true(arena_used(a) <= 1000);
	assert_null(arena_alloc(a, 1000, 1));
	arena_free(a);
}

static void
test_sizes_that_overflow(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_null(arena_alloc(a, SIZE_MAX, 2));
	assert_null(arena_alloc(a, SIZE_MAX, 1));
	assert_null(arena_alloc(a, SIZE_MAX / 2 + 2, 1));
	assert_null(arena_alloc(a, (size_t)1 << 33, (size_t)1 << 33));
	assert_null(arena_strndup(a, "x", SIZE_MAX));
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
}

static void
test_strings(void **state)
{
	struct arena *a = arena_new(0);
	char big[9000];

	(void)state;
	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_string_equal(arena_strdup(a, ""), "");
	assert_string_equal(arena_strdup(a, big), big);
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(a, NULL, 0), "");
	assert_string_equal(arena_printf(a, "%s-%d", "rule", 7), "rule-7");
	assert_int_equal(strlen(arena_printf(a, "%s%s", big, big)), 2 * strlen(big));
	arena_free(a);
}

static void
test_descriptors_end_with_the_arena(void **state)
{
	struct arena *a = arena_new(0);
	int p[2], kept;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(arena_add_fd(a, p[0]), 0);
	assert_int_equal(arena_add_fd(a, p[1]), 0);
	kept = arena_take_fd(a, 1);
	assert_int_equal(kept, p[1]);
	assert_int_equal(arena_take_fd(a, 1), -1);	/* only once */
	assert_int_equal(arena_take_fd(a, 2), -1);
	arena_free(a);
	assert_int_equal(fcntl(p[0], F_GETFD), -1);
	assert_int_equal(errno, EBADF);
	assert_int_not_equal(fcntl(kept, F_GETFD), -1);
	(void)close(kept);
	arena_free(NULL);
}

static void
test_descriptors_are_bounded(void **state)
{
	struct arena *a = arena_new(0);
	int n = 0, fd = -1;

	(void)state;
	for (;;) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_not_equal(fd, -1);
		if (arena_add_fd(a, fd) != 0)
			break;
		assert_true(++n < 1000);
	}
	assert_true(n >= 4);			/* FRAME_FDS_MAX of a message fit */
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);	/* one that did not fit is still the caller's */
	(void)close(fd);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_items_do_not_overlap),
		cmocka_unit_test(test_bound_is_kept),
		cmocka_unit_test(test_sizes_that_overflow),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_descriptors_end_with_the_arena),
		cmocka_unit_test(test_descriptors_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
