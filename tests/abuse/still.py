# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not move while somebody who may not change anything tries: the configuration, its history, the people's sessions, the kernel."""
import hashlib
import json

VIEWS = (["ip", "-j", "addr"], ["ip", "-j", "route", "show", "table", "all"], ["ip", "-6", "-j", "route", "show", "table", "all"], ["ip", "-j", "rule"],
         ["ip", "-6", "-j", "rule"])


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def settled(entry):
    """Without what the kernel does by itself when a carrier comes late: states of links, link-local addresses and their routes."""
    if "addr_info" in entry:
        addresses = [a for a in entry["addr_info"] if a.get("scope") != "link"]
        return {"ifname": entry["ifname"], "mtu": entry.get("mtu"), "up": "UP" in entry["flags"], "addr_info": addresses}
    return {k: v for k, v in entry.items() if k != "flags"}


def is_own(entry):
    """Made by the kernel for a link that has come up?"""
    return entry.get("protocol") == "kernel" and entry.get("dst", "").startswith(("fe80:", "ff00:"))


def kernel(box):
    """Of the rules without their counters, and of addresses, routes and rules."""
    rules = json.loads(box.exec("box", ["nft", "-j", "-s", "list", "ruleset"]).stdout)["nftables"]
    seen = [[settled(e) for e in json.loads(box.exec("box", argv).stdout or "[]") if not is_own(e)] for argv in VIEWS]
    return [digest(json.dumps(part, sort_keys=True)) for part in ([r for r in rules if "metainfo" not in r], *seen)]


def configuration(api):
    """The newest revision's number, digest and link of the chain, and the document that runs."""
    newest = api.call("GET", "/revisions?limit=1", expect=200).json["revisions"][0]
    return newest["number"], newest["digest"], newest["chain"], digest(api.call("GET", "/configuration", expect=200).body.decode())


def of(box, api):
    return configuration(api), kernel(box)
