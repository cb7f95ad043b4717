# SPDX-License-Identifier: GPL-3.0-or-later
"""What a commit touched, seen from outside: the kernel's own events and lists before and after, against the plan that was shown."""
import collections
import json
import os
import re
import time

from api import namespace

KERNEL_NAME = {"wan": "eth0", "lan": "eth1", "dmz": "eth2"}
SYSCTLS = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"] + [
    f"net/ipv4/conf/{dev}/{name}" for dev in ("all", "eth0", "eth1", "eth2") for name in ("rp_filter", "accept_redirects", "send_redirects", "promote_secondaries")]


class Monitor:
    """The lines that a monitoring program of the lab's box prints."""

    def __init__(self, lab, name, argv):
        self.path = lab.dir / name
        self.path.touch()
        lab.spawn("box", argv, log=name)
        self.at = 0

    def settle(self, seconds=0.05):
        """Until nothing more comes."""
        size, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            now = self.path.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.01)

    def lines(self):
        self.settle()
        with self.path.open(errors="replace") as f:
            f.seek(self.at)
            text = f.read()
            self.at = f.tell()
        return text.splitlines()


def route(text):
    """Destination, next hop and metric, from a line of ip(8) or of the plan."""
    words = text.rstrip(": ").split()
    after = {k: words[i + 1].rstrip(":") for i, k in enumerate(words[:-1])}
    dest = words[1] if words[0] in ("blackhole", "unicast") else words[0]
    is_v6 = ":" in dest or (dest == "default" and ":" in after.get("via", ""))
    dest = ("::/0" if is_v6 else "0.0.0.0/0") if dest == "default" else re.sub(r"/(32|128)$", "", dest)
    metric = after.get("metric", "")
    return dest, after.get("via", ""), "" if is_v6 and metric == "1024" else metric


def elements(obj):
    return collections.Counter(json.dumps(e, sort_keys=True) for e in obj.get("elem", []))


class Ruleset:
    """table inet patronus: rules by chain and handle, elements by set."""

    def __init__(self, lab):
        table = json.loads(lab.nft("-j", "-n", "list", "table", "inet", "patronus").stdout)["nftables"]
        self.chains, self.rules, self.sets = set(), {}, {}
        for item in table:
            kind, obj = next(iter(item.items()))
            if kind == "chain":
                self.chains.add((obj["name"], obj.get("policy")))
            elif kind == "rule":
                counters = [e.pop("counter") for e in obj["expr"] if "counter" in e]
                text = json.dumps([obj["chain"], obj["expr"], obj.get("comment")], sort_keys=True)
                self.rules[obj["handle"]] = (obj["chain"], text, counters[0]["packets"] if counters else 0)
            elif kind in ("set", "map"):        # meters are filled by packets, not by commits
                self.sets[obj["name"]] = collections.Counter() if obj["name"].startswith("meter.") else elements(obj)


class Observer:
    """before(), the commit, after(): what happened."""

    def __init__(self, lab):
        self.lab, self.new = lab, None
        self.nft = Monitor(lab, "nft.events", ["nft", "monitor"])
        self.ip = Monitor(lab, "ip.events", ["ip", "-o", "monitor", "link", "address", "route"])
        time.sleep(1)       # links that just came up announce themselves again

    def sysctls(self):
        with namespace(self.lab.ns("box")):
            return {name: open(f"/proc/sys/{name}").read().strip() for name in SYSCTLS}

    def look(self):
        lab = self.lab
        files = {p.name: (os.readlink(p) if p.is_symlink() else p.read_text()) for p in lab.etc.iterdir()}
        hostname = lab.exec("box", ["nsenter", "--uts", "-t", str(lab.privd.pid), "hostname"]).stdout.strip()
        ports = {line.split()[3] for line in lab.exec("box", ["ss", "-Hltn"]).stdout.splitlines()}
        routes = {route(line) for family in ("-4", "-6")
                  for line in lab.exec("box", ["ip", family, "-o", "route", "show", "proto", "158"]).stdout.splitlines()}
        processes = {p["name"]: (p["pid"], p["restarts"]) for p in lab.processes().values()}
        return {"ruleset": Ruleset(lab), "routes": routes, "files": files, "hostname": hostname, "ports": ports, "processes": processes, "sysctls": self.sysctls()}

    def before(self, fresh=False):
        self.nft.lines(), self.ip.lines()
        self.old = self.new if self.new and not fresh else self.look()

    def after(self):
        nft, ip = self.nft.lines(), self.ip.lines()
        self.new = self.look()
        return Happened(self.old, self.new, nft, ip)


