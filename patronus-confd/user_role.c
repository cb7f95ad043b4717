/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#include "document.h"
#include "user_role.h"

#define PATH_MAX_BYTES	512
#define BASE_RULES	8
#define B(right)	RIGHT_BIT(RIGHT_ ## right)
#define CHANGE		(B(CONFIG_EDIT) | B(COMMIT) | B(RESTORE) | B(SECRETS_WRITE))

static const struct {
	const char	*name;
	const char	*verb;
	uint32_t	 needs;		/* besides itself */
} rights[RIGHT_MAX] = {
	[RIGHT_PUBLIC] = { "public", "", 0 },
	[RIGHT_SESSION] = { "session", "", 0 },
	[RIGHT_CONFIG_READ] = { "configuration:read", "read", 0 },
	[RIGHT_CONFIG_EDIT] = { "configuration:edit", "edit", B(CONFIG_READ) },
	[RIGHT_COMMIT] = { "commit", "commit", B(CONFIG_READ) | B(CONFIG_EDIT) },
	[RIGHT_HISTORY_READ] = { "history:read", "history", B(CONFIG_READ) },
	[RIGHT_RESTORE] = { "restore", "restore", B(CONFIG_READ) | B(CONFIG_EDIT) },
	[RIGHT_SECRETS_WRITE] = { "secrets:write", "secrets", B(CONFIG_READ) | B(CONFIG_EDIT) },
	/* What runs and what was logged names the objects of the configuration. */
	[RIGHT_STATE_READ] = { "state:read", "state", B(CONFIG_READ) },
	[RIGHT_LOGS_READ] = { "logs:read", "logs", B(CONFIG_READ) },
	[RIGHT_GRANT] = { "grant", "grant", B(CONFIG_READ) },
	[RIGHT_AUDIT_READ] = { "audit:read", "audit", B(CONFIG_READ) },
	[RIGHT_DIAGNOSTICS] = { "diagnostics", "diagnostics", B(CONFIG_READ) },
	[RIGHT_SESSIONS_ADMIN] = { "sessions:admin", "sessions", 0 },
	[RIGHT_USERS_ADMIN] = { "users:admin", "users", 0 },
	[RIGHT_BACKUPS] = { "backups", "backups", B(CONFIG_READ) },
};

#define READ_ALL	(B(CONFIG_READ) | B(STATE_READ) | B(LOGS_READ) | B(DIAGNOSTICS))
#define ALL_VERBS	((RIGHT_BIT(RIGHT_MAX) - 1) & ~(RIGHT_BIT(RIGHT_VERB_FIRST) - 1))

static const struct builtin {
	const char	*name;
	struct {
		uint32_t	 verbs;
		bool		 is_deny;
		const char	*path;
	} rules[BASE_RULES];		/* up to one without verbs */
} builtins[] = {
	{ "admin", { { ALL_VERBS, false, "/" } } },
	{ "operator", { { READ_ALL | B(HISTORY_READ) | B(AUDIT_READ) | B(GRANT) | (CHANGE & ~B(SECRETS_WRITE)), false, "/" },
	    { CHANGE, true, "/users" }, { CHANGE, true, "/roles" }, { CHANGE, true, "/management" } } },
	{ "read-only", { { READ_ALL, false, "/" } } },
	{ "auditor", { { READ_ALL | B(HISTORY_READ) | B(AUDIT_READ), false, "/" } } },
};
#define BUILTINS	(sizeof(builtins) / sizeof(builtins[0]))

struct user_role {
	char			 name[USER_ROLE_NAME_LEN];
	char			 base[USER_ROLE_NAME_LEN];
	struct role_rule	*rules;
	unsigned		 n;
	char			*texts[2 * USER_ROLE_RULES + BASE_RULES];	/* what the rules point to */
	unsigned		 ntexts;
};

const char *
right_name(enum right right)
{
	return (right > RIGHT_INVALID && right < RIGHT_MAX ? rights[right].name : "");
}

const char *
right_verb(enum right right)
{
	return (right > RIGHT_INVALID && right < RIGHT_MAX ? rights[right].verb : "");
}

const char *
user_role_builtin(unsigned i)
{
	return (i < BUILTINS ? builtins[i].name : NULL);
}

