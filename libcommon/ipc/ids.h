/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_IDS_H
#define PATRONUS_IPC_IDS_H

/*
 * The ids that messages carry.  They travel as one byte; 0 is never valid.  Never reuse a number.
 */

enum role {
	ROLE_INVALID = 0,
	ROLE_PRIVD,
	ROLE_SPAWNER,
	ROLE_CONFD,
	ROLE_AUTHD,
	ROLE_LOGD,
	ROLE_NETD,
	ROLE_FWD,
	ROLE_HTTPD,
	ROLE_PAM,		/* one-shot helper */
	ROLE_CTL,		/* a client of the local management socket; its peer credentials decide */
	ROLE_FETCHD,
	ROLE_PARSE,		/* one-shot helper: reads one document from outside */
	ROLE_RECHECK,		/* one-shot helper: compiles a revision anew and compares with the kernel */
	ROLE_TPM,		/* one-shot helper: has a key sealed by the TPM of the box, or given back */
	ROLE_XDP,		/* one-shot helper: loads the program for drivers, attaches it and takes it off */
	ROLE_PROVE,		/* one-shot helper: sends one packet through a ruleset in a network of its own */
	ROLE_MAX
};

enum peer_purpose {
	PEER_INVALID = 0,
	PEER_MAIN,		/* the channel of the topology */
	PEER_TLS,		/* httpd's blocking channel to authd's signer */
};

enum nl_dump_what {
	NL_DUMP_INVALID = 0,
	NL_DUMP_LINKS,
	NL_DUMP_ADDRS,
	NL_DUMP_ROUTES,
	NL_DUMP_RULES,		/* policy rules */
	NL_DUMP_NFT_TABLES,
	NL_DUMP_NFT_CHAINS,	/* of tables inet patronus and bridge patronus, as those below */
	NL_DUMP_NFT_RULES,
	NL_DUMP_NFT_SETS,	/* and named objects, and flowtables */
	NL_DUMP_NFT_ELEMS,	/* elements of all their sets */
	NL_DUMP_CT_STATS,	/* conntrack count and maximum: two u32, little-endian */
	NL_DUMP_CT,		/* connections */
	NL_DUMP_MAX
};

enum nl_subscribe_what {
	NL_SUBSCRIBE_INVALID = 0,
	NL_SUBSCRIBE_ROUTE,	/* RTNLGRP_LINK, IPV4/6_IFADDR, IPV4/6_ROUTE, IPV4/6_RULE, IPV4/6_NETCONF */
	NL_SUBSCRIBE_NFT,	/* NFNLGRP_NFTABLES */
	NL_SUBSCRIBE_MAX
};

enum sock_slot {
	SOCK_INVALID = 0,
	SOCK_WEB_LISTEN,	/* TCP, [::] and 0.0.0.0, sent to httpd by LISTENER */
	SOCK_MGMT_LISTEN,	/* AF_UNIX SEQPACKET of the local management protocol */
	SOCK_NFLOG,		/* NFLOG group 1, copy range 128 */
	SOCK_WEB_ACTIVATED,	/* TCP, handed to privd at its start (LISTEN_FDS "web"); only in LISTENER, stays beside WEB_LISTEN */
	SOCK_PING4,		/* ICMP echo only: the kernel lets a datagram socket send and receive nothing else */
	SOCK_PING6,
	SOCK_SLOT_MAX
};

enum sysctl_id {
	SYSCTL_INVALID = 0,
	SYSCTL_IP_FORWARD,		/* net.ipv4.ip_forward */
	SYSCTL_IP6_FORWARD,		/* net.ipv6.conf.all.forwarding */
	SYSCTL_IP6_ACCEPT_RA,		/* net.ipv6.conf.IF.accept_ra */
	SYSCTL_RP_FILTER,		/* net.ipv4.conf.IF.rp_filter */
	SYSCTL_ACCEPT_REDIRECTS,	/* net.ipv4.conf.all.accept_redirects */
	SYSCTL_SEND_REDIRECTS,
	SYSCTL_IP6_DISABLE,		/* net.ipv6.conf.IF.disable_ipv6 */
	SYSCTL_PROMOTE_SECONDARIES,	/* net.ipv4.conf.IF.promote_secondaries */
	SYSCTL_LINK_FORWARD,		/* net.ipv4.conf.IF.forwarding */
	SYSCTL_LINK6_FORWARD,		/* net.ipv6.conf.IF.forwarding */
	SYSCTL_CONNECTION_COUNTERS,	/* net.netfilter.nf_conntrack_acct */
	SYSCTL_ID_MAX
};