class Happened:
    """What is different, in the words of Plan."""

    def __init__(self, old, new, nft_events, ip_events):
        self.rules, self.elements, self.faults = collections.Counter(), collections.Counter(), []
        a, b = old["ruleset"], new["ruleset"]
        for handle in a.rules.keys() - b.rules.keys():
            self.rules["-", a.rules[handle][0]] += 1
        for handle in b.rules.keys() - a.rules.keys():
            self.rules["+", b.rules[handle][0]] += 1
        for handle in a.rules.keys() & b.rules.keys():
            if a.rules[handle][1] != b.rules[handle][1]:        # replaced in its place
                self.rules["-", a.rules[handle][0]] += 1
                self.rules["+", b.rules[handle][0]] += 1
            elif b.rules[handle][2] < a.rules[handle][2]:
                self.faults.append(f"rule {handle} lost its counter: {a.rules[handle]} {b.rules[handle]}")
        for name in b.sets.keys():      # those of a set that goes, go with it
            had, has = a.sets.get(name, collections.Counter()), b.sets.get(name, collections.Counter())
            if gone := (had - has).total():
                self.elements["-", name] += gone
            if come := (has - had).total():
                self.elements["+", name] += come
        self.sets = {("+", n) for n in b.sets.keys() - a.sets.keys()} | {("-", n) for n in a.sets.keys() - b.sets.keys()}
        names_a, names_b = dict(a.chains), dict(b.chains)
        self.chains = {("+", n) for n in names_b.keys() - names_a.keys()} | {("-", n) for n in names_a.keys() - names_b.keys()} | \
            {("~", n) for n in names_a.keys() & names_b.keys() if names_a[n] != names_b[n]}
        self.touched = self.nft_touched(nft_events)
        self.network, self.by_kernel = self.net(ip_events)
        # Routes over a link that goes down vanish without an event.
        self.network |= {("-", "route", r) for r in old["routes"] - new["routes"]}
        self.processes = {n for n in old["processes"].keys() | new["processes"].keys() if old["processes"].get(n) != new["processes"].get(n)}
        self.ports = old["ports"] ^ new["ports"]
        self.settings = {n for n in ("hostname", "files") if old[n] != new[n]}
        self.sysctls = {n for n in SYSCTLS if old["sysctls"][n] != new["sysctls"][n]}

    def owners(self):
        """Whose part is different."""
        parts = {"fwd": self.rules or self.elements or self.chains or self.sets, "netd": self.network or self.settings or self.sysctls, "httpd": self.ports}
        return {name for name, is_different in parts.items() if is_different}

    @staticmethod
    def nft_touched(lines):
        """Names of chains, sets and maps of our table in events of any kind."""
        found = set()
        for line in lines:
            if m := re.match(r"(?:add|delete|insert|replace|flush|create|destroy) (?:rule|element|chain|set|map|table) inet patronus(?: (\S+)|$)", line):
                found.add(m.group(1) or "")
        return found

    @staticmethod
    def net(lines):
        """Addresses, routes of ours and links that events name; and on which links the kernel did something by itself."""
        ours, kernel = set(), set()
        for line in lines:
            if " table 158158 " in line + " ":        # a change of several routes goes through there (ADR 45), and leaves nothing
                continue
            sign, line = ("-", line[8:]) if line.startswith("Deleted ") else ("+", line)
            if m := re.match(r"\d+: (\S+?)(?:@\S+)?\s+inet6? (\S+)", line):
                if not m.group(2).startswith("fe80:"):
                    ours.add((sign, "address", m.group(2), m.group(1)))
            elif m := re.match(r"\d+: (\S+?)(?:@\S+)?: <", line):
                ours.add(("~", "link", m.group(1)))
            elif "proto 158" in line or "proto patronus" in line:
                ours.add((sign, "route", route(line)))
            elif m := re.search(r"dev (\S+)", line):
                kernel.add(m.group(1))
        return ours, kernel