/* --- making one --- */

static char *
keep(struct user_role *r, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL || r->ntexts == sizeof(r->texts) / sizeof(r->texts[0]))
		fatalx("role", "no memory");
	return (r->texts[r->ntexts++] = copy);
}

/* A rule for a path, with or without its first slash.  One that is deeper than any path stands for no place at all. */
static struct role_rule *
add_rule(struct user_role *r, const char *path)
{
	struct role_rule *rule;
	char *at, *step;

	if ((r->rules = reallocarray(r->rules, r->n + 1, sizeof(*rule))) == NULL)
		fatalx("role", "no memory");
	rule = &r->rules[r->n++];
	*rule = (struct role_rule){ .path = keep(r, path) };
	at = keep(r, path);
	while ((step = strsep(&at, "/")) != NULL) {
		if (step[0] == '\0')
			continue;
		if (rule->nsteps == USER_ROLE_STEPS) {
			r->n--;
			return (rule);
		}
		rule->step[rule->nsteps++] = step;
	}
	return (rule);
}

static const struct builtin *
find_builtin(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < BUILTINS; i++)
		if (strcmp(builtins[i].name, name) == 0)
			return (&builtins[i]);
	return (NULL);
}

static void
add_builtin(struct user_role *r, const struct builtin *b)
{
	struct role_rule *rule;
	unsigned i;

	for (i = 0; i < BASE_RULES && b->rules[i].verbs != 0; i++) {
		rule = add_rule(r, b->rules[i].path);
		rule->verbs = b->rules[i].verbs;
		rule->is_deny = b->rules[i].is_deny;
	}
}

struct loading {
	struct user_role		*role;
	const struct document	*doc;
	struct role_rule	*rule;
};

static void
add_verb(const char *verb, void *arg)
{
	struct loading *l = arg;
	unsigned i;

	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if (strcmp(rights[i].verb, verb) == 0 || strcmp(verb, "all") == 0)
			l->rule->verbs |= RIGHT_BIT(i);
}

static void
add_own(const char *name, void *arg)
{
	struct loading *l = arg;
	char path[PATH_MAX_BYTES];
	const char *value;

	if (l->role->n >= USER_ROLE_RULES + BASE_RULES)
		return;
	(void)snprintf(path, sizeof(path), "/roles/%s/rules/%.64s/path", l->role->name, name);
	value = document_value(l->doc, path);
	l->rule = add_rule(l->role, value != NULL ? value : "/");
	l->rule->is_own = true;
	l->rule->name = keep(l->role, name);
	(void)snprintf(path, sizeof(path), "/roles/%s/rules/%.64s/action", l->role->name, name);
	value = document_value(l->doc, path);
	/* What cannot be read as a permission is none. */
	l->rule->is_deny = value == NULL || strcmp(value, "allow") != 0;
	(void)snprintf(path, sizeof(path), "/roles/%s/rules/%.64s/verbs", l->role->name, name);
	document_each(l->doc, path, add_verb, l);
}

struct search {
	const char	*name;
	bool		 found;
};

static void
match(const char *key, void *arg)
{
	struct search *s = arg;

	s->found |= strcmp(key, s->name) == 0;
}

struct user_role *
user_role_load(const struct document *doc, const char *name)
{
	const struct builtin *builtin = find_builtin(name);
	struct search search = { .name = name };
	struct loading l = { .doc = doc };
	char path[PATH_MAX_BYTES];
	const char *base;

	/* A name that could leave its place in the path is nobody's. */
	if (name == NULL || name[0] == '\0' || strlen(name) >= USER_ROLE_NAME_LEN || strchr(name, '/') != NULL)
		return (NULL);
	if (builtin == NULL) {
		document_each(doc, "/roles", match, &search);
		if (!search.found)
			return (NULL);
	}
	if ((l.role = calloc(1, sizeof(*l.role))) == NULL)
		fatalx("role", "no memory");
	(void)str_copy(l.role->name, name, sizeof(l.role->name));
	if (builtin != NULL) {
		add_builtin(l.role, builtin);
		return (l.role);
	}
	(void)snprintf(path, sizeof(path), "/roles/%s/base", name);
	if ((base = document_value(doc, path)) != NULL && (builtin = find_builtin(base)) != NULL) {
		(void)str_copy(l.role->base, base, sizeof(l.role->base));
		add_builtin(l.role, builtin);
	}
	(void)snprintf(path, sizeof(path), "/roles/%s/rules", name);
	document_each(doc, path, add_own, &l);
	return (l.role);
}

