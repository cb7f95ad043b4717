/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_LOADER_H
#define PATRONUS_FWD_XDP_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is done to the kernel: the only place of libbpf.  Functions return 0, -ENOSYS when this build has no program, -EEXIST when the link has
 * another program than the expected one, or another -errno; and a reason in words, as the kernel gave it, where there is one.
 */

#define LOADER_REASON_MAX	200

enum loader_fd {
	LOADER_PROGRAM = 0,
	LOADER_STATE,
	LOADER_GROUPS,
	LOADER_POOL,
	LOADER_FDS
};

/* answers: the program that answers SYN packets too, which a kernel may not have what it needs for. */
int	 loader_load(uint32_t nslots, bool has_rates, bool answers, int ret_fds[LOADER_FDS], uint32_t *ret_program, char *ret_reason);
/*
 * Native first; where that is not possible, or another program of ours runs there in the receive path, generic, and the reason says why.  old: the
 * descriptor of the expected program, with which the kernel exchanges the two only if that one is still there; or -1.
 */
int	 loader_attach(uint32_t link, uint32_t expected, int program, int old, bool *ret_is_generic, char *ret_reason);
int	 loader_detach(uint32_t link, uint32_t expected, char *ret_reason);

#endif
