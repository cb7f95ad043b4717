/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "xdp/arrays.h"

/*
 * A packet that read the word before a swap may look into the half that was in force for as long as its program runs: microseconds, in softirq context.  That
 * half is not written for a thousand times that.
 */
#define GRACE_US	10000
#define DOUBLE_MAX	(512u << 10)	/* pools up to 16 MiB hold two lists of the size; larger ones are exchanged with their program */
#define ROOM_MIN	1024

/* Arrays of BPF are mapped in whole pages. */
static void *
array_map(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void
array_unmap(void *p, size_t len)
{
	if (p != NULL)
		(void)munmap(p, len);
}

#define STATE_LEN	(XDP_STATES * sizeof(union xdp_state))
#define GROUPS_LEN	(2ul * XDP_GROUPS * sizeof(struct xdp_group))

int
xdp_arrays_map(struct xdp_arrays *l, int state, int groups, int pool, uint32_t nslots)
{
	memset(l, 0, sizeof(*l));
	l->nslots = nslots;
	if ((l->state = array_map(state, STATE_LEN)) == NULL || (l->groups = array_map(groups, GROUPS_LEN)) == NULL ||
	    (l->pool = array_map(pool, nslots * sizeof(union xdp_slot))) == NULL ||
	    getrandom(&l->state->control.seed, sizeof(l->state->control.seed), 0) != sizeof(l->state->control.seed)) {
		int error = -errno;

		xdp_arrays_unmap(l);
		return error;
	}
	return 0;
}

void
xdp_arrays_unmap(struct xdp_arrays *l)
{
	array_unmap(l->state, STATE_LEN);
	array_unmap(l->groups, GROUPS_LEN);
	array_unmap(l->pool, l->nslots * sizeof(union xdp_slot));
	memset(l, 0, sizeof(*l));
}

uint32_t
xdp_arrays_room(uint32_t nslots)
{
	uint64_t room = nslots <= DOUBLE_MAX / 2 ? 2ull * nslots + ROOM_MIN : (uint64_t)nslots + nslots / 16;

	return room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
}

/* Where a run of n begins beside the one in force, which is at one end of the pool. */
static int
run_place(const struct xdp_arrays *l, unsigned half, uint32_t n, uint32_t *ret)
{
	uint32_t start = l->start[half], used = l->n[half];

	if (n > l->nslots - used)
		return -ENOSPC;
	*ret = start >= n ? 0 : l->nslots - n;
	return *ret == 0 || *ret >= start + used ? 0 : -ENOSPC;
}

static void
half_write(struct xdp_arrays *l, unsigned half, const struct xdp_list *list, uint32_t start)
{
	struct xdp_group *to = l->groups + (size_t)half * XDP_GROUPS;
	union xdp_slot *slots = l->pool + start;
	uint32_t i, k;

	for (i = 0; list->groups != NULL && i < XDP_GROUPS; i++) {
		to[i] = list->groups[i];
		to[i].base += start;
	}
	memcpy(slots, list->slots, xdp_list_slots(list) * sizeof(*slots));
	for (i = list->nblocks; i < list->nblocks + list->nbuckets; i++)
		for (k = 0; k < XDP_PER_SLOT; k++) {
			slots[i].buckets[k].begin += start;
			slots[i].buckets[k].end += start;
		}
	l->state->control.buckets[half] = start + list->nblocks;
	l->start[half] = start;
	l->n[half] = xdp_list_slots(list);
}

static void
grace_wait(uint64_t swapped_us)
{
	uint64_t since_us = clock_mono_us() - swapped_us;
	struct timespec left = { 0, (long)(GRACE_US - (since_us < GRACE_US ? since_us : GRACE_US)) * 1000 };

	if (swapped_us != 0 && left.tv_nsec > 0)
		(void)nanosleep(&left, NULL);
}

int
xdp_arrays_swap(struct xdp_arrays *l, const struct xdp_list *list)
{
	uint64_t word = l->state->control.word;
	unsigned half = word & XDP_HALF, next = half ^ XDP_HALF;
	uint32_t start;
	int error;

	if (l->digest != 0 && l->digest == list->digest)
		return 0;
	error = run_place(l, half, xdp_list_slots(list), &start);
	if (error != 0)
		return error;
	grace_wait(l->swapped_us);
	half_write(l, next, list, start);
	word = next | (list->groups != NULL ? XDP_HAS_V4 : 0) | (list->nbuckets != 0 ? XDP_HAS_V6 : 0);
	__atomic_store_n(&l->state->control.word, word, __ATOMIC_SEQ_CST);
	l->swapped_us = clock_mono_us();
	l->digest = list->digest;
	return 0;
}

void
xdp_arrays_rates(struct xdp_arrays *l, const struct xdp_rate rates[XDP_METERS])
{
	unsigned i;

	/* Off, as it shall be, and on: no packet is measured by half of each. */
	for (i = 0; i < XDP_METERS; i++) {
		if (memcmp(&l->state->control.rates[i], &rates[i], sizeof(rates[i])) == 0)
			continue;
		__atomic_store_n(&l->state->control.rates[i].interval_ns, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&l->state->control.rates[i].tolerance_ns, rates[i].tolerance_ns, __ATOMIC_SEQ_CST);
		__atomic_store_n(&l->state->control.rates[i].interval_ns, rates[i].interval_ns, __ATOMIC_SEQ_CST);
	}
}

bool
xdp_arrays_answers_are(const struct xdp_arrays *l, const struct xdp_answer_entry *items, uint32_t n)
{
	uint32_t word = l->state->control.answers, i;
	const union xdp_state *now = &l->state[XDP_ANSWER_AT(word & XDP_ANSWER_HALF, 0)];

	for (i = 0; i < n && memcmp(&now[i].answer, &items[i], sizeof(items[i])) == 0; i++)
		;
	return i == n && n == (word & XDP_ANSWER_COUNT);
}

void
xdp_arrays_answers(struct xdp_arrays *l, const struct xdp_answer_entry *items, uint32_t n)
{
	uint32_t word = l->state->control.answers, half = word & XDP_ANSWER_HALF, i;
	union xdp_state *next = &l->state[XDP_ANSWER_AT(half ^ XDP_ANSWER_HALF, 0)];

	n = n < XDP_ANSWERS ? n : XDP_ANSWERS;
	if (xdp_arrays_answers_are(l, items, n))
		return;
	grace_wait(l->answers_us);
	for (i = 0; i < n; i++)
		next[i].answer = items[i];
	__atomic_store_n(&l->state->control.answers, (half ^ XDP_ANSWER_HALF) | n, __ATOMIC_SEQ_CST);
	l->answers_us = clock_mono_us();
}

void
xdp_arrays_counts(const struct xdp_arrays *l, struct xdp_count ret[XDP_REASONS])
{
	unsigned cpu, i;

	memset(ret, 0, XDP_REASONS * sizeof(*ret));
	for (cpu = 1; cpu <= XDP_CPUS; cpu++)
		for (i = 0; i < XDP_REASONS; i++) {
			ret[i].packets += __atomic_load_n(&l->state[cpu].counts[i].packets, __ATOMIC_RELAXED);
			ret[i].bytes += __atomic_load_n(&l->state[cpu].counts[i].bytes, __ATOMIC_RELAXED);
		}
}
