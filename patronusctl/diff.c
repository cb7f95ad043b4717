/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs: a workspace from its base, a revision from another. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ipc/ids.h"

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "term.h"

/* Coloured by its sign, which stands at its beginning or, below a heading, behind two spaces. */
static void
print_line(const char *line, size_t len)
{
	char sign = len > 2 && line[0] == ' ' ? line[2] : line[0];
	const char *color = sign == '-' || sign == '<' ? term_bad() : sign == '+' || sign == '>' ? term_good() :
	    sign == '~' ? term_warn() : "";

	printf("%s%.*s%s\n", color, (int)len, line, color[0] != '\0' ? term_plain() : "");
}

void
print_lines(const char *text)
{
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n' ? 1 : 0)) {
		len = strcspn(text, "\n");
		print_line(text, len);
	}
}

static int
print_diff(struct ctl *c, const char *path)
{
	const char *as = ctl_option(c, "as");
	char query[32];
	struct reply r;
	bool differs;
	int code;

	(void)snprintf(query, sizeof(query), "%s%s", as != NULL ? "view=" : "", as != NULL ? as : "");
	if ((code = api_get(c, path, query, &r)) != EXIT_OK)
		return code;
	/* A change of words alone does nothing to the kernel's rules. */
	differs = as != NULL && strcmp(as, "nft") == 0 ? json_text(r.json, "text")[0] != '\0' :
	    json_array_size(json_object_get(r.json, "changes")) > 0;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		print_lines(json_text(r.json, "text"));
	reply_fini(&r);
	if (code == EXIT_OK && differs && ctl_option(c, "exit-code") != NULL)
		return EXIT_DIFFERENT;
	return code;
}

static void
print_impacts(const json_t *list, const char *what)
{
	const json_t *o;
	char port[32];
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		port[0] = '\0';
		if (json_object_get(o, "destination-port") != NULL)
			(void)snprintf(port, sizeof(port), " port %lld", (long long)json_number(o, "destination-port"));
		printf("%s%s%s %s %s > %s%s: %s\n", what[0] == '-' ? term_bad() : term_good(), what, term_plain(), json_text(o, "protocol"),
		    json_text(o, "source"), json_text(o, "destination"), port, json_text(o, "text"));
	}
}

/* Whom it would cut off, and whom it would let in. */
static int
print_impact(struct ctl *c, const char *workspace)
{
	const struct mgmt_req req = { .method = MGMT_GET, .path = "/state/firewall-impact", .query = "", .accept = "application/json",
	    .workspace = workspace };
	bool differs;
	struct reply r;
	int code = api_call(c, &req, &r);

	if (code != EXIT_OK)
		return code;
	differs = json_number(r.json, "cut-total") + json_number(r.json, "admitted-total") > 0;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
	} else {
		print_impacts(json_object_get(r.json, "cut"), "- cut off");
		print_impacts(json_object_get(r.json, "admitted"), "+ let in ");
		fprintf(stderr, "%lld of %lld connections would be cut off, %lld of %lld logged denials let in\n",
		    (long long)json_number(r.json, "cut-total"), (long long)json_number(r.json, "connections"),
		    (long long)json_number(r.json, "admitted-total"), (long long)json_number(r.json, "denied"));
	}
	reply_fini(&r);
	return code == EXIT_OK && differs && ctl_option(c, "exit-code") != NULL ? EXIT_DIFFERENT : code;
}

int
run_diff(struct ctl *c)
{
	char workspace[65], path[128];
	int code;

	if ((code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	if (workspace[0] == '\0') {
		if (c->format == FORMAT_JSON)
			printf("{\"changes\":[],\"text\":\"\"}\n");
		return EXIT_OK;		/* no workspace: nothing differs */
	}
	if (ctl_option(c, "as") != NULL && strcmp(ctl_option(c, "as"), "impact") == 0)
		return print_impact(c, workspace);
	(void)snprintf(path, sizeof(path), "/workspaces/%s/diff", workspace);
	return print_diff(c, path);
}

int
run_compare(struct ctl *c)
{
	uint64_t a, b;
	char path[128];

	if (str_u64(c->args[0], 0, UINT32_MAX, &a) != 0 || str_u64(c->args[1], 0, UINT32_MAX, &b) != 0) {
		fprintf(stderr, "patronusctl: a revision is a number; see patronusctl history\n");
		return EXIT_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/revisions/%llu/diff/%llu", (unsigned long long)a, (unsigned long long)b);
	return print_diff(c, path);
}