void
user_role_free(struct user_role *r)
{
	unsigned i;

	if (r == NULL)
		return;
	for (i = 0; i < r->ntexts; i++)
		free(r->texts[i]);
	free(r->rules);
	free(r);
}

const char *
user_role_name(const struct user_role *r)
{
	return (r != NULL ? r->name : "");
}

const char *
user_role_base(const struct user_role *r)
{
	return (r != NULL ? r->base : "");
}

unsigned
user_role_count(const struct user_role *r)
{
	return (r->n);
}

const struct role_rule *
user_role_rule(const struct user_role *r, unsigned i)
{
	return (&r->rules[i]);
}

/* --- deciding --- */

struct steps {
	unsigned	 n;
	const char	*at[USER_ROLE_STEPS];
	size_t		 len[USER_ROLE_STEPS];
};

/* false: deeper than any path. */
static bool
split(const char *path, struct steps *ret)
{
	size_t len;

	ret->n = 0;
	for (;; path += len) {
		path += strspn(path, "/");
		if ((len = strcspn(path, "/")) == 0)
			return (true);
		if (ret->n == USER_ROLE_STEPS)
			return (false);
		ret->at[ret->n] = path;
		ret->len[ret->n++] = len;
	}
}

static bool
is_wild(const char *step)
{
	return (step[0] == '*' && step[1] == '\0');
}

/* Do the first n steps agree? */
static bool
agree(const struct role_rule *rule, const struct steps *s, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!is_wild(rule->step[i]) && (strlen(rule->step[i]) != s->len[i] || memcmp(rule->step[i], s->at[i], s->len[i]) != 0))
			return (false);
	return (true);
}

/* Both agree with one path: is a the one that decides? */
static bool
is_nearer(const struct role_rule *a, const struct role_rule *b)
{
	unsigned i;

	if (b == NULL || a->nsteps != b->nsteps)
		return (b == NULL || a->nsteps > b->nsteps);
	for (i = 0; i < a->nsteps; i++)
		if (is_wild(a->step[i]) != is_wild(b->step[i]))
			return (is_wild(b->step[i]));
	if (a->is_own != b->is_own)
		return (a->is_own);
	return (a->is_deny && !b->is_deny);
}

static const struct role_rule *
decide(const struct user_role *r, enum right right, const struct steps *s)
{
	const struct role_rule *found = NULL;
	unsigned i;

	for (i = 0; i < r->n; i++)
		if ((r->rules[i].verbs & RIGHT_BIT(right)) != 0 && r->rules[i].nsteps <= s->n && agree(&r->rules[i], s, r->rules[i].nsteps) &&
		    is_nearer(&r->rules[i], found))
			found = &r->rules[i];
	return (found);
}

const struct role_rule *
user_role_decide(const struct user_role *r, enum right right, const char *path)
{
	struct steps s;

	return (r != NULL && split(path, &s) ? decide(r, right, &s) : NULL);
}

static bool
may(const struct user_role *r, enum right right, const struct steps *s, enum right *ret)
{
	uint32_t needs = rights[right].needs | RIGHT_BIT(right);
	const struct role_rule *rule;
	unsigned i;

	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++) {
		if ((needs & RIGHT_BIT(i)) == 0)
			continue;
		rule = decide(r, (enum right)i, s);
		if (rule == NULL || rule->is_deny) {
			if (ret != NULL)
				*ret = (enum right)i;
			return (false);
		}
	}
	if (ret != NULL)
		*ret = right;
	return (true);
}

bool
user_role_may(const struct user_role *r, enum right right, const char *path, enum right *ret)
{
	struct steps s;

	if (ret != NULL)
		*ret = right;
	if (right == RIGHT_PUBLIC || (right == RIGHT_SESSION && r != NULL))
		return (true);
	return (r != NULL && right >= RIGHT_VERB_FIRST && right < RIGHT_MAX && split(path, &s) && may(r, right, &s, ret));
}

