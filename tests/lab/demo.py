# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./demo does once everything is built: the lab, the suite, examples/lab.yaml; then wait, or prove it (--check)."""
import argparse
import json
import signal
import sys
import time

from lab import ROOT, WORLD4, WORLD6, Lab, LabError

PASSWORD = "correct-horse-battery-9"


def start_lab():
    lab = Lab("d").start()
    lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
    for host, port in (("inet", 80), ("inet", 8080), ("dmz", 80), ("dmz", 443), ("dmz", 2222), ("lan", 2222)):
        lab.serve(host, port)
    return lab


class Api:
    """The API as a LAN client reaches it: curl, in the client's namespace, at the box's own web port."""

    def __init__(self, lab, host="lan", base="https://192.0.2.1:8443"):
        self.lab, self.host, self.base, self.csrf = lab, host, base, None
        self.jar = lab.dir / f"cookies-{host}"

    def call(self, method, path, body=None, headers=(), timeout=10):
        argv = ["curl", "-ksS", "--max-time", str(timeout), "-b", self.jar, "-c", self.jar, "-X", method, "-w", "\n%{http_code}",
                self.base + "/api/v1" + path, "-H", "Accept: application/json"]
        if body is not None:
            argv += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        if self.csrf:
            argv += ["-H", f"Patronus-CSRF: {self.csrf}"]
        for h in headers:
            argv += ["-H", h]
        r = self.lab.exec(self.host, argv, check=False, timeout=timeout + 10)
        if r.returncode != 0:
            return 0, None
        text, _, status = r.stdout.rpartition("\n")
        return int(status), json.loads(text) if text.strip() else None

    def claim(self, user="alice", password=PASSWORD):
        status, answer = self.call("POST", "/claim", {"code": self.lab.claim_code(), "user": user, "password": password})
        if status != 201:
            raise LabError(f"claim: {status} {answer}")
        self.csrf = answer["csrf"]
        return answer

    def reachable(self):
        return self.call("GET", "/claim", timeout=1)[0] == 200

    def workspace(self):
        status, answer = self.call("POST", "/workspaces", {})
        if status != 201:
            raise LabError(f"workspace: {status} {answer}")
        return answer["id"]


def self_cut_reverts(lab):
    """A LAN administrator closes the management port under his own feet and does not confirm."""
    api = Api(lab)
    api.claim()
    ws = api.workspace()
    header = (f"Patronus-Workspace: {ws}", "If-Match: *")
    for path in ("/configuration/management/web/zones", "/configuration/firewall/rules/admins-manage"):
        status, answer = api.call("DELETE", path, headers=header)
        if status not in (200, 204):
            raise LabError(f"DELETE {path}: {status} {answer}")
    status, answer = api.call("PUT", "/configuration/management/lock-out-guard", False, headers=header)
    if status not in (200, 201, 204):
        raise LabError(f"PUT lock-out-guard: {status} {answer}")
    status, answer = api.call("POST", "/commits", {"workspace": ws, "comment": "cuts me off", "confirm-timeout": 5})
    if status not in (0, 201):      # 0: the answer itself could not come back any more
        raise LabError(f"commit: {status} {answer}")
    # A fresh connection, as the established one lives on.
    end = time.monotonic() + 4
    while api.reachable():
        if time.monotonic() > end:
            return False, "the commit did not cut the caller"
        time.sleep(0.1)
    cut = time.monotonic()
    while not api.reachable():
        if time.monotonic() - cut > 10:
            return False, "not reverted 10 s later"
        time.sleep(0.1)
    return True, f"back after {time.monotonic() - cut:.1f} s"


