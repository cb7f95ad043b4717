/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MACHINE_H
#define PATRONUS_CONFD_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the machine itself uses: processors and memory from what privd reads in /proc, the disk from the file system of the store.
 */

struct machine {
	bool		 has_cpu;		/* two readings are needed */
	unsigned	 cpu_permille;		/* of all processors together, since the last reading */
	unsigned	 processors;
	uint64_t	 memory_total;		/* bytes; 0: not told */
	uint64_t	 memory_used;		/* what could not be given to a program */
	uint64_t	 disk_total;
	uint64_t	 disk_used;
	uint64_t	 busy, all;		/* of the last reading, in ticks */
};

/* The text of /proc/stat; false: it is none. */
bool	 machine_read_processors(struct machine *, const char *text, size_t len);
/* The text of /proc/meminfo; false: it is none. */
bool	 machine_read_memory(struct machine *, const char *text, size_t len);
/* All of it, as it is now; dir is on the disk in question. */
void	 machine_read(struct machine *, const char *dir);

#endif
