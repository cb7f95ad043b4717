/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program of the build: the table of profiles as classic BPF, so that a process loads its filter without a library, without memory and in one call.
 *
 *	seccomp-filters FILE
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/profile.h"

/* Calls by which kernels fall, and which nothing here needs at any time. */
static const int never[] = {
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(open_by_handle_at), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(reboot),
	SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(modify_ldt), SCMP_SYS(pidfd_getfd), SCMP_SYS(quotactl), SCMP_SYS(acct),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(personality), SCMP_SYS(vhangup),
	SCMP_SYS(lookup_dcookie), SCMP_SYS(nfsservctl), SCMP_SYS(uselib), SCMP_SYS(ustat), SCMP_SYS(sysfs), SCMP_SYS(syslog),
};

#ifdef PATRONUS_SANITIZED
/* A sanitizer reads /proc and maps memory as it likes; what is left is still refused. */
static const int never_sanitized[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(bind),
	SCMP_SYS(listen), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns),
};
#endif

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "seccomp-filters: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A filter that also kills on foreign ABIs (32 bit, x32). */
static scmp_filter_ctx
filter_new(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	if (ctx == NULL)
		return NULL;
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0)
		return ctx;
	seccomp_release(ctx);
	return NULL;
}

static int
filter_kill(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	size_t i;
	int error;

	for (i = 0; i < n; i++) {
		/* A call that this architecture does not have cannot be made. */
		if (calls[i] < 0)
			continue;
		error = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, calls[i], 0);
		if (error != 0)
			return error;
	}
	return 0;
}

#ifndef PATRONUS_SANITIZED
static struct scmp_arg_cmp
compare(const struct profile_cmp *c)
{
	if (c->op == PROFILE_CMP_MASKED)
		return SCMP_CMP64(c->arg, SCMP_CMP_MASKED_EQ, c->a, c->b);
	return SCMP_CMP64(c->arg, SCMP_CMP_EQ, c->a, 0);
}

static int
filter_allow(scmp_filter_ctx ctx, const struct profile_call *c)
{
	struct scmp_arg_cmp cmp[PROFILE_CALL_CMPS];
	uint32_t action = c->error != 0 ? SCMP_ACT_ERRNO(c->error) : SCMP_ACT_ALLOW;
	unsigned n = 0;

	if (c->nr < 0)
		return 0;
	while (n < PROFILE_CALL_CMPS && c->cmp[n].op != PROFILE_CMP_NONE) {
		cmp[n] = compare(&c->cmp[n]);
		n++;
	}
	return seccomp_rule_add_array(ctx, action, c->nr, n, cmp);
}
#endif

/* --- the three kinds of filter --- */

static scmp_filter_ctx
never_filter(void)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);

	if (ctx != NULL && filter_kill(ctx, never, sizeof(never) / sizeof(never[0])) != 0)
		die("never");
	return ctx;
}

static scmp_filter_ctx
bpf_filter(void)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);

	if (ctx != NULL && seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(bpf), 0) != 0)
		die("bpf");
	return ctx;
}

#ifdef PATRONUS_SANITIZED
static scmp_filter_ctx
profile_filter(const struct profile_calls *const *sets, size_t nsets)
{
	scmp_filter_ctx ctx = never_filter();

	(void)sets;
	(void)nsets;
	/* PAM tries the last two, and goes on without. */
	if (ctx != NULL && (filter_kill(ctx, never_sanitized, sizeof(never_sanitized) / sizeof(never_sanitized[0])) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 0) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(connect), 0) != 0))
		die("a sanitized profile");
	return ctx;
}
#else
static scmp_filter_ctx
profile_filter(const struct profile_calls *const *sets, size_t nsets)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_KILL_PROCESS);
	size_t i, k;

	for (i = 0; ctx != NULL && i < nsets && sets[i] != NULL; i++)
		for (k = 0; k < sets[i]->n; k++)
			if (filter_allow(ctx, &sets[i]->calls[k]) != 0)
				die(sets[i]->name);
	return ctx;
}
#endif

/* --- the file --- */

static void
code_write(FILE *f, const struct sock_filter *code, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		(void)fprintf(f, "%s{ 0x%02x, %u, %u, 0x%08x },%s", i % 4 == 0 ? "\t" : " ", code[i].code, code[i].jt, code[i].jf, code[i].k,
		    i % 4 == 3 || i == n - 1 ? "\n" : "");
}

static void
filter_write(FILE *f, const char *name, scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	void *code;
	off_t len;

	if (ctx == NULL || fd == -1 || seccomp_export_bpf(ctx, fd) != 0 || (len = lseek(fd, 0, SEEK_END)) <= 0)
		die(name);
	if ((code = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
		die(name);
	(void)fprintf(f, "\nstatic const struct sock_filter %s_code[] = {\n", name);
	code_write(f, code, (size_t)len / sizeof(struct sock_filter));
	(void)fprintf(f, "};\n");
	(void)munmap(code, (size_t)len);
	(void)close(fd);
	seccomp_release(ctx);
}

static void
entry_write(FILE *f, const char *name)
{
	(void)fprintf(f, "\t{ \"%s\", %s_code, sizeof(%s_code) / sizeof(%s_code[0]) },\n", name, name, name, name);
}

int
main(int argc, char **argv)
{
	const struct profile_calls *const privd[] = { profile_privd_calls(), NULL };
	const struct profile *all;
	FILE *f = argc == 2 ? fopen(argv[1], "w") : NULL;
	size_t i, n;

	if (f == NULL)
		die(argc == 2 ? argv[1] : "usage: seccomp-filters FILE");
	all = profiles_all(&n);
	(void)fprintf(f, "/* Written by seccomp-filters from libcommon/sandbox/profiles.c. */\n#include <stddef.h>\n\n#include \"sandbox/filters.h\"\n");
	filter_write(f, "never", never_filter());
	filter_write(f, "never_bpf", bpf_filter());
	filter_write(f, "privd", profile_filter(privd, 1));
	for (i = 0; i < n; i++)
		filter_write(f, all[i].name, profile_filter(all[i].calls, PROFILE_CALL_SETS));
	(void)fprintf(f, "\nconst struct filter filters[] = {\n");
	entry_write(f, "never");
	entry_write(f, "never_bpf");
	entry_write(f, "privd");
	for (i = 0; i < n; i++)
		entry_write(f, all[i].name);
	(void)fprintf(f, "\t{ NULL, NULL, 0 },\n};\n");
	return ferror(f) || fclose(f) != 0;
}
