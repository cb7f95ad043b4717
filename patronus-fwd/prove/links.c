/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "ipc/msg.h"
#include "net/nlmsg.h"

#include "prove/links.h"

#define LOOPBACK	1	/* the first link of a network namespace */

const uint8_t far_mac[MAC_LEN] = { 0x02, 0, 0, 0, 1, 0 };

void
link_mac(unsigned n, uint8_t ret[MAC_LEN])
{
	memcpy(ret, (uint8_t[MAC_LEN]){ 0x02, 0, 0, 0, 0, (uint8_t)n }, MAC_LEN);
}

/* 0 or the kernel's -errno; what is there already is there. */
static int
tell(int fd, struct buf *b, size_t at)
{
	uint8_t reply[8192];
	struct nlmsgerr e;
	struct nl_reader r;
	struct nl_msg m;
	ssize_t n;

	nlmsg_end(b, at);
	if (buf_failed(b) || send(fd, b->data, b->len, 0) == -1)
		return buf_failed(b) ? -ENOMEM : -errno;
	for (;;) {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n <= 0)
			return n == 0 ? -EPIPE : -errno;
		nlmsg_reader_init(&r, reply, (size_t)n);
		while (nlmsg_next(&r, &m) == 1) {
			if (m.type != NLMSG_ERROR || m.len < sizeof(e))
				continue;
			memcpy(&e, m.data, sizeof(e));
			return e.error == -EEXIST ? 0 : e.error;
		}
	}
}

static size_t
begin(struct buf *b, uint16_t type, uint16_t flags, const void *family_header, size_t len)
{
	buf_reset(b);
	return nlmsg_begin(b, type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), 1, family_header, len);
}

static int
link_up(int fd, struct buf *b, unsigned index)
{
	const struct ifinfomsg g = { .ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	return tell(fd, b, begin(b, RTM_NEWLINK, 0, &g, sizeof(g)));
}

static int
link_new(int fd, struct buf *b, unsigned n, const char *name, bool is_port)
{
	const struct ifinfomsg g = { .ifi_index = (int)LINK_INDEX(n) }, peer = { .ifi_index = (int)PEER_INDEX(n) };
	char peer_name[IFNAMSIZ];
	uint8_t mac[MAC_LEN];
	size_t at, info, data, other;

	link_mac(n, mac);
	(void)snprintf(peer_name, sizeof(peer_name), "prove%u", n);
	at = begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &g, sizeof(g));
	nlattr_put_str(b, IFLA_IFNAME, name);
	nlattr_put(b, IFLA_ADDRESS, mac, sizeof(mac));
	if (is_port)
		nlattr_put_u32(b, IFLA_MASTER, BRIDGE_INDEX);
	info = nlattr_begin(b, IFLA_LINKINFO);
	nlattr_put_str(b, IFLA_INFO_KIND, "veth");
	data = nlattr_begin(b, IFLA_INFO_DATA);
	other = nlattr_begin(b, VETH_INFO_PEER);
	buf_put(b, &peer, sizeof(peer));
	nlattr_put_str(b, IFLA_IFNAME, peer_name);
	nlattr_end(b, other);
	nlattr_end(b, data);
	nlattr_end(b, info);
	return tell(fd, b, at);
}

