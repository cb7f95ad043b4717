/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <stddef.h>

#include "bench_filter.h"

/* What allows by default: of the package's programs the one that drops what is listed. */
#define FILTER		"/usr/lib/x86_64-linux-gnu/bpf/xdpfilt_alw_ip.o"

int
bench_filter(uint32_t n)
{
	struct bpf_object *o = bpf_object__open_file(FILTER, NULL);
	uint64_t values[256];
	struct bpf_map *m;
	uint32_t i, key;
	int fd;

	if (o == NULL)
		return -1;
	bpf_object__for_each_map(m, o)
		(void)bpf_map__set_pin_path(m, NULL);
	if (bpf_object__load(o) != 0)
		return -1;
	for (i = 0; i < 256; i++)
		values[i] = 1;		/* as a source */
	fd = bpf_object__find_map_fd_by_name(o, "filter_ipv4");
	for (i = 0; i < n; i++) {
		key = htonl(0x0a000001 + i);
		if (bpf_map_update_elem(fd, &key, values, 0) != 0)
			err(1, "filter_ipv4");
	}
	return bpf_program__fd(bpf_object__next_program(o, NULL));
}
