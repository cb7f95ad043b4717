/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the document engine costs: bench_document LAB.YAML [RULES [ROUNDS]].  Median of the rounds, in milliseconds of processor time.  Goal
 * S1 of the project: YAML of a configuration of 10,000 rules to a validated model in 250 ms and 64 MB.
 */
#include <sys/resource.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "diff.h"
#include "document.h"
#include "edit.h"
#include "problem.h"
#include "schema.h"
#include "bench_median.h"

#define ROUNDS_MAX	64

enum step {
	STEP_SCHEMA,
	STEP_LOAD,
	STEP_VALIDATE,
	STEP_IMPORT,	/* load and validate */
	STEP_DUP,
	STEP_EDIT,
	STEP_DIFF_ONE,
	STEP_DIFF_NONE,
	STEP_PRINT_YAML,
	STEP_PRINT_JSON,
	STEP_DIGEST,
	STEP_ENCODE,
	STEP_MAX
};

static const char *const names[STEP_MAX] = {
	"schema: compile the built-in modules", "load: YAML to typed tree", "validate", "S1: import = load + validate", "copy",
	"edit one rule", "diff, one rule changed", "diff, nothing changed", "print YAML", "print JSON", "digest", "encode for fwd",
};

static double	 times[STEP_MAX][ROUNDS_MAX];

static void
die(const char *what)
{
	fprintf(stderr, "bench_document: %s\n", what);
	exit(1);
}

/* The lab's document with n rules before its last one, of the shapes that people write. */
static void
make_document(const char *path, unsigned n, struct buf *b)
{
	static const char mark[] = "    - id: ping\n";
	char lab[65536], *at;
	FILE *f = fopen(path, "r");
	unsigned i;
	size_t len;

	if (f == NULL)
		die("cannot read the lab's document");
	len = fread(lab, 1, sizeof(lab) - 1, f);
	fclose(f);
	lab[len] = '\0';
	at = strstr(lab, mark);
	if (at == NULL)
		die("the lab's document has no rule ping");
	buf_put(b, lab, (size_t)(at - lab));
	for (i = 0; i < n; i++)
		buf_printf(b, "    - id: rule-%u\n      from: %s\n      to: %s\n      source: { addresses: [198.18.%u.%u] }\n"
		    "      destination: { %s }\n      service: %s\n      action: %s\n", i, i % 3 == 0 ? "lan" : "[lan, dmz]", "wan",
		    i / 256 % 256, i % 256, i % 2 == 0 ? "group: web-servers" : "addresses: [2001:db8:9::/48]",
		    i % 4 == 0 ? "[web, ssh]" : "https", i % 5 == 0 ? "drop" : "accept");
	buf_puts(b, at);
}

/* Time of this process on a processor: it waits for nothing, and other work on the machine does not count. */
static uint64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t
lap(enum step step, unsigned round, uint64_t since)
{
	uint64_t now = cpu_us();

	times[step][round] = (double)(now - since) / 1000;
	return cpu_us();
}

static struct document *
load(const struct schema *schema, const struct buf *text, unsigned round)
{
	struct problems *problems = problems_new();
	struct document *d = NULL;
	uint64_t start = cpu_us(), t;

	if (document_load(schema, DOCUMENT_YAML, (const char *)text->data, text->len, problems, &d) != 0)
		die(problems_count(problems) > 0 ? problems_get(problems, 0)->text : "cannot load");
	t = lap(STEP_LOAD, round, start);
	if (document_validate(d, problems) != 0)
		die(problems_count(problems) > 0 ? problems_get(problems, 0)->text : "cannot validate");
	(void)lap(STEP_VALIDATE, round, t);
	(void)lap(STEP_IMPORT, round, start);
	problems_free(problems);
	return d;
}

static void
compare(const struct document *a, const struct document *b, size_t changes)
{
	struct diff *diff;

	if (diff_documents(a, b, &diff) != 0 || diff_count(diff) != changes)
		die("another diff than expected");
	diff_free(diff);
}

static void
run(const struct schema *schema, const struct buf *text, unsigned round)
{
	struct document *d = load(schema, text, round), *copy;
	struct problems *problems = problems_new();
	uint8_t *wire;
	size_t len;
	struct buf b;
	char digest[65];
	uint64_t t = cpu_us();

	buf_init(&b, 0);
	copy = document_dup(d);
	t = lap(STEP_DUP, round, t);
	compare(d, copy, 0);
	t = lap(STEP_DIFF_NONE, round, t);
	if (edit_put(copy, "/firewall/rules/ping/log", DOCUMENT_JSON, "true", 4, 0, NULL, problems) != 0)
		die("cannot edit");
	t = lap(STEP_EDIT, round, t);
	compare(d, copy, 1);
	t = lap(STEP_DIFF_ONE, round, t);
	if (document_print(d, DOCUMENT_YAML, 0, &b) != 0)
		die("cannot print");
	t = lap(STEP_PRINT_YAML, round, t);
	buf_reset(&b);
	if (document_print(d, DOCUMENT_JSON, 0, &b) != 0)
		die("cannot print");
	t = lap(STEP_PRINT_JSON, round, t);
	if (document_digest(d, digest) != 0)
		die("no digest");
	t = lap(STEP_DIGEST, round, t);
	if (document_encode(d, "fwd", &wire, &len) != 0)
		die("cannot encode");
	(void)lap(STEP_ENCODE, round, t);
	free(wire);
	buf_fini(&b);
	document_free(copy);
	document_free(d);
	problems_free(problems);
}

int
main(int argc, char **argv)
{
	unsigned rules = argc > 2 ? (unsigned)atoi(argv[2]) : 10000, rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 7, i;
	struct schema *schema;
	struct rusage after_import, usage;
	struct buf text;
	uint64_t t;

	if (argc < 2 || rounds == 0 || rounds > ROUNDS_MAX)
		die("usage: bench_document LAB.YAML [RULES [ROUNDS]]");
	buf_init(&text, 0);
	make_document(argv[1], rules, &text);
	for (i = 0; i < rounds; i++) {
		t = cpu_us();
		schema = schema_new();
		if (schema == NULL)
			die("no schema");
		(void)lap(STEP_SCHEMA, i, t);
		if (i == 0) {
			document_free(load(schema, &text, 0));
			getrusage(RUSAGE_SELF, &after_import);
		}
		run(schema, &text, i);
		schema_free(schema);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%u rules, %zu bytes of YAML, median of %u rounds, processor time\n", rules, text.len, rounds);
	for (i = 0; i < STEP_MAX; i++)
		printf("%-40s %8.2f ms\n", names[i], bench_median(times[i], rounds));
	printf("%-40s %8.1f MB\n%-40s %8.1f MB\n", "greatest memory of one import", (double)after_import.ru_maxrss / 1024,
	    "greatest memory of everything", (double)usage.ru_maxrss / 1024);
	buf_fini(&text);
	return 0;
}
