/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of loader.c where the build had no clang or no libbpf. */
#include <errno.h>
#include <stdio.h>

#include "xdp/loader.h"

static int
none(char *ret_reason)
{
	(void)snprintf(ret_reason, LOADER_REASON_MAX, "this build has no XDP: it was made without clang or libbpf");
	return -ENOSYS;
}

int
loader_load(uint32_t nslots, bool has_rates, bool answers, int ret_fds[LOADER_FDS], uint32_t *ret_program, char *ret_reason)
{
	(void)nslots;
	(void)has_rates;
	(void)answers;
	(void)ret_fds;
	(void)ret_program;
	return none(ret_reason);
}

int
loader_attach(uint32_t link, uint32_t expected, int program, int old, bool *ret_is_generic, char *ret_reason)
{
	(void)link;
	(void)expected;
	(void)program;
	(void)old;
	(void)ret_is_generic;
	return none(ret_reason);
}

int
loader_detach(uint32_t link, uint32_t expected, char *ret_reason)
{
	(void)link;
	(void)expected;
	return none(ret_reason);
}