class Plan:
    """The answer of diff --as plan, as sets of the same kind."""

    def __init__(self, answer):
        self.rules, self.elements, self.chains, self.sets = collections.Counter(), collections.Counter(), set(), set()
        self.is_anew = False
        for line in answer.get("nft", "").splitlines():
            sign, _, rest = line.partition(" ")
            word = rest.split(" ")[0]
            if sign not in "+-<>~":
                continue
            sign = {"<": "-", ">": "+"}.get(sign, sign)
            if word == "table":
                self.is_anew = True
            elif word in ("chain", "set"):
                (self.chains if word == "chain" else self.sets).add((sign, rest.split(" ")[1]))
            elif word.startswith("@"):
                self.elements[sign, word[1:]] += 1
            else:
                self.rules[sign, word] += 1
        self.network, self.settings, self.sysctls = set(), set(), 0
        for line in answer.get("network", "").splitlines():
            self.network_line(line)
        self.owners = {i["owner"] for i in answer.get("impact", [])}
        self.services = {s["process"] for s in answer.get("services", [])}

    def network_line(self, line):
        if m := re.match(r"([+-]) address (\S+) on (\S+)", line):
            self.network.add((m[1], "address", m[2], KERNEL_NAME.get(m[3], m[3])))
        elif m := re.match(r"([+~-]) route (.*?)(?:: was (.*))?$", line):
            self.network.add(("+" if m[1] == "~" else m[1], "route", route(m[2])))
            if m[1] == "~":
                self.network.add(("-", "route", route(m[3])))
        elif m := re.match(r"~ link \S+ \((\S+)\)", line):
            self.network.add(("~", "link", m[1]))
        elif m := re.match(r"~ (host name|time zone|resolver)", line):
            self.settings.add("hostname" if m[1] == "host name" else "files")
        else:
            self.sysctls += 1


def compare(plan, happened):
    """A list of differences, empty when the plan said all and no more."""
    faults = list(happened.faults)

    def check(what, said, seen):
        if said != seen:
            faults.append(f"{what}: the plan said {said}, seen {seen}")

    if not plan.is_anew:
        check("rules", dict(plan.rules), dict(happened.rules))
        check("elements", {k: v for k, v in plan.elements.items() if v}, dict(happened.elements))
        check("chains", plan.chains, happened.chains)
        check("sets", plan.sets, happened.sets)
        named = {n for _, n in plan.chains | plan.sets} | {n for _, n in plan.rules} | {n for _, n in plan.elements}
        if happened.touched - named:
            faults.append(f"events about {happened.touched - named}, of which the plan says nothing")
    links = {x[2] for x in plan.network if x[1] == "link"}
    said, seen = plan.network, happened.network
    # A link that goes up or down is announced by the kernel once or more, and so is each route over it.
    missing = {x for x in said - seen if x[1] != "link"} | {x for x in said - seen if x[1] == "link" and not happened.network}
    extra = {x for x in seen - said if not (x[1] == "link" and x[2] in links)}
    if missing or extra:
        faults.append(f"network: not seen {missing}, not said {extra}")
    stray = happened.by_kernel - {x[3] for x in plan.network if x[1] == "address"} - links
    if stray:
        faults.append(f"the kernel did something on {stray}, of which the plan says nothing")
    check("settings", plan.settings, happened.settings)
    check("owners", plan.owners, happened.owners())
    check("processes", set(), happened.processes)
    check("listeners", bool(plan.services), bool(happened.ports))
    if happened.sysctls and plan.sysctls == 0:
        faults.append(f"sysctls {happened.sysctls}")
    return faults


