/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the kernel have what the running revision says? */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "term.h"

static void
print_difference(const json_t *d)
{
	const char *path = json_text(d, "path");

	printf("  %s%s%s%s: %s\n", path, path[0] != '\0' ? " (" : "", json_text(d, "object"), path[0] != '\0' ? ")" : "", json_text(d, "text"));
}

static void
print_check(const json_t *c)
{
	const json_t *list = json_object_get(c, "differences");
	json_int_t n = json_number(c, "differences-count");
	const char *error = json_text(c, "error");
	size_t i;

	printf("%s%s%s %s, by %s", n == 0 && error[0] == '\0' ? term_good() : term_bad(), n == 0 && error[0] == '\0' ? "same     " : "different",
	    term_plain(), json_text(c, "owner"), json_text(c, "by"));
	if (json_object_get(c, "rules") != NULL)
		printf(": %lld chains, %lld rules, %lld sets, %lld elements", (long long)json_number(c, "chains"),
		    (long long)json_number(c, "rules"), (long long)json_number(c, "sets"), (long long)json_number(c, "elements"));
	printf("\n");
	if (error[0] != '\0')
		printf("  %s\n", error);
	for (i = 0; i < json_array_size(list); i++)
		print_difference(json_array_get(list, i));
	if ((json_int_t)i < n)
		printf("  and %lld more\n", (long long)(n - (json_int_t)i));
}

int
run_verify(struct ctl *c)
{
	const json_t *checks;
	struct reply r;
	size_t i;
	bool is_good;
	int code;

	if ((code = api_post(c, "/verification", json_object(), &r)) != EXIT_OK)
		return code;
	is_good = json_flag(r.json, "verified");
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		checks = json_object_get(r.json, "checks");
		for (i = 0; i < json_array_size(checks); i++)
			print_check(json_array_get(checks, i));
		printf("%sthe kernel %s revision %lld%s (%.1f ms)\n", is_good ? term_good() : term_bad(), is_good ? "is as" : "differs from",
		    (long long)json_number(r.json, "revision"), term_plain(), (double)json_number(r.json, "took-us") / 1000);
	}
	reply_fini(&r);
	return code == EXIT_OK && !is_good ? EXIT_DIFFERENT : code;
}
