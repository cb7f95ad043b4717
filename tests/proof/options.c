/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"

void
proof_options_read(struct proof_options *o, int argc, char **argv, const char *faults)
{
	int c;

	o->first = 1;
	o->fault = NULL;
	while ((c = getopt(argc, argv, "n:s:f:")) != -1) {
		if (c == 'n')
			o->n = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o->first = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'f')
			o->fault = optarg;
		else
			errx(2, "usage: %s [-n POLICIES] [-s FIRST_SEED] [-f %s]", argv[0], faults);
	}
}
