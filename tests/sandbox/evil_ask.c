/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every request that the grants give a role, asked once as it should be: privd's own confinement must not be in the way. */
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "evil.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"
#include "net/nftguard.h"

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
