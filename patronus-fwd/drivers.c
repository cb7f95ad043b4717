/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "ipc/oneshot.h"
#include "ipc/privcall.h"

#include "drivers.h"
#include "helper.h"
#include "links.h"
#include "mem.h"
#include "xdp/arrays.h"
#include "xdp/plan.h"

#define HELPER_MS	15000
#define OURS_MAX	16	/* programs that may be on links of ours at a time: two, and what crashes left */
#define REASON_MAX	200
#define FILE_MAX	(OURS_MAX * 12)

enum loaded_fd {
	LOADED_PROGRAM = 0,
	LOADED_STATE,
	LOADED_GROUPS,
	LOADED_POOL,
	LOADED_FDS
};

struct place {
	char		ifname[IFNAMSIZ];
	bool		is_generic;
	bool		uses_sets;
	char		reason[REASON_MAX];
};

struct loaded {
	int		fds[LOADED_FDS];
	uint32_t	id;		/* 0: none */
	bool		has_rates;
	bool		has_answers;	/* it was asked for, */
	bool		can_answer;	/* and had */
	char		why_not[REASON_MAX];
	struct xdp_arrays	live;
};

struct drivers {
	struct loaded	now;
	uint32_t	ours[OURS_MAX];
	unsigned	nours;
	struct place	places[XDP_LINKS_MAX];
	unsigned	nplaces;
};

/* --- which programs are ours */

static bool
is_ours(const struct drivers *d, uint32_t id)
{
	unsigned i;

	for (i = 0; i < d->nours; i++)
		if (d->ours[i] == id)
			return true;
	return false;
}

/* Written before a program is attached: one that nobody knows of would be somebody else's for ever. */
static void
ours_store(const struct drivers *d)
{
	struct privcall_error e;
	struct message m;
	char text[FILE_MAX];
	struct file_put_req req = { .id = FILE_XDP, .data = { (const uint8_t *)text, 0 } };
	unsigned i;

	for (i = 0; i < d->nours; i++)
		req.data.len += (uint32_t)snprintf(text + req.data.len, sizeof(text) - req.data.len, "%u\n", d->ours[i]);
	if (privcall(MSG_FILE_PUT, &req, &m, &e) == 0)
		message_fini(&m);
	else
		log_warnx("xdp", "which programs are ours cannot be stored: %s", e.text);
}

static void
ours_read(struct drivers *d)
{
	struct file_open_req req = { .id = FILE_XDP };
	struct privcall_error e;
	const uint8_t *data;
	struct message m;
	char text[FILE_MAX + 1], *line, *rest = text;
	uint64_t id;
	size_t len = 0;
	int fd;

	if (privcall(MSG_FILE_OPEN, &req, &m, &e) != 0)
		return;
	fd = arena_take_fd(m.arena, 0);
	message_fini(&m);
	if (fd == -1 || memfd_map(fd, FILE_MAX, &data, &len) != 0)
		len = 0;
	else if (len > 0)
		memcpy(text, data, len);
	if (len > 0)
		memfd_unmap(data, len);
	if (fd != -1)
		(void)close(fd);
	text[len] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (d->nours < OURS_MAX && str_u64(line, 1, UINT32_MAX, &id) == 0)
			d->ours[d->nours++] = (uint32_t)id;
}

/* Those that are on no link any more are nobody's, but for the one that is to come. */
static void
ours_prune(struct drivers *d, const struct links *links)
{
	uint32_t program;
	unsigned i, k, at;

	for (i = 0, k = 0; i < d->nours; i++) {
		at = 0;
		while (links_next_program(links, &at, &program) != 0 && program != d->ours[i])
			continue;
		if (d->ours[i] == d->now.id || (links != NULL && program == d->ours[i]))
			d->ours[k++] = d->ours[i];
	}
	d->nours = k;
}

/* --- the helper */

/* fds: with the question, then with the answer.  text is REASON_MAX long. */
static uint8_t
ask(const struct xdp_req *req, int fds[FRAME_FDS_MAX], struct xdp_rep *ret, char *text)
{
	const struct oneshot o = { .self = ROLE_FWD, .peer = ROLE_XDP, .type = MSG_XDP, .lifetime_ms = HELPER_MS, .fds = fds };
	struct message m;
	unsigned i;

	*ret = (struct xdp_rep){ .verdict = XDP_FAILED };
	if (helper_ask(HELPER_XDP, &o, req, &m, text, REASON_MAX) != 0)
		return XDP_FAILED;
	*ret = *(const struct xdp_rep *)m.body;
	(void)str_copy(text, ret->text, REASON_MAX);
	ret->text = text;
	for (i = 0; i < FRAME_FDS_MAX; i++)
		fds[i] = i < m.nfds ? arena_take_fd(m.arena, i) : -1;
	message_fini(&m);
	return ret->verdict;
}

