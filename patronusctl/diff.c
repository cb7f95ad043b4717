/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs: a workspace from its base, a revision from another. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "term.h"

static void
print_line(const char *line, size_t len)
{
	const char *color = line[0] == '-' ? term_bad() : line[0] == '+' ? term_good() : line[0] == '~' ? term_warn() : "";

	printf("%s%.*s%s\n", color, (int)len, line, color[0] != '\0' ? term_plain() : "");
}

static int
print_diff(struct ctl *c, const char *path)
{
	const char *text;
	struct reply r;
	size_t len, n;
	int code;

	if ((code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	n = json_array_size(json_object_get(r.json, "changes"));
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		for (text = json_text(r.json, "text"); *text != '\0'; text += len + (text[len] == '\n' ? 1 : 0)) {
			len = strcspn(text, "\n");
			print_line(text, len);
		}
	reply_fini(&r);
	if (code == EXIT_OK && n > 0 && ctl_option(c, "exit-code") != NULL)
		return EXIT_DIFFERENT;
	return code;
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
