/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of patronusctl: the table, the words, the paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api.h"
#include "command.h"
#include "ctl.h"
#include "exit.h"
#include "help.h"
#include "term.h"

static int
parse(struct ctl *c, const char *line)
{
	static char copy[512];
	static char *argv[32];
	int argc = 0;
	char *save = NULL, *word;

	(void)snprintf(copy, sizeof(copy), "patronusctl %s", line);
	for (word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return ctl_parse(c, argc, argv);
}

static void
commands_are_found(void **state)
{
	struct ctl c;

	(void)state;
	assert_int_equal(parse(&c, "status"), 0);
	assert_string_equal(c.command->words, "status");
	assert_int_equal(parse(&c, "--socket /tmp/x show firewall log -f --limit=7 198.51.100.7 --json"), 0);
	assert_string_equal(c.command->words, "show firewall log");
	assert_string_equal(c.socket, "/tmp/x");
	assert_non_null(ctl_option(&c, "follow"));
	assert_string_equal(ctl_option(&c, "limit"), "7");
	assert_int_equal(c.nargs, 1);
	assert_string_equal(c.args[0], "198.51.100.7");
	assert_int_equal(c.format, FORMAT_JSON);
	assert_int_equal(parse(&c, "commit -m why"), 0);
	assert_string_equal(ctl_option(&c, "comment"), "why");
	assert_null(ctl_option(&c, "confirm"));
}

static void
words_after_two_hyphens_are_values(void **state)
{
	struct ctl c;

	(void)state;
	assert_int_equal(parse(&c, "set system/description -- --json"), 0);
	assert_int_equal(c.nargs, 2);
	assert_string_equal(c.args[1], "--json");
	assert_int_equal(c.format, FORMAT_TEXT);
	assert_int_equal(parse(&c, "load -"), 0);
	assert_string_equal(c.args[0], "-");
}

static void
wrong_lines_are_refused(void **state)
{
	static const char *const lines[] = { "statsu", "show", "show nothing", "status extra", "load", "compare 7", "compare 1 2 3",
	    "commit --nonsense", "commit --confirm", "status --json=yes", "--color blue status", "--timeout 0 status", "move a" };
	struct ctl c;
	size_t i;
	int saved = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(freopen("/dev/null", "w", stderr));
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parse(&c, lines[i]) == 0 && c.command != NULL)
			fail_msg("\"%s\" was taken", lines[i]);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
}

static void
help_stands_anywhere(void **state)
{
	struct ctl c;

	(void)state;
	assert_int_equal(parse(&c, "load --help"), 0);
	assert_true(c.wants_help && strcmp(c.command->words, "load") == 0);
	assert_int_equal(parse(&c, "show firewall --help"), 0);
	assert_null(c.command);
	assert_string_equal(c.group, "show firewall");
	assert_int_equal(parse(&c, "--help"), 0);
	assert_string_equal(c.group, "");
}

static void
environment_is_heard(void **state)
{
	struct ctl c;

	(void)state;
	(void)setenv("PATRONUS_SOCKET", "/tmp/env.sock", 1);
	(void)setenv("PATRONUS_WORKSPACE", "w1", 1);
	assert_int_equal(parse(&c, "diff"), 0);
	assert_string_equal(c.socket, "/tmp/env.sock");
	assert_string_equal(c.workspace, "w1");
	assert_int_equal(parse(&c, "-s /x -w w2 diff"), 0);
	assert_string_equal(c.socket, "/x");
	assert_string_equal(c.workspace, "w2");
	(void)unsetenv("PATRONUS_SOCKET");
	(void)unsetenv("PATRONUS_WORKSPACE");
}

static void
near_words_are_offered(void **state)
{
	(void)state;
	assert_string_equal(command_suggest("statu"), "status");
	assert_string_equal(command_suggest("show firewal rules"), "show firewall rules");
	assert_null(command_suggest("entirely different"));
}

static void
paths_have_two_spellings(void **state)
{
	static const char *const typed[] = { "firewall/rules/web-in/to", "/firewall/rules/web-in/to", "firewall.rules[web-in].to",
	    "firewall/rules/web-in/to/" };
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		assert_int_equal(api_config_path(typed[i], path, sizeof(path)), EXIT_OK);
		assert_string_equal(path, "/configuration/firewall/rules/web-in/to");
	}
	assert_int_equal(api_config_path("", path, sizeof(path)), EXIT_OK);
	assert_string_equal(path, "/configuration");
	assert_int_equal(api_config_path("/", path, sizeof(path)), EXIT_OK);
	assert_string_equal(path, "/configuration");
}

