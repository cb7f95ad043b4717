/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void
test_write_then_read(void **state)
{
	struct cursor c = { 0 };
	struct buf b;
	const uint8_t *p;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	(void)state;
	buf_init(&b, 0);
	buf_put8(&b, 0x12);
	buf_put16(&b, 0x3456);
	buf_put32(&b, 0x789abcde);
	buf_put64(&b, 0x0123456789abcdefull);
	buf_put(&b, "xyz", 3);
	assert_false(buf_failed(&b));
	assert_int_equal(b.len, 18);
	assert_memory_equal(b.data, "\x12\x56\x34\xde\xbc\x9a\x78\xef\xcd\xab\x89\x67\x45\x23\x01xyz", 18);
	c.data = b.data;
	c.len = b.len;
	assert_true(cursor_u8(&c, &u8) && u8 == 0x12);
	assert_true(cursor_u16(&c, &u16) && u16 == 0x3456);
	assert_true(cursor_u32(&c, &u32) && u32 == 0x789abcde);
	assert_true(cursor_u64(&c, &u64) && u64 == 0x0123456789abcdefull);
	assert_true(cursor_bytes(&c, &p, 3) && memcmp(p, "xyz", 3) == 0);
	assert_int_equal(cursor_left(&c), 0);
	buf_fini(&b);
}

static void
test_cursor_never_passes_the_end(void **state)
{
	const uint8_t bytes[7] = { 1, 2, 3, 4, 5, 6, 7 };
	struct cursor c = { bytes, sizeof(bytes), 0 };
	const uint8_t *p = NULL;
	uint64_t u64 = 99;
	uint32_t u32 = 99;
	uint16_t u16 = 99;
	uint8_t u8 = 99;

	(void)state;
	assert_false(cursor_u64(&c, &u64));
	assert_false(cursor_bytes(&c, &p, 8));
	assert_false(cursor_bytes(&c, &p, SIZE_MAX));
	assert_int_equal(c.at, 0);
	assert_true(cursor_bytes(&c, &p, 4));
	assert_false(cursor_u32(&c, &u32));
	assert_true(cursor_bytes(&c, &p, 2));
	assert_false(cursor_u16(&c, &u16));
	assert_true(cursor_bytes(&c, &p, 1));
	assert_false(cursor_u8(&c, &u8));
	assert_true(cursor_bytes(&c, &p, 0));
	assert_int_equal(c.at, 7);
	assert_true(u64 == 99 && u32 == 99 && u16 == 99 && u8 == 99);
}

static void
test_bound_fails_for_good(void **state)
{
	struct buf b;
	size_t len;

	(void)state;
	buf_init(&b, 10);
	buf_puts(&b, "0123456789");
	assert_false(buf_failed(&b));
	buf_putc(&b, 'x');
	assert_true(buf_failed(&b));
	buf_puts(&b, "");
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 10);
	assert_null(buf_take(&b, &len));

	buf_init(&b, 10);
	buf_printf(&b, "%s", "0123456789");
	assert_false(buf_failed(&b));
	assert_string_equal((char *)b.data, "0123456789");
	buf_reset(&b);
	buf_printf(&b, "%s", "0123456789a");
	assert_true(buf_failed(&b));
	buf_reset(&b);
	assert_false(buf_failed(&b));
	buf_puts(&b, "again");
	assert_string_equal((char *)b.data, "again");
	buf_fini(&b);
}

static void
test_length_that_overflows(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	buf_putc(&b, 'x');
	buf_put(&b, "", SIZE_MAX);	/* must not wrap around to 0 */
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 1);
	buf_fini(&b);
}

static void
test_grows_and_takes(void **state)
{
	struct buf b;
	uint8_t *p;
	size_t len, i;

	(void)state;
	buf_init(&b, 0);
	for (i = 0; i < 100000; i++)
		buf_put8(&b, (uint8_t)(i * 7));
	buf_printf(&b, "%0500d", 5);
	p = buf_take(&b, &len);
	assert_non_null(p);
	assert_int_equal(len, 100500);
	for (i = 0; i < 100000; i++)
		assert_int_equal(p[i], (uint8_t)(i * 7));
	assert_int_equal(p[100499], '5');
	assert_int_equal(p[100500], 0);
	assert_null(b.data);
	free(p);

	/* An empty buffer has bytes too: none of them. */
	buf_init(&b, 0);
	p = buf_take(&b, &len);
	assert_non_null(p);
	assert_int_equal(len, 0);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_then_read),
		cmocka_unit_test(test_cursor_never_passes_the_end),
		cmocka_unit_test(test_bound_fails_for_good),
		cmocka_unit_test(test_length_that_overflows),
		cmocka_unit_test(test_grows_and_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
