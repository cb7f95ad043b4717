/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every request that the grants give a role, asked once as it should be: privd's own confinement must not be in the way. */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "evil.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"
#include "net/nftguard.h"
#include "net/nlmsg.h"
#include "net/rtnlwalk.h"

#define TURNS	400

static void
ask(const char *what, uint16_t type, const void *req)
{
	struct privcall_error e = { 0 };
	struct message m;
	int error = privcall(type, req, &m, &e);

	log_info("ask", "%s %s: %s%s", msg_name(type), what, error == 0 ? "ok" : "failed: ", error == 0 ? "" : e.text);
	if (error == 0)
		message_fini(&m);
}

static void
ask_put(uint8_t id, const void *data, size_t len)
{
	struct file_put_req put = { .id = id, .data = { data, (uint32_t)len } };

	ask(len > 0 ? "write" : "remove", MSG_FILE_PUT, &put);
}

static void
ask_fwd(void)
{
	struct nl_subscribe_req events = { .what = NL_SUBSCRIBE_NFT };
	struct sock_open_req nflog = { .slot = SOCK_NFLOG };
	struct file_open_req file = { .id = FILE_LKG_RULESET };
	struct nl_dump_req dump = { 0 };
	struct ct_delete_req ct = { .messages = { NULL, 0 } };
	struct helper_open_req open = { .helper = HELPER_XDP };
	struct nft_batch_req nft = { .echo = true };
	struct buf b;

	buf_init(&b, NFTGUARD_MAX);
	nftguard_build(&b);
	nft.messages = (struct bytes){ b.data, (uint32_t)b.len };
	ask("guard", MSG_NFT_BATCH, &nft);
	ask_put(FILE_LKG_RULESET, b.data, b.len);
	ask("", MSG_FILE_OPEN, &file);
	ask("events", MSG_NL_SUBSCRIBE, &events);
	ask("nflog", MSG_SOCK_OPEN, &nflog);
	ask("nothing", MSG_CT_DELETE, &ct);
	ask_put(FILE_XDP, "17\n", 3);
	ask("helper", MSG_HELPER_OPEN, &open);
	for (dump.what = NL_DUMP_NFT_TABLES; dump.what <= NL_DUMP_CT_STATS; dump.what++)
		ask("dump", MSG_NL_DUMP, &dump);
	buf_fini(&b);
}

static void
put_rule(struct buf *b, uint16_t type)
{
	struct fib_rule_hdr h = { .family = AF_INET, .action = FR_ACT_TO_TBL };
	size_t at = nlmsg_begin(b, type, type == RTM_NEWRULE ? NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL : NLM_F_REQUEST, 1, &h, sizeof(h));

	nlattr_put_u32(b, FRA_PRIORITY, RTNLWALK_PRIORITY);
	nlattr_put_u32(b, FRA_TABLE, RTNLWALK_SHADOW);
	nlattr_put_u8(b, FRA_PROTOCOL, RTNLWALK_PROTOCOL);
	nlmsg_end(b, at);
}

