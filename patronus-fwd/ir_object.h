/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_OBJECT_H
#define PATRONUS_FWD_IR_OBJECT_H

#include <stdint.h>

/*
 * What rules give to connections, kept beside the chains of table inet (nft(8), "STATEFUL OBJECTS").  The kernel changes none in place, so the
 * name tells all that one is: another content is another object.
 */

struct ir;

enum ir_object_kind {
	IR_OBJECT_INVALID = 0,
	IR_OBJECT_HELPER,	/* reads what a protocol agrees on */
	IR_OBJECT_TIMEOUT,	/* how long an idle connection is remembered */
	IR_OBJECT_MAX
};

/* States that have a time: those of TCP are the most. */
#define IR_TIMEOUTS_MAX	12

struct ir_object {
	struct ir_object	*next;
	const char		*name;		/* "helper.ftp.tcp", "timeout.udp.HASH" */
	const char		*path;		/* of what it was made from */
	uint8_t			 kind;
	uint8_t			 protocol;	/* IPPROTO_* of its connections */
	const char		*helper;	/* IR_OBJECT_HELPER: the kernel's name of it */
	uint32_t		 seconds[IR_TIMEOUTS_MAX];	/* IR_OBJECT_TIMEOUT: by the kernel's attribute (CTA_TIMEOUT_TCP_*, ..._UDP_*,
								 * ..._ICMP_*); 0: as the kernel has it */
};

/* NULL when there is none. */
const struct ir_object	*ir_object_find(const struct ir *, const char *name);
/* Found or made; names are copied.  helper is the kernel's name, which is its own name here too. */
const struct ir_object	*ir_object_helper(struct ir *, const char *helper, uint8_t protocol, const char *path);
const struct ir_object	*ir_object_timeout(struct ir *, uint8_t protocol, const uint32_t seconds[IR_TIMEOUTS_MAX], const char *path);
/* Nothing refers to it any more; that there is none is no error. */
void	 ir_object_remove(struct ir *, const char *name);
/* The same object of another form. */
const struct ir_object	*ir_object_copy(struct ir *, const struct ir_object *);

#endif