# --- random changes of a document (as JSON) ---

SERVICES = ["http", "https", "dns", "ssh", "ntp", "smtp", "ping", "snmp"]
ZONES = ["wan", "lan", "dmz"]


def some_address(chance):
    return chance.choice([f"203.0.113.{chance.randrange(1, 255)}", f"198.18.{chance.randrange(256)}.0/24", f"2001:db8:77::{chance.randrange(1, 9999):x}"])


def some_rule(chance, ident):
    rule = {"id": ident, "from": chance.choice([["lan"], ["wan"], ["dmz"], ["lan", "dmz"], ["any"], ["local"]]),
            "to": chance.choice([["wan"], ["dmz"], ["local"], ["wan", "dmz"], ["any"]]), "action": chance.choice(["accept", "drop", "reject"])}
    if chance.random() < 0.6:
        rule["service"] = chance.sample(SERVICES, chance.randrange(1, 4))
    if chance.random() < 0.4:
        rule["source"] = chance.choice([{"group": ["admins"]}, {"addresses": [some_address(chance)]}])
    if chance.random() < 0.3:
        rule["limit"] = {"rate": f"{chance.randrange(1, 50)}/second", "per": chance.choice(["rule", "source"])}
    if chance.random() < 0.3:
        rule["log"] = True
    return rule


def set_or_drop(obj, key, value, chance):
    if key in obj and chance.random() < 0.5:
        del obj[key]
    else:
        obj[key] = value


def mutate_rules(d, c, n):
    rules = d["firewall"]["rules"]
    kind = c.randrange(7)
    rule = c.choice(rules)
    if kind == 0 or len(rules) < 4:
        rules.insert(c.randrange(len(rules) + 1), some_rule(c, f"rule-{n}"))
    elif kind == 1 and len(rules) > 5:
        rules.remove(rule)
    elif kind == 2:
        rules.remove(rule)
        rules.insert(c.randrange(len(rules) + 1), rule)
    elif kind == 3:
        rule["action"] = c.choice(["accept", "drop", "reject"])
    elif kind == 4:
        rule["description"] = f"round {n}"
    elif kind == 5:
        set_or_drop(rule, "log", True, c)
    else:
        set_or_drop(rule, "enabled", False, c)


def mutate_names(d, c, n):
    group = c.choice(d["firewall"]["groups"])
    if c.random() < 0.7:
        group["addresses"] = sorted({*group["addresses"], some_address(c)} if c.random() < 0.6 or len(group["addresses"]) < 2 else
                                    {*c.sample(group["addresses"], len(group["addresses"]) - 1)})
    else:
        c.choice(d["firewall"]["services"])["ports"] = sorted({str(c.randrange(1, 9000)) for _ in range(c.randrange(1, 4))})


def mutate_policy(d, c, n):
    f = d["firewall"]
    kind = c.randrange(5)
    if kind == 0:
        set_or_drop(c.choice(f["zones"]), "default-action", c.choice(["drop", "reject"]), c)
    elif kind == 1:
        set_or_drop(f, "anti-spoofing", False, c)
    elif kind == 2:
        set_or_drop(f.setdefault("logging", {}), c.choice(["unmatched", "invalid", "spoofed"]), c.choice([True, False]), c)
    elif kind == 3:
        set_or_drop(f.setdefault("defaults", {}), "outgoing", "drop", c)
    else:
        set_or_drop(f.setdefault("defaults", {}), "action", "reject", c)


def mutate_nat(d, c, n):
    nat = d["nat"]
    if c.random() < 0.5:
        nat["masquerade"] = [{"name": "out", "zone": "wan", "source": {"zones": c.choice([["lan"], ["dmz"], ["lan", "dmz"]])}}]
    elif len(nat["port-forwards"]) > 1 and c.random() < 0.5:
        nat["port-forwards"].pop()
    else:
        nat["port-forwards"].append({"id": f"forward-{n}", "zone": "wan", "service": [c.choice(SERVICES[:6])], "to": "192.0.2.130",
                                     **({"hairpin": True} if c.random() < 0.3 else {})})


