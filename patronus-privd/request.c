/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests about processes: hello, helpers, status. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ipc/ids.h"
#include "sandbox/sandbox.h"
#include "child.h"
#include "listener.h"
#include "request.h"
#include "spawner.h"

bool
request_hello(struct peer *p, struct message *m, const char **ret_why)
{
	const struct hello_req *r = m->body;
	struct hello_req mine = { .protocol = msg_protocol_hash(), .role = ROLE_PRIVD };

	*ret_why = r->protocol != mine.protocol ? "was built with other messages" : r->role != p->role ? "says it is somebody else" : NULL;
	if (*ret_why != NULL || !child_check(p->child, ret_why))
		return false;
	p->is_ready = true;
	(void)peer_notify(p, MSG_HELLO, &mine, -1);
	child_connect(p->child);
	if (p->role == ROLE_HTTPD)
		listener_give(p->child);
	return true;
}

bool
request_helper_open(struct peer *p, struct message *m, const char **ret_why)
{
	struct helper_open_rep rep = { 0 };
	static const uint8_t roles[HELPER_ID_MAX] = {
		[HELPER_PAM] = ROLE_PAM, [HELPER_PARSE] = ROLE_PARSE, [HELPER_RECHECK] = ROLE_RECHECK, [HELPER_TPM] = ROLE_TPM, [HELPER_XDP] = ROLE_XDP,
		[HELPER_PROVE] = ROLE_PROVE,
	};
	const struct helper_open_req *r = m->body;
	int fd, error = child_help(roles[r->helper], &fd);

	(void)ret_why;
	if (error != 0) {
		(void)peer_error(p, &m->header, error, 0, error == -EBUSY ? "all helpers are busy" : "the helper cannot be started");
		return true;
	}
	peer_answer(p, &m->header, 0, &rep, fd, "the helper");
	return true;
}

/* What /proc says of pid; false when it is gone. */
static bool
kernel_fill(pid_t pid, struct process_status *s)
{
	struct sandbox_status st = { 0 };
	char text[4096];

	if (pid <= 0 || sandbox_proc_read(pid, "status", text, sizeof(text)) != 0 || sandbox_read_status(text, &st) != 0)
		return false;
	s->pid = (uint32_t)pid;
	s->uid = st.uid;
	s->cap_effective = st.cap_effective;
	s->cap_bounding = st.cap_bounding;
	s->no_new_privs = st.no_new_privs != 0;
	s->seccomp = st.seccomp;
	s->seccomp_filters = st.seccomp_filters;
	s->rss_kb = st.rss_kb;
	return true;
}

static void
child_fill(const struct child *c, struct process_status *s, struct spawner_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	s->name = role_name(c->role);
	s->restarts = c->restarts;
	s->last_exit = c->last_exit;
	s->namespaces = facts->namespaces;
	if (!kernel_fill(c->pid, s))
		return;
	(void)spawner_facts(c->row, facts);
	s->pss_kb = facts->pss_kb;
	s->uptime_ms = (clock_mono_us() - c->started_us) / 1000;
	s->running = processes[c->row].is_helper || (c->peer.fd != -1 && c->peer.is_ready);
}

/* privd and its spawner: they live and die together. */
static void
parent_fill(uint8_t role, pid_t pid, struct process_status *s)
{
	s->name = role_name(role);
	s->last_exit = s->namespaces = "";
	s->uptime_ms = (clock_mono_us() - children_since_us) / 1000;
	s->running = kernel_fill(pid, s);
}

bool
request_proc_status(struct peer *p, struct message *m, const char **ret_why)
{
	static struct spawner_facts facts[PROCESSES_MAX];
	static struct process_status status[PROCESSES_MAX + 2];
	struct proc_status_rep rep = { 0 };
	unsigned i;

	(void)ret_why;
	memset(status, 0, sizeof(status));
	rep.processes.items = status;
	parent_fill(ROLE_PRIVD, getpid(), &status[rep.processes.n++]);
	parent_fill(ROLE_SPAWNER, spawner_pid(), &status[rep.processes.n++]);
	for (i = 0; i < nprocesses; i++)
		if (!children[i].is_missing && (!processes[i].is_helper || children[i].pid != 0)) {
			child_fill(&children[i], &status[rep.processes.n++], &facts[i]);
		}
	(void)peer_reply(p, &m->header, &rep, -1);
	return true;
}
