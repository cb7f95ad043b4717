/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_PROGRAM_H
#define PATRONUS_FWD_XDP_PROGRAM_H

#include <stddef.h>

/* drop.bpf.c, compiled: an ELF object. */

extern const unsigned char	xdp_program[];
extern const size_t		xdp_program_len;

#endif