static void
loaded_close(struct loaded *l)
{
	unsigned i;

	if (l->id != 0)
		xdp_arrays_unmap(&l->live);
	for (i = 0; i < LOADED_FDS; i++)
		if (l->fds[i] != -1)
			(void)close(l->fds[i]);
	*l = (struct loaded){ .fds = { -1, -1, -1, -1 } };
}

/* A program with the plan's list in its arrays, on no link yet. */
static int
loaded_new(const struct xdp_plan *p, struct loaded *ret, char *reason)
{
	struct xdp_req req = { .act = XDP_LOAD, .nslots = xdp_arrays_room(xdp_list_slots(p->list)), .has_rates = p->has_rates,
	    .answers = p->has_answers };
	struct loaded l = { .fds = { -1, -1, -1, -1 }, .has_rates = p->has_rates, .has_answers = p->has_answers };
	struct xdp_rep rep;
	int error;

	_Static_assert((int)LOADED_FDS == FRAME_FDS_MAX, "all that one answer can carry");
	if (ask(&req, l.fds, &rep, reason) != XDP_DONE)
		return -ENODEV;
	error = l.fds[LOADED_POOL] != -1 ? xdp_arrays_map(&l.live, l.fds[LOADED_STATE], l.fds[LOADED_GROUPS], l.fds[LOADED_POOL], req.nslots) : -EPROTO;
	if (error == 0) {
		l.id = rep.program;
		l.can_answer = rep.answers;
		(void)str_copy(l.why_not, rep.answers ? "" : reason, sizeof(l.why_not));
		if (p->has_answers && !rep.answers)
			log_warnx("xdp", "SYN packets are answered in the kernel's stack: %s", reason);
		reason[0] = '\0';
		error = xdp_arrays_swap(&l.live, p->list);
	}
	if (error != 0) {
		(void)snprintf(reason, REASON_MAX, "the arrays of the program cannot be written: %s", strerror(-error));
		loaded_close(&l);
		return error;
	}
	xdp_arrays_rates(&l.live, p->rates);
	*ret = l;
	return 0;
}

/* --- links */

static struct place *
place_new(struct drivers *d, const char *ifname)
{
	struct place *p = &d->places[d->nplaces++];

	memset(p, 0, sizeof(*p));
	(void)str_copy(p->ifname, ifname, sizeof(p->ifname));
	return p;
}

static void
place_sets(struct place *p, const char *reason)
{
	p->uses_sets = true;
	if (reason != p->reason)
		(void)str_copy(p->reason, reason, sizeof(p->reason));
	log_warnx("xdp", "link \"%s\": dropped by sets of nftables: %s", p->ifname, p->reason);
}

static void
attach(struct drivers *d, const struct loaded *old, const char *ifname, const struct links *links, const struct place *was)
{
	struct place *p = place_new(d, ifname);
	struct xdp_req req = { .act = XDP_ATTACH };
	int fds[FRAME_FDS_MAX] = { d->now.fds[LOADED_PROGRAM], -1, -1, -1 };
	struct xdp_rep rep;

	req.link = links_number(links, ifname, &req.expected);
	if (req.link == 0)
		return;		/* it may come */
	if (req.expected == d->now.id) {
		if (was != NULL)
			*p = *was;
		p->uses_sets = false;
		return;
	}
	if (was != NULL && !was->uses_sets && old->id == 0)
		log_warnx("xdp", "link \"%s\": it had lost the program", ifname);
	if (req.expected != 0 && !is_ours(d, req.expected)) {
		(void)snprintf(p->reason, sizeof(p->reason), "another program (id %u) is attached, which is not ours to replace", req.expected);
		place_sets(p, p->reason);
		return;
	}
	if (old->id != 0 && req.expected == old->id)
		fds[1] = old->fds[LOADED_PROGRAM];
	if (ask(&req, fds, &rep, p->reason) != XDP_DONE) {
		place_sets(p, p->reason);
		return;
	}
	p->is_generic = rep.is_generic;
	if (p->is_generic && p->reason[0] == '\0' && was != NULL)
		(void)str_copy(p->reason, was->reason, sizeof(p->reason));
	log_info("xdp", "link \"%s\": %s%s%s", ifname, p->is_generic ? "generic" : "native", p->reason[0] != '\0' ? ", because " : "", p->reason);
}

