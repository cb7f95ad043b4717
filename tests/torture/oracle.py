# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel and /etc of the box hold, as programs that are not ours see it, in a canonical form.

A state is a dict of subsystems, each comparable with ==: the firewall, the routes, the links, the addresses, the sysctls and the files.
What depends on the way there and not on the configuration is left out: handles, counters, the order of creation, what meters have learned.
"""
import ctypes
import errno
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

PROTO = "158"                   # of our routes and rules (docs/adr/0041)
NFT, IP = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in ("nft", "ip"))
TABLE = [NFT, "-j", "-s", "list", "table", "inet", "patronus"]
SYSCTLS = ("ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv4/conf/all/accept_redirects", "ipv4/conf/all/send_redirects", "netfilter/nf_conntrack_acct")
LINK_SYSCTLS = ("ipv6/conf/{}/accept_ra", "ipv4/conf/{}/rp_filter", "ipv4/conf/{}/promote_secondaries", "ipv6/conf/{}/disable_ipv6")
LINKS = ("eth0", "eth1", "eth2")
AT_ONCE = ("firewall", "lookups-4", "lookups-6")
# One for each prefix of the routes of configs.py.
DESTINATIONS_4 = [f"198.18.{n}.1" for n in range(0, 150, 3)] + [f"198.19.{n}.1" for n in range(0, 50, 3)] + ["203.0.113.200"]
DESTINATIONS_6 = ["2001:db8:77::1"]
CLONE_NEWNET = 0x40000000
RTM_NEWROUTE, RTM_GETROUTE, RTA_DST, RTA_OIF, RTA_GATEWAY, RTN_UNICAST = 24, 26, 1, 4, 5, 1
# RTNLGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV4_RULE, _IPV6_IFADDR, _IPV6_ROUTE, _IPV6_RULE (linux/rtnetlink.h) as bits.
ROUTE_GROUPS = sum(1 << (g - 1) for g in (1, 5, 7, 8, 9, 11, 19))
NETLINK_NETFILTER, NFT_MSG_GETGEN, NFTA_GEN_ID, NLM_F_REQUEST = 12, 10 << 8 | 16, 1, 1


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


class Oracle:
    """Looks from inside the box's network namespace; one thread lives there, and its children with it."""

    def __init__(self, lab):
        self.lab = lab
        self.pool = ThreadPoolExecutor(1, initializer=self._enter)

    def _enter(self):
        with open(f"/run/netns/{self.lab.ns('box')}") as ns:
            if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            here = os.fstat(ns.fileno()).st_ino
            _known.pop(here, None)                              # another one may have had the number
            _news[here] = News()

    def state(self):
        return self.pool.submit(read_state, self.lab.etc).result()

    def at_once(self):
        return self.pool.submit(read_at_once).result()

    def close(self):
        self.pool.shutdown()


def _json(argv):
    r = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    return json.loads(r.stdout) if r.returncode == 0 and r.stdout.strip() else []


def generation():
    """The number of the ruleset, which every transaction raises before a packet or a reader meets what it changed."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        s.settimeout(5)
        s.sendto(struct.pack("=IHHIIBBH", 20, NFT_MSG_GETGEN, NLM_F_REQUEST, 1, 0, 0, 0, 0), (0, 0))
        reply = s.recv(4096)
    at = 20
    while at + 4 <= len(reply):
        size, kind = struct.unpack_from("=HH", reply, at)
        if kind & 0x3fff == NFTA_GEN_ID:
            return struct.unpack_from(">I", reply, at + 4)[0]
        at += (size + 3) & ~3
    raise AssertionError("the kernel tells no generation")


_known = {}    # {network namespace: (generation, the last look)}


def of_one_generation(look):
    """nft asks for chains, sets and rules one after the other, and when a transaction comes between it begins anew; what it lists then can hold
    rules twice (1.0.6 keeps those that it had no chain for).  A look counts when there was no transaction from its begin to its end; and as long
    as there is none the last one is still true: what packets alone change is left out."""
    here = os.stat("/proc/thread-self/ns/net").st_ino
    while True:
        before = generation()
        if _known.get(here, (None,))[0] == before:
            return _known[here][1]
        seen = look()
        if generation() == before:
            _known[here] = before, seen
            return seen


class News:
    """What the kernel tells of links, addresses, routes and rules of the namespace that it was made in: as long as it tells nothing, the last look
    is still true.  A link that goes down takes IPv4 routes along without a word, but that of the link."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        self.socket.bind((0, ROUTE_GROUPS))
        self.n, self.known = 0, {}

    def count(self):
        """How often there was news."""
        while True:
            try:
                self.socket.recv(65536)
            except BlockingIOError:
                return self.n
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
            self.n += 1