/* It forwards, takes senders as they are, and says nothing by itself. */
static int
link_set(int fd, struct buf *b, unsigned index)
{
	const struct ifinfomsg g = { .ifi_index = (int)index };
	size_t at = begin(b, RTM_NEWLINK, 0, &g, sizeof(g)), spec, inet, conf;

	spec = nlattr_begin(b, IFLA_AF_SPEC);
	inet = nlattr_begin(b, AF_INET);
	conf = nlattr_begin(b, IFLA_INET_CONF);
	nlattr_put_u32(b, IPV4_DEVCONF_FORWARDING, 1);
	nlattr_put_u32(b, IPV4_DEVCONF_RP_FILTER, 0);
	nlattr_put_u32(b, IPV4_DEVCONF_SEND_REDIRECTS, 0);
	nlattr_end(b, conf);
	nlattr_end(b, inet);
	inet = nlattr_begin(b, AF_INET6);
	nlattr_put_u8(b, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nlattr_end(b, inet);
	nlattr_end(b, spec);
	return tell(fd, b, at);
}

static uint8_t
family_of(const struct addr *a)
{
	return a->family == ADDR_V4 ? AF_INET : AF_INET6;
}

static int
address_add(int fd, struct buf *b, const struct prove_address *a)
{
	const struct ifaddrmsg g = { .ifa_family = family_of(&a->address), .ifa_prefixlen = a->length, .ifa_flags = IFA_F_NODAD,
	    .ifa_index = a->link == 0 ? LOOPBACK : (unsigned)LINK_INDEX(a->link) };
	size_t at = begin(b, RTM_NEWADDR, NLM_F_CREATE, &g, sizeof(g));

	nlattr_put(b, IFA_LOCAL, a->address.bytes, addr_len(&a->address));
	nlattr_put(b, IFA_ADDRESS, a->address.bytes, addr_len(&a->address));
	return tell(fd, b, at);
}

static int
host_add(int fd, struct buf *b, const struct prove_address *a)
{
	const struct rtmsg route = { .rtm_family = family_of(&a->address), .rtm_dst_len = a->length, .rtm_table = RT_TABLE_MAIN,
	    .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST };
	const struct ndmsg neighbour = { .ndm_family = route.rtm_family, .ndm_ifindex = LINK_INDEX(a->link), .ndm_state = NUD_PERMANENT };
	size_t at = begin(b, RTM_NEWROUTE, NLM_F_CREATE, &route, sizeof(route));
	int error;

	nlattr_put(b, RTA_DST, a->address.bytes, addr_len(&a->address));
	nlattr_put_u32(b, RTA_OIF, LINK_INDEX(a->link));
	if ((error = tell(fd, b, at)) != 0)
		return error;
	at = begin(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &neighbour, sizeof(neighbour));
	nlattr_put(b, NDA_DST, a->address.bytes, addr_len(&a->address));
	nlattr_put(b, NDA_LLADDR, far_mac, sizeof(far_mac));
	return tell(fd, b, at);
}

/* Without a spanning tree, so that its ports forward at once. */
static int
bridge_add(int fd, struct buf *b, const char *name)
{
	const struct ifinfomsg g = { .ifi_index = BRIDGE_INDEX };
	uint8_t mac[MAC_LEN];
	size_t at, info;
	int error;

	link_mac(0, mac);
	at = begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &g, sizeof(g));
	nlattr_put_str(b, IFLA_IFNAME, name);
	nlattr_put(b, IFLA_ADDRESS, mac, sizeof(mac));
	info = nlattr_begin(b, IFLA_LINKINFO);
	nlattr_put_str(b, IFLA_INFO_KIND, "bridge");
	nlattr_end(b, info);
	error = tell(fd, b, at);
	if (error == 0)
		error = link_set(fd, b, BRIDGE_INDEX);
	return error != 0 ? error : link_up(fd, b, BRIDGE_INDEX);
}

static int
link_add(int fd, struct buf *b, unsigned n, const char *name, bool is_port)
{
	int error = link_new(fd, b, n, name, is_port);

	if (error == 0)
		error = link_set(fd, b, LINK_INDEX(n));
	if (error == 0)
		error = link_set(fd, b, PEER_INDEX(n));
	if (error == 0)
		error = link_up(fd, b, PEER_INDEX(n));
	return error != 0 ? error : link_up(fd, b, LINK_INDEX(n));
}

int
links_make(int fd, const struct prove_req *q)
{
	const bool is_port = q->bridge[0] != '\0';
	struct buf b;
	uint32_t i;
	int error;

	buf_init(&b, 0);
	error = link_up(fd, &b, LOOPBACK);
	if (error == 0 && is_port)
		error = bridge_add(fd, &b, q->bridge);
	for (i = 0; error == 0 && i < q->links.n; i++)
		error = link_add(fd, &b, i + 1, q->links.items[i], is_port);
	for (i = 0; error == 0 && i < q->addresses.n; i++)
		error = q->addresses.items[i].link > q->links.n ? -EINVAL : address_add(fd, &b, &q->addresses.items[i]);
	for (i = 0; error == 0 && i < q->hosts.n; i++)
		error = q->hosts.items[i].link == 0 || q->hosts.items[i].link > q->links.n ? -EINVAL : host_add(fd, &b, &q->hosts.items[i]);
	buf_fini(&b);
	return error;
}
