/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "config.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "record_json.h"
#include "states.h"

/* What the kernel says about the processes, in the words of the API. */

static const char *const capability_names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
	"sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
	"audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
	"perfmon", "bpf", "checkpoint_restore",
};

/* The users of packaging's sysusers file, by role: names are for people, the numbers count. */
static const char *const users[ROLE_MAX] = {
	[ROLE_CONFD] = "_patronus-conf", [ROLE_AUTHD] = "_patronus-auth", [ROLE_LOGD] = "_patronus-log", [ROLE_NETD] = "_patronus-net",
	[ROLE_FWD] = "_patronus-fw", [ROLE_HTTPD] = "_patronus-http", [ROLE_PAM] = "_patronus-pam", [ROLE_PARSE] = "_patronus-parse",
	[ROLE_RECHECK] = "_patronus-recheck", [ROLE_TPM] = "_patronus-tpm", [ROLE_XDP] = "_patronus-xdp",
	[ROLE_PROVE] = "_patronus-prove",
	[ROLE_FETCHD] = "_patronus-fetch",
};

static const char **
capabilities(struct arena *arena, uint64_t bits, uint32_t *ret_n)
{
	const char **list = arena_alloc(arena, 64, sizeof(*list));
	unsigned i;

	if (list == NULL)
		fatalx("process", "no memory");
	*ret_n = 0;
	for (i = 0; i < 64; i++) {
		if ((bits & (1ull << i)) == 0)
			continue;
		if (i < sizeof(capability_names) / sizeof(capability_names[0]))
			list[(*ret_n)++] = capability_names[i];
		else
			list[(*ret_n)++] = arena_printf(arena, "cap_%u", i);
	}
	return (list);
}

/* "net:4026532 ipc:...": names and numbers, with spaces between. */
static const char **
namespaces(struct arena *arena, const char *text, uint32_t *ret_n)
{
	const char **list = arena_alloc(arena, 16, sizeof(*list));
	size_t len;

	if (list == NULL)
		fatalx("process", "no memory");
	*ret_n = 0;
	while (*text != '\0' && *ret_n < 16) {
		len = strcspn(text, " ");
		if (len > 0)
			list[(*ret_n)++] = arena_strndup(arena, text, len);
		text += len + (text[len] == ' ');
	}
	return (list);
}

static void
convert(struct arena *arena, const struct process_status *from, struct state_process *to)
{
	uint32_t role = from->uid - PATRONUS_UID_BASE;

	*to = (struct state_process){ .name = from->name, .pid = from->running ? from->pid : 0, .uid = from->uid,
	    .no_new_privs = from->no_new_privs, .has_seccomp_filters = true, .seccomp_filters = from->seccomp_filters,
	    .has_memory_rss_kb = true, .memory_rss_kb = from->rss_kb, .has_memory_pss_kb = from->pss_kb != 0,
	    .memory_pss_kb = from->pss_kb, .restarts = from->restarts, .uptime_seconds = from->uptime_ms / 1000 };
	to->user = from->uid == 0 ? "root" : from->uid > PATRONUS_UID_BASE && role < ROLE_MAX ? users[role] : NULL;
	/* Kernel numbers from 0, enum numbers from 1. */
	to->seccomp = (uint8_t)(from->seccomp <= 2 ? from->seccomp + 1 : 0);
	to->capabilities.items = capabilities(arena, from->cap_effective, &to->capabilities.n);
	to->bounding_set.items = capabilities(arena, from->cap_bounding, &to->bounding_set.n);
	to->namespaces.items = namespaces(arena, from->namespaces, &to->namespaces.n);
	to->state = from->running ? "running" : from->last_exit[0] != '\0' ? from->last_exit : "stopped";
}

int
states_print_processes(struct buf *b)
{
	struct proc_status_req req = { 0 };
	struct state_processes all = { 0 };
	const struct proc_status_rep *rep;
	struct privcall_error why;
	struct message m;
	uint32_t i;
	int error;

	if ((error = privcall(MSG_PROC_STATUS, &req, &m, &why)) != 0) {
		log_warnx("process", "privd does not tell the processes: %s", why.text);
		return (error);
	}
	rep = m.body;
	if ((all.processes.items = arena_alloc(m.arena, rep->processes.n + 1, sizeof(*all.processes.items))) == NULL)
		fatalx("process", "no memory");
	for (i = 0; i < rep->processes.n; i++)
		convert(m.arena, &rep->processes.items[i], &all.processes.items[all.processes.n++]);
	record_json_print(conf_state_record("processes"), &all, b);
	message_fini(&m);
	return (0);
}
