/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_LOGREAD_H
#define PATRONUS_LOGD_LOGREAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads the lines of NAME.keep .. NAME.1, NAME as one file, oldest first, in the working directory.  Lines carry a number that grows, by which
 * a place is found without reading what is before it.  The files may be rotated meanwhile; a line that is being written is not seen.
 */

#define LOGREAD_LINE_MAX	65536

/* The number of a line, 0 when it has none. */
typedef uint64_t logread_number(const char *line, size_t len);

struct logread {
	const char	*name;		/* borrowed */
	unsigned	 keep;
	logread_number	*number;
	int		 fd;		/* -1: nothing (more) to read */
	off_t		 at;		/* of what is read next into data */
	size_t		 from;		/* in data: what was not returned yet */
	size_t		 to;
	char		*data;
};

/* At the first line whose number is at least `from`; 0: at the very first line.  0 or -errno; close it in any case. */
int	 logread_open(struct logread *, const char *name, unsigned keep, logread_number *, uint64_t from);
/* 1 and the line without its line feed, valid until the next call; 0 at the end (more may come later); -errno. */
int	 logread_next(struct logread *, const char **ret_line, size_t *ret_len);
void	 logread_close(struct logread *);

/* The number of the first line of all; UINT64_MAX when there is none.  0 or -errno. */
int	 logread_first(const char *name, unsigned keep, logread_number *, uint64_t *ret);
/* The number of rotated files (0 .. keep). */
unsigned logread_rotated(const char *name, unsigned keep);
/* The last whole line of all; ret has LOGREAD_LINE_MAX bytes.  0, -ENOENT when there is none, or -errno. */
int	 logread_last(const char *name, unsigned keep, char *ret, size_t *ret_len);

#endif
