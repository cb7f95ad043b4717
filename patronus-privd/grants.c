/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/check.h"
#include "grants.h"
#include "request.h"

#define WEB_PORT_MIN	1024
#define SMALL_MAX	4096
#define MEMORY_MAX	65536

static bool
refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return false;
}

/* --- argument policies --- */

static bool
socket_port(const void *body, const char **ret_why)
{
	const struct sock_open_req *r = body;

	if (r->slot != SOCK_WEB_LISTEN)
		return r->port == 0 || refuse(ret_why, "port on a socket that has none");
	return r->port == 443 || r->port >= WEB_PORT_MIN || refuse(ret_why, "port that is not for the web");
}

static bool
sysctl_netd(const void *body, const char **ret_why)
{
	const struct sysctl_set_req *r = body;

	switch (r->id) {
	case SYSCTL_IP_FORWARD:
	case SYSCTL_IP6_FORWARD:
	case SYSCTL_ACCEPT_REDIRECTS:
	case SYSCTL_SEND_REDIRECTS:
	case SYSCTL_CONNECTION_COUNTERS:
		return (r->instance[0] == '\0' && r->value <= 1) || refuse(ret_why, "sysctl argument");
	case SYSCTL_IP6_ACCEPT_RA:
	case SYSCTL_RP_FILTER:
		return (check_ifname(r->instance) && r->value <= 2) || refuse(ret_why, "sysctl argument");
	case SYSCTL_IP6_DISABLE:
	case SYSCTL_PROMOTE_SECONDARIES:
	case SYSCTL_LINK_FORWARD:
	case SYSCTL_LINK6_FORWARD:
		return (check_ifname(r->instance) && r->value <= 1) || refuse(ret_why, "sysctl argument");
	default:
		return refuse(ret_why, "sysctl that is not netd's");
	}
}

static bool
put_small(const void *body, const char **ret_why)
{
	const struct file_put_req *r = body;

	return r->data.len <= (r->id == FILE_NET_BEFORE ? MEMORY_MAX : SMALL_MAX) || refuse(ret_why, "file that is too long");
}

static bool
host_netd(const void *body, const char **ret_why)
{
	const struct host_ctl_req *r = body;

	if (r->verb == HOST_SET_NAME)
		return check_hostname(r->value) || refuse(ret_why, "not a host name");
	return (r->verb == HOST_SET_TIMEZONE && check_timezone(r->value)) || refuse(ret_why, "not a time zone");
}

/* --- the array --- */

#define READY		GRANT_AFTER_HELLO
#define ID(id)		(1u << (id))
#define DUMPS_BOTH	(ID(NL_DUMP_LINKS) | ID(NL_DUMP_ADDRS))
#define DUMPS_NFT	(ID(NL_DUMP_NFT_TABLES) | ID(NL_DUMP_NFT_CHAINS) | ID(NL_DUMP_NFT_RULES) | ID(NL_DUMP_NFT_SETS) | ID(NL_DUMP_NFT_ELEMS))
#define DUMPS_FWD	(DUMPS_BOTH | DUMPS_NFT | ID(NL_DUMP_ROUTES) | ID(NL_DUMP_CT_STATS) | ID(NL_DUMP_CT))
#define DUMPS_CONFD	(ID(NL_DUMP_LINKS) | DUMPS_NFT)	/* to see for itself what its owners say is there */
#define DUMPS_NETD	(DUMPS_BOTH | ID(NL_DUMP_ROUTES) | ID(NL_DUMP_RULES))
#define EVENTS_FWD	(ID(NL_SUBSCRIBE_NFT) | ID(NL_SUBSCRIBE_ROUTE))
#define FILES_FWD	(ID(FILE_LKG_RULESET) | ID(FILE_XDP))
#define FILES_NETD	(ID(FILE_RESOLV_CONF) | ID(FILE_NET_BEFORE))
#define READS_NETD	(FILES_NETD | ID(FILE_HOST_NAME) | ID(FILE_LOCALTIME))
#define READS_CONFD	(ID(FILE_PROCESSORS) | ID(FILE_MEMORY))
#define HELPERS_CONFD	(ID(HELPER_PARSE) | ID(HELPER_RECHECK) | ID(HELPER_TPM))
#define SOCKETS_FETCHD	(ID(SOCK_PING4) | ID(SOCK_PING6))
#define SOCKETS_CONFD	(ID(SOCK_MGMT_LISTEN) | ID(SOCK_WEB_LISTEN))

