/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table itself.  A call that is in no set of a row kills the process that makes it.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "config.h"
#include "ipc/ids.h"
#include "sandbox/profile.h"

#define MIB			(1024ull * 1024)
#define TTY_TCGETS		0x5401
#define IO_FIONREAD		0x541b
#define IO_FIONBIO		0x5421
#define IO_OUTQ			0x5411		/* bytes that the other side has not acknowledged */

#define CALL(name)		{ SCMP_SYS(name), 0, { { 0 } } }
#define CALL_EQ(name, i, v)	{ SCMP_SYS(name), 0, { { PROFILE_CMP_EQ, i, v, 0 } } }
#define CALL_EQ2(name, i, v, j, w)	\
				{ SCMP_SYS(name), 0, { { PROFILE_CMP_EQ, i, v, 0 }, { PROFILE_CMP_EQ, j, w, 0 } } }
#define CALL_WITHOUT(name, i, bits)	\
				{ SCMP_SYS(name), 0, { { PROFILE_CMP_MASKED, i, bits, 0 } } }
#define CALL_ONLY(name, i, mask, v)	\
				{ SCMP_SYS(name), 0, { { PROFILE_CMP_MASKED, i, mask, v } } }
/* A socket of that family and type, whatever flags stand beside the type. */
#define CALL_NET(family, type)	\
				{ SCMP_SYS(socket), 0, { { PROFILE_CMP_EQ, 0, family, 0 }, { PROFILE_CMP_MASKED, 1, 0xf, type } } }
#define CALL_ERROR(name, e)	{ SCMP_SYS(name), e, { { 0 } } }
#define SET(set)		{ #set, set##_calls, sizeof(set##_calls) / sizeof(set##_calls[0]) }

/* Memory, time, waiting, and messages on descriptors that it was given. */
static const struct profile_call base_calls[] = {
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close), CALL(lseek),
	CALL(recvmsg), CALL(recvfrom), CALL(sendmsg), CALL_EQ(sendto, 4, 0),
	CALL(poll), CALL(ppoll), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
	CALL(eventfd2), CALL(pipe2), CALL(timerfd_create), CALL(timerfd_settime),
	CALL(fcntl), CALL(dup), CALL(dup3), CALL(fstat), CALL_ONLY(newfstatat, 3, 0x1000, 0x1000),
	CALL(getsockopt), CALL(getsockname), CALL(getpeername), CALL(shutdown),
	CALL_EQ(ioctl, 1, IO_FIONREAD), CALL_EQ(ioctl, 1, IO_FIONBIO), CALL_EQ(ioctl, 1, TTY_TCGETS),
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(mlock), CALL(mlock2), CALL(munlock),
	CALL(futex), CALL(sched_yield), CALL(sched_getaffinity), CALL(getcpu), CALL(sysinfo), CALL(getrusage),
	CALL_EQ2(prlimit64, 0, 0, 2, 0),
	CALL(rt_sigreturn), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(sigaltstack), CALL(restart_syscall),
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep), CALL(nanosleep), CALL(gettimeofday), CALL(time),
	CALL(getrandom), CALL(getpid), CALL(gettid), CALL(getppid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
	CALL(uname), CALL(exit), CALL(exit_group),
};

/* No memory becomes executable. */
static const struct profile_call data_memory_calls[] = {
	CALL_WITHOUT(mmap, 2, PROT_EXEC), CALL_WITHOUT(mprotect, 2, PROT_EXEC),
};

/* Libraries are mapped, but never writable and executable at once. */
static const struct profile_call code_memory_calls[] = {
	CALL_WITHOUT(mmap, 2, PROT_EXEC), CALL_ONLY(mmap, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
	CALL_WITHOUT(mprotect, 2, PROT_EXEC),
};

static const struct profile_call memfd_calls[] = {
	CALL(memfd_create), CALL(ftruncate),
};

/* Landlock and the root decide which files. */
static const struct profile_call file_read_calls[] = {
	CALL(openat), CALL(open), CALL(pread64), CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx), CALL(access),
	CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(getcwd), CALL(flock),
	CALL(fadvise64), CALL(fstatfs), CALL(statfs),
};

static const struct profile_call file_write_calls[] = {
	CALL(pwrite64), CALL(pwritev), CALL(preadv), CALL(fsync), CALL(fdatasync), CALL(sync_file_range), CALL(ftruncate),
	CALL(fallocate), CALL(rename), CALL(renameat), CALL(renameat2), CALL(unlink), CALL(unlinkat), CALL(mkdir), CALL(mkdirat),
	CALL(rmdir), CALL(fchmod), CALL(chmod), CALL(link), CALL(linkat), CALL(utimensat), CALL(umask), CALL(msync),
};