_news = {}     # {network namespace: News}


def unless_told(look, *args):
    """The last such look, if there was no news from its begin on."""
    news = _news[os.stat("/proc/thread-self/ns/net").st_ino]
    key, before = (look, repr(args)), news.count()
    if news.known.get(key, (None,))[0] == before:
        return news.known[key][1]
    seen = look(*args)
    if news.count() == before:
        news.known[key] = before, seen
    return seen


def twice(look, *args):
    """Two looks that agree, since a look asks for one destination after the other."""
    before = look(*args)
    while (now := look(*args)) != before:
        before = now
    return now


def read_at_once():
    return {"firewall": without_policies(of_one_generation(read_firewall)), "lookups-4": read_lookups(socket.AF_INET, DESTINATIONS_4),
            "lookups-6": read_lookups(socket.AF_INET6, DESTINATIONS_6)}


def read_state(etc):
    links, addresses = unless_told(read_links)
    return {"firewall": of_one_generation(read_firewall), "routes": unless_told(read_routes), "links": links, "addresses": addresses, "sysctls": read_sysctls(), "files": read_files(etc)}


# --- the firewall


def _clean(value):
    """Without numbers that the kernel counts or gives."""
    if isinstance(value, list):
        return [_clean(v) for v in value]
    if isinstance(value, dict):
        return {k: None if k == "counter" else _clean(v) for k, v in value.items() if k not in ("handle", "expires", "index")}
    return value


def read_firewall():
    chains, sets = {}, {}
    listed = _json(TABLE)
    for item in listed["nftables"] if listed else ():
        (kind, o), = item.items()
        o = _clean(o)
        if kind == "chain":
            chains.setdefault(o["name"], {"rules": []})["chain"] = o
        elif kind == "rule":
            chains.setdefault(o["chain"], {"rules": []})["rules"].append(o)
        elif kind in ("set", "map", "meter"):
            elements = o.pop("elem", [])
            learned = "dynamic" in o.get("flags", ()) or kind == "meter"
            sets[o["name"]] = [o, [] if learned else sorted(elements, key=lambda e: json.dumps(e, sort_keys=True))]
    return {"chains": chains, "sets": sets}


def without_policies(firewall):
    """The kernel takes the policy of a new base chain last, some microseconds after the rules of the same transaction
    (nft_chain_commit_drop_policy() in net/netfilter/nf_tables_api.c), and a reader may see that.  No packet does: chains that drop end with
    a rule that decides, see falls_through()."""
    chains = {}
    for name, c in firewall["chains"].items():
        chains[name] = {"rules": c["rules"], "chain": {k: v for k, v in c.get("chain", {}).items() if k != "policy"}}
    return {"chains": chains, "sets": firewall["sets"]}


def falls_through(firewall):
    """Base chains that drop, and rely on their policy for it."""
    def ends(name):
        """Whether every packet is decided on: the last rule is a verdict without a match, or goes to a chain that ends so."""
        last = [e for e in firewall["chains"][name]["rules"][-1]["expr"] if "counter" not in e] if firewall["chains"][name]["rules"] else []
        if len(last) != 1:
            return False
        (verdict, target), = last[0].items()
        return verdict in ("drop", "reject") or (verdict == "goto" and ends(target["target"]))
    return [name for name, c in firewall["chains"].items() if c["chain"].get("policy") == "drop" and not ends(name)]


# --- routes


