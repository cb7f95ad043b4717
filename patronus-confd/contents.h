/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_CONTENTS_H
#define PATRONUS_CONFD_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What groups have by way of lists and names (docs/adr/0161): fetchd brings it, patronus-parse reads lists, the store keeps it, fwd brings it into
 * force.  What was there last stays while nothing better can be had.
 */

struct buf;
struct confd;
struct contents;
struct ipc_content;
struct rights;
struct store_content;

#define CONTENTS_MAX	1024

struct contents	*contents_new(struct confd *);
void		 contents_free(struct contents *);
/* Another revision runs, or is kept: what lists and names there are. */
void		 contents_changed(struct contents *);
/* fwd is there: it gets all of it before a revision. */
void		 contents_fwd_ready(struct contents *);

/* All that there is, for messages; at most CONTENTS_MAX.  It points to what is kept here. */
uint32_t	 contents_list(const struct contents *, struct ipc_content *ret);
/* One by its id ("list/drop"): is there one, and may it be seen at *ret_path? */
bool		 contents_find(const struct contents *, const char *id, char *ret_path, size_t size);
/* Have it fetched now. */
void		 contents_refresh(struct contents *, const char *id);
/*
 * What a list has from now on, of a person (listupload.h): its ranges and its digest are taken and cleared.  0, and on_end is called; -ENOENT: there
 * is no such list; -EPERM: it is fetched; -EBUSY.
 */
typedef void contents_end(int error, const char *text, void *arg);
bool		 contents_takes_upload(const struct contents *, const char *list);
int		 contents_offer(struct contents *, const char *list, struct store_content *, contents_end *, void *arg);
/*
 * What a list that the next revision brings will have: kept, and told to fwd before that revision is prepared.  0 or -errno.  If it does not come
 * after all, the list is forgotten.
 */
int		 contents_place(struct contents *, const char *list, const struct store_content *);
void		 contents_unplace(struct contents *, const char *list);
/* Each list that came by upload, and has something. */
void		 contents_each_upload(const struct contents *, void (*fn)(const char *list, const struct store_content *, void *arg), void *arg);
/* What a list has; NULL: there is no such list.  Until the next event. */
const struct store_content *contents_of_list(const struct contents *, const char *list);
/* Those that the caller may see, as objects with commas between. */
void		 contents_print(const struct contents *, const struct rights *, struct buf *);
/* The i-th that people should look after; false after the last. */
bool		 contents_alarm(const struct contents *, unsigned i, char *ret, size_t size);

#endif
