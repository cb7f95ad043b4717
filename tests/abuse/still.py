# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not move while somebody who may not change anything tries: the configuration, its history, the people's sessions, the kernel."""
import hashlib
import json

VIEWS = (["ip", "-j", "addr"], ["ip", "-j", "route", "show", "table", "all"], ["ip", "-6", "-j", "route", "show", "table", "all"], ["ip", "-j", "rule"],
         ["ip", "-6", "-j", "rule"])


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def kernel(box):
    """Of the rules without their counters, and of addresses, routes and rules."""
    rules = json.loads(box.exec("box", ["nft", "-j", "-s", "list", "ruleset"]).stdout)["nftables"]
    seen = [json.loads(box.exec("box", argv).stdout or "[]") for argv in VIEWS]
    return digest(json.dumps([r for r in rules if "metainfo" not in r]) + json.dumps(seen, sort_keys=True))


def configuration(api):
    """The newest revision's number, digest and link of the chain, and the document that runs."""
    newest = api.call("GET", "/revisions?limit=1", expect=200).json["revisions"][0]
    return newest["number"], newest["digest"], newest["chain"], digest(api.call("GET", "/configuration", expect=200).body.decode())


def of(box, api):
    return configuration(api), kernel(box)
