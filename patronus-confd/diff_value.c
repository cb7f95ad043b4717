/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/buf.h"

#include "diff_value.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"

static bool
is_bare(const char *text)
{
	return *text != '\0' && text[strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@+:=-")] == '\0';
}

void
diff_print_scalar(const char *text, struct buf *b)
{
	if (is_bare(text)) {
		buf_puts(b, text);
		return;
	}
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '\n')
			buf_putc(b, '\\');
		/* A setting is one line, whatever is in it: what follows would be a command of its own. */
		buf_putc(b, *text == '\n' ? 'n' : *text);
	}
	buf_putc(b, '"');
}

const char *
diff_entry_name(const struct node *entry)
{
	return entry->kind == NODE_MAP && entry->first != NULL && entry->first->kind == NODE_SCALAR ? entry->first->text : "";
}

bool
diff_is_entry(const char *path, const struct node *value)
{
	return value->kind == NODE_MAP && strcmp(strrchr(path, '/') + 1, diff_entry_name(value)) == 0;
}

int
diff_read_value(const char *json, struct arena *arena, struct node **ret)
{
	struct problems *problems = problems_new();
	int error = -ENOMEM;

	if (problems != NULL)
		error = jsondoc_read(json, strlen(json), arena, problems, ret);
	problems_free(problems);
	return error;
}