static bool
is_wanted(const struct xdp_plan *p, const char *ifname)
{
	uint32_t i;

	for (i = 0; p != NULL && i < p->nlinks; i++)
		if (strcmp(p->links[i], ifname) == 0)
			return true;
	return false;
}

/* Programs of ours where none shall be. */
static void
detach_others(struct drivers *d, const struct xdp_plan *p, const struct links *links)
{
	struct xdp_req req = { .act = XDP_DETACH };
	int fds[FRAME_FDS_MAX] = { -1, -1, -1, -1 };
	char reason[REASON_MAX];
	struct xdp_rep rep;
	unsigned at = 0;

	while ((req.link = links_next_program(links, &at, &req.expected)) != 0) {
		if (!is_ours(d, req.expected) || is_wanted(p, links_by_index(links, req.link)))
			continue;
		if (ask(&req, fds, &rep, reason) != XDP_DONE)
			log_errx("xdp", "link \"%s\": the program cannot be taken off: %s", links_by_index(links, req.link), reason);
		else
			log_info("xdp", "link \"%s\": off", links_by_index(links, req.link));
	}
}

static const struct place *
place_find(const struct place *places, unsigned n, const char *ifname)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(places[i].ifname, ifname) == 0)
			return &places[i];
	return NULL;
}

/* --- what is answered */

/* Entries of links that are there. */
static uint32_t
answers_of(const struct xdp_plan *p, const struct links *links, struct xdp_answer_entry ret[XDP_ANSWERS])
{
	struct xdp_answer_entry *e;
	uint32_t i, n = 0, program;
	struct mac mac;

	for (i = 0; i < p->n_answers && n < XDP_ANSWERS; i++) {
		e = &ret[n];
		*e = p->answers[i].entry;
		e->in = links_number(links, p->answers[i].in, &program);
		e->out = p->answers[i].out[0] != '\0' ? links_number(links, p->answers[i].out, &program) : 0;
		if (e->in == 0 || (e->out == 0 && p->answers[i].out[0] != '\0') || !links_mac(links, p->answers[i].in, &mac))
			continue;
		memcpy(e->mac, mac.bytes, sizeof(e->mac));
		n++;
	}
	return n;
}

/* Where the next ruleset does not answer as this one does, nobody is answered between the two: the stack does it meanwhile. */
static void
answers_narrow(struct drivers *d, const struct xdp_plan *p, const struct links *links)
{
	struct xdp_answer_entry *next = mem_new(XDP_ANSWERS, sizeof(*next));
	uint32_t n = answers_of(p, links, next);

	if (!xdp_arrays_answers_are(&d->now.live, next, n))
		xdp_arrays_answers(&d->now.live, NULL, 0);
	free(next);
}

void
drivers_answer(struct drivers *d, const struct xdp_plan *p, const struct links *links)
{
	struct xdp_answer_entry *items;

	if (d->now.id == 0 || p == NULL)
		return;
	items = mem_new(XDP_ANSWERS, sizeof(*items));
	xdp_arrays_answers(&d->now.live, items, d->now.can_answer ? answers_of(p, links, items) : 0);
	free(items);
}

/* The program that is there, with another list if it fits; or another one. */
static int
program_take(struct drivers *d, struct xdp_plan *p, struct loaded *ret_old, const struct links *links, char *reason)
{
	int error = -ENOSPC;

	if (d->now.id != 0 && d->now.has_rates == p->has_rates && d->now.has_answers == p->has_answers) {
		if (p->list == NULL)	/* it was put there before */
			error = d->now.live.digest == p->digest ? 0 : -ENODATA;
		else
			error = xdp_arrays_swap(&d->now.live, p->list);
		if (error == 0)
			xdp_arrays_rates(&d->now.live, p->rates);
		answers_narrow(d, p, links);
	}
	if (error != -ENOSPC)
		return error;
	if (p->list == NULL)
		return -ENODATA;
	ours_prune(d, links);
	*ret_old = d->now;
	d->now = (struct loaded){ .fds = { -1, -1, -1, -1 } };
	error = loaded_new(p, &d->now, reason);
	if (error != 0) {
		d->now = *ret_old;
		*ret_old = (struct loaded){ .fds = { -1, -1, -1, -1 } };
		return error;
	}
	if (d->nours == OURS_MAX)
		memmove(d->ours, d->ours + 1, --d->nours * sizeof(*d->ours));
	d->ours[d->nours++] = d->now.id;
	ours_store(d);
	return 0;
}

