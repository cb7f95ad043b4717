/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ctl.h"

#define TIMEOUT_MS	120000	/* a commit of a large policy is read back before it is answered */

/* --- the table --- */

/* Whether the words of the command are the first n of argv; n is how many there are. */
static bool
starts_with(const struct command *c, int argc, char *const *argv, int *ret_n)
{
	const char *w = c->words;
	size_t len;
	int n = 0;

	while (*w != '\0') {
		len = strcspn(w, " ");
		if (n == argc || strlen(argv[n]) != len || memcmp(argv[n], w, len) != 0)
			return false;
		n++;
		w += len;
		w += strspn(w, " ");
	}
	*ret_n = n;
	return true;
}

const struct command *
command_find(int argc, char *const *argv, int *ret_words)
{
	const struct command *best = NULL;
	size_t i;
	int n;

	*ret_words = 0;
	for (i = 0; i < commands_n; i++)
		if (starts_with(&commands[i], argc, argv, &n) && n > *ret_words) {
			best = &commands[i];
			*ret_words = n;
		}
	return best;
}

bool
command_next_word(const struct command *c, const char *group, const char **ret, size_t *ret_len)
{
	size_t len = strlen(group);

	if (strncmp(c->words, group, len) != 0 || (len > 0 && c->words[len] != ' '))
		return false;
	*ret = c->words + len + (len > 0 ? 1 : 0);
	*ret_len = strcspn(*ret, " ");
	return *ret_len > 0;
}

bool
command_is_group(const char *words)
{
	const char *next;
	size_t i, len;

	for (i = 0; i < commands_n; i++)
		if (!commands[i].is_hidden && command_next_word(&commands[i], words, &next, &len))
			return true;
	return false;
}

const char *
command_suggest(const char *typed)
{
	const char *best = NULL;
	unsigned best_distance = 3, d;
	size_t i;

	for (i = 0; i < commands_n; i++) {
		if (commands[i].is_hidden)
			continue;
		d = str_distance(typed, commands[i].words, 3);
		if (d < best_distance) {
			best_distance = d;
			best = commands[i].words;
		}
	}
	return best;
}

/* --- options --- */

struct words {
	char	**argv;
	int	 argc;
	int	 at;
};

static const struct option *
find_option(const struct option *list, const char *name, size_t len, char letter)
{
	for (; list->name != NULL; list++)
		if (letter != 0 ? list->letter == letter : strlen(list->name) == len && memcmp(list->name, name, len) == 0)
			return list;
	return NULL;
}

static int
set_timeout(struct ctl *c, const char *value)
{
	uint64_t seconds;

	if (str_u64(value, 1, 86400, &seconds) != 0) {
		fprintf(stderr, "patronusctl: --timeout takes seconds, 1 to 86400\n");
		return -1;
	}
	c->timeout_ms = (unsigned)seconds * 1000;
	return 0;
}

static int
host_add(struct ctl *c, const char *name)
{
	if (c->nhosts == HOSTS_MAX) {
		fprintf(stderr, "patronusctl: at most %d hosts at once\n", HOSTS_MAX);
		return -1;
	}
	c->hosts[c->nhosts++] = name;
	return 0;
}

static int
set_global(struct ctl *c, const struct option *o, const char *value)
{
	switch (o->letter != 0 ? o->letter : o->name[0]) {
	case 'h':
		c->wants_help = true;
		break;
	case 'V':
		c->wants_version = true;
		break;
	case 'j':
		c->format = FORMAT_JSON;
		break;
	case 's':
		c->socket = value;
		break;
	case 'H':
		return host_add(c, value);
	case 'w':
		c->workspace = value;
		break;
	case 'c':
		c->color = value;
		break;
	case 't':
		return set_timeout(c, value);
	default:
		break;		/* --no-pager: there is none */
	}
	return 0;
}

/* Whether the value is one of the words, when the option has a list of them. */
static bool
is_word(const char *words, const char *value)
{
	size_t len = strlen(value);
	const char *w;

	for (w = words; *w != '\0'; w += strcspn(w, " "), w += strspn(w, " "))
		if (strcspn(w, " ") == len && memcmp(w, value, len) == 0)
			return true;
	return false;
}

/* The value of an option: after "=", or the next word. */
static int
option_value(struct words *w, const struct option *o, const char *inline_value, const char **ret)
{
	*ret = "";
	if (o->arg == NULL) {
		if (inline_value != NULL) {
			fprintf(stderr, "patronusctl: --%s takes no value\n", o->name);
			return -1;
		}
		return 0;
	}
	if (inline_value == NULL && w->at + 1 >= w->argc) {
		fprintf(stderr, "patronusctl: --%s needs %s\n", o->name, o->arg);
		return -1;
	}
	*ret = inline_value != NULL ? inline_value : w->argv[++w->at];
	if (o->words != NULL && !is_word(o->words, *ret)) {
		fprintf(stderr, "patronusctl: --%s takes one of: %s\n", o->name, o->words);
		return -1;
	}
	return 0;
}

