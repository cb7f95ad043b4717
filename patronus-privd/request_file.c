/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, sysctls, the name and the time zone of the box: all by ids of the tables here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "net/nftwalk.h"
#include "files.h"
#include "options.h"
#include "peer.h"
#include "report.h"
#include "request.h"
#include "spawner.h"

#define FILE_MAX	(64u << 20)
#define ZONEINFO	"/usr/share/zoneinfo"

enum dir {
	DIR_STATE = 0,		/* STATE/privd */
	DIR_RUN,
	DIR_ETC,
	DIR_PROC,
	DIR_ZONEINFO,
	DIR_N
};

static int	dirs[DIR_N] = { -1, -1, -1, -1, -1 };

/* --- what may be in a file --- */

/* Lines of printable ASCII: what a resolver or a console reads. */
static const char *
check_text(const struct bytes *data)
{
	uint32_t i;

	for (i = 0; i < data->len; i++)
		if (data->data[i] != '\n' && (data->data[i] < 0x20 || data->data[i] > 0x7e))
			return "control character";
	return NULL;
}

static const char *
check_ruleset(const struct bytes *data)
{
	struct refusal why;
	uint32_t n;

	return nftwalk_batch(data->data, data->len, &n, &why) == 0 ? NULL : why.reason;
}

struct file {
	uint8_t		 dir;
	const char	*name;
	mode_t		 mode;
	bool		 is_removed_empty;	/* writing nothing removes it */
	bool		 is_link;		/* where it leads to is what is read */
	const char	*(*check)(const struct bytes *);
};

static const struct file files[FILE_ID_MAX] = {
	[FILE_LKG_RULESET] = { DIR_STATE, "lkg-ruleset", 0600, true, false, check_ruleset },
	[FILE_RESOLV_CONF] = { DIR_ETC, "resolv.conf", 0644, true, false, check_text },
	[FILE_NET_BEFORE] = { DIR_RUN, "net-before", 0600, true, false, check_text },
	[FILE_CLAIM_NOTICE] = { DIR_RUN, "claim-notice", 0600, true, false, check_text },
	[FILE_HOST_NAME] = { .dir = DIR_PROC, .name = "sys/kernel/hostname" },
	[FILE_PROCESSORS] = { .dir = DIR_PROC, .name = "stat" },
	[FILE_MEMORY] = { .dir = DIR_PROC, .name = "meminfo" },
	[FILE_LOCALTIME] = { .dir = DIR_ETC, .name = "localtime", .is_link = true },
	[FILE_XDP] = { DIR_RUN, "xdp", 0600, true, false, check_text },
};

static int
dir_open(const char *path, bool is_required, int *ret)
{
	*ret = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret != -1 || !is_required)
		return 0;
	log_err("files", "%s", path);
	return -errno;
}

int
files_init(const struct options *o)
{
	char path[4096];
	int error;

	(void)snprintf(path, sizeof(path), "%s/privd", o->state);
	if ((error = dir_open(path, true, &dirs[DIR_STATE])) == 0 && (error = dir_open(o->run, true, &dirs[DIR_RUN])) == 0 &&
	    (error = dir_open(o->etc, true, &dirs[DIR_ETC])) == 0 && (error = dir_open("/proc", true, &dirs[DIR_PROC])) == 0)
		error = dir_open(ZONEINFO, false, &dirs[DIR_ZONEINFO]);
	return error;
}

static int
open_beneath(int dir, const char *path, uint64_t flags, uint64_t mode)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, dirs[dir], path, &how, sizeof(how));

	return fd == -1 ? -errno : (int)fd;
}

/* --- files --- */

