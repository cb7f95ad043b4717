# SPDX-License-Identifier: GPL-3.0-or-later
"""Start to serving, crash to serving again, memory: rows C2, C3, M1 and the 300 ms of the start."""
import os
import signal
import time
from pathlib import Path

from bench import Lab, document, load, median_ms, row, run, timed, wait_for, ROOT

ROUNDS = 5


def pss_kb(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def own_processes(lab):
    """privd, its spawner, and their children, from the kernel."""
    pids, todo = [], [lab.privd.pid]
    while todo:
        pid = todo.pop()
        pids.append(pid)
        todo += [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return pids


def serving_again(lab, name):
    old = lab.processes()[name]["pid"]
    t = time.monotonic()
    os.kill(old, signal.SIGKILL)

    def new():
        r = lab.ctl("show", "processes", "--json", check=False)
        return r.returncode == 0 and f'"pid":{old},' not in r.stdout.replace(" ", "") and '"running":false' not in r.stdout and lab.processes()[name]["pid"] != old
    wait_for(name, 5, new, every=0.001)
    return time.monotonic() - t


def main():
    with Lab("s") as lab:
        starts = []
        for _ in range(ROUNDS):
            starts.append(timed(lab.start)[0])
            lab.stop()
        row("start to serving (asked with patronusctl)", median_ms(starts), goal="goal 300")
        lab.start()
        empty = [timed(lambda: lab.ctl("--help"))[0] for _ in range(ROUNDS)]
        asked = [timed(lambda: lab.ctl("show", "processes", "--json"))[0] for _ in range(ROUNDS)]
        row("  of that: patronusctl itself", median_ms(empty))
        row("  patronusctl show processes", median_ms(asked))
        for n in (10, 10000):
            if n == 10:
                lab.load(ROOT / "examples" / "lab.yaml")
            else:
                load(lab, document(lab, n))
            time.sleep(2)
            pids = own_processes(lab)
            total = sum(pss_kb(p) for p in pids)
            row(f"PSS of all {len(pids)} own processes, idle, {n} rules", total / 1024, "MB", "goal 40")
            for pid in pids:
                name = Path(f"/proc/{pid}/comm").read_text().strip()
                row(f"    {name}", pss_kb(pid) / 1024, "MB")
        for name in ("logd", "netd", "fwd", "authd", "httpd", "confd"):
            times = []
            for _ in range(3):
                times.append(serving_again(lab, name))
                time.sleep(1.2)
            row(f"{name}: SIGKILL to running again (asked with patronusctl, 10,000 rules)", median_ms(times), goal="goal 30")
        lab.stop()
        lab.nft("delete", "table", "inet", "patronus")

        def enforced():
            lab.start(wait=False)
            # The table comes with its rules in one transaction.
            wait_for("the policy", 10, lambda: "patronus" in lab.nft("list", "tables").stdout, every=0.001)
        row("cold start: exec to policy enforced, 10,000 rules (upper bound: nft asks)", timed(enforced)[0] * 1000, goal="goal 150")


if __name__ == "__main__":
    main()