static int
take_option(struct ctl *c, struct words *w)
{
	const char *word = w->argv[w->at], *name = word + 2, *eq = NULL, *value;
	const struct option *o = NULL, *g;
	bool is_long = word[1] == '-';
	size_t len = 0;

	if (is_long) {
		eq = strchr(name, '=');
		len = eq != NULL ? (size_t)(eq - name) : strlen(name);
	} else if (word[2] != '\0')
		eq = word + 1;		/* -sVALUE */
	if (c->command != NULL)
		o = find_option(c->command->options, name, len, is_long ? 0 : word[1]);
	g = o == NULL ? find_option(global_options, name, len, is_long ? 0 : word[1]) : NULL;
	if (o == NULL && g == NULL) {
		fprintf(stderr, "patronusctl: unknown option %s%s%s; see patronusctl %s%s--help\n", word,
		    c->command != NULL ? " of " : "", c->command != NULL ? c->command->words : "",
		    c->command != NULL ? c->command->words : "", c->command != NULL ? " " : "");
		return -1;
	}
	if (option_value(w, o != NULL ? o : g, eq != NULL ? eq + 1 : NULL, &value) != 0)
		return -1;
	if (o == NULL)
		return set_global(c, g, value);
	c->values[o - c->command->options] = value;
	return 0;
}

const char *
ctl_option(const struct ctl *c, const char *name)
{
	const struct option *o = find_option(c->command->options, name, strlen(name), 0);

	return o != NULL ? c->values[o - c->command->options] : NULL;
}

/* --- words --- */

static int
unknown_command(int argc, char *const *argv)
{
	char typed[256] = "";
	const char *near;
	size_t at = 0;
	int i, n;

	for (i = 0; i < argc && i < 4; i++) {
		n = snprintf(typed + at, sizeof(typed) - at, "%s%s", i > 0 ? " " : "", argv[i]);
		if (n < 0 || (size_t)n >= sizeof(typed) - at)
			break;
		at += (size_t)n;
	}
	near = command_suggest(typed);
	if (near != NULL)
		fprintf(stderr, "patronusctl: there is no command \"%s\"; did you mean \"%s\"?\n", typed, near);
	else
		fprintf(stderr, "patronusctl: there is no command \"%s\"; see patronusctl --help\n", typed);
	return -1;
}

static int
check_args(struct ctl *c)
{
	const struct argument *a = c->command->args;
	int least = 0, most = 0;

	for (; a->name != NULL; a++) {
		least += a->is_optional ? 0 : 1;
		most = a->is_many ? ARGS_MAX : most + 1;
	}
	if (c->nargs < least) {
		fprintf(stderr, "patronusctl: %s needs %s; see patronusctl %s --help\n", c->command->words,
		    c->command->args[c->nargs].name, c->command->words);
		return -1;
	}
	if (c->nargs > most) {
		fprintf(stderr, "patronusctl: %s does not take \"%s\"; see patronusctl %s --help\n", c->command->words,
		    c->args[most], c->command->words);
		return -1;
	}
	return 0;
}

/* The words that name the command may stand after global options. */
static int
find_command(struct ctl *c, struct words *w, char *group, size_t size)
{
	int n, i;
	size_t at = 0;

	c->command = command_find(w->argc - w->at, w->argv + w->at, &n);
	if (c->command != NULL) {
		w->at += n;
		return 0;
	}
	/* "show firewall --help": a group has a page of its own. */
	for (i = w->at; i < w->argc && w->argv[i][0] != '-'; i++)
		at += (size_t)snprintf(group + at, at < size ? size - at : 0, "%s%s", i > w->at ? " " : "", w->argv[i]);
	if (at >= size || !command_is_group(group))
		return unknown_command(i - w->at, w->argv + w->at);
	c->group = group;
	w->at = i;
	return 0;
}

static int
take_words(struct ctl *c, struct words *w, char *group, size_t size)
{
	bool only_args = false;

	for (; w->at < w->argc; w->at++) {
		const char *word = w->argv[w->at];

		if (!only_args && strcmp(word, "--") == 0) {
			only_args = true;
		} else if (!only_args && word[0] == '-' && word[1] != '\0') {
			if (take_option(c, w) != 0)
				return -1;
		} else if (c->command == NULL && c->group == NULL) {
			if (find_command(c, w, group, size) != 0)
				return -1;
			if (c->command != NULL && c->command->is_raw)
				only_args = true;
			w->at--;
		} else if (c->nargs == ARGS_MAX) {
			fprintf(stderr, "patronusctl: too many words\n");
			return -1;
		} else
			c->args[c->nargs++] = word;
	}
	return 0;
}

void
ctl_inherit(struct ctl *c, const struct ctl *from)
{
	c->socket = from->socket;
	if (c->nhosts == 0) {
		memcpy(c->hosts, from->hosts, sizeof(c->hosts));
		c->nhosts = from->nhosts;
	}
	if (c->workspace == NULL)
		c->workspace = from->workspace;
	if (c->color == NULL)
		c->color = from->color;
}

int
ctl_parse(struct ctl *c, int argc, char **argv)
{
	static char group[256];
	struct words w = { argv, argc, 1 };
	const char *env = getenv("PATRONUS_SOCKET");

	memset(c, 0, sizeof(*c));
	c->socket = env != NULL && env[0] != '\0' ? env : "/run/patronus/mgmt.sock";
	env = getenv("PATRONUS_WORKSPACE");
	c->workspace = env != NULL && env[0] != '\0' ? env : NULL;
	c->timeout_ms = TIMEOUT_MS;
	group[0] = '\0';
	if (take_words(c, &w, group, sizeof(group)) != 0)
		return -1;
	if (c->command == NULL)
		c->group = group;
	if (c->wants_help || c->wants_version || c->command == NULL || c->command->is_raw)
		return 0;
	return check_args(c);
}
