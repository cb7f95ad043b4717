/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#include "problem.h"
#include "query.h"
#include "reply.h"
#include "request.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

static char *
percent_decode(struct arena *arena, const char *from, size_t len)
{
	char *text = arena_alloc(arena, 1, len + 1);
	size_t i, n = 0;
	int high, low;

	for (i = 0; text != NULL && i < len; i++) {
		if (from[i] == '%') {
			high = i + 2 < len ? hex(from[i + 1]) : -1;
			low = i + 2 < len ? hex(from[i + 2]) : -1;
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return (NULL);
			text[n++] = (char)(high << 4 | low);
			i += 2;
		} else
			text[n++] = from[i] == '+' ? ' ' : from[i];
	}
	return (text != NULL && str_is_utf8(text, n) ? text : NULL);
}

bool
query_get(struct request *req, unsigned i, const char **ret_name, const char **ret_value)
{
	const char *at = req->in->query;
	size_t len = strcspn(at, "&"), name;

	for (; i > 0; i--) {
		if (at[len] == '\0')
			return (false);
		at += len + 1;
		len = strcspn(at, "&");
	}
	if (at[0] == '\0')
		return (false);
	name = strcspn(at, "=&");
	*ret_name = percent_decode(req->message.arena, at, name);
	*ret_value = name < len ? percent_decode(req->message.arena, at + name + 1, len - name - 1) : "";
	return (true);
}

/* Is the name in the list, as a word or as "word[...]" where the list has "word[]"? */
static bool
is_known(const char *known, const char *name)
{
	size_t len, plain = strcspn(name, "[");

	for (;; known += len + 1) {
		len = strcspn(known, " ");
		if (len == strlen(name) && memcmp(known, name, len) == 0 && name[plain] == '\0')
			return (true);
		if (len == plain + 2 && memcmp(known, name, plain + 1) == 0 && known[plain + 1] == ']' &&
		    name[plain + 1] != ']' && name[strlen(name) - 1] == ']')
			return (true);
		if (known[len] == '\0')
			return (false);
	}
}

static bool
is_repeated(struct request *req, unsigned i, const char *name)
{
	const char *other, *value;
	unsigned j;

	for (j = 0; j < i && query_get(req, j, &other, &value); j++)
		if (strcmp(other, name) == 0)
			return (true);
	return (false);
}

bool
query_check(struct request *req, const char *known)
{
	const char *name, *value;
	struct problems *problems;
	unsigned i;

	for (i = 0; query_get(req, i, &name, &value); i++) {
		if (name == NULL || value == NULL)
			reply_problem(req, PROBLEM_SYNTAX, "the query is not well-formed");
		else if (i == QUERY_PARAMETERS)
			reply_problem(req, PROBLEM_SYNTAX, "the query has more than %d parameters", QUERY_PARAMETERS);
		else if (!is_known(known, name) || is_repeated(req, i, name)) {
			if ((problems = problems_new()) == NULL)
				return (false);
			problems_add(problems, "", name, 0, is_known(known, name) ? "repeated-parameter" : "unknown-parameter", known,
			    is_known(known, name) ? "\"%.64s\" is given twice" : "there is no parameter \"%.64s\" here", name);
			reply_problems(req, PROBLEM_SYNTAX, problems, "a parameter of the query is not what this call takes");
			problems_free(problems);
		} else
			continue;
		return (false);
	}
	return (true);
}

const char *
query_text(struct request *req, const char *wanted)
{
	const char *name, *value;
	unsigned i;

	for (i = 0; query_get(req, i, &name, &value); i++)
		if (name != NULL && strcmp(name, wanted) == 0)
			return (value);
	return (NULL);
}

bool
query_number(struct request *req, const char *name, uint64_t min, uint64_t max, uint64_t missing, uint64_t *ret)
{
	const char *text = query_text(req, name);

	*ret = missing;
	if (text == NULL || str_u64(text, min, max, ret) == 0)
		return (true);
	reply_problem(req, PROBLEM_SYNTAX, "%s must be a number from %llu to %llu", name, (unsigned long long)min,
	    (unsigned long long)max);
	return (false);
}

bool
query_flag(struct request *req, const char *name, bool missing, bool *ret)
{
	const char *text = query_text(req, name);

	*ret = text != NULL ? strcmp(text, "true") == 0 : missing;
	if (text == NULL || *ret || strcmp(text, "false") == 0)
		return (true);
	reply_problem(req, PROBLEM_SYNTAX, "%s must be true or false", name);
	return (false);
}
