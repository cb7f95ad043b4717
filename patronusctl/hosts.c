/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "hosts.h"
#include "line.h"

#define LINE_LEN	2048

static void
file_name(char *ret, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *own = getenv("PATRONUS_HOSTS");

	if (own != NULL && own[0] != '\0')
		(void)snprintf(ret, size, "%s", own);
	else if (config != NULL && config[0] == '/')
		(void)snprintf(ret, size, "%s/patronus/hosts", config);
	else
		(void)snprintf(ret, size, "%s/.config/patronus/hosts", home != NULL ? home : "");
}

/* A token that others can read is theirs too. */
static int
token_read(const char *file, char ret[129])
{
	struct stat st;
	FILE *f = fopen(file, "re");
	int error = 0;

	if (f == NULL) {
		fprintf(stderr, "patronusctl: %s: %s\n", file, strerror(errno));
		return -1;
	}
	if (fstat(fileno(f), &st) == -1 || (st.st_mode & 077) != 0) {
		fprintf(stderr, "patronusctl: %s: others can read this token; chmod 600 it\n", file);
		error = -1;
	} else if (fgets(ret, 129, f) == NULL) {
		fprintf(stderr, "patronusctl: %s: there is no token in it\n", file);
		error = -1;
	} else
		ret[strcspn(ret, " \t\r\n")] = '\0';
	(void)fclose(f);
	return error;
}

static int
option_take(const char *word, struct host *h)
{
	if (strncmp(word, "token-file=", 11) == 0)
		return token_read(word + 11, h->token);
	if (strncmp(word, "ca=", 3) == 0)
		return str_copy(h->ca, word + 3, sizeof(h->ca)) < sizeof(h->ca) ? 0 : -1;
	if (strncmp(word, "pin=sha256//", 12) == 0)
		return str_copy(h->pin, word + 4, sizeof(h->pin)) < sizeof(h->pin) ? 0 : -1;
	fprintf(stderr, "patronusctl: hosts: \"%s\" is none of token-file=FILE, ca=FILE and pin=sha256//...\n", word);
	return -1;
}

static int
url_check(struct host *h)
{
	size_t len = strlen(h->url);

	while (len > 0 && h->url[len - 1] == '/')
		h->url[--len] = '\0';
	if (strncmp(h->url, "https://", 8) == 0 && len > 8 && strchr(h->url + 8, '/') == NULL && strchr(h->url, '@') == NULL)
		return 0;
	fprintf(stderr, "patronusctl: %s: \"%s\" is not https://HOST[:PORT]\n", h->name, h->url);
	return -1;
}

/* 1 when the line is about name. */
static int
line_take(const char *text, const char *name, struct host *h)
{
	const char *why;
	struct line l;
	int i, found = 0;

	if (line_parse(&l, text, &why) == 0 && l.n >= 2 && strcmp(l.words[0], name) == 0) {
		(void)str_copy(h->url, l.words[1], sizeof(h->url));
		for (i = 2, found = 1; found == 1 && i < l.n; i++)
			if (option_take(l.words[i], h) != 0)
				found = -1;
	}
	line_fini(&l);
	return found;
}

int
host_find(const char *name, struct host *ret)
{
	const char *token = getenv("PATRONUS_TOKEN");
	char file[HOST_TEXT], text[LINE_LEN];
	int found = 0;
	FILE *f;

	memset(ret, 0, sizeof(*ret));
	(void)str_copy(ret->name, name, sizeof(ret->name));
	file_name(file, sizeof(file));
	if ((f = fopen(file, "re")) != NULL) {
		while (found == 0 && fgets(text, sizeof(text), f) != NULL) {
			text[strcspn(text, "\r\n")] = '\0';
			found = line_take(text, name, ret);
		}
		(void)fclose(f);
	}
	if (found < 0)
		return -1;
	if (found == 0 && strncmp(name, "https://", 8) != 0) {
		fprintf(stderr, "patronusctl: there is no host \"%s\" in %s\n", name, file);
		return -1;
	}
	if (found == 0)
		(void)str_copy(ret->url, name, sizeof(ret->url));
	if (token != NULL && token[0] != '\0' && ret->token[0] == '\0')
		(void)str_copy(ret->token, token, sizeof(ret->token));
	return url_check(ret);
}
