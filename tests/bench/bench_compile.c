/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What compiling costs, step by step: bench_compile [RULES [ROUNDS]].  Medians, in milliseconds of processor time; no kernel is asked, so that
 * a profiler sees the compiler alone.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "ipc/codec.h"

#include "bench_policy.h"
#include "compile.h"
#include "diff.h"
#include "nft_encode.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"
#include "revision.h"
#include "bench_median.h"

#define ROUNDS_MAX	101

enum step {
	STEP_DECODE,
	STEP_RESOLVE,
	STEP_COMPILE,
	STEP_MAPS,
	STEP_ELEMENTS,
	STEP_FREE,
	STEP_REVISION,	/* all of them, as the daemon does it */
	STEP_NEXT,	/* the same from the one before, of which one rule differs */
	STEP_MANY,	/* one member of a group of hundreds */
	STEP_FEW,	/* one of a group of ten */
	STEP_FORWARD,	/* one port forward of hundreds */
	STEP_DIFF,
	STEP_ENCODE,
	STEP_MAX
};

static const char *const names[STEP_MAX] = {
	"decode", "resolve names", "compile", "pass: look-ups", "pass: elements", "free", "revision: all of these", "the same, from the one before",
	"  one member of a group of 500", "  one member of a group of 10", "  one of 500 port forwards",
	"diff, one rule changed", "encode the whole table"
};

static double	 times[STEP_MAX][ROUNDS_MAX];

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1000000;
}

static double
lap(enum step step, unsigned round, double since)
{
	times[step][round] = cpu_ms() - since;
	return cpu_ms();
}

static void
run_steps(const struct policy_bytes *p, unsigned round)
{
	struct arena *a = arena_new(0);
	struct problems problems;
	struct fw_policy *policy;
	struct codec_error e;
	struct ir *ir;
	void *conf;
	double t = cpu_ms();

	problems_init(&problems, a);
	if (codec_decode(&conf_fwd_record, p->data, p->len, a, &conf, &e) != 0)
		errx(1, "%s: %s", e.path, e.reason);
	t = lap(STEP_DECODE, round, t);
	policy = policy_from_conf(conf, NULL, a, &problems);
	t = lap(STEP_RESOLVE, round, t);
	ir = compile(policy, NULL);
	t = lap(STEP_COMPILE, round, t);
	pass_maps(ir, 8);
	t = lap(STEP_MAPS, round, t);
	pass_elements(ir);
	t = lap(STEP_ELEMENTS, round, t);
	arena_discard(a);
	ir_free(ir);
	(void)lap(STEP_FREE, round, t);
}

static struct revision *
make(const struct policy_bytes *p, const struct revision *base)
{
	struct arena *a = arena_new(0);
	struct problems problems;
	struct revision *r;

	problems_init(&problems, a);
	if (revision_next(base, base != NULL ? base->ir : NULL, 1, p->data, p->len, NULL, NULL, &problems, &r) != 0)
		errx(1, "%s", problems.n > 0 ? problems.items[0].text : "no revision");
	if (r->is_successor != (base != NULL))
		errx(1, "everything was compiled for one change");
	arena_free(a);
	return r;
}

/* A revision from the one before, which it takes the place of. */
static void
run_next(enum step step, const struct policy_bytes *p, struct revision **last, unsigned round)
{
	double t = cpu_ms();
	struct revision *r = make(p, *last);

	(void)lap(step, round, t);
	revision_free(*last);
	*last = r;
}

#define VARIANTS	4

/* Other members of groups, and another port forward, in each round. */
static void
run_variants(unsigned n, unsigned rounds)
{
	struct bench_variant v = { .n = n, .changed = n, .members = 500, .few = 10, .forwards = 500 };
	struct policy_bytes p[VARIANTS];
	struct revision *last;
	unsigned i;

	for (i = 0; i < VARIANTS; i++) {
		v.members = i > 0 ? 501 : 500;
		v.few = i > 1 ? 11 : 10;
		v.moved = i > 2 ? 250 : 0;
		p[i] = bench_policy_variant(&v);
	}
	last = make(&p[0], NULL);
	for (i = 0; i < rounds; i++) {
		run_next(STEP_MANY, &p[1], &last, i);
		run_next(STEP_FEW, &p[2], &last, i);
		run_next(STEP_FORWARD, &p[3], &last, i);
		revision_free(last);
		last = make(&p[0], NULL);
	}
	revision_free(last);
	for (i = 0; i < VARIANTS; i++)
		free(p[i].data);
}

static void
run(const struct policy_bytes p[2], struct revision **last, unsigned round)
{
	struct revision *r;
	struct nft_batch b;
	struct diff d;
	double t;

	run_steps(&p[0], round);
	t = cpu_ms();
	r = make(&p[(round + 1) % 2], NULL);
	(void)lap(STEP_REVISION, round, t);
	revision_free(r);
	t = cpu_ms();
	r = make(&p[(round + 1) % 2], *last);
	t = lap(STEP_NEXT, round, t);
	diff_make(&d, (*last)->ir, r->ir);
	diff_fini(&d);
	t = lap(STEP_DIFF, round, t);
	nft_batch_init(&b);
	nft_put_all(&b, r->ir);
	(void)lap(STEP_ENCODE, round, t);
	nft_batch_fini(&b);
	revision_free(*last);
	*last = r;
}

int
main(int argc, char **argv)
{
	unsigned rules = argc > 1 ? (unsigned)atoi(argv[1]) : 10000, rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 11, i;
	struct policy_bytes p[2];
	struct revision *last;

	if (rules < 8 || rounds == 0 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench_compile [RULES [ROUNDS]]");
	log_init("bench", LOG_LEVEL_WARN);
	p[0] = bench_policy(rules, rules);
	p[1] = bench_policy(rules, rules / 8 * 4 + 2);
	last = make(&p[0], NULL);
	for (i = 0; i < rounds; i++)
		run(p, &last, i);
	revision_free(last);
	run_variants(rules, rounds);
	printf("%u rules, %zu bytes, median of %u rounds, processor time\n", rules, p[0].len, rounds);
	for (i = 0; i < STEP_MAX; i++)
		printf("%-40s %8.2f ms\n", names[i], bench_median(times[i], rounds));
	free(p[0].data);
	free(p[1].data);
	return 0;
}