const struct grant grants[] = {
	/* peer		request			phase	/s	burst	ids			arguments	act */
	{ 0,		MSG_HELLO,		GRANT_BEFORE_HELLO, 1, 1, 0,			NULL,		request_hello },
	{ ROLE_FWD,	MSG_NFT_BATCH,		READY,	200,	100,	0,			NULL,		request_nft_batch },
	{ ROLE_FWD,	MSG_NL_DUMP,		READY,	200,	100,	DUMPS_FWD,		NULL,		request_nl_dump },
	{ ROLE_FWD,	MSG_NL_SUBSCRIBE,	READY,	10,	10,	EVENTS_FWD,		NULL,		request_nl_subscribe },
	{ ROLE_FWD,	MSG_SOCK_OPEN,		READY,	10,	10,	ID(SOCK_NFLOG),		socket_port,	request_sock_open },
	{ ROLE_FWD,	MSG_FILE_PUT,		READY,	50,	20,	FILES_FWD,		NULL,		request_file_put },
	{ ROLE_FWD,	MSG_FILE_OPEN,		READY,	50,	20,	FILES_FWD,		NULL,		request_file_open },
	{ ROLE_FWD,	MSG_HELPER_OPEN,	READY,	50,	20,	ID(HELPER_XDP) | ID(HELPER_PROVE), NULL,		request_helper_open },
	{ ROLE_FWD,	MSG_CT_DELETE,		READY,	200,	100,	0,			NULL,		request_ct_delete },
	{ ROLE_NETD,	MSG_RTNL_BATCH,		READY,	500,	200,	0,			NULL,		request_rtnl_batch },
	{ ROLE_NETD,	MSG_NL_DUMP,		READY,	200,	100,	DUMPS_NETD,		NULL,		request_nl_dump },
	{ ROLE_NETD,	MSG_NL_SUBSCRIBE,	READY,	10,	10,	ID(NL_SUBSCRIBE_ROUTE),	NULL,		request_nl_subscribe },
	{ ROLE_NETD,	MSG_SYSCTL_SET,		READY,	500,	500,	0,			sysctl_netd,	request_sysctl_set },
	{ ROLE_NETD,	MSG_FILE_PUT,		READY,	50,	20,	FILES_NETD,		put_small,	request_file_put },
	{ ROLE_NETD,	MSG_FILE_OPEN,		READY,	500,	200,	READS_NETD,		NULL,		request_file_open },
	{ ROLE_NETD,	MSG_HOST_CTL,		READY,	20,	20,	0,			host_netd,	request_host_ctl },
	{ ROLE_CONFD,	MSG_SOCK_OPEN,		READY,	10,	10,	SOCKETS_CONFD,		socket_port,	request_sock_open },
	{ ROLE_CONFD,	MSG_FILE_OPEN,		READY,	10,	5,	READS_CONFD,		NULL,		request_file_open },
	{ ROLE_CONFD,	MSG_NL_DUMP,		READY,	50,	50,	DUMPS_CONFD,		NULL,		request_nl_dump },
	{ ROLE_CONFD,	MSG_PROC_STATUS,	READY,	50,	50,	0,			NULL,		request_proc_status },
	{ ROLE_FETCHD,	MSG_SOCK_OPEN,		READY,	10,	10,	SOCKETS_FETCHD,		socket_port,	request_sock_open },
	{ ROLE_CONFD,	MSG_HELPER_OPEN,	READY,	50,	20,	HELPERS_CONFD,		NULL,		request_helper_open },
	{ ROLE_AUTHD,	MSG_HELPER_OPEN,	READY,	50,	20,	ID(HELPER_PAM),		NULL,		request_helper_open },
	{ ROLE_AUTHD,	MSG_FILE_PUT,		READY,	10,	10,	ID(FILE_CLAIM_NOTICE),	put_small,	request_file_put },
};
const size_t ngrants = sizeof(grants) / sizeof(grants[0]);
_Static_assert(sizeof(grants) / sizeof(grants[0]) <= GRANTS_MAX, "a bucket for each line");

const struct grant *
grant_find(uint8_t role, uint16_t type, bool is_ready)
{
	uint8_t phase = is_ready ? GRANT_AFTER_HELLO : GRANT_BEFORE_HELLO;
	size_t i;

	for (i = 0; i < ngrants; i++)
		if ((grants[i].role == role || grants[i].role == 0) && grants[i].type == type && (grants[i].phase & phase))
			return &grants[i];
	return NULL;
}

_Static_assert(offsetof(struct nl_dump_req, what) == 0 && offsetof(struct nl_subscribe_req, what) == 0 &&
    offsetof(struct sock_open_req, slot) == 0 && offsetof(struct file_put_req, id) == 0 && offsetof(struct file_open_req, id) == 0 &&
    offsetof(struct helper_open_req, helper) == 0,
    "the id is the first byte");

bool
grant_allows(const struct grant *g, const void *req, const char **ret_why)
{
	uint8_t id = *(const uint8_t *)req;

	if (g->ids != 0 && (id >= 32 || (g->ids & ID(id)) == 0))
		return refuse(ret_why, "id that is not granted");
	return g->policy == NULL || g->policy(req, ret_why);
}

#define TOKEN	1000000ull

uint64_t
bucket_take(struct bucket *b, const struct grant *g, uint64_t now_us)
{
	uint64_t refill = (now_us - b->at_us) * g->per_s;
	uint64_t over;

	b->used = refill < b->used ? b->used - refill : 0;
	b->at_us = now_us;
	if (b->used + TOKEN <= g->burst * TOKEN) {
		b->used += TOKEN;
		return 0;
	}
	over = b->used + TOKEN - g->burst * TOKEN;
	return (over + g->per_s - 1) / g->per_s;
}
