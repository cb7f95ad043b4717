/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_WATCH_H
#define PATRONUS_FWD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's events: transactions of nf_tables, links that come and go. */

struct event_base;
struct watch;

struct watch_ops {
	/* A transaction ended in this generation; it touched our table, made one beside it (beside.h), or not.  true: call on_table soon. */
	bool	(*on_transaction)(uint32_t generation, bool is_ours, bool is_beside, void *arg);
	/* Events were lost. */
	void	(*on_lost)(void *arg);
	void	(*on_table)(void *arg);
	void	(*on_links)(void *arg);
};

struct watch	*watch_new(struct event_base *, const struct watch_ops *, void *arg);
void		 watch_free(struct watch *);
/* Read what is there, without waiting. */
void		 watch_drain(struct watch *);
/* Do not listen to nf_tables, and listen again: on_lost() is called, which asks whether anything was missed. */
void		 watch_pause(struct watch *);
void		 watch_resume(struct watch *);
/* Call on_table soon. */
void		 watch_look(struct watch *, unsigned ms);

#endif
