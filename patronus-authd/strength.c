/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "password.h"
#include "strength.h"

/* Costs are tenths of a bit. */
#define WORD		100
#define YEAR		70
#define SEQUENCE	80
#define KEYBOARD	80
#define REPEAT		30
#define PART_MAX	32

/*
 * Roots of passwords that every guessing list begins with: the worst, not a measure of all words.
 */
static const char *const words[] = {
	"password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "admin", "administrator", "root", "patronus",
	"firewall", "router", "letmein", "welcome", "willkommen", "qwerty", "qwertz", "azerty", "qwertyuiop",
	"asdfghjkl", "zxcvbnm", "abcdefghijkl", "abcdef", "iloveyou", "monkey", "dragon", "sunshine", "princess",
	"football", "baseball", "superman", "batman", "master", "secret", "changeme", "default", "test", "login",
	"hello", "trustno", "pfsense", "opnsense", "openwrt", "vyos", "cisco", "ubnt", "fortinet", "hunter",
	"correcthorsebatterystaple", "network", "internet", "server", "computer", "linux", "debian",
	"january", "february", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday",
	"friday", "saturday", "sunday", "spring", "summer", "autumn", "winter", "michael", "jennifer", "jessica", "charlie", "thomas",
	"daniel", "andrew", "joshua", "matthew", "robert", "michelle", "love", "lovely", "flower", "shadow", "killer", "soccer", "hockey",
	"tigger", "ginger", "pepper", "cheese", "cookie", "banana", "orange", "purple", "silver", "golden", "freedom", "whatever",
	"starwars", "pokemon", "mustang", "ferrari", "yankees", "access", "system", "manager", "support", "service", "company",
	"office", "office365", "windows", "google", "security", "gateway", "switch", "wireless", "guest", "temp", "user", "pass",
};

static const char *const rows[] = { "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc", "1234567890" };

/* A way to read some characters as one part: how many bits it costs, or 0 when they are not that. */
struct pattern {
	const char	*name;
	unsigned	(*cost)(const char *part, size_t len, const char *all, const char *user);
};

size_t
strength_word(const char *s, const char *user)
{
	size_t i, n, best = 0;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (n > best && strncasecmp(s, words[i], n) == 0)
			best = n;
	}
	n = strlen(user);
	return n > best && n >= 3 && strncasecmp(s, user, n) == 0 ? n : best;
}

static unsigned
word_cost(const char *part, size_t len, const char *all, const char *user)
{
	(void)all;
	return strength_word(part, user) == len ? WORD : 0;
}

static unsigned
year_cost(const char *part, size_t len, const char *all, const char *user)
{
	(void)all;
	(void)user;
	return len == 4 && (strncmp(part, "19", 2) == 0 || strncmp(part, "20", 2) == 0) && isdigit((unsigned char)part[2]) &&
	    isdigit((unsigned char)part[3]) ? YEAR : 0;
}

static unsigned
sequence_cost(const char *part, size_t len, const char *all, const char *user)
{
	int step = len > 1 ? part[1] - part[0] : 0;
	size_t i;

	(void)all;
	(void)user;
	if (len < 3 || step < -1 || step > 1)
		return 0;
	for (i = 1; i < len; i++)
		if (part[i] - part[i - 1] != step)
			return 0;
	return SEQUENCE;
}

static unsigned
keyboard_cost(const char *part, size_t len, const char *all, const char *user)
{
	size_t i, at, n;

	(void)all;
	(void)user;
	if (len < 4)
		return 0;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (at = 0, n = strlen(rows[i]); at + len <= n; at++)
			if (strncasecmp(rows[i] + at, part, len) == 0)
				return KEYBOARD;
	return 0;
}

/* The same as just before. */
static unsigned
repeat_cost(const char *part, size_t len, const char *all, const char *user)
{
	(void)user;
	return (size_t)(part - all) >= len && strncasecmp(part - len, part, len) == 0 ? REPEAT : 0;
}

static const struct pattern patterns[] = {
	{ "well-known words", word_cost }, { "a year", year_cost }, { "a sequence", sequence_cost },
	{ "a row of the keyboard", keyboard_cost }, { "a repetition", repeat_cost },
};

/* One character that is part of nothing. */
static unsigned
character_cost(char c)
{
	if (isdigit((unsigned char)c))
		return 33;
	return islower((unsigned char)c) ? 47 : isupper((unsigned char)c) ? 52 : 55;
}

struct reading {
	unsigned		 cost[PASSWORD_MAX + 1];	/* of the first i characters */
	size_t			 from[PASSWORD_MAX + 1];	/* where the last part of them begins */
	const struct pattern	*by[PASSWORD_MAX + 1];		/* NULL: one character */
};

static void
read_to(struct reading *r, size_t end, const char *password, const char *user)
{
	size_t start = end > PART_MAX ? end - PART_MAX : 0, i;
	unsigned cost;

	r->cost[end] = r->cost[end - 1] + character_cost(password[end - 1]);
	r->from[end] = end - 1;
	r->by[end] = NULL;
	for (; start < end; start++)
		for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
			cost = patterns[i].cost(password + start, end - start, password, user);
			if (cost == 0 || r->cost[start] + cost >= r->cost[end])
				continue;
			r->cost[end] = r->cost[start] + cost;
			r->from[end] = start;
			r->by[end] = &patterns[i];
		}
}

unsigned
strength_bits(const char *user, const char *password, char *ret_why, size_t size)
{
	static struct reading r;
	size_t n = strnlen(password, PASSWORD_MAX), at, longest = 0;
	unsigned bits;

	memset(&r, 0, sizeof(r));
	for (at = 1; at <= n; at++)
		read_to(&r, at, password, user);
	ret_why[0] = '\0';
	for (at = n; at > 0; at = r.from[at])
		if (r.by[at] != NULL && at - r.from[at] > longest) {
			longest = at - r.from[at];
			(void)snprintf(ret_why, size, "it has %s", r.by[at]->name);
		}
	bits = r.cost[n] / 10;
	explicit_bzero(&r, sizeof(r));
	return bits;
}
