/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "actual.h"
#include "host.h"

#define TEXT_MAX	4096
#define ZONEINFO	"/usr/share/zoneinfo/"

int
host_file(uint8_t id, size_t max, struct arena *arena, const char **ret, size_t *ret_len)
{
	struct file_open_req req = { .id = id };
	struct privcall_error err;
	const uint8_t *data;
	size_t len;
	int fd, error;

	if ((error = privcall_take_fd(MSG_FILE_OPEN, &req, &fd, &err)) != 0)
		return error;
	error = memfd_map(fd, max, &data, &len);
	(void)close(fd);
	if (error != 0)
		return error;
	*ret = len > 0 ? arena_strndup(arena, (const char *)data, len) : "";
	*ret_len = len;
	memfd_unmap(data, len);
	return *ret == NULL ? -ENOMEM : 0;
}

/* One line or a file; NULL for what is none of ours in any case: a link to somewhere, bytes that are no text. */
static int
read_text(struct actual *a, uint8_t id, const char **ret)
{
	size_t len = 0;
	int error;

	error = host_file(id, TEXT_MAX, a->arena, ret, &len);
	if (error == -ENOMEM)
		return error;
	if (error == -ENOENT)
		*ret = "";
	else if (error != 0 || strlen(*ret) != len || !str_is_utf8(*ret, len))
		*ret = NULL;
	return 0;
}

static int
read_name(struct actual *a)
{
	int error = read_text(a, FILE_HOST_NAME, &a->hostname);

	if (error == 0 && a->hostname != NULL && strchr(a->hostname, '\n') != NULL)
		a->hostname = arena_strndup(a->arena, a->hostname, strcspn(a->hostname, "\n"));
	return error;
}

static int
read_zone(struct actual *a)
{
	int error = read_text(a, FILE_LOCALTIME, &a->time_zone);

	if (error == 0 && a->time_zone != NULL && strncmp(a->time_zone, ZONEINFO, strlen(ZONEINFO)) == 0)
		a->time_zone += strlen(ZONEINFO);
	return error;
}

/* A kernel without IPv6 has none of its sysctls: nothing is forwarded there either. */
static int
read_sysctl(struct actual *a, uint8_t id)
{
	struct sysctl_set_req req = { .id = id, .instance = "", .is_look = true };
	struct privcall_error err;
	struct message m;
	int error;

	error = privcall(MSG_SYSCTL_SET, &req, &m, &err);
	if (error != 0) {
		if (error != -ENOENT)
			log_errx("kernel", "cannot read a sysctl: %s", err.text);
		return error == -ENOENT ? 0 : error;
	}
	a->sysctls.values[id] = ((const struct sysctl_set_rep *)m.body)->previous;
	a->sysctls.has |= 1u << id;
	message_fini(&m);
	return 0;
}

int
host_read(struct actual *a)
{
	static const uint8_t ids[] = { SYSCTL_IP_FORWARD, SYSCTL_IP6_FORWARD, SYSCTL_ACCEPT_REDIRECTS, SYSCTL_SEND_REDIRECTS,
	    SYSCTL_CONNECTION_COUNTERS };
	int error = 0;
	size_t i;

	for (i = 0; error == 0 && i < sizeof(ids); i++)
		error = read_sysctl(a, ids[i]);
	if (error == 0 && (error = read_name(a)) == 0 && (error = read_zone(a)) == 0)
		error = read_text(a, FILE_RESOLV_CONF, &a->resolv_conf);
	a->has_host = error == 0;
	return error;
}