def mutate_network(d, c, n):
    kind = c.randrange(6)
    links = {i["name"]: i for i in d["interfaces"]}
    routes = d["routing"]["static"]
    if kind == 0:
        extra = f"198.18.{c.randrange(1, 5)}.{c.randrange(1, 250)}/24"
        have = [a for a in links["dmz"]["addresses"] if not a.startswith("198.18.")]
        links["dmz"]["addresses"] = have + ([extra] if c.random() < 0.7 else [])
    elif kind == 1:
        links["dmz"]["mtu"] = c.choice([1280, 1400, 1500])
    elif kind == 2 and len(routes) > 3:
        routes.remove(c.choice([r for r in routes if not r["name"].startswith("default")]))
    elif kind in (2, 3):
        routes.append({"name": f"route-{n}", "destination": f"203.0.113.{16 * c.randrange(16)}/28", "via": c.choice(["198.51.100.1", "192.0.2.10"]),
                       "metric": c.randrange(1, 50)})
    elif kind == 4:
        movable = [r for r in routes if not r["name"].startswith("default")]
        if movable:
            c.choice(movable)["via"] = c.choice(["198.51.100.1", "192.0.2.10", "192.0.2.130"])
    else:
        set_or_drop(links["dmz"], "enabled", False, c)


def mutate_box(d, c, n):
    kind = c.randrange(5)
    if kind == 0:
        d["system"]["hostname"] = f"edge{c.randrange(1, 9)}"
    elif kind == 1:
        d["system"]["time-zone"] = c.choice(["Europe/Berlin", "UTC", "Europe/Paris"])
    elif kind == 2:
        d["system"]["name-servers"] = c.sample(["198.51.100.53", "203.0.113.53", "2001:db8:51::53"], c.randrange(1, 3))
    elif kind == 3:
        d["management"]["web"] = {"zones": c.sample(ZONES, c.randrange(1, 3)), "port": c.choice([8443, 9443])}
    else:
        d["management"]["ssh"] = {"zones": c.sample(ZONES, c.randrange(0, 3)), "port": c.choice([22, 2222])}


def mutate_served(d, c, n):
    """What nobody carries out in the kernel: confd, authd, logd and fetchd serve it."""
    kind = c.randrange(4)
    if kind == 0:
        receivers = [{"name": f"noc-{i}", "host": f"198.51.100.{c.randrange(20, 30)}", "transport": "udp", "send": c.choice([["audit"], ["events", "firewall"]])}
                     for i in range(c.randrange(3))]
        d["management"]["syslog"] = {"receivers": receivers}
    elif kind == 1:
        roles = d.setdefault("roles", [])
        roles.append({"name": f"role-{n}", "base": "read-only", "rules": [
            {"name": "names", "path": c.choice(["/firewall/groups", "/firewall/rules/*/enabled", "/system"]), "verbs": ["edit", "commit"]}]})
        if len(roles) > 3:
            gone = roles.pop(0)["name"]
            d["users"] = [u for u in d["users"] if u["role"] != gone]
    elif kind == 2:
        users = [u for u in d["users"] if u["name"] == "alice" or c.random() < 0.7]
        d["users"] = users + [{"name": f"user-{n}", "role": c.choice(["operator", "auditor", *(r["name"] for r in d.get("roles", []))]), "enabled": c.random() < 0.7}]
    else:
        d["management"]["history"] = {"keep-revisions": c.randrange(100, 2000)}


MUTATORS = [mutate_rules, mutate_rules, mutate_rules, mutate_names, mutate_policy, mutate_nat, mutate_network, mutate_network, mutate_box, mutate_served,
            mutate_served]


def mutate(document, chance, n):
    for _ in range(chance.randrange(1, 4)):
        chance.choice(MUTATORS)(document, chance, n)
