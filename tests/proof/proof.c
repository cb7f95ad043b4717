/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The differential proof of the compiler: random policies and random packets.  What the policy says, read in order by a slow reference
 * (tests/lib/policy_judge.c), is what the kernel does with the packets, by their fate and by the counters of the rules, and what explain says.
 *
 *   proof [-n CASES] [-s FIRST_SEED] [-d DIRECTORY] [-f FORM]
 *
 * A case that fails is made small and printed as a document, and written to DIRECTORY.  Forms that carry a planted fault are run only by
 * name: then a case in which it matters has to fail.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#include "case.h"
#include "ir_print.h"
#include "world.h"

#define FAILURES_MAX	5

struct options {
	unsigned	 n;
	unsigned	 seed;
	const char	*directory;
	const char	*form;
};

/* What documents cannot say of a random rule, its form does. */
static void
print_rules(const struct form *form, const struct fw_policy *p, struct buf *b)
{
	struct ir *ir = form->make(p);
	const struct ir_chain *c;
	const struct ir_rule *r;

	for (c = ir->chains; c != NULL; c = c->next) {
		for (r = c->first; r != NULL; r = r->next) {
			if (strchr(r->origin->id, ':') != NULL)
				continue;
			buf_printf(b, "%s [%s] ", c->name, r->origin->id);
			ir_print_rule(r, b);
			buf_putc(b, '\n');
		}
	}
	ir_free(ir);
}

static void
tell(struct proof_case *c, const struct form *form, struct world *w, unsigned seed, const struct options *o)
{
	struct tally t = { 0 };
	struct buf text, page;
	char path[256];
	FILE *f;

	case_minimise(c, form, w);
	buf_init(&text, 0);
	buf_init(&page, 0);
	(void)case_run(c, form, w, &t, &text);
	print_rules(form, c->policy, &text);
	case_print(c, &text, &page);
	printf("FAIL seed %u, form %s; the smallest case, of %u rules and %u packets:\n%s\n", seed, form->name, c->policy->n_rules, c->n,
	    (const char *)page.data);
	if (o->directory != NULL) {
		(void)snprintf(path, sizeof(path), "%s/mismatch-%u-%s.yaml", o->directory, seed, form->name);
		f = fopen(path, "w");
		if (f == NULL || fwrite(page.data, 1, page.len, f) != page.len || fclose(f) != 0)
			err(1, "%s", path);
	}
	buf_fini(&text);
	buf_fini(&page);
}

static unsigned
prove(const struct form *form, struct world *w, const struct options *o, struct tally *t)
{
	struct proof_case c;
	struct arena *arena;
	struct buf text;
	unsigned i, failed;

	for (i = 0, failed = 0; i < o->n && failed < FAILURES_MAX; i++) {
		arena = arena_new(0);
		c = case_random(o->seed + i, arena);
		buf_init(&text, 0);
		if (!case_run(&c, form, w, t, &text)) {
			failed++;
			printf("seed %u, form %s, as found:\n%s", o->seed + i, form->name, (const char *)text.data);
			tell(&c, form, w, o->seed + i, o);
		}
		buf_fini(&text);
		arena_free(arena);
	}
	return failed;
}

int
main(int argc, char **argv)
{
	struct options o = { .n = 1000, .seed = 1 };
	struct tally t = { 0 };
	struct world w;
	unsigned i, n = 0, failed = 0;
	int c;

	while ((c = getopt(argc, argv, "n:s:d:f:")) != -1) {
		if (c == 'n')
			o.n = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o.seed = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'd')
			o.directory = optarg;
		else if (c == 'f')
			o.form = optarg;
		else
			errx(2, "usage: proof [-n CASES] [-s FIRST_SEED] [-d DIRECTORY] [-f FORM]");
	}
	log_init("proof", LOG_LEVEL_WARN);
	if (world_open(&w) != 0)
		errx(77, "needs to be root and to have /dev/net/tun");
	for (i = 0; i < n_forms; i++) {
		if (o.form != NULL ? strcmp(o.form, forms[i].name) != 0 : forms[i].is_planted)
			continue;
		n++;
		failed += prove(&forms[i], &w, &o, &t);
	}
	printf("%u configurations, %u forms, %lu packets, %lu decided by rules, %lu translated, %lu under rates: %u failed\n", o.n, n,
	    t.packets, t.by_rules, t.translated, t.limited, failed);
	/* A proof in which no rule ever decides would prove nothing. */
	return failed > 0 || t.by_rules < t.packets / 20;
}
