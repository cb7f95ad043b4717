#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser tests against the real suite in the lab: starts the lab, loads examples/lab.yaml, runs run.mjs, ends everything.

PATRONUS_STAGE names the installed tree (see tests/lab/lab.py), SCREENSHOTS a directory for pictures of every page.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lab"))
from lab import ROOT, WORLD4, Lab  # noqa: E402


def install_packages():
    """npm ci, when the lockfile is newer than what is there."""
    stamp = HERE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
        stamp.touch()


def surf(lab):
    """Steady traffic through the box, so that plots and counters have something to show: a LAN client downloads at a limited rate."""
    lab.spawn("inet", ["socat", "TCP6-LISTEN:8081,ipv6only=0,reuseaddr,fork", "OPEN:/dev/zero,rdonly"])
    lab.spawn("lan", ["sh", "-c", f"while :; do curl -s --http0.9 --limit-rate 2M -m 30 -o /dev/null http://{WORLD4}:8081/; sleep 0.2; done"])
    lab.spawn("lan", ["ping", "-q", "-i", "0.3", "192.0.2.1"])


def logged_packet(lab):
    """Shell words for one connection that a rule with logging decides (admins-manage: LAN to the box's ssh)."""
    return f"ip netns exec {lab.ns('lan')} socat -T1 - TCP:192.0.2.1:22,connect-timeout=1 < /dev/null || true"


def main():
    install_packages()
    with Lab("w").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
        lab.serve("inet", 80)
        surf(lab)
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), LOG_TRAFFIC=logged_packet(lab))
        done = subprocess.run(["node", "run.mjs", *sys.argv[1:]], cwd=HERE, env=env)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}\n--- processes ---")
            print(json.dumps({n: p["state"] for n, p in lab.processes().items()}))
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
