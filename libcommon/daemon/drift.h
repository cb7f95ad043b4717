/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_DAEMON_DRIFT_H
#define PATRONUS_DAEMON_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Differences between the box and its configuration, the same in every owner: what the policy makes of one (docs/adr/0103), which are
 * accepted (docs/adr/0104), which stand, and what confd is told of them.
 *
 * An owner looks at the kernel; for that time it calls drift_begin(), then for each difference what became of it, then drift_end().  What
 * stood before and was not found any more is gone.
 */

struct conf_drift;
struct drift;
struct drift_baseline_set_req;

enum drift_class {
	DRIFT_INVALID = 0,
	DRIFT_INFO,
	DRIFT_WARNING,
	DRIFT_CRITICAL,
	DRIFT_CLASS_MAX
};

enum drift_area {
	DRIFT_AREA_INVALID = 0,
	DRIFT_FIREWALL,
	DRIFT_LINKS,
	DRIFT_ADDRESSES,
	DRIFT_ROUTES,
	DRIFT_SYSCTLS,
	DRIFT_SYSTEM,
	DRIFT_AREA_MAX
};

enum drift_fate {
	DRIFT_REPAIR = 1,
	DRIFT_REPORT,
	DRIFT_ACCEPTED,
	DRIFT_FAILED,		/* it should be repaired, and cannot be */
};

struct difference {
	enum drift_area	 area;
	enum drift_class class;
	const char	*path;		/* JSON Pointer; "" */
	const char	*object;	/* "link lan (eth1)": with detail what tells it from all others */
	const char	*detail;	/* "mtu is 1400, not 1500" */
};

/* One message to confd; false when it is away. */
typedef bool drift_send(uint16_t type, const void *body);

/* owner is borrowed. */
struct drift	*drift_new(const char *owner, drift_send *);
void		 drift_free(struct drift *);

/* The policy of the revision that holds; NULL: everything is repaired. */
void		 drift_policy_set(struct drift *, const struct conf_drift *);
/* All that is accepted, in place of what was. */
void		 drift_baseline_set(struct drift *, const struct drift_baseline_set_req *);
/* Whether exactly this difference is accepted, now. */
bool		 drift_is_accepted(const struct drift *, const char *object, const char *detail);
/* Whether something that was accepted ended since the last question. */
bool		 drift_has_expired(struct drift *);
/* What shall become of it: DRIFT_REPAIR, _REPORT or _ACCEPTED. */
enum drift_fate	 drift_judge(const struct drift *, const struct difference *);

void		 drift_begin(struct drift *);
/* It stands, for that reason. */
void		 drift_stand(struct drift *, const struct difference *, enum drift_fate);
/* It was repaired; by NULL: by the owner itself. */
void		 drift_repaired(struct drift *, const struct difference *, const char *by);
/* Told once, outside of looks: something of the configuration that cannot be carried out as it is. */
void		 drift_note(struct drift *, const struct difference *);
/* is_whole: everything was looked at, so what was not found is gone; credit (may be NULL) is whose work that was. */
void		 drift_end(struct drift *, bool is_whole, const char *credit);
bool		 drift_stands(const struct drift *, const char *object, const char *detail);
/* Tell confd all that stands: its channel is new. */
void		 drift_tell(struct drift *);

#endif
