/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "sandbox/caps.h"

static bool
is_kept(int cap, const int *keep, unsigned nkeep)
{
	unsigned i;

	for (i = 0; i < nkeep; i++)
		if (keep[i] == cap)
			return true;
	return false;
}

int
caps_lock(const int *keep, unsigned nkeep)
{
	int cap;

	for (cap = 0; CAP_IS_SUPPORTED(cap); cap++)
		if (!is_kept(cap, keep, nkeep) && cap_drop_bound(cap) == -1)
			return -errno;
	if (prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0) == -1)
		return -errno;
	return 0;
}

int
caps_set(const int *keep, unsigned nkeep)
{
	cap_t c = cap_init();
	int error = 0;

	if (c == NULL)
		return -ENOMEM;
	if (nkeep > 0 && (cap_set_flag(c, CAP_PERMITTED, (int)nkeep, keep, CAP_SET) == -1 ||
	    cap_set_flag(c, CAP_EFFECTIVE, (int)nkeep, keep, CAP_SET) == -1))
		error = -errno;
	if (error == 0 && cap_set_proc(c) == -1)
		error = -errno;
	(void)cap_free(c);
	return error;
}