def _ip(family, *questions):
    """What one `ip` answers to each of them: a process for each would be most of what a look costs."""
    text = "".join(q + "\n" for q in questions)
    r = subprocess.run([IP, family, "-j", "-d", "-force", "-batch", "-"], input=text, capture_output=True, text=True, timeout=30)
    at, found, decoder = 0, [], json.JSONDecoder()
    while at < len(r.stdout):
        value, at = decoder.raw_decode(r.stdout, at)
        found.append(value)
        while at < len(r.stdout) and r.stdout[at].isspace():
            at += 1
    if len(found) != len(questions):
        raise AssertionError(f"ip: {len(found)} answers to {questions}: {r.stderr}")
    return found


def read_routes():
    """Ours, wherever they are, and the rules that lead to them: nothing of a change is left (docs/adr/0045)."""
    routes, rules = [], []
    for family in ("-4", "-6"):
        its_routes, its_rules = _ip(family, f"route show table all proto {PROTO}", "rule")
        routes += [[family, r.get("type", "unicast"), r["dst"], r.get("gateway"), r.get("dev"), r.get("metric"), r.get("table", "main")] for r in its_routes]
        rules += [json.dumps(r, sort_keys=True) for r in its_rules if str(r.get("protocol")) == PROTO]
    return {"routes": sorted(routes, key=str), "rules": sorted(rules)}


def _question(family, i, destination):
    """struct nlmsghdr, struct rtmsg and the attribute RTA_DST."""
    to = socket.inet_pton(family, destination)
    return struct.pack("=IHHII8BIHH", 32 + len(to), RTM_GETROUTE, NLM_F_REQUEST, i, 0, family, 8 * len(to), *6 * (0,), 0, 4 + len(to), RTA_DST) + to


def _answer(family, message):
    """[next hop or None, device] of an answer; None where there is no way, whatever the reason."""
    (kind,) = struct.unpack_from("=H", message, 4)
    if kind != RTM_NEWROUTE or message[16 + 7] != RTN_UNICAST:
        return None
    at, found = 28, {}
    while at + 4 <= len(message):
        size, attribute = struct.unpack_from("=HH", message, at)
        found[attribute & 0x3fff] = message[at + 4:at + size]
        at += (size + 3) & ~3
    gateway = found.get(RTA_GATEWAY)
    try:
        return [gateway and socket.inet_ntop(family, gateway), socket.if_indextoname(struct.unpack("=I", found[RTA_OIF])[0])]
    except OSError:         # the link has gone since
        return None


def _look_up(family, destinations):
    """The way of each destination, as `ip route get` asks for it; a process for each look would be most of what a trial costs."""
    ways = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as s:
        s.settimeout(5)
        s.sendto(b"".join(_question(family, i, d) for i, d in enumerate(destinations)), (0, 0))
        while len(ways) < len(destinations):
            got = s.recv(65536)
            while got:
                size, _, _, i = struct.unpack_from("=IHHI", got)
                ways[destinations[i]] = _answer(family, got[:size])
                got = got[(size + 3) & ~3:]
    return ways


def read_lookups(family, destinations):
    """What a packet to each destination meets."""
    return unless_told(twice, _look_up, family, destinations)


# --- links, addresses, sysctls, files


def read_links():
    links, addresses = {}, {}
    for l in _json([IP, "-j", "addr"]):
        if l["ifname"] in LINKS:
            links[l["ifname"]] = {"up": "UP" in l["flags"], "mtu": l["mtu"]}
            addresses[l["ifname"]] = sorted(f"{a['local']}/{a['prefixlen']}" for a in l["addr_info"] if a["scope"] == "global")
    return links, addresses


def read_sysctls():
    names = [*SYSCTLS, *(s.format(l) for s in LINK_SYSCTLS for l in LINKS)]
    out = {}
    for name in names:
        with open(f"/proc/sys/net/{name}") as f:
            out[name] = f.read().strip()
    return out


def read_files(etc):
    resolv = etc / "resolv.conf"
    return {"resolv.conf": resolv.read_text() if resolv.exists() else None, "localtime": os.readlink(etc / "localtime")
            if (etc / "localtime").is_symlink() else None}


class Sampler:
    """Looks all the time, and keeps what it saw together with when the look began."""

    def __init__(self, oracle):
        self.oracle, self.seen, self.end = oracle, [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.end.is_set():
            self.seen.append((time.monotonic(), self.oracle.at_once()))
            time.sleep(0.001)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.end.set()
        self.thread.join()
