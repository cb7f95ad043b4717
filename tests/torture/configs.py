# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of the lab's box that differ in everything a commit can change: rules, groups, NAT, addresses, routes, MTU, names."""
import copy


def _item(items, key, name):
    return next(i for i in items if i[key] == name)


def _rules(n, tag):
    return [{"id": f"{tag}-{i}", "from": ["lan"], "to": [("wan", "dmz")[i % 2]], "source": {"addresses": [f"192.0.2.{i % 100 + 11}"]},
             "destination": {"addresses": [f"198.18.{i}.0/24"]}, "service": [("ssh", "dns", "https")[i % 3]],
             "action": ("accept", "drop")[i % 2]} for i in range(n)]


def _routes(n, via, tag, second_octet=18):
    return [{"name": f"{tag}-{i}", "destination": f"198.{second_octet}.{i}.0/24", "via": via} for i in range(n)]


def _wide(c):
    """More of everything, and a smaller MTU where there was none."""
    _item(c["interfaces"], "name", "lan").update(mtu=1400)
    _item(c["interfaces"], "name", "lan")["addresses"].append("203.0.113.1/25")
    c["routing"]["static"] += _routes(20, "198.51.100.1", "far")
    c["firewall"]["rules"][0:0] = _rules(12, "wide")
    _item(c["firewall"]["groups"], "name", "admins")["addresses"] += ["192.0.2.11", "192.0.2.12"]
    c["nat"]["port-forwards"].append({"id": "ssh", "zone": "wan", "service": ["ssh"], "to": "192.0.2.130"})
    c["system"]["name-servers"] = ["198.51.100.53", "198.51.100.54"]


def _narrow(c):
    """Less of everything: no NAT, no name server, IPv4 alone in the DMZ."""
    del c["nat"], c["system"]["name-servers"]
    c["firewall"]["rules"] = [r for r in c["firewall"]["rules"] if r["id"] not in ("web-in", "dmz-updates")]
    c["routing"]["static"] = [r for r in c["routing"]["static"] if r["name"] == "default-v4"]
    _item(c["interfaces"], "name", "dmz")["addresses"] = ["192.0.2.129/26"]
    _item(c["interfaces"], "name", "dmz").pop("mtu", None)


def _many(c):
    """A few hundred objects, so that there is a long way between two states."""
    c["firewall"]["rules"][0:0] = _rules(60, "many")
    _item(c["firewall"]["groups"], "name", "web-servers")["addresses"] = [f"192.0.2.{n}" for n in range(130, 190)]
    c["routing"]["static"] += _routes(150, "198.51.100.1", "far") + _routes(50, "198.51.100.9", "near", 19)
    _item(c["interfaces"], "name", "wan").update(mtu=1400)


def _moved(c):
    """The same objects, each another way: other next hops, another address of the box in the DMZ, which is down."""
    for r in c["routing"]["static"]:
        r["via"] = r["via"].replace("198.51.100.1", "198.51.100.3").replace("51::1", "51::3")
    c["routing"]["static"] += _routes(20, "198.51.100.3", "far")
    _item(c["interfaces"], "name", "dmz").update(enabled=False, addresses=["192.0.2.190/26"])
    _item(c["firewall"]["rules"], "id", "lan-out").update(to=["wan"], log=True)
    c["firewall"]["rules"].reverse()
    c["system"]["time-zone"] = "Etc/UTC"


SHAPES = (lambda c: None, _wide, _narrow, _many, _moved)


def pool(base):
    """One document for each shape, from `show configuration --json` of examples/lab.yaml."""
    out = []
    for shape in SHAPES:
        c = copy.deepcopy(base)
        shape(c)
        out.append(c)
    return out
