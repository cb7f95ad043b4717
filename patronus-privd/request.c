/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests about processes: hello, helpers, status. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ipc/ids.h"
#include "sandbox/sandbox.h"
#include "child.h"
#include "request.h"
#include "spawner.h"

bool
request_hello(struct peer *p, struct message *m, const char **ret_why)
{
	const struct hello_req *r = m->body;
	struct hello_req mine = { .protocol = msg_protocol_hash(), .role = ROLE_PRIVD };

	*ret_why = r->protocol != mine.protocol ? "was built with other messages" : r->role != p->role ? "says it is somebody else" :
	    child_check(p->child);
	if (*ret_why != NULL)
		return false;
	p->is_ready = true;
	(void)peer_notify(p, MSG_HELLO, &mine, -1);
	child_connect(p->child);
	return true;
}

bool
request_auth_open(struct peer *p, struct message *m, const char **ret_why)
{
	struct auth_open_rep rep = { 0 };
	int fd, error = child_help(ROLE_PAM, &fd);

	(void)ret_why;
	if (error != 0) {
		(void)peer_error(p, &m->header, error, 0, error == -EBUSY ? "all helpers are busy" : "the helper cannot be started");
		return true;
	}
	(void)peer_reply(p, &m->header, &rep, fd);
	(void)close(fd);
	return true;
}

static void
status_fill(const struct child *c, struct process_status *s, struct spawner_facts *facts)
{
	struct sandbox_status st = { 0 };
	char text[4096];

	memset(facts, 0, sizeof(*facts));
	s->name = role_name(c->role);
	s->restarts = c->restarts;
	s->last_exit = c->last_exit;
	s->namespaces = facts->namespaces;
	if (c->pid == 0 || child_status_read(c->pid, text, sizeof(text)) != 0 || sandbox_read_status(text, &st) != 0)
		return;
	(void)spawner_facts(c->row, facts);
	s->pid = (uint32_t)c->pid;
	s->uid = st.uid;
	s->cap_effective = st.cap_effective;
	s->cap_bounding = st.cap_bounding;
	s->no_new_privs = st.no_new_privs != 0;
	s->seccomp = st.seccomp;
	s->seccomp_filters = st.seccomp_filters;
	s->rss_kb = st.rss_kb;
	s->pss_kb = facts->pss_kb;
	s->uptime_ms = (clock_mono_us() - c->started_us) / 1000;
	s->running = processes[c->row].is_helper || (c->peer.fd != -1 && c->peer.is_ready);
}

bool
request_proc_status(struct peer *p, struct message *m, const char **ret_why)
{
	static struct spawner_facts facts[PROCESSES_MAX];
	static struct process_status status[PROCESSES_MAX];
	struct proc_status_rep rep = { 0 };
	unsigned i;

	(void)ret_why;
	memset(status, 0, sizeof(status));
	rep.processes.items = status;
	for (i = 0; i < nprocesses; i++)
		if (!children[i].is_missing && (!processes[i].is_helper || children[i].pid != 0)) {
			status_fill(&children[i], &status[rep.processes.n], &facts[rep.processes.n]);
			rep.processes.n++;
		}
	(void)peer_reply(p, &m->header, &rep, -1);
	return true;
}
