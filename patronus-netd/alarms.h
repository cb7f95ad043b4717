/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_ALARMS_H
#define PATRONUS_NETD_ALARMS_H

#include <stdbool.h>

/*
 * What is wrong and stays wrong is told once, not with every look: an alarm is raised anew with each look that finds it, new ones are
 * told apart, and those that a whole look did not raise any more are forgotten.
 */

struct alarms;

struct alarms	*alarms_new(void);
void		 alarms_free(struct alarms *);
void		 alarms_begin(struct alarms *);
/* Whether it is new. */
bool		 alarms_raise(struct alarms *, const char *object);
void		 alarms_end(struct alarms *);

#endif
