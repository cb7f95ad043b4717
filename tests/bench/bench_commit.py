# SPDX-License-Identifier: GPL-3.0-or-later
"""One changed rule, from the PUT over a kept-alive TLS connection to the answer that the kernel was read back: row C1, split by phase."""
import statistics

from bench import Api, Lab, ROOT, document, load, median_ms, row, timed

ROUNDS = 15


def one_change(api, i):
    ws, headers = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/lan-out", {"description": f"round {i}", "log": i % 2 == 0}, headers, expect=200)
    # The guard forces a timer on a change of the firewall that comes over the web; confirming is part of what a user waits for.
    return api.commit(ws, "bench", confirm=60).json["phases"]


def nft_replace(lab, n):
    """The same number of rules in a table of the internet host, where nobody else has one; one is replaced by nft."""
    rules = "\n".join(f"ip saddr 198.18.{i // 250 % 250}.{i % 250} tcp dport {i % 60000 + 1} counter accept comment \"r{i}\"" for i in range(n))
    lab.exec("inet", ["nft", "-f", "-"], input=f"table inet peer\ndelete table inet peer\ntable inet peer {{\nchain c {{\n{rules}\n}}\n}}\n", timeout=60)
    listed = lab.exec("inet", ["nft", "-a", "list", "chain", "inet", "peer", "c"]).stdout
    handle = next(line.rsplit(" ", 1)[1] for line in listed.splitlines() if f'"r{n // 2}"' in line)
    replace = ["nft", "replace", "rule", "inet", "peer", "c", "handle", handle, "tcp", "dport", "9", "counter", "accept"]
    return [timed(lambda: lab.exec("inet", replace))[0] for _ in range(5)]


def main():
    with Lab("c") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        api = Api(lab).claim(lab)
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
            row(f"    peer: nft replace rule by handle in a table of {n} rules", median_ms(nft_replace(lab, n)))


if __name__ == "__main__":
    main()
