/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/check.h"
#include "grants.h"
#include "request.h"

#define WEB_PORT_MIN	1024

static bool
refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return false;
}

/* --- argument policies --- */

static bool
dump_fwd(const void *body, const char **ret_why)
{
	const struct nl_dump_req *r = body;

	switch (r->what) {
	case NL_DUMP_LINKS:
	case NL_DUMP_ADDRS:
	case NL_DUMP_NFT_TABLES:
	case NL_DUMP_NFT_CHAINS:
	case NL_DUMP_NFT_RULES:
	case NL_DUMP_NFT_SETS:
	case NL_DUMP_NFT_ELEMS:
	case NL_DUMP_CT_STATS:
		return true;
	default:
		return refuse(ret_why, "dump that is not fwd's");
	}
}

static bool
dump_netd(const void *body, const char **ret_why)
{
	const struct nl_dump_req *r = body;

	switch (r->what) {
	case NL_DUMP_LINKS:
	case NL_DUMP_ADDRS:
	case NL_DUMP_ROUTES:
	case NL_DUMP_RULES:
		return true;
	default:
		return refuse(ret_why, "dump that is not netd's");
	}
}

static bool
subscribe_fwd(const void *body, const char **ret_why)
{
	const struct nl_subscribe_req *r = body;

	return r->what == NL_SUBSCRIBE_NFT || r->what == NL_SUBSCRIBE_ROUTE || refuse(ret_why, "events that are not fwd's");
}

static bool
subscribe_netd(const void *body, const char **ret_why)
{
	const struct nl_subscribe_req *r = body;

	return r->what == NL_SUBSCRIBE_ROUTE || refuse(ret_why, "events that are not netd's");
}

static bool
socket_confd(const void *body, const char **ret_why)
{
	const struct sock_open_req *r = body;

	if (r->slot == SOCK_MGMT_LISTEN)
		return r->port == 0 || refuse(ret_why, "port on a socket that has none");
	if (r->slot != SOCK_WEB_LISTEN)
		return refuse(ret_why, "socket that is not confd's");
	return r->port == 443 || r->port >= WEB_PORT_MIN || refuse(ret_why, "port that is not for the web");
}

static bool
socket_fwd(const void *body, const char **ret_why)
{
	const struct sock_open_req *r = body;

	return (r->slot == SOCK_NFLOG && r->port == 0) || refuse(ret_why, "socket that is not fwd's");
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
		return (r->instance[0] == '\0' && r->value <= 1) || refuse(ret_why, "sysctl argument");
	case SYSCTL_IP6_ACCEPT_RA:
	case SYSCTL_RP_FILTER:
		return (check_ifname(r->instance) && r->value <= 2) || refuse(ret_why, "sysctl argument");
	case SYSCTL_IP6_DISABLE:
	case SYSCTL_PROMOTE_SECONDARIES:
		return (check_ifname(r->instance) && r->value <= 1) || refuse(ret_why, "sysctl argument");
	default:
		return refuse(ret_why, "sysctl that is not netd's");
	}
}

static bool
put_fwd(const void *body, const char **ret_why)
{
	const struct file_put_req *r = body;

	return r->id == FILE_LKG_RULESET || refuse(ret_why, "file that is not fwd's");
}

static bool
put_netd(const void *body, const char **ret_why)
{
	const struct file_put_req *r = body;

	return (r->id == FILE_RESOLV_CONF && r->data.len <= 4096) || (r->id == FILE_NET_BEFORE && r->data.len <= 65536) ||
	    refuse(ret_why, "file that is not netd's");
}

static bool
put_authd(const void *body, const char **ret_why)
{
	const struct file_put_req *r = body;

	return (r->id == FILE_CLAIM_NOTICE && r->data.len <= 4096) || refuse(ret_why, "file that is not authd's");
}

static bool
open_fwd(const void *body, const char **ret_why)
{
	const struct file_open_req *r = body;

	return r->id == FILE_LKG_RULESET || refuse(ret_why, "file that is not fwd's");
}

static bool
open_netd(const void *body, const char **ret_why)
{
	const struct file_open_req *r = body;

	return r->id == FILE_RESOLV_CONF || r->id == FILE_NET_BEFORE || refuse(ret_why, "file that is not netd's");
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

#define READY	GRANT_AFTER_HELLO

const struct grant grants[] = {
	/* peer		request			phase	/s	burst	arguments	act */
	{ 0,		MSG_HELLO,		GRANT_BEFORE_HELLO, 1, 1, NULL,		request_hello },
	{ ROLE_FWD,	MSG_NFT_BATCH,		READY,	200,	100,	NULL,		request_nft_batch },
	{ ROLE_FWD,	MSG_NL_DUMP,		READY,	200,	100,	dump_fwd,	request_nl_dump },
	{ ROLE_FWD,	MSG_NL_SUBSCRIBE,	READY,	10,	10,	subscribe_fwd,	request_nl_subscribe },
	{ ROLE_FWD,	MSG_SOCK_OPEN,		READY,	10,	10,	socket_fwd,	request_sock_open },
	{ ROLE_FWD,	MSG_FILE_PUT,		READY,	50,	20,	put_fwd,	request_file_put },
	{ ROLE_FWD,	MSG_FILE_OPEN,		READY,	50,	20,	open_fwd,	request_file_open },
	{ ROLE_FWD,	MSG_CT_DELETE,		READY,	200,	100,	NULL,		request_ct_delete },
	{ ROLE_NETD,	MSG_RTNL_BATCH,		READY,	500,	200,	NULL,		request_rtnl_batch },
	{ ROLE_NETD,	MSG_NL_DUMP,		READY,	200,	100,	dump_netd,	request_nl_dump },
	{ ROLE_NETD,	MSG_NL_SUBSCRIBE,	READY,	10,	10,	subscribe_netd,	request_nl_subscribe },
	{ ROLE_NETD,	MSG_SYSCTL_SET,		READY,	500,	500,	sysctl_netd,	request_sysctl_set },
	{ ROLE_NETD,	MSG_FILE_PUT,		READY,	50,	20,	put_netd,	request_file_put },
	{ ROLE_NETD,	MSG_FILE_OPEN,		READY,	50,	20,	open_netd,	request_file_open },
	{ ROLE_NETD,	MSG_HOST_CTL,		READY,	20,	20,	host_netd,	request_host_ctl },
	{ ROLE_CONFD,	MSG_SOCK_OPEN,		READY,	10,	10,	socket_confd,	request_sock_open },
	{ ROLE_CONFD,	MSG_PROC_STATUS,	READY,	50,	50,	NULL,		request_proc_status },
	{ ROLE_AUTHD,	MSG_AUTH_OPEN,		READY,	50,	20,	NULL,		request_auth_open },
	{ ROLE_AUTHD,	MSG_FILE_PUT,		READY,	10,	10,	put_authd,	request_file_put },
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
