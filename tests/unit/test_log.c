/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/str.h"

static struct {
	unsigned	n;
	enum log_level	level;
	char		subsystem[32];
	char		text[4096];
} last;

static void
remember(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	assert_ptr_equal(arg, &last);
	last.n++;
	last.level = level;
	(void)str_copy(last.subsystem, subsystem, sizeof(last.subsystem));
	(void)str_copy(last.text, text, sizeof(last.text));
}

static int
setup(void **state)
{
	(void)state;
	memset(&last, 0, sizeof(last));
	log_init("test", LOG_LEVEL_INFO);
	log_set_sink(remember, &last);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	return 0;
}

static void
test_levels_and_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warn("link", "link \"%s\": cannot set mtu %d", "wan0", 9000);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(last.level, LOG_LEVEL_WARN);
	assert_string_equal(last.subsystem, "link");
	assert_string_equal(last.text, "link \"wan0\": cannot set mtu 9000: No such file or directory");
	log_warnx("link", "no %s", "errno");
	assert_string_equal(last.text, "no errno");
	log_err("a", "b");
	assert_int_equal(last.level, LOG_LEVEL_ERR);
	log_errx("a", "b");
	assert_int_equal(last.level, LOG_LEVEL_ERR);
	assert_string_equal(last.text, "b");
	log_info("a", "c");
	assert_int_equal(last.level, LOG_LEVEL_INFO);
	assert_int_equal(last.n, 5);
	log_debug("a", "not at this level");
	assert_int_equal(last.n, 5);
	log_init("test", LOG_LEVEL_DEBUG);
	log_debug("a", "now it is");
	assert_int_equal(last.n, 6);
	assert_string_equal(log_process(), "test");
}

/* Attack: a name that would be a second line, move the cursor, or not be text at all. */
static void
test_a_line_stays_one_line(void **state)
{
	(void)state;
	log_warnx("auth", "login by \"%s\"", "eve\nroot logged in\x1b[2J\xff");
	assert_string_equal(last.text, "login by \"eve?root logged in?[2J?\"");
	assert_true(str_is_utf8(last.text, strlen(last.text)));
}

static void
test_a_long_line_is_cut_to_text(void **state)
{
	char big[5000];
	size_t i;

	(void)state;
	for (i = 0; i + 2 < sizeof(big); i += 2)
		memcpy(big + i, "\xc3\xa9", 2);
	big[i] = '\0';
	for (i = 0; i < 3; i++) {	/* the cut falls inside a character for some of them */
		log_warnx("a", "%.*s%s", (int)i, "xxx", big);
		assert_in_range(strlen(last.text), 1900, 2047);
		assert_true(str_is_utf8(last.text, strlen(last.text)));
	}
}

/* What a child of ours writes to stderr, and its exit status. */
static int
child_says(void (*run)(void), char *ret, size_t size)
{
	size_t at = 0;
	int p[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)dup2(p[1], STDERR_FILENO);
		log_set_sink(NULL, NULL);
		run();
		_exit(0);
	}
	(void)close(p[1]);
	while ((n = read(p[0], ret + at, size - 1 - at)) > 0)
		at += (size_t)n;
	ret[at] = '\0';
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
run_info(void)
{
	log_info("link", "link \"%s\" is up", "wan0");
}

static void
run_fatal(void)
{
	errno = EACCES;
	fatal("store", "cannot open");
}

static void
run_fatalx(void)
{
	fatalx("store", "cannot go on");
}

static void
test_stderr_and_the_end(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(child_says(run_info, text, sizeof(text)), 0);
	assert_string_equal(text, "patronus-test: info: link: link \"wan0\" is up\n");
	assert_int_equal(child_says(run_fatal, text, sizeof(text)), 1);
	assert_string_equal(text, "patronus-test: error: store: cannot open: Permission denied\n");
	assert_int_equal(child_says(run_fatalx, text, sizeof(text)), 1);
	assert_string_equal(text, "patronus-test: error: store: cannot go on\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels_and_errno, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_line_stays_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_long_line_is_cut_to_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stderr_and_the_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
