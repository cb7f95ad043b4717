/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_RIG_SETUP_H
#define PATRONUS_TESTS_RIG_SETUP_H

#include "confd_rig.h"

/*
 * The fixture of tests around one rig: confd with one configuration in force.
 */

extern struct rig	*rig;
/* The configuration; each test program has its own, or that of confd_calls.h. */
extern const char	 base_yaml[];

/* A rig in which base_yaml is revision 1. */
int	setup(void **state);
int	teardown(void **state);

#endif