def checks(lab):
    """(what, function that gives (passed, detail))."""
    def answers(host, address, port, expected):
        seen = lab.ask(host, address, port)
        return seen == expected, f"the server saw {seen}" if seen else "no connection"

    def silent(host, address, port):
        seen = lab.ask(host, address, port, timeout=1)
        return seen is None, "no connection" if seen is None else f"answered: {seen}"

    return [
        ("LAN reaches the internet through masquerade", lambda: answers("lan", WORLD4, 80, "198.51.100.2")),
        ("LAN reaches the internet over IPv6, untranslated", lambda: answers("lan", WORLD6, 80, "2001:db8:2::10")),
        ("an unsolicited connection from outside to the box is dropped", lambda: silent("inet", "198.51.100.2", 8443)),
        ("an unsolicited connection from outside to the LAN is dropped (IPv6)", lambda: silent("inet", "2001:db8:2::10", 2222)),
        ("the port forward to the DMZ answers", lambda: answers("inet", "198.51.100.2", 80, "198.51.100.1")),
        ("the DMZ web server answers over IPv6", lambda: answers("inet", "2001:db8:3::130", 80, "2001:db8:51::1")),
        ("the DMZ server's other ports stay closed (IPv6)", lambda: silent("inet", "2001:db8:3::130", 2222)),
        ("LAN opens the DMZ", lambda: answers("lan", "192.0.2.130", 2222, "192.0.2.10")),
        ("DMZ cannot open LAN", lambda: silent("dmz", "192.0.2.10", 2222)),
        ("DMZ cannot open LAN over IPv6", lambda: silent("dmz", "2001:db8:2::10", 2222)),
        ("a commit that cuts the caller is reverted when not confirmed", lambda: self_cut_reverts(lab)),
        ("LAN still reaches the internet afterwards", lambda: answers("lan", WORLD4, 80, "198.51.100.2")),
    ]


def check(lab):
    failed = 0
    rows = []
    for what, test in checks(lab):
        try:
            passed, detail = test()
        except (LabError, KeyError, ValueError) as e:
            passed, detail = False, str(e).splitlines()[0]
        rows.append((passed, what, detail))
        failed += not passed
    width = max(len(r[1]) for r in rows)
    for passed, what, detail in rows:
        print(f"{'✓' if passed else '✗'} {what:<{width}}  {detail}")
    if failed:
        print("\n--- the suite's log ---\n" + lab.log()[-6000:])
    return failed == 0


WELCOME = """
Patronus runs in a lab on this machine: an internet host, this box, a LAN client and a DMZ server, each in its own namespace.

  Web page     {url}   (its certificate is its own: accept it once)
  Claim code   {code}   (makes the first administrator; good for one use)

Five things to try
  1. Open the page, claim the box, watch the dashboard while 2. runs.
  2. A LAN client surfs:         ip netns exec {lan} curl -s --http0.9 http://{world}/
  3. Ask the box:                {ctl} status
  4. Change and take back:       {ctl} set firewall/rules/lan-out/action drop
                                 {ctl} commit --confirm 30s --comment "cut the LAN"
                                 (2. stops working; do nothing, and 30 s later it works again)
  5. Kill a daemon, lose nothing: kill -9 $(pgrep -n -f {libexec}/patronus-fwd); {ctl} show processes

Ctrl-C ends it and removes every trace.
"""


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="prove the lab with traffic, print a table, exit 0 or 1")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    t = time.monotonic()
    try:
        lab = start_lab()
    except LabError as e:
        print(f"demo: {e}", file=sys.stderr)
        return 1
    with lab:
        print(f"the suite serves examples/lab.yaml; lab and suite took {time.monotonic() - t:.1f} s")
        if args.check:
            return 0 if check(lab) else 1
        from lab import PREFIX
        print(WELCOME.format(url=lab.url, code=lab.claim_code(), lan=lab.ns("lan"), world=WORLD4,
                             ctl=f"{PREFIX}/bin/patronusctl --socket {lab.sock}", libexec=PREFIX / "libexec" / "patronus"))
        try:
            while lab.privd.poll() is None:
                time.sleep(0.5)
            print(lab.log()[-4000:], file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nending")
    return 0


if __name__ == "__main__":
    sys.exit(main())
