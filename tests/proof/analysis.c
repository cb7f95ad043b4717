/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is called shadowed or redundant never decides a packet: random policies are analysed, and random packets judged by the slow reference, which
 * knows nothing of boxes.
 *
 *   proof-analysis [-n POLICIES] [-s FIRST_SEED] [-w]
 *
 * With -w the first witness of each finding is taken out of the policy before the packets are judged: then some rule has to decide after all.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "analysis.h"
#include "compile.h"
#include "options.h"
#include "policy_random.h"
#include "zoneset.h"

#define RULES_MAX	24
#define PACKETS		600

struct sums {
	unsigned long	rules;
	unsigned long	dead;		/* shadowed or redundant */
	unsigned long	partly;
	unsigned long	packets;
	unsigned long	decided;	/* by a configured rule */
	unsigned long	wrong;
};

static bool
is_dead(const struct analysis_finding *f)
{
	return f->kind == ANALYSIS_SHADOWED || f->kind == ANALYSIS_REDUNDANT;
}

static const struct analysis_finding *
finding_of(const struct analysis_finding *all, uint32_t n, const char *id)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (strcmp(all[i].id, id) == 0)
			return &all[i];
	return NULL;
}

/* As if its first witness were not written: nothing has those zones. */
static void
silence(struct fw_policy *p, const struct analysis_finding *f, struct arena *a)
{
	uint32_t i;

	for (i = 0; i < p->n_zones && f->n_witnesses > 0 && strcmp(f->witnesses[0]->id, "bogon:drop") == 0; i++)
		p->zones[i].blocks = 0;
	for (i = 0; i < p->n_rules && f->n_witnesses > 0; i++)
		if (strcmp(p->rules[i].id, f->witnesses[0]->id) == 0)
			p->rules[i].from = zoneset_new(a, p);
}

static void
judge_all(struct fw_policy *p, const struct analysis_finding *found, unsigned seed, struct arena *a, struct sums *s)
{
	const struct analysis_finding *f;
	struct judgement j;
	struct packet k;
	struct judge judge;
	unsigned i;

	judge_init(&judge, p, a);
	for (i = 0; i < PACKETS; i++) {
		k = packet_random(p);
		j = judge_packet(&judge, &k);
		f = finding_of(found, p->n_rules, j.id);
		s->packets++;
		s->decided += f != NULL ? 1 : 0;
		if (f == NULL || !is_dead(f))
			continue;
		if (s->wrong++ < 10)
			printf("seed %u: a packet is decided by rule %s, which is called dead because of %s\n", seed, j.id,
			    f->n_witnesses > 0 ? f->witnesses[0]->id : "nothing");
	}
}

static void
run(unsigned seed, bool without, struct sums *s)
{
	struct arena *a = arena_new(0);
	struct analysis_finding *found;
	struct fw_policy *p;
	struct ir *ir;
	uint32_t i;

	srandom(seed);
	p = policy_random(a, RANDOM_ALL | RANDOM_SECTIONS | (seed % 2 == 0 ? RANDOM_HEADERS : 0), RULES_MAX);
	ir = compile(p, NULL);
	found = analysis_make(p, ir, a);
	for (i = 0; i < p->n_rules; i++) {
		s->rules++;
		s->dead += is_dead(&found[i]) ? 1 : 0;
		s->partly += found[i].kind == ANALYSIS_PARTLY ? 1 : 0;
		if (is_dead(&found[i]) && found[i].n_witnesses == 0)
			errx(1, "seed %u: rule %s is dead and nobody proves it", seed, found[i].id);
		if (without && is_dead(&found[i]))
			silence(p, &found[i], a);
	}
	judge_all(p, found, seed, a, s);
	ir_free(ir);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	struct proof_options o = { .n = 1000 };
	struct sums s = { 0 };
	unsigned i;

	proof_options_read(&o, argc, argv, "without");
	log_init("proof", LOG_LEVEL_WARN);
	for (i = 0; i < o.n; i++)
		run(o.first + i, o.fault != NULL, &s);
	printf("%u policies, %lu rules, %lu dead, %lu partly, %lu packets, %lu decided by rules: %lu wrong\n", o.n, s.rules, s.dead, s.partly,
	    s.packets, s.decided, s.wrong);
	/* A proof in which nothing is ever found would prove nothing. */
	return s.wrong > 0 || s.dead < s.rules / 100;
}
