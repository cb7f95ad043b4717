# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read all day: the counters of 10,000 rules (row R1) and a page of 200,000 connections (R2), each beside its peer in the same rounds; and what
all of it holds in memory (M1, M2): 10,000 rules, then a list of a million prefixes and 100,000 connections."""
import json
import re
from pathlib import Path

from bench import Api, Lab, ROOT, document, load, median_ms, row, timed

ROUNDS = 7
RULES, STATES, PREFIXES, FLOWS = 10_000, 200_000, 1_000_000, 100_000


def fill(lab, n):
    lab.exec("box", ["conntrack", "-F"], check=False)
    path = lab.dir / "flows"
    path.write_text("".join(f"-A -p udp --timeout 3600 -u SEEN_REPLY -s 192.0.2.{10 + i % 100} -d 203.0.113.{i // 100 % 100} --sport {1024 + i // 10000} --dport 53 "
                            f"--reply-src 203.0.113.{i // 100 % 100} --reply-dst 192.0.2.{10 + i % 100} --reply-port-src 53 --reply-port-dst {1024 + i // 10000}\n"
                            for i in range(n)))
    lab.exec("box", ["sysctl", "-qw", f"net.netfilter.nf_conntrack_max={2 * n}"], check=False)
    lab.exec("box", ["conntrack", "-R", str(path)], timeout=600)
    return int(lab.exec("box", ["conntrack", "-C"]).stdout)


def rounds(ours, peer):
    """Both in turn, so that a busy moment meets both."""
    a, b = [], []
    for _ in range(ROUNDS):
        a.append(timed(ours)[0])
        b.append(timed(peer)[0])
    return median_ms(a), median_ms(b)


def memory(lab):
    """Proportional set sizes of all processes together, MiB; and those of each."""
    each = {}
    for name, p in lab.processes().items():
        smaps = Path(f"/proc/{p['pid']}/smaps_rollup")
        if smaps.exists():
            each[name] = int(re.search(r"^Pss:\s+(\d+)", smaps.read_text(), re.M)[1]) / 1024
    return sum(each.values()), each


def slab():
    """What the kernel holds in its own objects, MiB: of the whole machine, so differences say something on a quiet one."""
    return sum(int(m) for m in re.findall(r"^(?:Slab|Percpu|VmallocUsed):\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)) / 1024


def rss(api_pid):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{api_pid}/status").read_text())[1]) / 1024


def show_memory(what, lab, goal):
    total, each = memory(lab)
    row(f"{what}: all processes (PSS)", total, "MiB", goal)
    print("    " + ", ".join(f"{n} {m:.1f}" for n, m in sorted(each.items(), key=lambda i: -i[1])))


def prefixes(lab):
    lab.ctl("set", "firewall/lists/bench", "{source: upload}")
    lab.ctl("set", "firewall/groups/bench", "{lists: [bench]}")
    lab.ctl("set", "firewall/rules/bench-list", "{from: wan, to: dmz, source: {group: bench}, action: drop}")
    lab.ctl("commit", "--comment", "list", timeout=120)
    text = "".join(f"2001:db8:{i // 32768:x}:{i % 32768 * 2:x}::/64\n" for i in range(PREFIXES))
    (lab.dir / "list").write_text(text)
    lab.ctl("firewall", "list", "upload", "bench", lab.dir / "list", timeout=300)


def main():
    with Lab("r") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        api = Api(lab).claim(lab)
        load(lab, document(lab, RULES))
        fwd = lab.processes()["fwd"]["pid"]

        before = rss(fwd)
        counters = api.call("GET", "/state/firewall?fields=id,packets,bytes", expect=200).json["rules"]
        ours, peer = rounds(lambda: api.call("GET", "/state/firewall", expect=200), lambda: lab.nft("-j", "list", "ruleset"))
        row(f"R1: counters of {len(counters)} rules as JSON over REST", ours, goal="goal 60")
        row("    peer: nft -j list ruleset", peer)
        row("    so many times as fast", peer / ours, "x", "goal 6")
        row("    growth of fwd's peak", rss(fwd) - before, "MiB", "goal 16")
        show_memory(f"M1: {RULES} rules, with the web", lab, "goal 40")

        n = fill(lab, STATES)
        page = "/state/connections?filter%5Bsource%5D=192.0.2.77&sort=-bytes&limit=100"
        found = api.call("GET", page, expect=200).json
        ours, peer = rounds(lambda: api.call("GET", page, expect=200), lambda: lab.exec("box", ["conntrack", "-L"], timeout=60))
        row(f"R2: a filtered page of {n} connections ({found['matched']} fit)", ours)
        row("    peer: conntrack -L", peer)
        row("    so many times as fast", peer / ours, "x", "goal 1.3")

        fill(lab, FLOWS)
        kernel = slab()
        prefixes(lab)
        row(f"M2: {PREFIXES} prefixes: growth of the kernel's memory", slab() - kernel, "MiB")
        show_memory(f"    and {FLOWS} connections", lab, "goal 128 with the kernel's")
        print(json.dumps({"prefixes": lab.ctl_json("firewall", "sources")["sources"]}))


if __name__ == "__main__":
    main()
