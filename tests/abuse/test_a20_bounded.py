# SPDX-License-Identifier: GPL-3.0-or-later
"""A20: what one request costs is bounded by its bytes: processor time of every daemon at once, twice and four times the size, and their memory."""
import json
import re
import socket
import subprocess
import time

import pytest

import figures
from lab import wait_for
from people import Wire, crowd, unlimited

DAEMONS = ("httpd", "confd", "authd", "logd")
NS_PER_BYTE = 20_000            # a gross bound: 16 MiB would keep a processor busy for five minutes
# Four times the bytes may cost four times as much; more than this is no line.  A square would be 16.
WORST_RATIO = 8
FLOOR_NS = 20_000_000           # below this a comparison would be one of noise
HEADS_FLOOR_NS = 4_000_000
GROWTH_MAX_KB = 96 << 10


class Meter:
    """Processor time in ns of the daemons, and of the helpers that have ended (in ticks: they are their parent's children)."""

    def __init__(self, box):
        self.pids = {n: box.processes()[n]["pid"] for n in DAEMONS}
        self.parents = [box.privd.pid, *map(int, subprocess.run(["pgrep", "-P", str(box.privd.pid), "patronus-privd"], capture_output=True, text=True).stdout.split())]

    def read(self):
        own = sum(int(open(f"/proc/{p}/schedstat").read().split()[0]) for p in self.pids.values())
        ticks = sum(sum(map(int, open(f"/proc/{p}/stat").read().rpartition(")")[2].split()[13:15])) for p in self.parents)
        return own + ticks * 10_000_000

    def rss_kb(self):
        return {n: int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{p}/status").read())[1]) for n, p in self.pids.items()}


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    api = crowd(box)
    api.schema = api.call("GET", "/schema", expect=200).json["sections"]
    return api


@pytest.fixture(scope="module")
def meter(box, alice):
    return Meter(box)


def cost(meter, act, rounds=3):
    """The least of some rounds: whatever else runs adds, and takes nothing away."""
    found = []
    for _ in range(rounds):
        before = meter.read()
        act()
        found.append(meter.read() - before)
    return min(found)


def costs_of(meter, acts, floor=FLOOR_NS):
    """Of each act; what looks like no line is measured again, and the least counts."""
    found = [cost(meter, act, 1) for act in acts]
    if found[-1] / max(found[0], floor) > WORST_RATIO / 2:
        found = [min(f, cost(meter, act)) for f, act in zip(found, acts)]
    return found


def judge(name, sizes, costs, wrong, floor=FLOOR_NS):
    """At the first, twice, and four times the size."""
    per_byte = costs[-1] / sizes[-1]
    ratio = costs[-1] / max(costs[0], floor)
    if ratio > WORST_RATIO or per_byte > NS_PER_BYTE:
        wrong.append(f"{name}: {[f'{c / 1e6:.1f} ms' for c in costs]} for {sizes} bytes")
    return ratio


# --- bodies

def yaml_of(n):
    return {
        "anchors": "a: &a [x]\n" + "b: *a\n" * (n // 6),
        "aliases of aliases": "".join(f"a{i}: &a{i} [{','.join(['*a%d' % (i - 1)] * 9)}]\n" if i else "a0: &a0 [x]\n" for i in range(n // 60)),
        "deep flow": "a: " + "[" * n,
        "deep flow maps": "a: " + "{a: " * (n // 4),
        "deep blocks": "".join(" " * min(i, 200) + "a:\n" for i in range(n // 200)),
        "dashes": "- " * (n // 2),
        "questions": "? " * (n // 2),
        "one scalar": "system: {description: " + "a" * n + "}",
        "one quoted scalar": 'system: {description: "' + "\\x41" * (n // 4) + '"}',
        "a folded scalar": "system:\n  description: >\n" + "    a\n" * (n // 6),
        "many keys": "".join(f"k{i}: 1\n" for i in range(n // 8)),
        "one key many times": "a: 1\n" * (n // 5),
        "comments": "# x\n" * (n // 4) + "system: {}\n",
        "one long line of blanks": "system:" + " " * n + "{}\n",
        "tabs": "\t" * n,
        "colons": ": " * (n // 2),
        "documents": "---\n" * (n // 4),
        "tags": "!!a " * (n // 4),
        "percent lines": "%YAML 1.1\n" * (n // 10),
        "quotes": "\"\" " * (n // 3),
        "broken UTF-8": b"a: " + b"\xc3\x28" * (n // 2),
        "emoji": "system: {description: " + "\U0001f525" * (n // 4) + "}",
    }


def json_of(n):
    return {
        "deep": "[" * n,
        "deep objects": '{"a":' * (n // 5),
        "many members": "{" + ",".join(f'"k{i}":1' for i in range(n // 10)) + "}",
        "one member many times": "{" + ",".join(['"a":1'] * (n // 6)) + "}",
        "one string": '"' + "a" * n + '"',
        "escapes": '"' + "\\u0041" * (n // 6) + '"',
        "pairs": '"' + "\\ud83d\\udd25" * (n // 12) + '"',
        "one number": "1" * n,
        "numbers": "[" + "0," * (n // 2) + "0]",
        "blanks": " " * n + "1",
        "lines": "\n" * n + "1",
        "broken": "[" + "1 " * (n // 2),
        "rules": json.dumps({"firewall": {"rules": [{"id": f"r{i}", "from": ["lan"], "to": ["wan"], "action": "drop", "description": "x" * 50} for i in range(n // 130)]}}),
        "rules of one name": json.dumps({"firewall": {"rules": [{"id": "r", "from": ["lan"], "to": ["wan"], "action": "drop"} for i in range(n // 80)]}}),
        "wrong everywhere": json.dumps({"firewall": {"rules": [{"id": f"R{i}", "from": ["x"], "to": ["y"], "action": "z"} for i in range(n // 60)]}}),
        "one list": json.dumps({"firewall": {"groups": [{"name": "g", "addresses": [f"198.18.{i >> 8 & 255}.{i & 255}" for i in range(n // 16)]}]}}),
        "one list of one": json.dumps({"firewall": {"groups": [{"name": "g", "addresses": ["198.18.0.1"] * (n // 14)}]}}),
    }


@pytest.mark.parametrize("kind, make, media", [("YAML", yaml_of, "application/yaml"), ("JSON", json_of, "application/json")])
def test_documents_cost_what_they_weigh(box, alice, meter, kind, make, media):
    ws, _ = alice.workspace()
    wire, head = Wire(box), (f"Cookie: {alice.cookie}\r\nPatronus-CSRF: {alice.csrf}\r\nPatronus-Workspace: {ws}\r\nIf-Match: *\r\nContent-Type: {media}\r\n").encode()
    first = figures.count(100_000, 1_000_000)
    sizes, wrong, worst = [first, 2 * first, 4 * first], [], (0, "")
    bodies = [make(n) for n in sizes]
    before = meter.rss_kb()
    for name in bodies[0]:
        data = [b[name] if isinstance(b[name], bytes) else b[name].encode() for b in bodies]

        def put(body):
            status, answer = wire.ask("PUT", b"/api/v1/configuration", head, body)
            assert status in (204, 400, 413, 422) and len(answer) < 1_000_000, (name, status, answer[:500])

        costs = costs_of(meter, [lambda body=body: put(body) for body in data])
        worst = max(worst, (judge(name, list(map(len, data)), costs, wrong), name))
    grown = {n: kb - before[n] for n, kb in meter.rss_kb().items()}
    figures.record("A20", f"{kind} documents of {len(bodies[0])} hostile shapes: processor time at 4x the bytes, worst", len(bodies[0]) * 6, "x", round(worst[0], 1), WORST_RATIO,
                   f"{worst[1]}; confd grew by {grown['confd'] >> 10} MiB")
    assert not wrong, "\n".join(wrong)
    assert max(grown.values()) < GROWTH_MAX_KB, grown
    assert {n: box.processes()[n]["pid"] for n in DAEMONS} == meter.pids
    wire.close()
    alice.call("DELETE", f"/workspaces/{ws}")


def leaves(nodes, path=""):
    for n in nodes:
        here = f"{path}/{n['name']}" + ("/x" if n["kind"] == "list" else "")
        if n.get("children"):
            yield from leaves(n["children"], here)
        elif not n.get("key") and n.get("type") not in ("boolean", "secret"):
            yield here, n


SHAPES = ("a", "a:", "1.", "::", "/a", "a-", "a ", "1", "0:", ".", "%", "AZ/", "-----BEGIN CERTIFICATE-----\nA\n", "1/", "[", "https://a")


def test_no_pattern_of_the_schema_runs_away(alice, meter):
    """Every leaf, with texts that make regular expressions try again: longer is no square dearer."""
    wrong, tried, worst = [], 0, 0
    sizes = [20_000, 80_000]
    ws, _ = alice.workspace()
    head = {"Patronus-Workspace": ws}
    seen = set()
    for path, n in leaves(alice.schema):
        key = json.dumps(n.get("schema")) + n["kind"]
        if key in seen and not figures.SOAK:
            continue        # the same type once more
        seen.add(key)
        for shape in SHAPES[len(seen) % figures.count(3, 1)::figures.count(3, 1)]:
            def put(size):
                text = (shape * (size // len(shape) + 1))[:size] + "!"
                return alice.call("POST", "/batch", {"operations": [{"op": "put", "path": path, "value": [text] if n["kind"] == "leaf-list" else text}]}, headers=head)
            costs = [cost(meter, lambda size=size: put(size), 1) for size in sizes]
            tried += 2
            if costs[1] / max(costs[0], FLOOR_NS / 10) > WORST_RATIO or costs[1] > 80_000 * NS_PER_BYTE:
                costs = [cost(meter, lambda size=size: put(size)) for size in sizes]
            worst = max(worst, costs[1])
            if costs[1] / max(costs[0], FLOOR_NS / 10) > WORST_RATIO:
                wrong.append(f"{path} {shape!r}: {[f'{c / 1e6:.1f} ms' for c in costs]}")
    figures.record("A20", f"patterns of {len(seen)} types against texts that make them try again: dearest of 80,000 bytes", tried, "ms", round(worst / 1e6, 1), "")
    assert not wrong, (len(wrong), wrong[:10])
    assert len(seen) > 25
    alice.call("DELETE", f"/workspaces/{ws}")


# --- heads, questions

def test_heads_cost_what_they_weigh(box, alice, meter):
    wire, who = Wire(box), b"Cookie: %s\r\n" % alice.cookie.encode()
    shapes = {
        "fields": lambda n: ("GET", b"/", b"X-A: b\r\n" * (n // 8), b""),
        "one field": lambda n: ("GET", b"/", b"X: " + b"a" * n + b"\r\n", b""),
        "blanks": lambda n: ("GET", b"/", b"X:" + b" " * n + b"a\r\n", b""),
        "cookies": lambda n: ("GET", b"/api/v1/session", b"Cookie: " + b"a=b; " * (n // 5) + b"a=b\r\n", b""),
        "target": lambda n: ("GET", b"/" + b"a" * (n // 4), b"", b""),
        "escapes": lambda n: ("GET", b"/api/v1/" + b"%61" * (n // 12), who, b""),
        "segments": lambda n: ("GET", b"/api/v1" + b"/a" * (n // 16), who, b""),
        "parameters": lambda n: ("GET", b"/api/v1/revisions?" + b"q=a&" * (n // 32), who, b""),
        "languages": lambda n: ("GET", b"/", b"Accept-Encoding: " + b"br;q=0.1," * (n // 9) + b"gzip\r\n", b""),
        "entity tags": lambda n: ("GET", b"/", b"If-None-Match: " + b'"a",' * (n // 4) + b'"b"\r\n', b""),
    }
    sizes, wrong, worst = [1500, 3000, 6000], [], (0, "")
    for name, shape in shapes.items():
        def ask(n):
            answers = wire.ask_all([shape(n)] * 100, depth=10)
            assert all(s < 500 or s == 503 for s, _ in answers), (name, answers[0])
        costs = costs_of(meter, [lambda n=n: ask(n) for n in sizes], HEADS_FLOOR_NS)
        worst = max(worst, (judge(name, [100 * n for n in sizes], costs, wrong, HEADS_FLOOR_NS), name))
    wire.close()
    figures.record("A20", f"heads of {len(shapes)} hostile shapes: processor time at 4x the bytes, worst", len(shapes) * 600, "x", round(worst[0], 1), WORST_RATIO, worst[1])
    assert not wrong, "\n".join(wrong)


def test_searches_cost_what_there_is(box, alice, meter):
    """A question is at most 2 KiB: what it costs grows with the list, and with itself, not with their square."""
    rules = lambda n: [{"id": f"r{i}", "from": ["lan"], "to": ["wan"], "action": "drop", "description": "a" * 100} for i in range(n)]     # noqa: E731
    questions = {"q of a's": "q=" + "a" * 99 + "b", "filters": "&".join(f"filter%5B{m}%5D=" + ",".join("x" * 3 for _ in range(30)) for m in ("action", "description", "id")),
                 "sorts": "sort=description,-action,id", "filter of many": "filter%5Bdescription%5D=" + ",".join("a" * 10 for _ in range(150)), "fields": "fields=id,description,action"}
    wrong, worst = [], (0, "")
    costs = {name: [] for name in questions}
    for n in (500, 1000, 2000):
        ws, head = alice.workspace()
        alice.call("PUT", "/configuration/firewall/rules", rules(n), headers=head, expect=200)
        for name, question in questions.items():
            def ask():
                a = alice.call("GET", f"/configuration/firewall/rules?{question}&limit=500", headers={"Patronus-Workspace": ws})
                assert a.status == 200, (name, a)
            costs[name].append(cost(meter, ask))
        alice.call("DELETE", f"/workspaces/{ws}")
    for name, found in costs.items():
        worst = max(worst, (judge(name, [500 * 200, 1000 * 200, 2000 * 200], found, wrong), name))
    figures.record("A20", "searches of 500, 1000 and 2000 rules: processor time at 4x the list, worst", len(questions) * 9, "x", round(worst[0], 1), WORST_RATIO,
                   f"{worst[1]}; dearest {max(f[-1] for f in costs.values()) / 1e6:.0f} ms")
    assert not wrong, "\n".join(wrong)


# --- who does not read

def test_subscribers_who_do_not_read(box, alice, meter):
    """As many as a session may have, of every topic, who never read: others are served, what is kept for them is bounded, and all of it is freed."""
    held, before = [], meter.rss_kb()
    topics = b"counters,log,commits,drift,status,interfaces"
    for _ in range(16):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.settimeout(10)
        s.connect(alice.address)
        s = alice.context.wrap_socket(s)
        s.sendall(b"GET /api/v1/events?topics=%s HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % (topics, alice.cookie.encode()))
        assert s.recv(15) == b"HTTP/1.1 200 OK"[:15]
        held.append(s)
    for i in range(figures.count(8, 200)):
        box.ctl("set", "system/description", f"for those who do not read {i}")
        box.ctl("commit")
        box.exec("inet", ["sh", "-c", "for p in 1 2 3 4 5 6 7 8 9; do socat - TCP:198.51.100.2:$p,connect-timeout=0.01 </dev/null; done"], check=False)
    since = time.monotonic()
    alice.call("GET", "/status", expect=200)
    waited = time.monotonic() - since
    grown = {n: kb - before[n] for n, kb in meter.rss_kb().items()}
    for s in held:
        s.close()
    assert waited < 2 and max(grown.values()) < 32 << 10, (waited, grown)

    def can_subscribe():
        s = alice.context.wrap_socket(socket.create_connection(alice.address, timeout=5))
        s.sendall(b"GET /api/v1/events?topics=log HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % alice.cookie.encode())
        ok = s.recv(15) == b"HTTP/1.1 200 OK"
        s.close()
        return ok
    wait_for("room for another subscriber", 20, can_subscribe, every=0.5)
    figures.record("A20", "16 subscribers of all topics who never read: memory of any daemon", 16, "KiB", max(grown.values()), 32 << 10, f"the next request took {waited * 1000:.0f} ms")
