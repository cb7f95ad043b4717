/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_RECHECK_CHECK_H
#define PATRONUS_FWD_RECHECK_CHECK_H

struct recheck_rep;
struct recheck_req;

/*
 * Compile the configuration of the request as fwd would, with the same code and none of fwd's memory, and compare with the dumps that
 * privd made.  Fills the reply; what it points to lives until check_fini().
 */
void	 check_run(const struct recheck_req *, struct recheck_rep *);
void	 check_fini(void);

#endif
