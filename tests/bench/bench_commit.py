# SPDX-License-Identifier: GPL-3.0-or-later
"""One changed rule, from the PUT over a kept-alive TLS connection to the answer that the kernel was read back: row C1, split by phase."""
import statistics

from bench import Api, Lab, ROOT, document, load, median_ms, row, timed

ROUNDS = 15


def one_change(api, i):
    ws = api.call("POST", "/workspaces", {}, expect=201)["id"]
    api.call("PATCH", "/configuration/firewall/rules/lan-out", {"description": f"round {i}", "log": i % 2 == 0},
             headers={"Patronus-Workspace": ws, "If-Match": "*"}, expect=200)
    # The guard would force a timer on a change of the firewall that comes over the web; a confirmed one measures the same path.
    commit = api.call("POST", "/commits", {"workspace": ws, "comment": "bench", "confirm-timeout": 60}, expect=201)
    api.call("POST", f"/commits/{commit['id']}/confirm", {})
    return commit["phases"]


def main():
    with Lab("c") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        api = Api(lab)
        print(f"{'one-rule change over REST, median of ' + str(ROUNDS):<66}")
        for n, goal in ((10, ""), (1000, "goal 15"), (10000, "goal 80")):
            if n > 10:
                load(lab, document(lab, n))
            times, phases = [], []
            for i in range(ROUNDS):
                t, p = timed(one_change, api, i)
                times.append(t)
                phases.append(p)
            row(f"{n} rules: workspace + PATCH + commit + confirm", median_ms(times), goal=goal)
            for key in phases[0]:
                row(f"    {key.removesuffix('-us')}", statistics.median(p[key] for p in phases) / 1000)
        handle = next(line.split("# handle ")[1] for line in lab.nft("-a", "list", "chains", "inet").stdout.splitlines() if "# handle" in line)
        assert handle
        nft = [timed(lambda: lab.nft("add", "chain", "inet", "patronus-bench-none", "x", check=False))[0] for _ in range(5)]
        row("peer: nft started once in the same namespace (refused command)", median_ms(nft))


if __name__ == "__main__":
    main()
