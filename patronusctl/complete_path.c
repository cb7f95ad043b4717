/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates that the box knows: paths that are there, paths that could be there, values that fit. */
#include <stdio.h>
#include <string.h>

#include "ipc/ids.h"
#include "api.h"
#include "complete.h"
#include "ctl.h"
#include "exit.h"
#include "schema_walk.h"

#define PATH_LEN	2048

static size_t	stripped;

void
complete_strip(size_t n)
{
	stripped = n;
}

void
complete_candidate(const char *partial, const char *word, size_t len, const char *text)
{
	size_t n = strlen(partial);

	if (len >= n && memcmp(word, partial, n) == 0)
		printf("%.*s\t%s\n", (int)(len > stripped ? len - stripped : 0), word + (len > stripped ? stripped : len), text);
}

/* --- what is there --- */

/* The key of an entry: lists are keyed by name or id. */
static const char *
entry_key(const json_t *o)
{
	return json_object_get(o, "id") != NULL ? json_text(o, "id") : json_text(o, "name");
}

static bool
has_entries(const json_t *v)
{
	return json_is_object(v) || (json_is_array(v) && json_is_object(json_array_get(v, 0)));
}

static void
path_candidate(const char *partial, const char *parent, const char *name, bool goes_on, const char *text)
{
	char word[PATH_LEN];
	int n;

	n = snprintf(word, sizeof(word), "%s%s%s", parent, name, goes_on ? "/" : "");
	if (n > 0 && (size_t)n < sizeof(word))
		complete_candidate(partial, word, (size_t)n, text);
}

static void
complete_node(const json_t *node, const char *parent, const char *partial)
{
	const char *name;
	json_t *child;
	size_t i;

	if (json_is_array(node)) {
		for (i = 0; i < json_array_size(node); i++) {
			child = json_array_get(node, i);
			if (json_is_object(child))
				path_candidate(partial, parent, entry_key(child), true, json_text(child, "description"));
		}
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)node, name, child)
		path_candidate(partial, parent, name, has_entries(child), json_is_string(child) ? json_string_value(child) : "");
}

/* What the workspace, or else the running configuration, holds at a path. */
static int
get_config(struct ctl *c, const char *typed, struct reply *ret)
{
	char path[PATH_LEN], workspace[65];
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .accept = "application/json", .workspace = workspace };
	int code;

	/* Who may not edit has no workspace: then it is what runs. */
	if (api_workspace(c, false, workspace, sizeof(workspace)) != EXIT_OK)
		workspace[0] = '\0';
	if ((code = api_config_path(typed[0] != '\0' ? typed : "/", path, sizeof(path))) != EXIT_OK)
		return code;
	return api_call(c, &req, ret);
}

/* The part before the last "/", with it. */
static bool
parent_of(const char *partial, char ret[PATH_LEN])
{
	const char *slash = strrchr(partial, '/');
	size_t len = slash != NULL ? (size_t)(slash - partial) + 1 : 0;

	if (len >= PATH_LEN)
		return false;
	memcpy(ret, partial, len);
	ret[len] = '\0';
	return true;
}

void
complete_path(struct ctl *c, const char *partial)
{
	char parent[PATH_LEN];
	struct reply r;

	if (!parent_of(partial, parent) || get_config(c, parent, &r) != EXIT_OK)
		return;
	complete_node(r.json, parent, partial);
	reply_fini(&r);
}

/* --- what could be there --- */

void
complete_schema_path(struct ctl *c, const char *partial)
{
	const json_t *node, *children, *o;
	char parent[PATH_LEN];
	bool at_list;
	struct reply r;
	size_t i;

	if (!parent_of(partial, parent) || api_get(c, "/schema", "", &r) != EXIT_OK)
		return;
	if (schema_walk(r.json, parent, &node, &children, &at_list)) {
		if (at_list)
			complete_path(c, partial);
		for (i = 0; !at_list && i < json_array_size(children); i++) {
			o = json_array_get(children, i);
			if (!json_flag(o, "key"))
				path_candidate(partial, parent, json_text(o, "name"), json_object_get(o, "children") != NULL,
				    json_text(o, "description"));
		}
	}
	reply_fini(&r);
}

/* Names of the objects of a section that a value may refer to. */
static void
complete_references(struct ctl *c, const char *section, const char *partial)
{
	struct reply r;
	const json_t *o;
	size_t i;

	if (get_config(c, section, &r) != EXIT_OK)
		return;
	for (i = 0; i < json_array_size(r.json); i++) {
		o = json_array_get(r.json, i);
		complete_candidate(partial, entry_key(o), strlen(entry_key(o)), json_text(o, "description"));
	}
	reply_fini(&r);
}

void
complete_schema_value(struct ctl *c, const char *path, const char *partial)
{
	const json_t *node, *children, *choices, *o;
	bool at_list;
	struct reply r;
	size_t i;

	if (api_get(c, "/schema", "", &r) != EXIT_OK)
		return;
	if (schema_walk(r.json, path, &node, &children, &at_list) && node != NULL) {
		choices = json_object_get(node, "choices");
		for (i = 0; i < json_array_size(choices); i++) {
			o = json_array_get(choices, i);
			complete_candidate(partial, json_text(o, "value"), strlen(json_text(o, "value")), json_text(o, "description"));
		}
		if (strcmp(json_text(node, "type"), "boolean") == 0) {
			complete_candidate(partial, "true", 4, "");
			complete_candidate(partial, "false", 5, "");
		}
		if (json_text(node, "references")[0] != '\0')
			complete_references(c, json_text(node, "references"), partial);
	}
	reply_fini(&r);
}
