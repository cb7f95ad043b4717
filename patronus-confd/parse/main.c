/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-parse: reads one document from outside for confd and ends.  What a text can do to the program that takes it apart, it does to
 * a process that has neither files nor sockets nor rights, and that nobody asks a second time.
 */
#include <string.h>

#include "base/heap.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "sandbox/sandbox.h"

#include "parse/answer.h"

#define CONFD_FD	3

int
main(void)
{
	int error;

	log_init("parse", LOG_LEVEL_INFO);
	heap_init();
	error = sandbox_enter(ROLE_PARSE);
	if (error != 0)
		fatalx("parse", "confinement: %s", strerror(-error));
	error = parse_answer(CONFD_FD);
	if (error != 0)
		log_errx("parse", "no answer: %s", strerror(-error));
	return (error == 0 ? 0 : 1);
}
