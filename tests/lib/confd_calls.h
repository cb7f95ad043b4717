/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_CONFD_CALLS_H
#define PATRONUS_TESTS_CONFD_CALLS_H

#include "confd_rig.h"

/*
 * What tests around one rig with a small configuration begin with.
 */

extern const char base_yaml[];
extern struct rig *rig;

/* A rig in which base_yaml is revision 1. */
int		 setup(void **state);
int		 teardown(void **state);
/* The id of a new workspace; of the last eight. */
const char	*new_workspace(const char *remote);
const struct rig_answer *commit(const char *id, const char *remote, unsigned status);

#endif
