/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ROUTE_COMMON_H
#define PATRONUS_CONFD_ROUTE_COMMON_H

#include <stdint.h>

/* What several handlers share. */

struct commit;
struct document;
struct request;
struct workspace;

/* The workspace of /workspaces/{id}/...; NULL, answered, when it is not there or not the caller's. */
struct workspace *route_workspace(struct request *);
void		 route_reply_workspace(struct request *, unsigned status, const struct workspace *);
void		 route_reply_no_room(struct request *, int error);
/* The changes from a to b, as a workspace's diff. */
void		 route_reply_diff(struct request *, uint32_t base, const struct document *a, const struct document *b);
/* A commit object, with Location when it is new. */
void		 route_reply_commit(struct request *, unsigned status, const struct commit *);

#endif
