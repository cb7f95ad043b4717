/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edits.h"

void
edit_fini(struct edit *e)
{
	free((char *)(uintptr_t)e->path);
	free((char *)(uintptr_t)e->body);
	free((char *)(uintptr_t)e->ref);
	memset(e, 0, sizeof(*e));
}

int
edit_copy(struct edit *to, const struct edit *from)
{
	char *body;

	*to = *from;
	to->path = strdup(from->path);
	to->ref = from->ref != NULL ? strdup(from->ref) : NULL;
	if ((body = malloc(from->len + 1)) != NULL) {
		if (from->len > 0)
			memcpy(body, from->body, from->len);
		body[from->len] = '\0';
	}
	to->body = body;
	if (to->path != NULL && body != NULL && (from->ref == NULL || to->ref != NULL))
		return (0);
	edit_fini(to);
	return (-ENOMEM);
}

int
edit_apply(struct document *doc, const struct edit *e, bool *ret_created, char **ret_key, struct problems *problems)
{
	char *key = NULL;
	int error;

	switch (e->kind) {
	case EDIT_KIND_PUT:
		return (edit_put(doc, e->path, e->format, e->body, e->len, e->flags, ret_created, problems));
	case EDIT_KIND_PATCH:
		return (edit_patch(doc, e->path, e->format, e->body, e->len, problems));
	case EDIT_KIND_DELETE:
		return (edit_delete(doc, e->path, problems));
	case EDIT_KIND_APPEND:
		if ((error = edit_append(doc, e->path, e->format, e->body, e->len, &key, problems)) != 0)
			return (error);
		if (ret_key != NULL)
			*ret_key = key;
		else
			free(key);
		return (0);
	case EDIT_KIND_MOVE:
		return (edit_move(doc, e->path, e->place, e->ref, problems));
	case EDIT_KIND_INVALID:
		break;
	}
	return (-ENOTSUP);
}
