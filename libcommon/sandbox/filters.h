/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_SANDBOX_FILTERS_H
#define PATRONUS_SANDBOX_FILTERS_H

#include <linux/filter.h>
#include <stddef.h>

/* The filters of all profiles as the kernel takes them, made by the build (filters_make.c); the last has no name. */
struct filter {
	const char			*name;	/* "confd", ..., "privd"; "never" and "never_bpf" for everybody */
	const struct sock_filter	*code;
	unsigned short			 len;
};

extern const struct filter	filters[];

#endif
