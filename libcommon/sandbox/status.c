/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

int
sandbox_proc_read(pid_t pid, const char *name, char *ret, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	n = read(fd, ret, size - 1);
	(void)close(fd);
	if (n <= 0)
		return -ESRCH;
	ret[n] = '\0';
	return 0;
}

/* The text after "NAME:" of the line that starts with it, or NULL. */
static const char *
line_find(const char *status, const char *name)
{
	size_t len = strlen(name);
	const char *line = status;

	while (line != NULL && *line != '\0') {
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1;
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return NULL;
}

/* The n-th number of a line. */
static int
number_at(const char *status, const char *name, int base, unsigned n, uint64_t *ret)
{
	const char *p = line_find(status, name);
	char *end;

	if (p == NULL)
		return -EPROTO;
	for (;;) {
		while (*p == '\t' || *p == ' ')
			p++;
		if (!isxdigit((unsigned char)*p))
			return -EPROTO;
		errno = 0;
		*ret = strtoull(p, &end, base);
		if (errno != 0 || end == p)
			return -EPROTO;
		if (n-- == 0)
			return 0;
		p = end;
	}
}

static bool
ids_are(const char *status, const char *name, uint32_t id)
{
	uint64_t v;
	unsigned i;

	/* Real, effective, saved, file system. */
	for (i = 0; i < 4; i++)
		if (number_at(status, name, 10, i, &v) != 0 || v != id)
			return false;
	return true;
}

static bool
is_number(const char *status, const char *name, int base, uint64_t want)
{
	uint64_t v;

	return number_at(status, name, base, 0, &v) == 0 && v == want;
}

int
sandbox_check_status(const char *status, const struct profile *p, const char **ret_why)
{
	static const char *const caps[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	uint64_t filters;
	size_t i;

	if (line_find(status, "Uid") == NULL || line_find(status, "NoNewPrivs") == NULL) {
		*ret_why = "no status file";
		return -EPROTO;
	}
	*ret_why = NULL;
	if (!ids_are(status, "Uid", profile_uid(p)))
		*ret_why = "wrong user";
	else if (!ids_are(status, "Gid", profile_uid(p)))
		*ret_why = "wrong group";
	for (i = 0; *ret_why == NULL && i < sizeof(caps) / sizeof(caps[0]); i++)
		if (!is_number(status, caps[i], 16, 0))
			*ret_why = "has capabilities";
	if (*ret_why == NULL && !is_number(status, "NoNewPrivs", 10, 1))
		*ret_why = "may gain privileges";
	/* Two filters are the spawner's (without bpf() and with it), one its own. */
	if (*ret_why == NULL && (!is_number(status, "Seccomp", 10, 2) ||
	    number_at(status, "Seccomp_filters", 10, 0, &filters) != 0 || filters < 3))
		*ret_why = "has no system call filter of its own";
	return *ret_why == NULL ? 0 : -EPERM;
}

int
sandbox_read_status(const char *status, struct sandbox_status *ret)
{
	uint64_t uid, eff, bnd, nnp, mode, filters, rss = 0;

	if (number_at(status, "Uid", 10, 1, &uid) != 0 || number_at(status, "CapEff", 16, 0, &eff) != 0 ||
	    number_at(status, "CapBnd", 16, 0, &bnd) != 0 || number_at(status, "NoNewPrivs", 10, 0, &nnp) != 0 ||
	    number_at(status, "Seccomp", 10, 0, &mode) != 0 || number_at(status, "Seccomp_filters", 10, 0, &filters) != 0)
		return -EPROTO;
	(void)number_at(status, "VmRSS", 10, 0, &rss);	/* a process that is ending has none */
	ret->uid = (uint32_t)uid;
	ret->cap_effective = eff;
	ret->cap_bounding = bnd;
	ret->no_new_privs = (uint8_t)nnp;
	ret->seccomp = (uint8_t)mode;
	ret->seccomp_filters = (uint32_t)filters;
	ret->rss_kb = (uint32_t)rss;
	return 0;
}
