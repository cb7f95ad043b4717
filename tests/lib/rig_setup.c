/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rig_setup.h"

struct rig *rig;

int
setup(void **state)
{
	(void)state;
	rig = rig_new(NULL);
	rig_connect(rig);
	(void)rig_load(rig, base_yaml, 201);
	return (0);
}

int
teardown(void **state)
{
	(void)state;
	rig_free(rig, false);
	return (0);
}
