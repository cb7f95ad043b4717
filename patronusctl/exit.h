/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_EXIT_H
#define PATRONUSCTL_EXIT_H

/* Exit codes: a contract with scripts. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_CONFLICT = 5,
	EXIT_INVALID = 6,
	EXIT_UNREACHABLE = 7,
	EXIT_ROLLED_BACK = 8,
	EXIT_PARTIAL = 9,
	EXIT_DIFFERENT = 10,
	EXIT_CODE_MAX
};

#endif
