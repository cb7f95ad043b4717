/* SPDX-License-Identifier: GPL-3.0-or-later */
/* patronusctl: the command line of Patronus, over the local management socket. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "client.h"
#include "config.h"
#include "ctl.h"
#include "exit.h"
#include "fleet.h"
#include "help.h"
#include "term.h"

static int
run(struct ctl *c)
{
	if (c->wants_version) {
		printf("patronusctl %s\n", PATRONUS_VERSION);
		return EXIT_OK;
	}
	if (c->command == NULL) {
		help_group(c->group, c->wants_help ? stdout : stderr);
		return c->wants_help ? EXIT_OK : EXIT_USAGE;
	}
	if (c->wants_help) {
		help_command(c->command, stdout);
		return EXIT_OK;
	}
	return c->nhosts > 1 ? fleet_run(c) : c->command->run(c);
}

int
main(int argc, char **argv)
{
	static struct ctl c;
	int code;

	(void)setlocale(LC_TIME, "");
	log_init("patronusctl", LOG_LEVEL_WARN);
	/* A reader that ends early (head) is no reason to say anything; a socket that ends is told by its call. */
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return EXIT_FAILED;
	if (ctl_parse(&c, argc, argv) != 0)
		return EXIT_USAGE;
	term_init(c.color);
	code = run(&c);
	client_close(c.client);
	if (fflush(stdout) != 0 && code == EXIT_OK)
		code = EXIT_FAILED;
	return code;
}
