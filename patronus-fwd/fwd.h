/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_FWD_H
#define PATRONUS_FWD_FWD_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/channel.h"

#include "apply.h"

/* The daemon's state and what its parts offer each other. */

struct buf;
struct daemon;
struct drivers;
struct drift;
struct drift_repair_req;
struct event;
struct evidence;
struct flowlog;
struct links;
struct live;
struct logring;
struct logring_entry;
struct message;
struct problems;
struct record;
struct revision;
struct state_log_event;
struct state_connections;
struct watch;

struct fwd {
	struct daemon	*daemon;
	struct apply	 apply;
	struct revision	*prepared;	/* waits for its commit */
	struct revision	*applied;	/* its ir is the apply's */
	struct arena	*links_arena;
	struct links	*links;		/* as last read */
	struct drivers	*drivers;
	struct live	*live;		/* what stands in groups beside the configuration */
	struct event	*ending;	/* of the next member that has a time */
	struct watch	*watch;
	struct logring	*log;
	struct flowlog	*flows;		/* connections of the last day, */
	uint64_t	 flows_since_ms;	/* since then (wall clock), */
	uint64_t	 flows_due_ms;		/* and when the kernel's table is looked at again */
	struct event	*tick;
	struct event	*revocation;
	struct drift	*drift;
	const struct drift_repair_req *wanted;	/* a repair that somebody asked for, while it is under way */
	char		 credit[24];	/* whose work it is that what stood is gone, until the next look: "revision 12" */
	uint64_t	 counters_cost_us;	/* of the last reading */
	uint64_t	 counters_due_ms;
	uint64_t	 counters_read_ms;	/* when they were read, */
	uint32_t	 counters_generation;	/* and in which generation of the ruleset */
	uint64_t	 counters_told_ms;	/* when rates were told, */
	uint64_t	 evidence_due_ms;	/* and when confd hears again of what rules have done */
	struct evidence	*evidence;
	bool		 has_evidence;	/* confd has said what it knows; nothing is counted before */
};

/* serve.c: what confd asks. */
extern const struct channel_ops serve_confd_ops;

/* A logged packet for people: strings live in the arena, or are the entry's. */
void	 fwd_describe(const struct fwd *, const struct logring_entry *, struct state_log_event *, struct arena *);

/* A configuration, from the descriptor fd_index of the message, compiled.  0 with *ret NULL: there are problems. */
int	 fwd_take_revision(struct fwd *, struct message *, unsigned fd_index, uint32_t number, struct problems *, struct revision **ret);

/* Read the kernel's links again; the old ones stay when that fails. */
void	 fwd_links_refresh(struct fwd *);

/* revocation.c: another ruleset is in force; what it does not allow any more ends soon. */
void	 revocation_start(struct fwd *);
void	 revocation_stop(struct fwd *);
void	 revocation_due(struct fwd *);
/* Another change comes before that was done: it is done now, because only what is in force now has let in what came since. */
void	 revocation_now(struct fwd *);
/* These connections (flow_put_delete()) end.  0 or -errno. */
int	 revocation_delete(const struct buf *, uint32_t *ret_n);

/* query_impact.c: the connections of the kernel's table, remembered for a day; when it is time, or now. */
void	 impact_sample(struct fwd *, bool is_now);

/* query.c: what can be worked out. */
void	 query_answer(struct fwd *, struct channel *, struct message *);

/* repair.c: drivers as the revision says; what they cannot do is in its ruleset, which is compiled anew for that.  Before the ruleset is sent. */
void	 fwd_drivers(struct fwd *, struct revision **);
struct problems;
/* As apply_commit(); long lists are loaded without listening to what the kernel tells of each of their elements. */
int	 fwd_apply(struct fwd *, struct ir *next, struct problems *);

/* repair.c: the kernel may differ, or links may have changed. */
void	 repair_table(void *fwd);
void	 repair_links(void *fwd);
void	 repair_schedules(struct fwd *);
/* What stands in groups beside the configuration has changed.  0: it is in force; or an error, told. */
int	 repair_live(struct fwd *, const char *why);
/* Another form is in force and nothing waits to be confirmed. */
void	 fwd_settled(struct fwd *);

/* report.c */
void	 report_state(struct fwd *, struct channel *, const struct message *);
/* How many connections the kernel has; zeros when it does not say. */
void	 report_connections(struct state_connections *);
/* The counters that have changed, to confd; as often as reading them is cheap. */
void	 report_counters(struct fwd *);
/* One record of a topic to confd, if it is there. */
void	 report_event(const char *topic, const struct record *, const void *);
/* Another form comes into force: what was told of the old one is remembered. */
void	 report_adopt(const struct ir *old, struct ir *next);
/* It is in force: the counters of rules that it changed begin anew. */
void	 report_adopted(struct fwd *);
/* What rules have done, to confd; now, or when it is time. */
void	 report_evidence(struct fwd *, bool is_now);

#endif
