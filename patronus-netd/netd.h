/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_NETD_H
#define PATRONUS_NETD_NETD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The daemon: one revision that holds, perhaps one that is being prepared, and what it takes to keep the kernel so.
 */

struct arena;
struct daemon;
struct drift;
struct drift_repair_req;
struct event;
struct memory;
struct problems;
struct revision;
struct watch;

struct netd {
	struct daemon	*daemon;
	struct memory	*memory;
	struct drift	*drift;
	const struct drift_repair_req *wanted;	/* a repair that somebody asked for, while it is under way */
	uint64_t	 glance;	/* at what the kernel tells nobody about: a sum of the last one; 0: none */
	struct watch	*watch;
	struct event	*tick;
	struct revision	*prepared;
	struct revision	*applied;	/* NULL until the first commit */
	bool		 is_removed;	/* the second phase of applied is done: what is ours and not wanted may go */
	char		 credit[24];	/* whose work it is that what stood is gone, until the next look: "revision 12" */
	unsigned	 retry_ms;	/* the wait before the next try of a repair that failed; 0: none failed */
};

struct actual;

/* --- apply.c: a revision goes to the kernel */

/* What would be done for a revision, on a fresh reading of the kernel; plan and problems live in the revision's and the reply's arena. */
struct plan;
int	apply_plan(struct netd *, struct revision *, struct arena *, bool must_exist, struct plan *ret, struct problems *);
/* As it is, and as the revision (NULL: nothing) would make it. */
int	apply_forecast(struct netd *, struct revision *, struct arena *, struct plan *ret_plan, struct actual *ret_before,
	    struct actual *ret_after);
/*
 * Carry out one phase (0: both, in their order), again until nothing is left of it.  0 or -errno with problems; *ret_changed says whether
 * there was anything to do.
 */
int	apply_phase(struct netd *, struct revision *, uint8_t phase, struct problems *, bool *ret_changed);
/*
 * Read the kernel whole into actual, after a change of routes that was left in the middle has been brought to its end.  0 or -errno, logged.
 * left (may be NULL) is told of every object of such a change, before it goes.
 */
int	apply_read(struct actual *, struct arena *, void (*left)(const struct actual *, void *), void *arg);
/* That alone: at the start, when nobody has said yet what shall be. */
void	apply_recover(void);

/* --- repair.c: the kernel changed by itself or by somebody */

/* Compare with the applied revision, repair what is ours and what the policy says, report it. */
void	repair_run(struct netd *);
/* Whether what no event tells of has changed since the last glance: links and host were read for it. */
bool	repair_glance(struct netd *, const struct actual *);
/* What a revision should not want at a start, told once. */
void	repair_note(struct netd *, const char *path, const char *text);

/* --- serve.c: what confd asks */
struct channel_ops;
extern const struct channel_ops	serve_confd_ops;

/* --- report.c: what netd tells */
struct channel;
struct message;
void	report_state(struct netd *, struct channel *, struct message *);
void	report_counters(struct netd *, const struct actual *);

#endif
