/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COUNTRYDB_H
#define PATRONUS_CONFD_COUNTRYDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/countries.h"

/*
 * The database of countries (docs/adr/0197): of the package tor-geoipdb, from a place that the configuration names, or uploaded.  It is read and
 * told to fwd only when the configuration asks for countries.  What was there last stays while nothing better can be had.
 */

struct buf;
struct confd;
struct countrydb;
struct document;
struct rights;

struct countrydb	*countrydb_new(struct confd *);
void			 countrydb_free(struct countrydb *);
/* Another revision runs, or is kept. */
void			 countrydb_changed(struct countrydb *);
/* fwd is there: it gets the database before a revision. */
void			 countrydb_fwd_ready(struct countrydb *);
/*
 * Before fwd prepares this document: true, it has the database (or there is none to be had); false, it is being read, and transaction_go_on() will
 * be called.
 */
bool			 countrydb_is_ready(struct countrydb *, const struct document *);

typedef void countrydb_end(int error, const char *text, void *arg);

/* One from a person, in place of what there is; the data must stay until on_end.  0, or -EBUSY and on_end is not called. */
int			 countrydb_offer(struct countrydb *, const uint8_t *data, size_t len, countrydb_end *on_end, void *arg);
/* One of a backup: as countrydb_offer(), and on_end may be NULL. */
int			 countrydb_restore(struct countrydb *, const struct countries *, countrydb_end *on_end, void *arg);
/* Is what is kept from a person? */
bool			 countrydb_is_uploaded(const struct countrydb *);
/* The one that was uploaded goes, and the package's or that of the configured place comes. */
void			 countrydb_forget(struct countrydb *);
/* Have it fetched, or the package's files looked at, now. */
void			 countrydb_refresh(struct countrydb *);

/* What is in force; *ret points into *ret_data, which the caller frees.  -ENOENT. */
int			 countrydb_load(const struct countrydb *, char **ret_data, struct countries *ret);
/* Is it asked for? */
bool			 countrydb_is_wanted(const struct countrydb *);
/* As a member of the list of sources, for who may see it. */
void			 countrydb_print(const struct countrydb *, const struct rights *, const char *between, struct buf *);
/* What people should look after; false: nothing. */
bool			 countrydb_alarm(const struct countrydb *, char *ret, size_t size);

#define COUNTRYDB_ID	"countries"
#define COUNTRYDB_PATH	"/firewall/countries"

#endif
