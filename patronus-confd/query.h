/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_QUERY_H
#define PATRONUS_CONFD_QUERY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What follows the question mark.
 */

struct request;

#define QUERY_PARAMETERS	32

/*
 * Are all parameters known ("limit cursor filter[]": a name with brackets stands for every filter[x]), each said once and
 * well-formed?  false, answered, when not: who asks for something that is not done must hear of it.
 */
bool		 query_check(struct request *, const char *known);

/* The value of a parameter, percent-decoded, in the request's arena; NULL when it is missing or not well-formed. */
const char	*query_text(struct request *, const char *name);
/* A number; the default when missing; false, answered, when it is out of bounds. */
bool		 query_number(struct request *, const char *name, uint64_t min, uint64_t max, uint64_t missing, uint64_t *ret);
/* "true" or "false"; the default when missing; false, answered, when it is something else. */
bool		 query_flag(struct request *, const char *name, bool missing, bool *ret);

/* The i-th parameter, decoded, in order; false when there are no more. */
bool		 query_get(struct request *, unsigned i, const char **ret_name, const char **ret_value);

#endif
