/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_NETD_H
#define PATRONUS_NETD_NETD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The daemon: one revision that holds, perhaps one that is being prepared, and what it takes to keep the kernel so.
 */

struct alarms;
struct arena;
struct daemon;
struct event;
struct memory;
struct problems;
struct revision;
struct watch;

struct netd {
	struct daemon	*daemon;
	struct memory	*memory;
	struct alarms	*alarms;
	struct watch	*watch;
	struct event	*tick;
	struct revision	*prepared;
	struct revision	*applied;	/* NULL until the first commit */
	bool		 is_removed;	/* the second phase of applied is done: what is ours and not wanted may go */
	unsigned	 retry_ms;	/* the wait before the next try of a repair that failed; 0: none failed */
};

/* --- apply.c: a revision goes to the kernel */

/* What would be done for a revision, on a fresh reading of the kernel; plan and problems live in the revision's and the reply's arena. */
struct plan;
int	apply_plan(struct netd *, struct revision *, struct arena *, bool must_exist, struct plan *ret, struct problems *);
/* As it is, and as the revision (NULL: nothing) would make it. */
struct actual;
int	apply_forecast(struct netd *, struct revision *, struct arena *, struct plan *ret_plan, struct actual *ret_before,
	    struct actual *ret_after);
/*
 * Carry out one phase (0: both, in their order), again until nothing is left of it.  0 or -errno with problems; *ret_changed says whether
 * there was anything to do.
 */
int	apply_phase(struct netd *, struct revision *, uint8_t phase, struct problems *, bool *ret_changed);
/* Read the kernel whole into actual, after a change of routes that was left in the middle has been brought to its end.  0 or -errno, logged. */
int	apply_read(struct actual *, struct arena *);
/* That alone: at the start, when nobody has said yet what shall be. */
void	apply_recover(void);

/* --- repair.c: the kernel changed by itself or by somebody */

/* Compare with the applied revision, repair what is ours, report it. */
void	repair_run(struct netd *);
/* Look whether the sysctls of the whole box still are as we set them, and set them so. */
void	repair_sysctls(struct netd *, bool all);

/* --- serve.c: what confd asks */
struct channel_ops;
extern const struct channel_ops	serve_confd_ops;

/* --- report.c: what netd tells */
struct channel;
struct message;
void	report_state(struct netd *, struct channel *, struct message *);
void	report_counters(struct netd *);
void	report_drift(const char *object, const char *class, const char *detail, const char *action);

#endif
