/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_LOGFILE_H
#define PATRONUS_LOGD_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An append-only file of records, one line each, in the working directory.  Numbers go on across restarts and
 * rotations.  A record is whole or absent: what a full disk or a power cut tore is cut off.
 */

struct logfile {
	char		 name[64];
	uint64_t	 rotate_at;	/* bytes */
	unsigned	 keep;		/* old files: NAME.1 (newest) .. NAME.keep */
	int		 fd;
	uint64_t	 size;
	uint64_t	 seq;		/* of the last record */
	uint64_t	 lost;		/* records that could not be written since the last that could */
	bool		 is_dirty;	/* something waits for logfile_sync */
};

/* Open or make it, find the last number.  0 or -errno. */
int	 logfile_open(struct logfile *, const char *name, uint64_t rotate_at, unsigned keep);
void	 logfile_close(struct logfile *);
/* Append one whole line, rotating first when it is time.  0, or -errno: counted in lost, and the file is as it was. */
int	 logfile_append(struct logfile *, const char *line, size_t len);
int	 logfile_sync(struct logfile *);

#endif
