/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "sandbox/caps.h"

/* What passes capabilities on over an exec is closed last, by caps_give(). */
#define AMBIENT			(SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)
#define BITS_BUT_AMBIENT	((SECURE_ALL_BITS | SECURE_ALL_LOCKS) & ~AMBIENT)

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

	/* Not CAP_IS_SUPPORTED(): a call that failed is no capability that does not exist. */
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!is_kept(cap, keep, nkeep) && cap_drop_bound(cap) == -1)
			return -errno;
	if (errno != EINVAL)
		return -errno;
	return prctl(PR_SET_SECUREBITS, BITS_BUT_AMBIENT, 0, 0, 0) == -1 ? -errno : 0;
}

unsigned
caps_held(int *list, unsigned n)
{
	cap_t c = cap_get_proc();
	cap_flag_value_t is_set;
	unsigned i, held = 0;

	for (i = 0; c != NULL && i < n; i++)
		if (cap_get_flag(c, list[i], CAP_PERMITTED, &is_set) == 0 && is_set == CAP_SET)
			list[held++] = list[i];
	(void)cap_free(c);
	return held;
}

static int
sets_make(const int *keep, unsigned nkeep, bool is_inherited)
{
	cap_t c = cap_init();
	int error = 0;

	if (c == NULL)
		return -ENOMEM;
	if (nkeep > 0 && (cap_set_flag(c, CAP_PERMITTED, (int)nkeep, keep, CAP_SET) == -1 ||
	    cap_set_flag(c, CAP_EFFECTIVE, (int)nkeep, keep, CAP_SET) == -1 ||
	    (is_inherited && cap_set_flag(c, CAP_INHERITABLE, (int)nkeep, keep, CAP_SET) == -1)))
		error = -errno;
	if (error == 0 && cap_set_proc(c) == -1)
		error = -errno;
	(void)cap_free(c);
	return error;
}

int
caps_set(const int *keep, unsigned nkeep)
{
	return sets_make(keep, nkeep, false);
}

int
caps_give(const int *keep, unsigned nkeep)
{
	cap_t c = cap_get_proc();
	unsigned i;
	int error = 0;

	if (c == NULL)
		return -ENOMEM;
	/* Ambient ones must be inheritable, and both can be set only as long as CAP_SETPCAP is there, as can the lock behind them. */
	if (nkeep > 0 && (cap_set_flag(c, CAP_INHERITABLE, (int)nkeep, keep, CAP_SET) == -1 || cap_set_proc(c) == -1))
		error = -errno;
	(void)cap_free(c);
	for (i = 0; i < nkeep && error == 0; i++)
		error = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, keep[i], 0, 0) == -1 ? -errno : 0;
	if (error == 0 && prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0) == -1)
		error = -errno;
	return error == 0 ? sets_make(keep, nkeep, true) : error;
}
