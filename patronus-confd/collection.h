/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_COLLECTION_H
#define PATRONUS_CONFD_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Searching, sorting and paging of lists, the same for every list of the API:
 *
 *	q=text			any value contains it (case does not matter)
 *	filter[member]=a,b	the member is one of these, or has one of them; member.inner goes deeper; empty: it is not there
 *	sort=a,-b		by these members, "-" downwards; numbers as numbers
 *	fields=a,b		of each item these members and the key
 *	limit=, cursor=		so many (100, at most 500), from where the Link rel="next" of the last answer says
 *	count=true		the header Patronus-Count: how many were found
 *
 * Without any of these the answer is the whole list.  A cursor belongs to its search.  It names the last item, so that what is added
 * or removed before it does not shift the pages.
 */

struct request;

#define COLLECTION_QUERY	"q filter[] sort fields limit cursor count"
#define COLLECTION_LIMIT	100
#define COLLECTION_LIMIT_MAX	500

/* What a list is, for collection_reply(). */
struct collection {
	const char	*list;		/* the member of the answer that is the list; NULL: the answer is */
	const char	*key;		/* the member that names an item, or NULL */
	const char	*members;	/* that an item can have, with blanks between */
};

/* Does the query ask for more than the whole list? */
bool	 collection_is_asked(struct request *);
/* The header Link to another page of the same search; NULL without memory. */
const char *collection_link(struct request *, const char *cursor);
/* Answer with what the query asks for of this JSON text; with a problem when the query cannot be understood. */
void	 collection_reply(struct request *, const struct collection *, const char *text, size_t len, const char *etag);

#endif