static void
put_link(struct buf *b)
{
	struct ifinfomsg lo = { .ifi_family = AF_UNSPEC, .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	nlmsg_end(b, nlmsg_begin(b, RTM_NEWLINK, NLM_F_REQUEST, 1, &lo, sizeof(lo)));
}

/* A rule that comes and goes, and each time something for which privd waits for lookups. */
static void
ask_turns(void)
{
	struct rtnl_batch_req rtnl;
	struct timespec since, now;
	struct buf b;
	int i;

	buf_init(&b, 0);
	for (i = 0; i < TURNS; i++) {
		put_rule(&b, i % 2 == 0 ? RTM_NEWRULE : RTM_DELRULE);
		put_link(&b);
	}
	rtnl.messages = (struct bytes){ b.data, (uint32_t)b.len };
	(void)clock_gettime(CLOCK_MONOTONIC, &since);
	ask("turns", MSG_RTNL_BATCH, &rtnl);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	log_info("ask", "turns took %lld ms", (long long)(now.tv_sec - since.tv_sec) * 1000 + (now.tv_nsec - since.tv_nsec) / 1000000);
	buf_fini(&b);
}

static void
ask_netd(void)
{
	static const char text[] = "nameserver 192.0.2.53\n";
	struct host_ctl_req name = { .verb = HOST_SET_NAME, .value = "box" }, zone = { .verb = HOST_SET_TIMEZONE, .value = "Europe/Berlin" };
	struct sysctl_set_req forward = { .id = SYSCTL_IP_FORWARD, .instance = "", .value = 1 };
	struct sysctl_set_req filter = { .id = SYSCTL_RP_FILTER, .instance = "lo", .value = 2 };
	struct nl_subscribe_req events = { .what = NL_SUBSCRIBE_ROUTE };
	struct file_open_req file = { .id = FILE_RESOLV_CONF };
	struct rtnl_batch_req rtnl = { .messages = { NULL, 0 } };
	struct nl_dump_req dump = { 0 };

	ask("name", MSG_HOST_CTL, &name);
	ask("zone", MSG_HOST_CTL, &zone);
	ask("ip_forward", MSG_SYSCTL_SET, &forward);
	ask("rp_filter", MSG_SYSCTL_SET, &filter);
	ask_put(FILE_RESOLV_CONF, text, sizeof(text) - 1);
	ask_put(FILE_NET_BEFORE, text, sizeof(text) - 1);
	ask("", MSG_FILE_OPEN, &file);
	ask("events", MSG_NL_SUBSCRIBE, &events);
	ask("nothing", MSG_RTNL_BATCH, &rtnl);
	ask_turns();
	for (dump.what = NL_DUMP_LINKS; dump.what <= NL_DUMP_RULES; dump.what++)
		ask("dump", MSG_NL_DUMP, &dump);
}

static void
ask_confd(void)
{
	struct helper_open_req open = { .helper = HELPER_PARSE };
	struct nl_dump_req dump = { .what = NL_DUMP_LINKS };
	struct sock_open_req mgmt = { .slot = SOCK_MGMT_LISTEN }, web = { .slot = SOCK_WEB_LISTEN, .port = 8443 };
	struct proc_status_req status = { 0 };

	ask("mgmt", MSG_SOCK_OPEN, &mgmt);
	ask("mgmt again", MSG_SOCK_OPEN, &mgmt);
	ask("web", MSG_SOCK_OPEN, &web);
	web.port = 8444;
	ask("web elsewhere", MSG_SOCK_OPEN, &web);
	ask("", MSG_PROC_STATUS, &status);
	ask("helper", MSG_HELPER_OPEN, &open);
	open.helper = HELPER_RECHECK;
	ask("helper", MSG_HELPER_OPEN, &open);
	open.helper = HELPER_TPM;
	ask("helper", MSG_HELPER_OPEN, &open);
	ask("dump", MSG_NL_DUMP, &dump);
	for (dump.what = NL_DUMP_NFT_TABLES; dump.what <= NL_DUMP_NFT_ELEMS; dump.what++)
		ask("dump", MSG_NL_DUMP, &dump);
}

static void
ask_fetchd(void)
{
	struct sock_open_req ping = { .slot = SOCK_PING4 };

	ask("ping", MSG_SOCK_OPEN, &ping);
	ping.slot = SOCK_PING6;
	ask("ping", MSG_SOCK_OPEN, &ping);
}

static void
ask_authd(void)
{
	struct helper_open_req open = { .helper = HELPER_PAM };

	ask_put(FILE_CLAIM_NOTICE, "code\n", 5);
	ask_put(FILE_CLAIM_NOTICE, NULL, 0);
	ask("helper", MSG_HELPER_OPEN, &open);
}

void
evil_ask(uint8_t role)
{
	if (role == ROLE_FWD)
		ask_fwd();
	else if (role == ROLE_NETD)
		ask_netd();
	else if (role == ROLE_CONFD)
		ask_confd();
	else if (role == ROLE_FETCHD)
		ask_fetchd();
	else if (role == ROLE_AUTHD)
		ask_authd();
	log_info("ask", "all asked");
}
