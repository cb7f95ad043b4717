/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_CONFD_CALLS_H
#define PATRONUS_TESTS_CONFD_CALLS_H

#include "confd_rig.h"

/*
 * Short ways to say a request, for tests around one rig with a small configuration.
 */

#define GET(p, ...)	&(struct rig_request){ .method = MGMT_GET, .path = p, __VA_ARGS__ }
#define POST(p, b, ...)	&(struct rig_request){ .method = MGMT_POST, .path = p, .body = b, __VA_ARGS__ }
#define PUT(p, b, ...)	&(struct rig_request){ .method = MGMT_PUT, .path = p, .body = b, __VA_ARGS__ }
#define PATCH(p, b, ...) &(struct rig_request){ .method = MGMT_PATCH, .path = p, .body = b, __VA_ARGS__ }
#define DELETE(p, ...)	&(struct rig_request){ .method = MGMT_DELETE, .path = p, __VA_ARGS__ }

extern const char base_yaml[];
extern struct rig *rig;

/* A rig in which base_yaml is revision 1. */
int		 setup(void **state);
int		 teardown(void **state);
/* The id of a new workspace; of the last eight. */
const char	*new_workspace(const char *remote);
const struct rig_answer *commit(const char *id, const char *remote, unsigned status);

#endif
