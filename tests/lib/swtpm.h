/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TEST_SWTPM_H
#define PATRONUS_TEST_SWTPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tempdir.h"

/*
 * swtpm, a software TPM 2.0 in a process of its own, at the other end of a socket, with a relay between that writes down what crosses the
 * bus.  For cmocka: what fails ends the test.
 */

#define SWTPM_BUS_MAX	(1u << 20)

struct swtpm_bus {
	size_t	len;
	uint8_t	bytes[SWTPM_BUS_MAX];
};

struct swtpm {
	char			 dir[TEMPDIR_LEN];
	int			 fd;		/* our end */
	pid_t			 tpm, relay;
	struct swtpm_bus	*bus;
};

void	 swtpm_start(struct swtpm *);		/* a new TPM */
void	 swtpm_stop(struct swtpm *);
/* TPM2_PCR_Extend of the SHA-256 bank (part 3, 22.2): what firmware and boot loaders do. */
void	 swtpm_extend(struct swtpm *, uint8_t pcr);
/* Did these bytes cross the bus? */
bool	 swtpm_saw(const struct swtpm *, const void *what, size_t len);

#endif
