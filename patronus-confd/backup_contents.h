/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BACKUP_CONTENTS_H
#define PATRONUS_CONFD_BACKUP_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/addrdb.h"

#include "store.h"

/*
 * What a full backup carries behind its document (docs/adr/0230): the entries of lists and the databases about addresses that came by upload, each as
 * text in the form that can be uploaded, behind a line that says which it is.
 *
 *	{...}
 *	--- list NAME DIGEST
 *	198.51.100.0/24
 *	--- countries
 *	198.51.100.0,198.51.100.255,XX
 *	--- autonomous-systems
 *	198.51.100.0,198.51.100.255,64496
 *	--- end
 *
 * The text is taken apart as it comes, and its lines are read by patronus-parse: from outside is all of it.
 */

struct dbtext;
struct listtext;
struct problems;

#define BACKUP_LISTS_MAX	1024
#define BACKUP_TEXT_MAX		(4u << 20)	/* that is read at once */

struct backup_list {
	char			 name[65];
	struct store_content	 content;	/* its data is ours */
};

/* All of it, as it is kept; a part at a time is added to. */
struct backup_contents {
	struct backup_list	*lists;
	uint32_t		 n;
	struct {
		bool		 is_there;
		struct buf	 v4;		/* ranges, as in net/addrdb.h */
		struct buf	 v6;
	} databases[ADDRDB_KIND_MAX];
};

struct backup_contents	*backup_contents_new(void);		/* NULL: no memory */
void			 backup_contents_free(struct backup_contents *);	/* NULL is fine */
bool			 backup_contents_is_empty(const struct backup_contents *);
size_t			 backup_contents_size(const struct backup_contents *);		/* bytes in memory, about */
struct addrdb		 backup_contents_database(const struct backup_contents *, enum addrdb_kind);
/* Behind the mark of its part: "countries". */
const char		*backup_database_name(enum addrdb_kind);

/* What comes next of the plain text. */
enum backup_step {
	BACKUP_STEP_INVALID = 0,
	BACKUP_STEP_MORE,	/* give it more, or its end */
	BACKUP_STEP_LIST,	/* lines of a list, to be read */
	BACKUP_STEP_DATABASE,	/* of one, see backup_reader_kind() */
	BACKUP_STEP_END,	/* that was all of it */
	BACKUP_STEP_REFUSED,	/* and the problems say where */
};

struct backup_reader;

struct backup_reader	*backup_reader_new(void);		/* NULL: no memory */
void			 backup_reader_free(struct backup_reader *);	/* what was read is cleared; NULL is fine */
/* More of the plain text; len 0: its end. */
void			 backup_reader_give(struct backup_reader *, const void *data, size_t len);
/* *ret_text, of whole lines, stays until the next call. */
enum backup_step	 backup_reader_next(struct backup_reader *, struct problems *, const char **ret_text, size_t *ret_len);
/* After the last step: its document, and whether something stood behind that. */
void			 backup_reader_document(const struct backup_reader *, const char **ret, size_t *ret_len, bool *ret_has_parts);
/* Which database the last step is about. */
enum addrdb_kind	 backup_reader_kind(const struct backup_reader *);
/* Of the last step, as patronus-parse read it: taken, or refused with problems. */
bool			 backup_reader_take_list(struct backup_reader *, const struct listtext *, struct problems *);
bool			 backup_reader_take_database(struct backup_reader *, const struct dbtext *, struct problems *);
/* Or it could not be read at all: a problem at its place. */
void			 backup_reader_refuse(struct backup_reader *, const char *text, struct problems *);
/* All that was taken, once: the caller's. */
struct backup_contents	*backup_reader_contents(struct backup_reader *);

#endif
