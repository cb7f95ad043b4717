/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_SANDBOX_PROFILE_H
#define PATRONUS_SANDBOX_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What each unprivileged process may do: one row per process.  The spawner builds the process from its row (namespaces, root, uid,
 * limits), the process confines itself from the same row (Landlock, seccomp), privd checks the result against it, and the
 * self-attack kit attacks it.
 */

#define PROFILE_STATE_DIR	"/state"	/* where a process with a state directory finds it; also its working directory */
#define PROFILE_GEOIP_DIR	"/usr/share/tor"	/* geoip and geoip6 of the package tor-geoipdb */
#define PROFILE_SCRATCH_DIR	"/scratch"	/* of a process with a network: memory that ends with it, for libraries that read keys from files */
#define PROFILE_CALL_CMPS	2
#define PROFILE_CALL_SETS	8
#define PROFILE_LIMITS		8

enum profile_cmp_op {
	PROFILE_CMP_NONE = 0,
	PROFILE_CMP_EQ,		/* argument == a */
	PROFILE_CMP_MASKED,	/* (argument & a) == b */
};

struct profile_cmp {
	uint8_t		op;	/* enum profile_cmp_op */
	uint8_t		arg;	/* 0..5 */
	uint64_t	a;
	uint64_t	b;
};

/* One allowed system call; all comparisons must hold.  Several lines for one call are alternatives. */
struct profile_call {
	int			nr;	/* a libseccomp number */
	uint16_t		error;	/* not 0: refused with this errno instead of allowed; for libraries that merely try */
	struct profile_cmp	cmp[PROFILE_CALL_CMPS];
};

struct profile_calls {
	const char			*name;
	const struct profile_call	*calls;
	size_t				 n;
};

struct profile_limit {
	int		resource;	/* RLIMIT_*; -1 ends the list */
	uint64_t	value;
};

enum profile_state {
	PROFILE_STATE_NONE = 0,
	PROFILE_STATE_READ,		/* sees the state directory, may not change it */
	PROFILE_STATE_WRITE,
};

struct profile {
	uint8_t				 role;		/* enum role; also its uid and gid, added to PATRONUS_UID_BASE */
	const char			*name;		/* "fwd": the binary is patronus-fwd */
	const char			*state_dir;	/* below STATE, or NULL */
	uint8_t				 state;		/* enum profile_state */
	uint8_t				 state_group;	/* role whose group it has besides its own, or 0 */
	bool				 loads_code;	/* loads libraries after it was confined (PAM modules) */
	const char			*data_dir;	/* files of another package that it may read, or NULL */
	const char			*device;	/* it gets as descriptor 4, when the box has it */
	bool				 device_is_dir;	/* a directory to open files from, which it does before it reads a message */
	const int			*caps;		/* kept, in the network of the box, where they mean something */
	unsigned			 ncaps;
	bool				 has_network;	/* stays in the network namespace of the box, and may connect */
	const struct profile_calls	*calls[PROFILE_CALL_SETS];	/* ends with NULL */
	struct profile_limit		 limits[PROFILE_LIMITS];
};

/* NULL when there is no row for the role. */
const struct profile	*profile_by_role(uint8_t role);
const struct profile	*profiles_all(size_t *ret_n);
uint32_t		 profile_uid(const struct profile *);
/* privd has no row: it is confined by itself, with these calls. */
const struct profile_calls	*profile_privd_calls(void);

#endif
