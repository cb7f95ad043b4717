/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_LISTUPLOAD_H
#define PATRONUS_CONFD_LISTUPLOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A list of addresses from a person, in parts (docs/adr/0220): each part is read by patronus-parse when it comes, so that neither the whole text nor
 * a file of it is ever here.  One list at a time.  Nothing is in force before the last part.
 */

struct confd;
struct listupload;

#define LISTUPLOAD_MAX	(64u << 20)	/* of a text */

struct listupload_part {
	const char	*list;
	const char	*user;
	uint64_t	 offset;	/* in the whole text, of size bytes */
	uint64_t	 size;
	const uint8_t	*data;
	size_t		 len;
};

/* 0: it was taken, and with the last part it is in force; -EINVAL: the text says why not, and the upload is over; -EAGAIN: it is over too. */
typedef void listupload_end(int error, const char *text, void *arg);

struct listupload	*listupload_new(struct confd *);
void			 listupload_free(struct listupload *);
/*
 * The data are copied.  0, and on_end is called; -EBUSY: another part, or the list of another person, is on its way; -ESTALE: it does not continue
 * what came before.
 */
int			 listupload_take(struct listupload *, const struct listupload_part *, listupload_end *, void *arg);

#endif
