# SPDX-License-Identifier: GPL-3.0-or-later
"""A3: no line of our own making is anybody else's: control bytes are refused in every leaf by its path, and whatever the suite writes down
(documents, set-commands, resolv.conf, names, rules, backups) is read back by somebody else's parser as what was meant."""
import copy
import json
import random
import re
import socket
import subprocess
import zoneinfo

import pytest
import yaml

import figures
from people import crowd, unlimited

CONTROLS = [chr(c) for c in (*range(0x20), 0x7f, *range(0x80, 0xa0))]
OFTEN = ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85"]
LINES = {"/management/backup/targets/trust": "\n"}       # a certificate has lines, and nothing else that controls
# What breaks out of the quoting of one format or another.
HOSTILE = ['"', "'", "\\", "#", ";", ":", ": ", "- ", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "$(id)", "${x}", "//", "/*", "*/", "<<", "=", "~", " ",
           "  ", "null", "true", "yes", "0x10", "0123", "1e3", "1:30", "---", "...", "nameserver 203.0.113.66", 'comment "x"', "\u2028", "\u2029", "\u202e", "\ufeff", "\u00a0",
           "\u00e9", "\U0001f525", "\ue000", "\\n", "\\u000a", "%0a", "&#10;", "\\x0a"]


def leaves(nodes, path="", running=None, missing=None):
    """(path, node) of every leaf of the schema, below entries that are there, or below one that is put into missing; secrets are asked for elsewhere."""
    for n in nodes:
        value = running.get(n["name"]) if isinstance(running, dict) else None
        here = f"{path}/{n['name']}"
        if n["kind"] == "list":
            key = next(c for c in n["children"] if c["name"] == n["key-name"])
            entry = value[0] if value else {n["key-name"]: key.get("example", "x")}
            if not value:
                missing.append({"op": "append", "path": here, "value": entry})
            yield from leaves(n["children"], f"{here}/{entry[n['key-name']]}", entry, missing)
        elif n.get("children"):
            yield from leaves(n["children"], here, value, missing)
        elif n.get("type") != "secret":
            yield here, n


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    api = crowd(box)
    api.schema = api.call("GET", "/schema", expect=200).json["sections"]
    return api


def put(api, head, path, node, value):
    """A key is part of its entry: it is tried as an entry of that name."""
    if node.get("key"):
        whole = path.rsplit("/", 2)[0]
        return api.call("POST", "/batch", {"operations": [{"op": "append", "path": whole, "value": {node["name"]: value}}]}, headers=head)
    return api.call("POST", "/batch", {"operations": [{"op": "put", "path": path, "value": [value] if node["kind"] == "leaf-list" else value}]}, headers=head)


def refused_by(answer, c, path):
    """The reader of JSON has no text with a NUL in it: it names the line.  All others are named by their path."""
    if c == "\x00":
        return answer.status == 400 and b"NUL character" in answer.body and answer.json["errors"][0]["line"] == 1
    return answer.status == 422 and any(e["pointer"].startswith(path) and e["code"] != "not-found" for e in answer.json["errors"])


def test_every_leaf_refuses_control_bytes(box, alice):
    head = {"Patronus-Workspace": alice.workspace()[0]}
    missing = []
    todo = list(leaves(alice.schema, "", alice.call("GET", "/configuration", expect=200).json, missing))
    alice.call("POST", "/batch", {"operations": missing}, headers=head, expect=200)
    tried, wrong = 0, []
    for path, node in todo:
        good = str(node.get("example", node.get("default", "ab")))
        for c in CONTROLS if figures.SOAK else OFTEN:
            if c == LINES.get(node["path"]):
                continue
            for text in (good + c, good[:1] + c + good[1:], c + good):
                a = put(alice, head, path, node, text)
                tried += 1
                if not refused_by(a, c, path.rsplit("/", 2)[0] if node.get("key") else path):
                    wrong.append((path, text, a))
    assert not wrong, (len(wrong), wrong[:5])
    assert len(todo) > 90
    figures.record("A3", f"control bytes in {len(todo)} leaves of the schema: not refused by their path", tried, "leaves", 0, "0")
    alice.call("DELETE", f"/workspaces/{head['Patronus-Workspace']}")