enum file_id {
	FILE_INVALID = 0,
	FILE_LKG_RULESET,	/* fwd: last known good compiled ruleset, loaded by privd before links come up */
	FILE_RESOLV_CONF,	/* netd: resolver configuration of the box */
	FILE_NET_BEFORE,	/* netd: what it changed, as it was before; for as long as the kernel runs */
	FILE_CLAIM_NOTICE,	/* authd: what is printed on the console while the box is unclaimed */
	FILE_HOST_NAME,		/* netd: the name of the box as the kernel has it; read only */
	FILE_LOCALTIME,		/* netd: where the link to the time zone leads; read only */
	FILE_XDP,		/* fwd: which programs on links are its own; for as long as the kernel runs */
	FILE_PROCESSORS,	/* confd: what the processors did; read only */
	FILE_MEMORY,		/* confd: what memory is used for; read only */
	FILE_ID_MAX
};

enum host_verb {
	HOST_INVALID = 0,
	HOST_SET_NAME,
	HOST_SET_TIMEZONE,
	HOST_VERB_MAX
};

enum helper_id {
	HELPER_INVALID = 0,
	HELPER_PAM,
	HELPER_PARSE,
	HELPER_RECHECK,
	HELPER_TPM,
	HELPER_XDP,
	HELPER_PROVE,
	HELPER_ID_MAX
};

enum commit_phase {
	COMMIT_INVALID = 0,
	COMMIT_APPLY,		/* create and change (the order of owners is confd's) */
	COMMIT_REMOVE,		/* what the new revision does not have */
	COMMIT_BESIDE,		/* of fwd, before all others: both policies judge until APPLY (docs/adr/0224) */
};

enum ipc_impact_kind {
	IMPACT_INVALID = 0,
	IMPACT_HOT,
	IMPACT_RELOAD,
	IMPACT_RESTART,
	IMPACT_DISCONNECT,
};

enum flow_verdict {
	FLOW_INVALID = 0,
	FLOW_KEPT,
	FLOW_CUT,
	FLOW_UNKNOWN,
};

enum auth_verdict {
	AUTH_INVALID = 0,
	AUTH_ACCEPTED,
	AUTH_REFUSED,
	AUTH_NEED_OTP,
	AUTH_TOO_MANY,		/* the bucket is empty: retry_after_s */
	AUTH_NOT_CLAIMABLE,
	AUTH_WEAK_PASSWORD,
	AUTH_FAILED,		/* of ours: the helper died, the disk is full */
};

enum parse_format {
	PARSE_INVALID = 0,
	PARSE_YAML,
	PARSE_JSON,
	PARSE_BACKUP,		/* the JSON of a backup: may be longer */
	PARSE_IPTABLES,		/* what another firewall has (patronus-confd/import) */
	PARSE_PF,
	PARSE_UCI,
	PARSE_NFT,
	PARSE_LIST,		/* addresses, as others publish them */
	PARSE_COUNTRIES,	/* which addresses are of which country */
	PARSE_SYSTEMS,		/* of which autonomous system */
};

enum tpm_act {
	TPM_ACT_INVALID = 0,
	TPM_SEAL,
	TPM_UNSEAL,
};

enum tpm_verdict {
	TPM_VERDICT_INVALID = 0,
	TPM_DONE,
	TPM_ABSENT,		/* the box has none, or none that may be opened */
	TPM_CHANGED,		/* it does not give the key back: registers have other values than when it was sealed */
	TPM_OTHER,		/* another TPM than the one that sealed, or it was cleared since */
	TPM_FAILED,		/* for the reason that is told */
};

enum xdp_act {
	XDP_ACT_INVALID = 0,
	XDP_LOAD,
	XDP_ATTACH,
	XDP_DETACH,
};

enum xdp_verdict {
	XDP_VERDICT_INVALID = 0,
	XDP_DONE,
	XDP_ABSENT,		/* this build has no program, or this kernel cannot run it */
	XDP_FOREIGN,		/* the link has a program that is not the one expected */
	XDP_FAILED,		/* for the reason that is told */
};

enum totp_algorithm {
	TOTP_ALGORITHM_INVALID = 0,
	TOTP_SHA1,		/* what every authenticator app has */
	TOTP_SHA256,
	TOTP_SHA512,
};

enum syslog_transport {
	SYSLOG_INVALID = 0,
	SYSLOG_TLS,		/* RFC 5425 */
	SYSLOG_TCP,		/* RFC 6587 */
	SYSLOG_UDP,		/* RFC 5426 */
};

enum probe_kind {
	PROBE_INVALID = 0,
	PROBE_PING,
	PROBE_TCP,
	PROBE_HTTP,
	PROBE_DNS,
};

enum mgmt_method {
	MGMT_INVALID = 0,
	MGMT_GET,
	MGMT_POST,
	MGMT_PUT,
	MGMT_PATCH,
	MGMT_DELETE,
	MGMT_OPTIONS,
};

/* "privd", "confd", ...: the name in logs and in show processes. */
const char	*role_name(enum role);

#endif