/* Connections of a listener that privd made. */
static const struct profile_call accept_calls[] = {
	CALL(accept4), CALL_EQ(setsockopt, 1, IPPROTO_TCP), CALL_EQ2(setsockopt, 1, SOL_SOCKET, 2, SO_LINGER),
	CALL_EQ2(setsockopt, 1, SOL_SOCKET, 2, SO_KEEPALIVE), CALL_EQ2(setsockopt, 1, SOL_SOCKET, 2, SO_SNDBUF),
};

/* Connections to the world; nothing is listened to. */
static const struct profile_call connect_calls[] = {
	CALL_NET(AF_INET, SOCK_STREAM), CALL_NET(AF_INET, SOCK_DGRAM), CALL_NET(AF_INET6, SOCK_STREAM), CALL_NET(AF_INET6, SOCK_DGRAM),
	CALL(connect), CALL(sendto), CALL_EQ(setsockopt, 1, IPPROTO_TCP), CALL_EQ2(setsockopt, 1, SOL_SOCKET, 2, SO_KEEPALIVE),
	CALL_EQ2(setsockopt, 1, SOL_SOCKET, 2, SO_SNDBUF), CALL_EQ(ioctl, 1, IO_OUTQ),
};

/*
 * What PAM and the C library try on the way: syslog, the name service cache, a new session keyring.  libpam takes a kernel without
 * audit sockets (EAFNOSUPPORT) as it is, and every other refusal of one as a failed login.
 */
static const struct profile_call pam_tries_calls[] = {
	CALL_ERROR(socket, EAFNOSUPPORT), CALL_ERROR(connect, EACCES), CALL_ERROR(setresuid, EPERM), CALL_ERROR(setfsuid, EPERM),
	CALL_ERROR(keyctl, EPERM),
	CALL(alarm), CALL(setitimer),
};

/* Programs and arrays of BPF are made, and a message of rtnetlink attaches one.  libbpf looks for a file of Ubuntu, and goes on without. */
static const struct profile_call bpf_calls[] = {
	CALL_EQ(bpf, 0, BPF_MAP_CREATE), CALL_EQ(bpf, 0, BPF_PROG_LOAD), CALL_EQ(bpf, 0, BPF_BTF_LOAD), CALL_EQ(bpf, 0, BPF_OBJ_GET_INFO_BY_FD),
	CALL_EQ2(socket, 0, AF_NETLINK, 2, NETLINK_ROUTE), CALL(bind), CALL_EQ(setsockopt, 1, SOL_NETLINK),
	CALL_ERROR(faccessat, ENOENT), CALL_ERROR(faccessat2, ENOENT),
};

/* privd, which has no row.  No connect, no exec, no fork, no kill but "is it there", no memory that runs. */
static const struct profile_call privd_calls[] = {
	CALL(read), CALL(write), CALL(pread64), CALL(pwrite64), CALL(close), CALL(lseek),
	CALL(poll), CALL(ppoll), CALL(recvmsg), CALL(recvfrom), CALL(sendmsg), CALL(sendto),
	CALL_EQ(socket, 0, AF_NETLINK), CALL_EQ(socket, 0, AF_INET), CALL_EQ(socket, 0, AF_INET6), CALL_EQ(socket, 0, AF_UNIX),
	CALL(socketpair), CALL(bind), CALL(listen),
	CALL(setsockopt), CALL(getsockopt), CALL(getsockname), CALL(shutdown),
	CALL(openat), CALL(openat2), CALL(open), CALL(fstat), CALL(newfstatat), CALL(fsync), CALL(fdatasync), CALL(renameat),
	CALL(renameat2), CALL(rename), CALL(unlink), CALL(unlinkat), CALL(symlinkat), CALL(readlinkat), CALL(chmod), CALL(fchmod),
	CALL(fchmodat), CALL(fcntl), CALL(memfd_create), CALL(ftruncate),
	CALL_WITHOUT(mmap, 2, PROT_EXEC), CALL_WITHOUT(mprotect, 2, PROT_EXEC), CALL(munmap), CALL(mremap), CALL(brk), CALL(madvise),
	CALL(wait4), CALL(waitid), CALL_EQ(kill, 1, 0), CALL(futex), CALL(getrandom),
	CALL_EQ(membarrier, 0, MEMBARRIER_CMD_GLOBAL),
	CALL(rt_sigreturn), CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(restart_syscall),
	CALL(clock_gettime), CALL(clock_nanosleep), CALL(gettimeofday), CALL(getpid), CALL(gettid), CALL(getuid), CALL(geteuid),
	CALL(exit), CALL(exit_group),
};
static const struct profile_calls base = SET(base), data_memory = SET(data_memory), code_memory = SET(code_memory),
    memfd = SET(memfd), file_read = SET(file_read), file_write = SET(file_write), accept_set = SET(accept), connect_set = SET(connect),
    pam_tries = SET(pam_tries), bpf_set = SET(bpf), privd_set = SET(privd);