def test_secrets_refuse_control_bytes(box):
    box.ctl("set", "management/backup/targets/nas/url", "sftp://192.0.2.130/x/")
    at = "management/backup/targets/nas/"
    for name, lines in (("password", ""), ("private-key", "\n\t")):
        for c in CONTROLS[1:33]:        # a NUL ends what patronusctl reads
            r = box.ctl("secret", "set", "/" + at + name, input="a" * 64 + c + "b", check=False)
            assert (r.returncode == 0) == (c in lines) and (c in lines or at.replace("/", ".") + name in r.stderr), (name, c, r)
    box.ctl("discard")


# --- random configurations

class Draw(random.Random):
    def text(self, longest, without=""):
        out = ""
        while self.random() < 0.9:
            part = self.choice(HOSTILE) if self.random() < 0.7 else self.choice("abcXYZ019 ._-")
            out += "".join(c for c in part if c not in without)
        return out.encode()[:longest].decode(errors="ignore")

    def name(self):
        return "".join(self.choice("abc019-") for _ in range(self.randrange(1, 30))).strip("-") or "x"


def fill(draw, nodes, value):
    """Every free text of every entry that is there."""
    for n in nodes:
        child = value.get(n["name"])
        if n["kind"] == "list":
            for entry in child or []:
                fill(draw, n["children"], entry)
        elif n.get("children"):
            if isinstance(child, dict):
                fill(draw, n["children"], child)
        elif n.get("type") == "description" and draw.random() < 0.6:
            value[n["name"]] = draw.text(255)
    return value


def certificate(draw):
    lines = ["".join(draw.choice("ABCxyz019+/=") for _ in range(draw.randrange(1, 65))) for _ in range(draw.randrange(1, 20))]
    return "-----BEGIN CERTIFICATE-----\n" + "\n".join(lines) + "\n-----END CERTIFICATE-----\n"


ZONES = sorted(z for z in zoneinfo.available_timezones() if not z.startswith(("posix", "right")) and z != "UTC")


def configuration(draw, base, schema):
    c = copy.deepcopy(base)
    c["system"].update({"hostname": draw.choice(["a", "A-1", "x" * 63, "0", "edge1"]), "time-zone": draw.choice(ZONES),
                        "name-servers": draw.sample(["198.51.100.53", "203.0.113.1", "2001:db8::53", "2001:db8::1:0:0:1", "::ffff:192.0.2.9", "192.0.2.1"], draw.randrange(4))})
    if not c["system"]["name-servers"]:
        del c["system"]["name-servers"]
    for i in range(draw.randrange(4)):
        c["firewall"]["rules"].insert(draw.randrange(3), {"id": f"{draw.name()}-{i}", "from": ["lan"], "to": ["wan"], "service": ["ssh"],
                                                          "action": draw.choice(["accept", "drop", "reject"]), **draw.choice([{}, {"log": True}])})
        c["firewall"].setdefault("groups", []).append({"name": f"g{draw.name()}-{i}", "addresses": [f"198.18.{i}.0/24"]})
        c["users"].append({"name": f"_{draw.name()[:20]}{i}", "role": "read-only"})
    c["management"]["backup"] = {"targets": [{"name": "nas", "url": "sftp://192.0.2.130/a/", "enabled": False, "user": draw.text(100, without=":") or "u",
                                              "trust": draw.choice(["A" * 43, certificate(draw) * draw.randrange(1, 3)])}]}
    c["management"]["health-checks"] = [{"name": "h", "probe": "ping", "enabled": False, "target": draw.choice(["192.0.2.9", "#a", '"b"', "%s", "a:b", "-x", "{c}", "'", "\\"])}]
    return fill(draw, schema, c)


def of_yaml(nodes, value):
    """What a YAML reader sees, in the shape of the JSON: lists by key are maps there, one of many may stand alone, digits may be a number."""
    out = {}
    for n in nodes:
        v = value.get(n["name"])
        if v is None:
            continue
        if n["kind"] == "list":
            entries = [{n["key-name"]: k, **(e or {})} for k, e in v.items()] if isinstance(v, dict) else v
            out[n["name"]] = [of_yaml(n["children"], e) for e in entries]
        elif n["kind"] == "leaf-list":
            out[n["name"]] = [str(x) if isinstance(x, int) else x for x in (v if isinstance(v, list) else [v])]
        elif n.get("children"):
            out[n["name"]] = of_yaml(n["children"], v)
        else:
            is_text = n.get("schema", {}).get("type") == "string" or "anyOf" in n.get("schema", {})
            out[n["name"]] = str(v) if is_text and isinstance(v, int) and not isinstance(v, bool) else v
    extra = set(value) - {n["name"] for n in nodes}
    assert not extra, extra
    return out


