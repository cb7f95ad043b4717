/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "batch.h"
#include "problem.h"
#include "record_json.h"
#include "sight.h"
#include "workspace.h"

/* Does what the operation stands on still hold?  0, or -EINVAL with a problem. */
static int
check_match(const struct workspace *w, const struct rights *rights, const struct operation *op, struct problems *problems)
{
	struct document *owned;
	const char *want = op->if_match;
	size_t len = strlen(want);
	char etag[33];
	/* As he sees it: an ETag of what is hidden would be a way to try out what it is. */
	int error = edit_etag(sight_of(rights, RIGHT_CONFIG_READ, workspace_document(w), &owned), op->edit.path, etag);

	document_free(owned);
	if (len >= 2 && want[0] == '"' && want[len - 1] == '"') {
		want++;
		len -= 2;
	}
	if (error == 0 && (strcmp(want, "*") == 0 || (strlen(etag) == len && memcmp(etag, want, len) == 0)))
		return (0);
	problems_add(problems, op->edit.path, NULL, 0, "stale", "", "the object is not as if-match says");
	return (-EINVAL);
}

/* The words for what edit.h says by an errno alone. */
static void
explain(const struct operation *op, int error, struct problems *problems)
{
	static const struct {
		int		 error;
		const char	*code;
		const char	*text;
	} words[] = {
		{ -ENOENT, "not-found", "there is no such path or object" },
		{ -EEXIST, "exists", "it is there already" },
		{ -ENOTSUP, "method", "the object knows no such edit" },
		{ -EINVAL, "syntax", "the value cannot be read" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].error == error)
			problems_add(problems, op->edit.path, NULL, 0, words[i].code, "", "%s", words[i].text);
}

int
batch_apply(struct workspaces *ws, struct workspace *w, const struct rights *rights, struct operation *ops, size_t n,
    struct problems *problems)
{
	struct workspace_mark mark;
	unsigned before;
	size_t i, len = 0;
	int error;

	for (i = 0; i < n; i++)
		len += ops[i].edit.len;
	error = workspace_mark(w, len, &mark);

	/* One that cannot be made does not hide what is wrong with the others. */
	for (i = 0; i < n && error == 0; i++) {
		before = problems_count(problems);
		problems_in_operation(problems, (unsigned)i + 1, ops[i].line);
		if (ops[i].if_match != NULL)
			error = check_match(w, rights, &ops[i], problems);
		if (error == 0)
			error = workspace_edit(ws, w, rights, &ops[i].edit, &ops[i].is_new, &ops[i].key, problems);
		if (error == -EACCES || error == -ENOMEM)
			break;
		if (error != 0 && problems_count(problems) == before)
			explain(&ops[i], error, problems);
		if (problems_count(problems) < PROBLEMS_MAX)
			error = 0;
	}
	problems_in_operation(problems, 0, 0);
	if (error == 0 && problems_count(problems) > 0)
		error = -EINVAL;
	if (error != 0)
		workspace_back(ws, w, &mark);
	else
		workspace_unmark(&mark);
	return (error);
}

void
batch_print(const struct operation *ops, size_t n, struct buf *b)
{
	bool is_new;
	size_t i;

	buf_puts(b, "{\"results\":[");
	for (i = 0; i < n; i++) {
		is_new = ops[i].is_new || ops[i].edit.kind == EDIT_KIND_APPEND;
		buf_puts(b, i > 0 ? ",{\"path\":" : "{\"path\":");
		if (ops[i].key != NULL) {
			char path[2048];

			(void)snprintf(path, sizeof(path), "%s/%s", ops[i].edit.path, ops[i].key);
			record_json_string(path, strlen(path), b);
		} else
			record_json_string(ops[i].edit.path, strlen(ops[i].edit.path), b);
		buf_printf(b, ",\"status\":%d}", ops[i].edit.kind == EDIT_KIND_DELETE ? 204 : is_new ? 201 : 200);
	}
	buf_puts(b, "]}");
}

void
batch_free(struct operation *ops, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(ops[i].key);
	free(ops);
}
