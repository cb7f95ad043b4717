/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "schema_walk.h"

static const json_t *
child_named(const json_t *list, const char *name, size_t len)
{
	const json_t *o;
	const char *s;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		s = json_text(o, "name");
		if (strlen(s) == len && memcmp(s, name, len) == 0)
			return o;
	}
	return NULL;
}

bool
schema_walk(const json_t *schema, const char *path, const json_t **ret_node, const json_t **ret_children, bool *ret_at_list)
{
	size_t len;

	*ret_node = NULL;
	*ret_children = json_object_get(schema, "sections");
	*ret_at_list = false;
	for (path += strspn(path, "/"); *path != '\0'; path += len, path += strspn(path, "/")) {
		len = strcspn(path, "/");
		if (*ret_at_list) {
			*ret_at_list = false;	/* the key of an entry */
			continue;
		}
		*ret_node = child_named(*ret_children, path, len);
		if (*ret_node == NULL)
			return false;
		*ret_children = json_object_get(*ret_node, "children");
		*ret_at_list = strcmp(json_text(*ret_node, "kind"), "list") == 0;
	}
	return true;
}

/* Appends "/word"; false when it does not fit. */
static bool
append(char *path, size_t size, const char *word, size_t len)
{
	size_t at = strlen(path);

	if (at + len + 2 > size)
		return false;
	path[at++] = '/';
	memcpy(path + at, word, len);
	path[at + len] = '\0';
	return true;
}

bool
schema_join(const json_t *schema, const char *base, const char *const *words, int n, char *ret, size_t size, int *ret_used)
{
	const json_t *node, *children;
	bool at_list;
	int i;

	(void)snprintf(ret, size, "%s", base);
	for (i = 0; i < n; i++) {
		if (!schema_walk(schema, ret, &node, &children, &at_list) || (children == NULL && !at_list))
			break;		/* a leaf, or something that is not in the schema: what follows is its value */
		if (words[i][0] == '{' || words[i][0] == '[')
			break;
		if (!append(ret, size, words[i] + strspn(words[i], "/"), strlen(words[i] + strspn(words[i], "/"))))
			return false;
	}
	*ret_used = i;
	return true;
}
