/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_CONFD_CALLS_H
#define PATRONUS_TESTS_CONFD_CALLS_H

#include "rig_setup.h"

/*
 * What tests around one rig with a small configuration begin with.
 */

/* The id of a new workspace; of the last eight. */
const char	*new_workspace(const char *remote);
const struct rig_answer *commit(const char *id, const char *remote, unsigned status);

#endif
