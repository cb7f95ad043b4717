/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BACKUP_H
#define PATRONUS_CONFD_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The inside of a backup: one JSON document, typed by the schema, without paths and without files.
 *
 *	{"format": "patronus-backup", "version": 1 (2: something stands behind it), "created-at", "device", "hostname", "software", "content", "revision",
 *	 "configuration": {...}, "secrets": {"/management/...": "value"}}
 *
 * Secrets are in it as they are: it exists in memory, and inside the encryption of age.h.
 */

struct arena;
struct buf;
struct confd;
struct document;
struct node;
struct problems;

enum backup_content {
	BACKUP_INVALID = 0,
	BACKUP_FULL,
	BACKUP_CONFIGURATION,		/* without secrets */
	BACKUP_KEYS,			/* secrets alone */
	BACKUP_CONTENT_MAX
};

const char	*backup_content_name(enum backup_content);
enum backup_content backup_content_parse(const char *);		/* BACKUP_INVALID for a name that is none */

typedef int backup_sink(const void *data, size_t len, void *arg);

/*
 * A backup of the running revision in pieces: the document and, of a full one, the entries of lists and the database of countries that came by upload
 * (backup_contents.h).  sink gives 0, or -errno, which ends it.  The errors are those of backup_print().
 */
int		 backup_write(struct confd *, enum backup_content, backup_sink *, void *arg);
/* The running revision as such a document alone.  0, -ENOKEY (secrets are wanted and locked), -EBADMSG (one does not open), or -errno. */
int		 backup_print(struct confd *, enum backup_content, struct buf *);

/* One that was read; everything borrows from the nodes. */
struct backup {
	enum backup_content	 content;
	uint64_t		 version;
	uint64_t		 revision;
	const char		*created_at, *device, *hostname, *software;
	struct node		*configuration;		/* NULL for keys alone */
	const struct node	*secrets;		/* a map of texts; NULL without */
};

/* false: it is none, and problems say where. */
bool		 backup_read(const struct node *root, struct problems *, struct backup *ret);

/* New hardware for an interface of the backup: its match. */
struct backup_mapping {
	const char	*interface;
	const char	*kind;		/* "name", "mac" or "path" */
	const char	*value;
};

/* What a restore did to the document. */
struct backup_notes {
	struct buf	*users;		/* that are disabled: JSON strings with commas */
	struct buf	*uids;		/* whose system-uid is this box's and not the backup's */
	struct buf	*missing;	/* secrets that the backup does not have, and this box neither: they are not set */
	unsigned	 nsecrets;
};

/*
 * The document that a restore puts into a workspace: interfaces on new hardware, people who cannot sign in today, or would be more
 * than they are, disabled, secrets set.  With is_dry no secret is stored, and none is referred to.  0, -EINVAL with problems, -ENOKEY, or -errno.
 */
int		 backup_restore(struct confd *, struct backup *, struct arena *, const struct backup_mapping *, size_t n, bool is_dry,
		    struct problems *, struct backup_notes *, struct document **ret);

#endif
