/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_TERM_H
#define PATRONUSCTL_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mode is "auto", "always", "never" or NULL; NO_COLOR and CLICOLOR_FORCE are heard when it is auto. */
void		 term_init(const char *mode);
bool		 term_is_tty(void);		/* standard output */

/* Control sequences, "" without colour. */
const char	*term_bold(void);
const char	*term_dim(void);
const char	*term_good(void);
const char	*term_bad(void);
const char	*term_warn(void);
const char	*term_plain(void);

/* "1.2 MB", "340 kbit/s", "3 d 4 h", "2026-11-20 12:00:00" (the time of this host's zone). */
const char	*term_bytes(uint64_t, char ret[24]);
const char	*term_bits_per_second(uint64_t, char ret[24]);
const char	*term_duration(uint64_t seconds, char ret[24]);
const char	*term_time(const char *rfc3339, char ret[32]);

#endif
