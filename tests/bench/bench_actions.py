# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page of the web admin asks of the API, from the request over a kept-alive TLS connection to the whole answer: median and p95 of each action, with
the rules of examples/lab.yaml and with 10,000 (row W4: 50 ms).  Opening the list of rules reads all of them, and is told apart."""
import os

from bench import Api, Lab, ROOT, document, load, row, timed

ROUNDS = int(os.environ.get("ROUNDS", 60))
GOAL = 50
RULE = "/configuration/firewall/rules/admins-manage"
NEW = {"from": ["lan"], "to": ["wan"], "service": ["ssh"], "action": "drop"}
EXPLAIN = "/state/firewall-explanation?protocol=tcp&source=192.0.2.10&destination=203.0.113.10&port=443"

READS = ["/session", "/status", "/schema", "/state/interfaces", "/state/routes", "/state/history?step=60", "/state/firewall-log?limit=500", "/state/processes", "/state/drift?limit=100",
         "/state/connections?sort=-bytes&limit=100", EXPLAIN, "/state/firewall-tests", "/revisions?limit=50", "/audit?limit=50", "/audit/head", "/workspaces", "/backups", "/secrets", "/configuration/system",
         "/configuration/firewall/groups?limit=100", "/configuration/firewall/rules?q=admins&limit=40", "/configuration/users"]
WHOLE = ["/configuration/firewall", "/state/firewall"]      # of all rules


def quantile(values, part):
    return sorted(values)[int(part * (len(values) - 1))] * 1000


def told(name, values, worst, goal=GOAL):
    p95 = quantile(values, 0.95)
    row(f"    {name}: p95 (median {quantile(values, 0.5):.2f})", p95, goal=f"goal {goal}" if goal else "")
    worst.append((p95, name))


class Actions:
    """Each is one press: it is made, and what it needs before and after is not counted."""

    def __init__(self, api):
        self.api, self.n = api, 0
        self.ws, self.head = api.workspace()
        self.any = {**self.head, "If-Match": "*"}

    def call(self, method, path, body=None, head=None, expect=None):
        t, answer = timed(lambda: self.api.call(method, path, body, head or self.head))
        assert answer.status in (expect or (200, 201, 204)), f"{method} {path}: {answer}"
        return t

    def once(self, times):
        self.n += 1
        name = f"press-{self.n}"
        keep = lambda what, t: times.setdefault(what, []).append(t)      # noqa: E731
        keep("a rule is switched off or on", self.call("PATCH", RULE, {"enabled": self.n % 2 == 0}, self.any))
        keep("a rule is made", self.call("POST", "/configuration/firewall/rules", {"id": name, **NEW}))
        keep("it is moved to the top", self.call("POST", "/batch", {"operations": [{"op": "move", "path": f"/firewall/rules/{name}", "to": "first"}]}))
        keep("twenty rules are tagged at once", self.call("POST", "/batch", {"operations": [{"op": "patch", "path": f"/firewall/rules/{name}", "value": {"tags": [f"t{i}"]}} for i in range(20)]}))
        keep("it is deleted", self.call("DELETE", f"/configuration/firewall/rules/{name}", head=self.any))
        keep("changes are counted", self.call("GET", f"/workspaces/{self.ws}"))
        keep("the diff is shown", self.call("GET", f"/workspaces/{self.ws}/diff"))
        keep("changes are validated, with plan and sessions", self.call("POST", f"/workspaces/{self.ws}/validate", {}))

    def open_and_discard(self, times):
        t, answer = timed(lambda: self.api.call("POST", "/workspaces", {}, expect=201))
        times.setdefault("a workspace is opened", []).append(t)
        times.setdefault("changes are discarded", []).append(self.call("DELETE", f"/workspaces/{answer.json['id']}", head={}))


def commits(api, n):
    """From the press to the answer that the kernel was read back, and the press on Keep."""
    first, second = [], []
    for i in range(n):
        ws, head = api.workspace()
        api.call("PATCH", RULE, {"description": f"round {i}"}, head, expect=200)
        t, answer = timed(lambda: api.call("POST", "/commits", {"workspace": ws, "comment": "bench", "confirm-timeout": 60}, expect=201))
        first.append(t)
        second.append(timed(lambda: api.call("POST", f"/commits/{answer.json['id']}/confirm", {}, expect=200))[0])
    return first, second


def measure(api):
    worst, times = [], {}
    for path in READS + WHOLE:
        told(f"GET {path.split('?')[0]}", [timed(lambda: api.call("GET", path, expect=200))[0] for _ in range(ROUNDS)], worst, 0 if path in WHOLE else GOAL)
        if path in WHOLE:
            worst.pop()
    actions = Actions(api)
    for _ in range(ROUNDS):
        actions.once(times)
        actions.open_and_discard(times)
    api.call("DELETE", f"/workspaces/{actions.ws}", expect=204)
    for name, values in times.items():
        told(name, values, worst)
    for name, values in zip(("a commit on trial", "it is kept"), commits(api, max(5, ROUNDS // 3))):
        told(name, values, worst)
    return worst


def main():
    with Lab("a") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        api = Api(lab).claim(lab)
        for n in (0, 10_000):
            if n:
                load(lab, document(lab, n))
            print(f"{n or 'few'} rules, {ROUNDS} times each", flush=True)
            worst = measure(api)
            over = [name for p95, name in worst if p95 > GOAL]
            row(f"W4: worst p95 of {len(worst)} actions ({max(worst)[1]})", max(worst)[0], goal=f"goal {GOAL}")
            print(f"    over {GOAL} ms: {', '.join(over) or 'none'}", flush=True)


if __name__ == "__main__":
    main()