bool
drivers_apply(struct drivers *d, struct xdp_plan *p, const struct links *links)
{
	struct loaded old = { .fds = { -1, -1, -1, -1 } };
	struct place *was;
	unsigned nwas = d->nplaces, i;
	char reason[REASON_MAX] = "";
	bool has_changed = false;
	const struct place *w;
	int error;

	if (p == NULL && d->nours == 0 && d->nplaces == 0)
		return false;
	was = mem_new(XDP_LINKS_MAX, sizeof(*was));
	memcpy(was, d->places, sizeof(d->places));
	d->nplaces = 0;
	error = p != NULL ? program_take(d, p, &old, links, reason) : 0;
	for (i = 0; p != NULL && i < p->nlinks; i++) {
		w = place_find(was, nwas, p->links[i]);
		if (error == 0)
			attach(d, &old, p->links[i], links, w);
		else
			place_sets(place_new(d, p->links[i]), reason);
		has_changed |= d->places[i].uses_sets != (w != NULL && w->uses_sets);
	}
	/* A list that is not in force any more drops nothing: where the new one cannot be, sets are. */
	detach_others(d, error == 0 ? p : NULL, links);
	loaded_close(&old);
	if (p == NULL || error != 0) {
		loaded_close(&d->now);
		d->nours = 0;
		ours_store(d);
	} else {
		xdp_list_free(p->list);
		p->list = NULL;
	}
	free(was);
	return has_changed;
}

void
drivers_mark(const struct drivers *d, struct links *links)
{
	unsigned i;

	for (i = 0; i < d->nplaces; i++)
		if (d->places[i].uses_sets)
			links_use_sets(links, d->places[i].ifname);
}

const char *
drivers_missing(const struct drivers *d, const struct links *links)
{
	uint32_t program;
	unsigned i;

	for (i = 0; i < d->nplaces; i++)
		if (!d->places[i].uses_sets && links_number(links, d->places[i].ifname, &program) != 0 && program != d->now.id)
			return d->places[i].ifname;
	return NULL;
}

static void
answers_state(const struct drivers *d, const struct xdp_plan *plan, struct state_firewall *s, struct arena *a)
{
	const struct xdp_plan_rule *r;
	bool has_program = false;
	const char *reason;
	unsigned i;

	for (i = 0; i < d->nplaces; i++)
		has_program |= !d->places[i].uses_sets;
	reason = d->now.id == 0 || !has_program ? "no interface has the program" : !d->now.can_answer ? d->now.why_not : NULL;
	s->xdp_answers.items = mem_alloc(a, plan->n_rules, sizeof(*s->xdp_answers.items));
	for (r = plan->rules; r < plan->rules + plan->n_rules; r++)
		s->xdp_answers.items[s->xdp_answers.n++] = (struct state_xdp_answer){ .rule = r->id,
		    .reason = r->is_answered && reason != NULL ? reason : r->reason,
		    .place = r->is_answered && reason == NULL ? STATE_XDP_ANSWER_PLACE_DRIVER : STATE_XDP_ANSWER_PLACE_STACK };
}

void
drivers_state(const struct drivers *d, const struct xdp_plan *plan, struct state_firewall *s, struct arena *a)
{
	static const char *const names[XDP_REASONS] = { "passed", "listed-ipv4", "listed-ipv6", "over-source-limit", "over-connection-limit",
	    "not-repeated", "over-total-limit", "answered" };
	struct xdp_count counts[XDP_REASONS];
	const struct place *p;
	unsigned i;

	s->xdp.items = mem_alloc(a, d->nplaces, sizeof(*s->xdp.items));
	for (p = d->places; p < d->places + d->nplaces; p++)
		s->xdp.items[s->xdp.n++] = (struct state_xdp){ .interface = p->ifname, .reason = p->reason,
		    .mode = p->uses_sets ? STATE_XDP_MODE_NFTABLES : p->is_generic ? STATE_XDP_MODE_GENERIC : STATE_XDP_MODE_NATIVE };
	if (plan != NULL && plan->n_rules > 0)
		answers_state(d, plan, s, a);
	if (d->now.id == 0)
		return;
	xdp_arrays_counts(&d->now.live, counts);
	s->xdp_counters.items = mem_alloc(a, XDP_REASONS, sizeof(*s->xdp_counters.items));
	for (i = 0; i < XDP_REASONS; i++)
		s->xdp_counters.items[s->xdp_counters.n++] = (struct state_xdp_counter){ .name = names[i], .packets = counts[i].packets,
		    .bytes = counts[i].bytes };
}

struct drivers *
drivers_new(void)
{
	struct drivers *d = mem_new(1, sizeof(*d));

	d->now = (struct loaded){ .fds = { -1, -1, -1, -1 } };
	ours_read(d);
	return d;
}

void
drivers_free(struct drivers *d)
{
	/* What is attached stays. */
	loaded_close(&d->now);
	free(d);
}
