/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/ids.h"
#include "processes.h"

const struct process_row processes[] = {
	{ ROLE_LOGD, false },
	{ ROLE_AUTHD, false },
	{ ROLE_CONFD, false },
	{ ROLE_NETD, false },
	{ ROLE_FWD, false },
	{ ROLE_HTTPD, false },
	{ ROLE_FETCHD, false },
	{ ROLE_PAM, true },	/* two logins at once, the rest waits */
	{ ROLE_PAM, true },
	{ ROLE_RECHECK, true },
	{ ROLE_TPM, true },
	{ ROLE_XDP, true },
	{ ROLE_PROVE, true },
	{ ROLE_PARSE, true },	/* two documents at once */
	{ ROLE_PARSE, true },
};
const size_t nprocesses = sizeof(processes) / sizeof(processes[0]);
_Static_assert(sizeof(processes) / sizeof(processes[0]) <= PROCESSES_MAX, "the table fits");

/* privd is a peer of logd: what it logs nobody else could have written. */
const struct edge topology[] = {
	{ ROLE_PRIVD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_AUTHD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_NETD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_FWD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_HTTPD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_FETCHD, ROLE_LOGD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_AUTHD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_NETD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_FWD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_HTTPD, PEER_MAIN },
	{ ROLE_CONFD, ROLE_FETCHD, PEER_MAIN },
	{ ROLE_HTTPD, ROLE_AUTHD, PEER_TLS },
};
const size_t ntopology = sizeof(topology) / sizeof(topology[0]);
