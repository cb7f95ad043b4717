/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RECEIVERS_H
#define PATRONUS_CONFD_RECEIVERS_H

#include <stdbool.h>

#include "ipc/codec.h"

struct confd;

/*
 * Receivers of syslog (management.syslog): logd hears their names and what they get, fetchd where they are.  What is sent goes from the one to
 * the other and not through here, but for what the firewall logs, which confd is told anyway.
 */

/* logd or fetchd came, or the running revision became another one. */
void	 receivers_tell(struct confd *);
/* A packet that the firewall logged: on to logd when somebody wants it. */
void	 receivers_packet(const struct confd *, struct bytes record);

#endif
