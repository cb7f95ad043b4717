/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "xdp/loader.h"
#include "xdp/program.h"
#include "xdp/shared.h"

static char	*reason;

/* The last thing that libbpf warns of says best what the kernel did not like. */
static int __attribute__((format(printf, 2, 0)))
on_text(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[LOADER_REASON_MAX];
	size_t len;

	if (level != LIBBPF_WARN || vsnprintf(line, sizeof(line), fmt, ap) <= 0)
		return 0;
	len = strcspn(line, "\n");
	line[len] = '\0';
	if (strncmp(line, "libbpf: ", 8) == 0)
		memmove(line, line + 8, len - 7);
	(void)snprintf(reason, LOADER_REASON_MAX, "%s", line);
	return 0;
}

static void
reason_into(char *ret_reason)
{
	reason = ret_reason;
	reason[0] = '\0';
	(void)libbpf_set_print(on_text);
}

static const char *const programs[] = { "patronus_drop", "patronus_answer" };

/* Of the two, one is loaded. */
static int
program_choose(struct bpf_object *o, bool answers)
{
	struct bpf_program *other = bpf_object__find_program_by_name(o, programs[!answers]);

	return other != NULL ? bpf_program__set_autoload(other, false) : -ENOENT;
}

static int
sizes_set(struct bpf_object *o, uint32_t nslots, bool has_rates)
{
	struct bpf_map *pool = bpf_object__find_map_by_name(o, "pool"), *cells = bpf_object__find_map_by_name(o, "cells");
	int error;

	if (pool == NULL || cells == NULL)
		return -ENOENT;
	error = bpf_map__set_max_entries(pool, nslots > 0 ? nslots : 1);
	return error != 0 ? error : bpf_map__set_max_entries(cells, has_rates ? XDP_CELLS_ALL : 1);
}

/* Descriptors that outlive the object. */
static int
fds_take(struct bpf_object *o, bool answers, int ret_fds[LOADER_FDS])
{
	static const char *const maps[LOADER_FDS] = { [LOADER_STATE] = "state", [LOADER_GROUPS] = "groups", [LOADER_POOL] = "pool" };
	int i, fd;

	for (i = 0; i < LOADER_FDS; i++)
		ret_fds[i] = -1;
	for (i = 0; i < LOADER_FDS; i++) {
		fd = maps[i] != NULL ? bpf_object__find_map_fd_by_name(o, maps[i]) :
		    bpf_program__fd(bpf_object__find_program_by_name(o, programs[answers]));
		if (fd < 0 || (ret_fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3)) == -1)
			return fd < 0 ? fd : -errno;
	}
	return 0;
}

int
loader_load(uint32_t nslots, bool has_rates, bool answers, int ret_fds[LOADER_FDS], uint32_t *ret_program, char *ret_reason)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "patronus");
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	struct bpf_object *o;
	int error;

	reason_into(ret_reason);
	if ((o = bpf_object__open_mem(xdp_program, xdp_program_len, &opts)) == NULL)
		return -errno;
	error = sizes_set(o, nslots, has_rates);
	if (error == 0)
		error = program_choose(o, answers);
	if (error == 0)
		error = bpf_object__load(o);
	if (error == 0)
		error = fds_take(o, answers, ret_fds);
	if (error == 0)
		error = bpf_obj_get_info_by_fd(ret_fds[LOADER_PROGRAM], &info, &len);
	*ret_program = info.id;
	bpf_object__close(o);
	return error;
}

/* Whichever mode it is in. */
static int
program_on(uint32_t link, uint32_t *ret, bool *ret_is_generic)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int error = bpf_xdp_query((int)link, 0, &q);

	if (error != 0)
		return error;
	*ret_is_generic = q.attach_mode == XDP_ATTACHED_SKB;
	*ret = q.prog_id != 0 ? q.prog_id : q.drv_prog_id != 0 ? q.drv_prog_id : q.skb_prog_id != 0 ? q.skb_prog_id : q.hw_prog_id;
	return 0;
}

static int
attach_as(uint32_t link, uint32_t expected, int program, int old, uint32_t mode)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old);

	if (expected == 0)
		return bpf_xdp_attach((int)link, program, mode | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	return bpf_xdp_attach((int)link, program, mode | (old != -1 ? XDP_FLAGS_REPLACE : 0), old != -1 ? &opts : NULL);
}

int
loader_attach(uint32_t link, uint32_t expected, int program, int old, bool *ret_is_generic, char *ret_reason)
{
	uint32_t there;
	int error;

	reason_into(ret_reason);
	error = program_on(link, &there, ret_is_generic);
	if (error != 0 || there != expected)
		return error != 0 ? error : -EEXIST;
	/* One of ours is exchanged in the mode that it has: between two modes there would be a moment with neither. */
	if (expected != 0)
		return attach_as(link, expected, program, old, *ret_is_generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	error = attach_as(link, 0, program, -1, XDP_FLAGS_DRV_MODE);
	if (error == 0 || error == -EBUSY || error == -ENODEV)
		return error == -EBUSY ? -EEXIST : error;
	if (ret_reason[0] == '\0')
		(void)snprintf(ret_reason, LOADER_REASON_MAX, "the driver has no XDP of its own: %s", strerror(-error));
	*ret_is_generic = true;
	return attach_as(link, 0, program, -1, XDP_FLAGS_SKB_MODE);
}

int
loader_detach(uint32_t link, uint32_t expected, char *ret_reason)
{
	bool is_generic;
	uint32_t there;
	int error;

	reason_into(ret_reason);
	error = program_on(link, &there, &is_generic);
	if (error != 0 || there == 0)
		return error;
	if (there != expected)
		return -EEXIST;
	return bpf_xdp_detach((int)link, is_generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, NULL);
}