def ordered(nodes, value):
    """Where the order means nothing, sorted."""
    out = dict(value)
    for n in nodes:
        if n["name"] not in out:
            continue
        v = out[n["name"]]
        if n["kind"] == "list":
            v = [ordered(n["children"], e) for e in v]
            out[n["name"]] = v if n.get("ordered") else sorted(v, key=lambda e: e[n["key-name"]])
        elif n["kind"] == "leaf-list":
            out[n["name"]] = v if n.get("ordered") else sorted(v)
        elif n.get("children"):
            out[n["name"]] = ordered(n["children"], v)
    return out


def difference(have, want, path=""):
    """The first place where two documents differ; None when they do not."""
    if isinstance(have, dict) and isinstance(want, dict):
        parts = [(f"{path}/{k}", have.get(k), want.get(k)) for k in sorted({*have, *want})]
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        parts = [(f"{path}/{i}", h, w) for i, (h, w) in enumerate(zip(have, want))]
    else:
        return None if have == want and type(have) is type(want) else f"{path}: {have!r}, not {want!r}"
    return next(filter(None, (difference(h, w, p) for p, h, w in parts)), None)


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def test_documents_are_read_by_others_as_they_were_meant(box, alice):
    """JSON into a workspace, YAML out, read by PyYAML; and the YAML loaded again is the same."""
    base, draw, n = alice.call("GET", "/configuration", expect=200).json, Draw(3), figures.count(200, 100_000)
    ws, head = alice.workspace()
    for i in range(n):
        wanted = configuration(draw, base, alice.schema)
        alice.call("PUT", "/configuration", wanted, headers=head, expect=204)
        text = alice.call("GET", "/configuration", headers={"Patronus-Workspace": ws, "Accept": "application/yaml"}, expect=200).body
        got = of_yaml(alice.schema, yaml.load(text, LOADER))
        wrong = difference(ordered(alice.schema, got), ordered(alice.schema, wanted))
        assert not wrong, f"document {i}: {wrong}"
        if i % 5 == 0:
            alice.call("PUT", "/configuration", text, headers=head, content_type="application/yaml", expect=204)
            assert alice.call("GET", "/configuration", headers={"Patronus-Workspace": ws, "Accept": "application/yaml"}, expect=200).body == text
    alice.call("DELETE", f"/workspaces/{ws}")
    figures.record("A3", "random configurations with hostile text: YAML of ours read by PyYAML as something else", n, "documents", 0, "0")


# --- what is written when one of them is in force

def commands(nodes, value, path=()):
    """The words of the set-commands that make it, by rules of our own."""
    for n in nodes:
        v = value.get(n["name"])
        if v is None:
            continue
        if n["kind"] == "list":
            for e in v:
                rest = {k: x for k, x in e.items() if k != n["key-name"]}
                yield from commands(n["children"], rest, (*path, n["name"], e[n["key-name"]]))
        elif n["kind"] == "leaf-list":
            yield (*path, n["name"], *(v if n.get("ordered") else sorted(v)))
        elif n.get("children"):
            yield from commands(n["children"], v, (*path, n["name"]))
        else:
            yield (*path, n["name"], str(v).lower() if isinstance(v, bool) else str(v))


WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^ "\\]+)')


def words(line):
    """The grammar of a line in a few words: bare, or between double quotes, in which a backslash makes the next character plain and n a new line."""
    at, found = 0, []
    while at < len(line):
        m = WORD.match(line, at)
        assert m and (m.end() == len(line) or line[m.end()] == " "), line[at:]
        found.append(re.sub(r"\\(.)", lambda c: "\n" if c[1] == "n" else c[1], m[1], flags=re.S) if m[1] is not None else m[2])
        at = m.end() + 1
    assert found[0] == "set", line
    return tuple(w for w in found[1:] if w not in ("[", "]"))


