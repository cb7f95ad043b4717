/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ACCESS_H
#define PATRONUS_CONFD_ACCESS_H

#include <stdbool.h>

#include "rights.h"

/*
 * May this caller make this request?  His role and scopes (rights.h), and what the route asks for beside them
 * (route_flags()): a person and not an API token, the second factor that his role requires, a fresh one.  The functions that return
 * false have answered the request.
 */

struct breach;
struct document;
struct request;

/* Asked once the caller is known, before any handler. */
bool	 access_check(struct request *);
/* A right beside that of the route. */
bool	 access_right(struct request *, enum right);
/*
 * May he make b of a?  Every place that changes is judged, and no more rights are given or taken than he has.
 */
bool	 access_change(struct request *, enum right, const struct document *a, const struct document *b);
/* May he act for this user, whose session he could have afterwards: has he himself all that the user may do?  False, answered, when not. */
bool	 access_over(struct request *, const char *user);
/* Answer 403: his rights end there. */
void	 access_reply_breach(struct request *, const struct breach *);
/*
 * Is his second factor fresh, if he has one or his role requires it?  For handlers where only the change itself says whether that is
 * asked (their routes are marked ROUTE_MAY_STEP_UP).  What an API token may do, its scopes say; root on the local socket is
 * never asked, so that the console is never locked.
 */
bool	 access_step_up(struct request *);
/* Does the configuration require a second factor of this caller's role, or of the one it builds upon? */
bool	 access_requires_factor(const struct request *);

#endif
