/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>

#include "base/log.h"
#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

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

/* A filter that also kills on foreign ABIs (32 bit, x32). */
static scmp_filter_ctx
filter_new(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	if (ctx == NULL)
		return NULL;
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 1) == 0 &&
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

static int
filter_load(scmp_filter_ctx ctx, int error)
{
	if (error == 0)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	return error;
}

int
sandbox_seccomp_deny(void)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);

	if (ctx == NULL)
		return -ENOMEM;
	return filter_load(ctx, filter_kill(ctx, never, sizeof(never) / sizeof(never[0])));
}

int
sandbox_seccomp_deny_bpf(void)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);

	return ctx == NULL ? -ENOMEM : filter_load(ctx, seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(bpf), 0));
}

#ifdef PATRONUS_SANITIZED
int
sandbox_seccomp(const struct profile_calls *const *sets, size_t nsets)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_ALLOW);
	int error;

	(void)sets;
	(void)nsets;
	if (ctx == NULL)
		return -ENOMEM;
	log_warnx("sandbox", "SANITIZED BUILD: system calls are hardly confined; never run this build on a network");
	error = filter_kill(ctx, never, sizeof(never) / sizeof(never[0]));
	if (error == 0)
		error = filter_kill(ctx, never_sanitized, sizeof(never_sanitized) / sizeof(never_sanitized[0]));
	/* PAM tries these, and goes on without. */
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 0);
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(connect), 0);
	return filter_load(ctx, error);
}
#else
int
sandbox_seccomp(const struct profile_calls *const *sets, size_t nsets)
{
	scmp_filter_ctx ctx = filter_new(SCMP_ACT_KILL_PROCESS);
	size_t i, k;
	int error = 0;

	if (ctx == NULL)
		return -ENOMEM;
	for (i = 0; i < nsets && sets[i] != NULL; i++)
		for (k = 0; error == 0 && k < sets[i]->n; k++)
			error = filter_allow(ctx, &sets[i]->calls[k]);
	return filter_load(ctx, error);
}
#endif
