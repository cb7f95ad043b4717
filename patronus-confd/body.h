/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BODY_H
#define PATRONUS_CONFD_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "document.h"

/*
 * What comes in the body of a request.  The functions that return false have answered the request.
 */

struct node;
struct problems;
struct request;

/* JSON or YAML, by Content-Type; 415 for anything else. */
bool	 body_format(struct request *, enum document_format *ret);
bool	 body_is_yaml(const struct request *);
/* Does the caller want YAML back? */
bool	 body_wants_yaml(const struct request *);

/* A JSON or YAML mapping as nodes, in the request's arena. */
bool	 body_map(struct request *, struct node **ret);

/* A member that an action's body may have. */
struct body_member {
	const char	*name;
	const char	**ret_text;	/* a string; or */
	uint64_t	*ret_number;	/* a number within min..max; or */
	bool		*ret_flag;	/* true or false; or */
	const struct node **ret_list;	/* an array of at most max items, whatever they are; or */
	const struct node **ret_any;
	uint64_t	 min, max;
	bool		 is_required;
};

/* Members of an object that is part of a body, as body_object(); problems are added, with this pointer before theirs. */
bool	 body_members(const struct node *map, const char *pointer, const struct body_member *, struct problems *);

/*
 * Read a JSON object with these members (the last has name NULL) and no others; an empty body is an empty object.  Texts live in the
 * request's arena.  What is missing stays as it is.
 */
bool	 body_object(struct request *, const struct body_member *);

#endif