def asked_by_glibc(box):
    """The name servers that glibc reads in the file that netd wrote, in its order: whom getent asks, as strace sees it."""
    script = f"mount --bind {box.dir}/etc/resolv.conf /etc/resolv.conf && ip link set lo up && exec strace -qq -f -e trace=connect getent hosts a.example"
    r = subprocess.run(["unshare", "--mount", "--net", "sh", "-c", script], capture_output=True, text=True, timeout=60)
    found = re.findall(r'sin6?_port=htons\(53\), (?:sin6_flowinfo=\S+, )?(?:sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")', r.stderr)
    return list(dict.fromkeys(a or b for a, b in found))


def check_files(box, document):
    servers = document["system"].get("name-servers", [])
    text = (box.dir / "etc" / "resolv.conf").read_text() if servers else ""
    assert [line.split() for line in text.splitlines() if not line.startswith("#")] == [["nameserver", same_address(a)] for a in servers], text
    if servers:
        assert asked_by_glibc(box) == [same_address(a) for a in servers]
    target = str((box.dir / "etc" / "localtime").readlink())
    assert target == f"/usr/share/zoneinfo/{document['system']['time-zone']}"
    name = subprocess.run(["nsenter", "-t", str(box.privd.pid), "-u", "hostname"], capture_output=True, text=True).stdout
    assert name == document["system"]["hostname"] + "\n"


def same_address(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, text))


def check_firewall(box, document):
    """nft reads the kernel and prints text; another nft reads that text into an empty kernel, and prints the same."""
    rules = json.loads(box.nft("-j", "list", "table", "inet", "patronus").stdout)["nftables"]
    comments = {r["rule"]["comment"] for r in rules if "comment" in r.get("rule", {})}
    assert all(re.fullmatch(r"[a-z0-9:.\- ]+", c) for c in comments), comments
    assert {r["id"] for r in document["firewall"]["rules"]} <= {c.split(":")[-1].split(" ")[0] for c in comments} | comments, comments
    prefixes = {e["log"].get("prefix", "") for r in rules for e in r.get("rule", {}).get("expr", []) if "log" in e}
    assert all(re.fullmatch(r"[a-z0-9:.\- ]*", p) for p in prefixes), prefixes
    text = box.nft("-s", "list", "table", "inet", "patronus").stdout
    again = subprocess.run(["unshare", "--net", "sh", "-c", "nft -f - && nft -s list table inet patronus"], input=text, capture_output=True, text=True)
    assert again.returncode == 0 and len(again.stdout.splitlines()) == len(text.splitlines()), again.stderr[:2000]


def test_what_is_written_is_what_was_meant(box, alice, tmp_path):
    base, draw, n = alice.call("GET", "/configuration", expect=200).json, Draw(4), figures.count(16, 500)
    key = tmp_path / "key"
    public = subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True, text=True).stderr.split()[-1]
    for i in range(n):
        wanted = configuration(draw, base, alice.schema)
        ws, head = alice.workspace()
        alice.call("PUT", "/configuration", wanted, headers=head, expect=204)
        revision = alice.commit(ws, comment=draw.text(100) or "x").json["revision"]
        check_files(box, wanted)
        check_firewall(box, wanted)
        lines = [line[2:] for line in box.ctl("compare", "0", revision).stdout.split("\n") if line]
        assert sorted(sorted(words(line)) for line in lines) == sorted(sorted(c) for c in commands(alice.schema, wanted))
        (tmp_path / "all.set").write_text("\n".join(lines) + "\n")
        box.ctl("load", tmp_path / "all.set")
        assert box.ctl("diff").stdout == "", "the commands of what runs change nothing"
        box.ctl("discard", check=False)
        if i % 4 == 0:
            name = json.loads(box.ctl("backup", "create", "--recipients", public, "--json").stdout)["name"]
            box.ctl("backup", "download", name, tmp_path / name)
            plain = subprocess.run(["age", "-d", "-i", key, tmp_path / name], check=True, capture_output=True).stdout
            inside = json.loads(plain)
            assert not difference(ordered(alice.schema, inside["configuration"]), ordered(alice.schema, wanted))
            assert inside["hostname"] == wanted["system"]["hostname"]
    figures.record("A3", "random configurations in force: resolv.conf by glibc, zone, name, rules by nft, set-commands, backups by age", n, "differences", 0, "0")