enum extent
user_role_extent(const struct user_role *r, enum right right, const char *path)
{
	uint32_t needs, allowed = 0, denied = 0;
	const struct role_rule *rule;
	struct steps s;
	unsigned i;

	if (r == NULL || right < RIGHT_VERB_FIRST || right >= RIGHT_MAX || !split(path, &s))
		return (EXTENT_NOTHING);
	needs = rights[right].needs | RIGHT_BIT(right);
	for (i = 0; i < r->n; i++) {
		rule = &r->rules[i];
		if (rule->nsteps <= s.n || !agree(rule, &s, s.n))
			continue;
		if (rule->is_deny)
			denied |= rule->verbs;
		else
			allowed |= rule->verbs;
	}
	if (may(r, right, &s, NULL))
		return ((denied & needs) != 0 ? EXTENT_SOMETHING : EXTENT_EVERYTHING);
	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if ((rule = decide(r, (enum right)i, &s)) != NULL && !rule->is_deny)
			allowed |= RIGHT_BIT(i);
	return ((allowed & needs) == needs ? EXTENT_SOMETHING : EXTENT_NOTHING);
}

/* --- comparing --- */

/*
 * What a role decides changes only where one of the rules has a step.  So two roles are compared at every path that can be made of these
 * steps, and for each "*" at a key that no rule names.
 */
#define OTHER	"\x7f"

struct comparison {
	const struct user_role	*a, *b;
	struct steps		 at;
	enum right		 right;
	char			*path;
};

static void
tell(struct comparison *c, enum right right)
{
	size_t len = 0;
	unsigned i;

	c->right = right;
	if (c->path == NULL)
		return;
	c->path[0] = '\0';
	for (i = 0; i < c->at.n && len < 255; i++)
		len += (size_t)snprintf(c->path + len, 256 - len, "/%.*s", (int)c->at.len[i], c->at.at[i][0] == OTHER[0] ? "*" : c->at.at[i]);
}

/* Is this step among those of a role's rules that were looked at before (rule i of the second role, or of the first)? */
static bool
was_tried(const struct comparison *c, const char *step, const struct user_role *upto_role, unsigned upto)
{
	const struct user_role *both[] = { c->a, c->b };
	unsigned r, i;

	for (r = 0; r < 2; r++)
		for (i = 0; i < both[r]->n; i++) {
			if (both[r] == upto_role && i == upto)
				return (false);
			if (both[r]->rules[i].nsteps > c->at.n && agree(&both[r]->rules[i], &c->at, c->at.n) &&
			    strcmp(both[r]->rules[i].step[c->at.n], step) == 0)
				return (true);
		}
	return (false);
}

/* At this path and below: is there nothing that b may and a may not? */
static bool
compare(struct comparison *c)
{
	const struct user_role *both[] = { c->a, c->b };
	const char *step;
	unsigned r, i;

	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if (may(c->b, (enum right)i, &c->at, NULL) && !may(c->a, (enum right)i, &c->at, NULL)) {
			tell(c, (enum right)i);
			return (false);
		}
	for (r = 0; r < 2; r++)
		for (i = 0; i < both[r]->n; i++) {
			if (both[r]->rules[i].nsteps <= c->at.n || !agree(&both[r]->rules[i], &c->at, c->at.n))
				continue;
			step = both[r]->rules[i].step[c->at.n];
			if (was_tried(c, step, both[r], i))
				continue;
			c->at.at[c->at.n] = is_wild(step) ? OTHER : step;
			c->at.len[c->at.n] = strlen(c->at.at[c->at.n]);
			c->at.n++;
			if (!compare(c))
				return (false);
			c->at.n--;
		}
	return (true);
}

bool
user_role_covers(const struct user_role *a, const struct user_role *b, enum right *ret_right, char ret_path[256])
{
	struct comparison c = { .a = a, .b = b, .path = ret_path };
	bool covers;

	if (ret_path != NULL)
		ret_path[0] = '\0';
	if (a == NULL || b == NULL)
		return (false);
	covers = compare(&c);
	if (!covers && ret_right != NULL)
		*ret_right = c.right;
	return (covers);
}
