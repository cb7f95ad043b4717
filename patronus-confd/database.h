/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DATABASE_H
#define PATRONUS_CONFD_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addrdb.h"

/*
 * A database about addresses (docs/adr/0197, 0241), one of each kind: of the package (tor-geoipdb has countries), from a place that the configuration names, or
 * uploaded.  It is read and told to fwd only when the configuration asks for what it says.  What was there last stays while nothing better can be had.
 */

struct buf;
struct confd;
struct database;
struct document;
struct rights;

/* Of each kind one, in the confd; false: no memory. */
bool			 databases_new(struct confd *);
void			 databases_free(struct confd *);
/* Another revision runs, or is kept. */
void			 databases_changed(struct confd *);
/* fwd is there: it gets the databases before a revision. */
void			 databases_fwd_ready(struct confd *);
/*
 * Before fwd prepares this document: true, it has what that asks for (or there is none to be had); false, it is being read, and transaction_go_on() will be
 * called.
 */
bool			 databases_are_ready(struct confd *, const struct document *);
/* The one of that id, or NULL. */
struct database		*databases_find(struct confd *, const char *id);

typedef void database_end(int error, const char *text, void *arg);

/* One from a person, in place of what there is; the data must stay until on_end.  0, or -EBUSY and on_end is not called. */
int			 database_offer(struct database *, const uint8_t *data, size_t len, database_end *on_end, void *arg);
/* One of a backup: as database_offer(), and on_end may be NULL. */
int			 database_restore(struct database *, const struct addrdb *, database_end *on_end, void *arg);
/* Is what is kept from a person? */
bool			 database_is_uploaded(const struct database *);
/* The one that was uploaded goes, and the package's or that of the configured place comes, or none. */
void			 database_forget(struct database *);
/* Have it fetched, or the package's files looked at, now. */
void			 database_refresh(struct database *);

/* What is in force; *ret points into *ret_data, which the caller frees.  -ENOENT. */
int			 database_load(const struct database *, char **ret_data, struct addrdb *ret);
/* Is it asked for? */
bool			 database_is_wanted(const struct database *);
enum addrdb_kind	 database_kind(const struct database *);
/* In the list of sources, its place in the configuration, and what it is about ("countries"). */
const char		*database_id(const struct database *);
const char		*database_path(const struct database *);
/* As a member of the list of sources, for who may see it. */
void			 database_print(const struct database *, const struct rights *, const char *between, struct buf *);
/* What people should look after; false: nothing. */
bool			 database_alarm(const struct database *, char *ret, size_t size);

#endif