static void
statuses_become_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(api_exit_code(200), EXIT_OK);
	assert_int_equal(api_exit_code(403), EXIT_DENIED);
	assert_int_equal(api_exit_code(404), EXIT_NOT_FOUND);
	assert_int_equal(api_exit_code(409), EXIT_CONFLICT);
	assert_int_equal(api_exit_code(412), EXIT_CONFLICT);
	assert_int_equal(api_exit_code(422), EXIT_INVALID);
	assert_int_equal(api_exit_code(500), EXIT_FAILED);
	assert_int_equal(api_exit_code(502), EXIT_ROLLED_BACK);
	assert_int_equal(api_exit_code(503), EXIT_UNREACHABLE);
}

/* The table is a contract: each row has what help, completion and the manual need. */
static void
rows_are_whole(void **state)
{
	const struct example *e;
	size_t i, j;

	(void)state;
	for (i = 0; i < commands_n; i++) {
		assert_non_null(commands[i].run);
		assert_non_null(commands[i].summary);
		for (j = 0; j < i; j++)
			assert_string_not_equal(commands[i].words, commands[j].words);
		if (commands[i].is_hidden)
			continue;
		assert_non_null(commands[i].examples[0].command);
		assert_null(commands[i].examples[sizeof(commands[i].examples) / sizeof(*e) - 1].command);	/* which ends the list */
		for (e = commands[i].examples; e->command != NULL; e++)
			assert_non_null(e->text);
		assert_true(commands[i].summary[strlen(commands[i].summary) - 1] != '.');
	}
}

/* Examples are real command lines: each parses as the command that shows it. */
static void
examples_parse(void **state)
{
	const struct example *e;
	const char *line;
	struct ctl c;
	char copy[256], *p;
	size_t i;

	(void)state;
	for (i = 0; i < commands_n; i++)
		for (e = commands[i].examples; !commands[i].is_hidden && e->command != NULL; e++) {
			/* The last program of a pipe is the example's subject when it is ours. */
			line = strstr(e->command, "| patronusctl ");
			(void)snprintf(copy, sizeof(copy), "%s", line != NULL ? line + strlen("| patronusctl ") : e->command);
			/* Words in quotes hold together; what follows a redirection or pipe is the shell's. */
			for (p = copy; *p != '\0'; p++)
				if (*p == '\'')
					for (*p++ = 'x'; *p != '\'' && *p != '\0'; p++)
						if (*p == ' ')
							*p = 'x';
			copy[strcspn(copy, "|<>")] = '\0';
			if (parse(&c, copy) != 0 || c.command != &commands[i])
				fail_msg("example of %s: %s", commands[i].words, e->command);
		}
}

static void
numbers_read_well(void **state)
{
	char s[32];

	(void)state;
	assert_string_equal(term_bytes(999, s), "999 B");
	assert_string_equal(term_bytes(1500, s), "1.5 kB");
	assert_string_equal(term_bytes(123456789, s), "123 MB");
	assert_string_equal(term_bits_per_second(2500000, s), "2.5 Mbit/s");
	assert_string_equal(term_duration(59, s), "59 s");
	assert_string_equal(term_duration(61, s), "1 min 1 s");
	assert_string_equal(term_duration(90000, s), "1 d 1 h");
	(void)setenv("TZ", "UTC", 1);
	assert_string_equal(term_time("2026-11-20T12:00:00.123Z", s), "2026-11-20 12:00:00");
	assert_string_equal(term_time("never", s), "never");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_found), cmocka_unit_test(words_after_two_hyphens_are_values),
		cmocka_unit_test(wrong_lines_are_refused), cmocka_unit_test(help_stands_anywhere),
		cmocka_unit_test(environment_is_heard), cmocka_unit_test(near_words_are_offered),
		cmocka_unit_test(paths_have_two_spellings), cmocka_unit_test(statuses_become_exit_codes),
		cmocka_unit_test(rows_are_whole), cmocka_unit_test(examples_parse), cmocka_unit_test(numbers_read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
