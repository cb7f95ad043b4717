# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups by names and lists: what a name server and a web server say changes, and packets follow; nginx and dnsmasq are not ours."""
import signal
import time

import pytest

from lab import WORLD6, Lab, network, wait_for
from test_fetchd import make_ca

SERVER = "198.51.100.1"
OLD, NEW, OTHER = "203.0.113.10", "203.0.113.11", "203.0.113.12"
DOCUMENT = network("wan", "lan") + """
system: { name-servers: [198.51.100.1] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  lists:
    drop: { url: "https://198.51.100.1/drop.txt", trust: @TRUST@, maximum: 1000 }
  names: { shortest: 1, longest: 60, grace: 1 }
  groups:
    updates: { names: [updates.example.org] }
    inside: { names: [rebound.example.org] }
    bad: { lists: [drop] }
  services: { site: { protocol: tcp, ports: [80] }, shop: { protocol: tcp, ports: [81] } }
  rules:
    - { id: updates, from: lan, to: wan, destination: { group: [updates, inside] }, service: site, action: accept }
    - { id: bad, from: lan, to: wan, destination: { group: bad }, service: shop, action: drop }
    - { id: shop, from: lan, to: wan, service: shop, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("z")
    for address in (NEW, OTHER):
        lab.ip("inet", f"addr add {address}/32 dev lo")
    make_ca(lab.dir)
    (lab.dir / "www").mkdir()
    publish(lab, "; a list\n203.0.113.12 ; one\n198.18.0.0/24\n2001:db8:bad::/48\n")
    (lab.dir / "nginx.conf").write_text(f"""
        user root; daemon off; pid {lab.dir}/nginx.pid; error_log {lab.dir}/nginx.log; events {{ }}
        http {{ access_log {lab.dir}/access.log; server {{ listen 443 ssl; ssl_certificate {lab.dir}/server.pem;
          ssl_certificate_key {lab.dir}/server.key; root {lab.dir}/www; }} }}""")
    lab.spawn("inet", ["nginx", "-c", lab.dir / "nginx.conf", "-e", lab.dir / "nginx.log"])
    name(lab, OLD, WORLD6)
    lab.dns = serve_names(lab)
    for port in (80, 81):
        lab.spawn("inet", ["socat", f"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "PIPE"])
    wait_for("the servers", 5, lambda: all(f":{p} " in lab.exec("inet", ["ss", "-Hltn"]).stdout for p in (80, 81, 443)))
    lab.start()
    trust = '"' + (lab.dir / "ca.pem").read_text().replace("\n", "\\n") + '"'
    lab.load_text(DOCUMENT.replace("@TRUST@", trust))
    yield lab
    lab.close()


def serve_names(lab):
    p = lab.spawn("inet", ["dnsmasq", "-k", "-C", "/dev/null", "-p", "53", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file=",
                           "--local-ttl=2", f"--listen-address={SERVER}", f"--addn-hosts={lab.dir}/hosts",
                           "--address=/rebound.example.org/10.0.0.7", "--local=/example.org/", "--user=root"])
    wait_for("dnsmasq", 5, lambda: f"{SERVER}:53 " in lab.exec("inet", ["ss", "-Hlun"]).stdout)
    return p


def name(lab, *addresses):
    (lab.dir / "hosts").write_text("".join(f"{a} updates.example.org\n" for a in addresses))


def publish(lab, text):
    """Beside, then renamed, and with a time of its own: nginx makes the ETag of time and length."""
    part = lab.dir / "www" / "part"
    part.write_text(text)
    part.rename(lab.dir / "www" / "drop.txt")


def opens(lab, address, port):
    target = f"[{address}]" if ":" in address else address
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:{target}:{port},connect-timeout=0.4"], check=False).returncode == 0


def source(lab, ident):
    return {s["id"]: s for s in lab.ctl_json("firewall", "sources")["sources"]}[ident]


def test_a_name_is_followed(box):
    wait_for("the name", 10, lambda: opens(box, OLD, 80), every=0.1)
    wait_for("its IPv6 address", 5, lambda: opens(box, WORLD6, 80), every=0.1)
    assert not opens(box, NEW, 80)
    revision = box.ctl_json("status")["revision"]
    name(box, NEW)
    box.dns.send_signal(signal.SIGHUP)
    start = time.monotonic()
    wait_for("the new address", 8, lambda: opens(box, NEW, 80), every=0.1)
    assert time.monotonic() - start < 5, "within the time to live and a bit"
    wait_for("the end of the old one", 8, lambda: not opens(box, OLD, 80), every=0.1)
    assert not opens(box, WORLD6, 80) and time.monotonic() - start < 9
    assert box.ctl_json("status")["revision"] == revision
    box.ctl("verify")


def test_a_name_of_somebody_else_opens_nothing_inside(box):
    s = source(box, "name/rebound.example.org")
    assert s["ipv4"] == 0 and "private address" in s["text"]


def test_what_was_known_stays_while_nobody_answers(box):
    box.dns.terminate()
    box.dns.wait()
    wait_for("the failure", 40, lambda: source(box, "name/updates.example.org")["state"] == "failed", every=0.2)
    assert opens(box, NEW, 80)
    box.dns = serve_names(box)
    box.ctl("firewall", "refresh", "name/updates.example.org")
    wait_for("the answer", 30, lambda: source(box, "name/updates.example.org")["state"] == "good", every=0.2)
    assert opens(box, NEW, 80)


def refreshed(lab, what, test):
    lab.ctl("firewall", "refresh", "list/drop")
    return wait_for(what, 10, lambda: test(source(lab, "list/drop")), every=0.1)


def test_a_list_is_fetched_and_kept_when_it_is_bad(box):
    wait_for("the list", 10, lambda: source(box, "list/drop")["ipv4"] == 2, every=0.1)
    assert not opens(box, OTHER, 81) and opens(box, NEW, 81)
    # The same again: the server is asked whether it has changed.
    refreshed(box, "another look", lambda s: " 304 " in (box.dir / "access.log").read_text())
    for bad, says in (("<html>\n<p>Sign in</p>\n", "does not look like a list"), ("# nothing\n", "there is no address in it"),
                      ("".join(f"198.18.{i // 100}.{i % 100 * 2}\n" for i in range(1200)), "more than its maximum of 1000")):
        publish(box, bad)
        refreshed(box, says, lambda s, says=says: s["state"] == "failed" and says in s["text"])
        assert not opens(box, OTHER, 81) and source(box, "list/drop")["ipv4"] == 2
    assert any("list/drop" in a["text"] for a in box.ctl_json("status")["alarms"])
    publish(box, '{"cidr":"203.0.113.11/32","sblid":"SBL1"}\n{"type":"metadata","size":1}\n')
    refreshed(box, "the new list", lambda s: s["state"] == "good" and s["ipv4"] == 1)
    assert opens(box, OTHER, 81) and not opens(box, NEW, 81)
    assert not any("list/drop" in a["text"] for a in box.ctl_json("status")["alarms"])


def test_it_is_all_there_after_a_start(box):
    (box.dir / "www" / "drop.txt").unlink()
    box.dns.terminate()
    box.dns.wait()
    box.stop()
    box.start()
    assert not opens(box, NEW, 81), "the last known good ruleset has the list"
    wait_for("the revision", 10, lambda: box.ctl("verify", check=False).returncode == 0, every=0.2)
    assert not opens(box, NEW, 81) and opens(box, OTHER, 81) and opens(box, NEW, 80)