static const int xdp_caps[] = { CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN };

#define LIMITS(nofile, as, ...)						\
	{ { RLIMIT_NOFILE, nofile }, { RLIMIT_AS, as },			\
	  { RLIMIT_NPROC, 0 }, { RLIMIT_CORE, 0 }, __VA_ARGS__ { -1, 0 } }

static const struct profile profiles[] = {
	{ .role = ROLE_CONFD, .name = "confd", .state_dir = "conf", .state = PROFILE_STATE_WRITE, .data_dir = PROFILE_GEOIP_DIR,
	  .calls = { &base, &data_memory, &memfd, &file_read, &file_write, &accept_set },
	  .limits = LIMITS(256, 1024 * MIB, ) },
	{ .role = ROLE_AUTHD, .name = "authd", .state_dir = "auth", .state = PROFILE_STATE_WRITE,
	  .calls = { &base, &data_memory, &file_read, &file_write },
	  .limits = LIMITS(64, 512 * MIB, { RLIMIT_FSIZE, 64 * MIB }, { RLIMIT_MEMLOCK, MIB }, ) },
	{ .role = ROLE_LOGD, .name = "logd", .state_dir = "log", .state = PROFILE_STATE_WRITE,
	  .calls = { &base, &data_memory, &file_read, &file_write },
	  .limits = LIMITS(64, 256 * MIB, { RLIMIT_FSIZE, 4096 * MIB }, ) },
	{ .role = ROLE_NETD, .name = "netd",
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 512 * MIB, ) },
	{ .role = ROLE_FWD, .name = "fwd",
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 1024 * MIB, ) },
	{ .role = ROLE_HTTPD, .name = "httpd",
	  .calls = { &base, &data_memory, &accept_set },
	  .limits = LIMITS(12288, 768 * MIB, ) },
	{ .role = ROLE_FETCHD, .name = "fetchd", .has_network = true,
	  .calls = { &base, &data_memory, &file_read, &file_write, &connect_set },
	  .limits = LIMITS(128, 768 * MIB, { RLIMIT_FSIZE, MIB / 16 }, ) },
	{ .role = ROLE_PAM, .name = "pam", .state_dir = "auth", .state = PROFILE_STATE_READ, .state_group = ROLE_AUTHD,
	  .loads_code = true,
	  .calls = { &base, &code_memory, &file_read, &pam_tries },
	  .limits = LIMITS(32, 256 * MIB, { RLIMIT_CPU, 5 }, { RLIMIT_FSIZE, 0 }, ) },
	{ .role = ROLE_RECHECK, .name = "recheck",
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 1024 * MIB, { RLIMIT_CPU, 30 }, ) },
	{ .role = ROLE_TPM, .name = "tpm", .device = "/dev/tpmrm0",
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 256 * MIB, { RLIMIT_CPU, 5 }, { RLIMIT_FSIZE, 0 }, ) },
	{ .role = ROLE_XDP, .name = "xdp", .caps = xdp_caps, .ncaps = sizeof(xdp_caps) / sizeof(xdp_caps[0]),
	  .calls = { &base, &data_memory, &bpf_set },
	  .limits = LIMITS(32, 256 * MIB, { RLIMIT_CPU, 10 }, { RLIMIT_FSIZE, 0 }, ) },
	{ .role = ROLE_PROVE, .name = "prove", .device = "/proc/sys", .device_is_dir = true,
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 1024 * MIB, { RLIMIT_CPU, 10 }, { RLIMIT_FSIZE, 0 }, ) },
	{ .role = ROLE_PARSE, .name = "parse",
	  .calls = { &base, &data_memory },
	  .limits = LIMITS(32, 256 * MIB, { RLIMIT_CPU, 10 }, { RLIMIT_FSIZE, 0 }, ) },
};

const struct profile *
profiles_all(size_t *ret_n)
{
	*ret_n = sizeof(profiles) / sizeof(profiles[0]);
	return profiles;
}

const struct profile *
profile_by_role(uint8_t role)
{
	size_t i;

	for (i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (profiles[i].role == role)
			return &profiles[i];
	return NULL;
}

uint32_t
profile_uid(const struct profile *p)
{
	return PATRONUS_UID_BASE + p->role;
}

const struct profile_calls *
profile_privd_calls(void)
{
	return &privd_set;
}
