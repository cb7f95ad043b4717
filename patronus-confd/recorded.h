/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RECORDED_H
#define PATRONUS_CONFD_RECORDED_H

/*
 * What is acknowledged is in the audit log: calls then(arg) as soon as the records that were sent to logd before are on its disk.  A log that is
 * away, full or slow (RECORDED_MS) holds nobody up for ever: then it is called all the same, perhaps before this returns.
 */
#define RECORDED_MS	1000

void	 recorded_then(void (*then)(void *), void *arg);

#endif