static int
dir_sync(int dir)
{
	int fd = openat(dirs[dir], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (fd == -1)
		return -errno;
	error = fsync(fd) == -1 ? -errno : 0;
	(void)close(fd);
	return error;
}

static int
bytes_write(int fd, const struct bytes *data)
{
	uint32_t at;
	ssize_t n;

	for (at = 0; at < data->len; at += (uint32_t)n) {
		n = write(fd, data->data + at, data->len - at);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return -errno;
	}
	return fsync(fd) == -1 ? -errno : 0;
}

static int
file_replace(const struct file *f, const struct bytes *data)
{
	char tmp[64];
	int fd, error;

	(void)snprintf(tmp, sizeof(tmp), ".%s.new", f->name);
	if (unlinkat(dirs[f->dir], tmp, 0) == -1 && errno != ENOENT)
		return -errno;
	fd = open_beneath(f->dir, tmp, O_WRONLY | O_CREAT | O_EXCL, f->mode);
	if (fd < 0)
		return fd;
	error = fchmod(fd, f->mode) == -1 ? -errno : bytes_write(fd, data);
	(void)close(fd);
	if (error == 0 && renameat(dirs[f->dir], tmp, dirs[f->dir], f->name) == -1)
		error = -errno;
	if (error != 0) {
		(void)unlinkat(dirs[f->dir], tmp, 0);
		return error;
	}
	return dir_sync(f->dir);
}

static int
file_remove(const struct file *f)
{
	if (unlinkat(dirs[f->dir], f->name, 0) == -1)
		return errno == ENOENT ? 0 : -errno;
	return dir_sync(f->dir);
}

bool
request_file_put(struct peer *p, struct message *m, const char **ret_why)
{
	const struct file_put_req *r = m->body;
	const struct file *f = &files[r->id];	/* the policy has let through ids of the table only */
	struct file_put_rep rep = { 0 };
	const char *why = f->check(&r->data);
	int error;

	(void)ret_why;
	if (why != NULL) {
		report_audit("refusal", f->name, "refused", why);
		(void)peer_error(p, &m->header, EPERM, 0, "%s: %s", f->name, why);
		return true;
	}
	error = r->data.len == 0 && f->is_removed_empty ? file_remove(f) : file_replace(f, &r->data);
	peer_answer(p, &m->header, error, &rep, -1, f->name);
	return true;
}

static int
file_read(const struct file *f, struct buf *b)
{
	static uint8_t chunk[65536];
	struct stat st;
	ssize_t n = 0;
	int fd = -1;

	if (f->is_link && (n = readlinkat(dirs[f->dir], f->name, (char *)chunk, sizeof(chunk))) >= 0)
		buf_put(b, chunk, (size_t)n);
	if (f->is_link)
		return n < 0 ? -errno : 0;
	if ((fd = open_beneath(f->dir, f->name, O_RDONLY, 0)) < 0)
		return fd;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return -EINVAL;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_put(b, chunk, (size_t)n);
	(void)close(fd);
	return n < 0 ? -EIO : buf_failed(b) ? -EFBIG : 0;
}

bool
request_file_open(struct peer *p, struct message *m, const char **ret_why)
{
	const struct file_open_req *r = m->body;
	struct file_open_rep rep = { 0 };
	struct buf b;
	int error, fd = -1;

	(void)ret_why;
	buf_init(&b, FILE_MAX);
	error = file_read(&files[r->id], &b);
	if (error == 0 && (fd = memfd_sealed("file", b.data, b.len)) < 0)
		error = fd;
	rep.len = b.len;
	buf_fini(&b);
	peer_answer(p, &m->header, error, &rep, fd, files[r->id].name);
	return true;
}

/* --- sysctls --- */

/* In /proc; %s is the instance. */
static const char *const sysctls[SYSCTL_ID_MAX] = {
	[SYSCTL_IP_FORWARD] = "sys/net/ipv4/ip_forward",
	[SYSCTL_IP6_FORWARD] = "sys/net/ipv6/conf/all/forwarding",
	[SYSCTL_IP6_ACCEPT_RA] = "sys/net/ipv6/conf/%s/accept_ra",
	[SYSCTL_RP_FILTER] = "sys/net/ipv4/conf/%s/rp_filter",
	[SYSCTL_ACCEPT_REDIRECTS] = "sys/net/ipv4/conf/all/accept_redirects",
	[SYSCTL_SEND_REDIRECTS] = "sys/net/ipv4/conf/all/send_redirects",
	[SYSCTL_IP6_DISABLE] = "sys/net/ipv6/conf/%s/disable_ipv6",
	[SYSCTL_PROMOTE_SECONDARIES] = "sys/net/ipv4/conf/%s/promote_secondaries",
	[SYSCTL_LINK_FORWARD] = "sys/net/ipv4/conf/%s/forwarding",
	[SYSCTL_LINK6_FORWARD] = "sys/net/ipv6/conf/%s/forwarding",
	[SYSCTL_CONNECTION_COUNTERS] = "sys/net/netfilter/nf_conntrack_acct",
};

static void
sysctl_path(uint8_t id, const char *instance, char *ret, size_t size)
{
	size_t before = strcspn(sysctls[id], "%");
	const char *rest = sysctls[id] + before;

	(void)snprintf(ret, size, "%.*s%s%s", (int)before, sysctls[id], *rest != '\0' ? instance : "", *rest != '\0' ? rest + 2 : "");
}

static int
sysctl_set(const char *path, uint32_t value, bool is_look, uint32_t *ret_previous)
{
	char text[16];
	ssize_t n;
	int fd, len, error = 0;

	fd = open_beneath(DIR_PROC, path, is_look ? O_RDONLY : O_RDWR, 0);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		error = -EIO;
	else {
		text[n] = '\0';
		*ret_previous = (uint32_t)strtoul(text, NULL, 10);
		len = snprintf(text, sizeof(text), "%u\n", value);
		/* Writing restarts things in the kernel: not when nothing changes. */
		if (!is_look && *ret_previous != value && pwrite(fd, text, (size_t)len, 0) != len)
			error = -errno;
	}
	(void)close(fd);
	return error;
}

bool
request_sysctl_set(struct peer *p, struct message *m, const char **ret_why)
{
	const struct sysctl_set_req *r = m->body;
	struct sysctl_set_rep rep = { 0 };
	char path[128];
	int error;

	(void)ret_why;
	sysctl_path(r->id, r->instance, path, sizeof(path));
	error = sysctl_set(path, r->value, r->is_look, &rep.previous);
	peer_answer(p, &m->header, error, &rep, -1, path);
	return true;
}

/* --- the box --- */

static int
timezone_set(const char *zone)
{
	char target[256];
	int fd;

	if (dirs[DIR_ZONEINFO] == -1)
		return -ENOENT;
	fd = open_beneath(DIR_ZONEINFO, zone, O_PATH, 0);
	/* Debian has links among the zones: the name is what counts, the target stays in the directory. */
	if (fd == -ELOOP)
		fd = openat(dirs[DIR_ZONEINFO], zone, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fd == -1 ? -errno : fd;
	(void)close(fd);
	(void)snprintf(target, sizeof(target), "%s/%s", ZONEINFO, zone);
	if ((unlinkat(dirs[DIR_ETC], ".localtime.new", 0) == -1 && errno != ENOENT) ||
	    symlinkat(target, dirs[DIR_ETC], ".localtime.new") == -1 ||
	    renameat(dirs[DIR_ETC], ".localtime.new", dirs[DIR_ETC], "localtime") == -1)
		return -errno;
	return dir_sync(DIR_ETC);
}

bool
request_host_ctl(struct peer *p, struct message *m, const char **ret_why)
{
	const struct host_ctl_req *r = m->body;
	struct host_ctl_rep rep = { 0 };
	int error;

	(void)ret_why;
	error = r->verb == HOST_SET_NAME ? spawner_hostname(r->value) : timezone_set(r->value);
	peer_answer(p, &m->header, error, &rep, -1, r->value);
	return true;
}
