# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection tracking: helpers let just those connections through that FTP and TFTP have agreed on, also where addresses are translated, and idle
connections are remembered as long as the configuration says.  Servers are pyftpdlib and dnsmasq; clients are ftplib, tftp of busybox and socat."""
import json
import re
import textwrap
import time

import pytest

from lab import Lab, network, wait_for

SERVER = "203.0.113.10"
HELPERS = "{ ftp: { from: [lan, wan, local] }, tftp: { from: lan } }"
DOCUMENT = network("wan", "lan", "dmz") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  services: { ftp: { protocol: tcp, ports: [21, 2121] }, tftp: { protocol: udp, ports: [69] }, echo: { protocol: [tcp, udp], ports: [7] } }
  tracking:
    helpers: %(helpers)s
    timeouts: { tcp: { established: 5000, close: 3 }, udp: { unreplied: 41, replied: 4000 }, icmp: 17 }
  rules:
    - { id: brief, from: lan, to: wan, service: echo, source: { addresses: [192.0.2.11] }, set: { idle-timeout: 2 }, action: accept }
    - { id: out, from: lan, to: wan, service: [ftp, tftp, echo, ping], action: accept }
    - { id: in, from: wan, to: dmz, service: ftp, action: accept }
nat:
  masquerade: { out: { zone: wan } }
  port-forwards: [ { id: ftp, zone: wan, service: ftp, to: 192.0.2.130 } ]
management: { web: { zones: [lan] } }
"""
CLIENT = """
    import ftplib, io, sys
    host, port, passive = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "passive"
    f = ftplib.FTP()
    f.connect(host, port, timeout=3)
    f.login()
    f.set_pasv(passive)
    f.trust_server_pasv_ipv4_address = True
    f.retrbinary("RETR hello", lambda data: sys.stdout.write(data.decode()))
    f.quit()
"""


def load(box, helpers):
    box.load_text(DOCUMENT % {"helpers": helpers})


@pytest.fixture(scope="module")
def box():
    lab = Lab("q").start()
    files = lab.dir / "ftp"
    files.mkdir()
    files.chmod(0o755)
    (files / "hello").write_text("the file\n")
    (lab.dir / "client.py").write_text(textwrap.dedent(CLIENT))
    lab.ip("lan", "addr add 192.0.2.11/25 dev eth0")
    for host, ports in (("inet", (21, 2121)), ("dmz", (21,))):
        for port in ports:
            lab.spawn(host, ["/usr/bin/python3", "-m", "pyftpdlib", "-p", str(port), "-d", str(files)])
            wait_for("the server", 10, lambda: f":{port} " in lab.exec(host, ["ss", "-Hltn"]).stdout)
    lab.spawn("inet", ["dnsmasq", "-k", "-p", "0", "--enable-tftp", f"--tftp-root={files}", "--user=root", "--conf-file=/dev/null", f"--pid-file={lab.dir}/dnsmasq"])
    wait_for("the server", 5, lambda: ":69 " in lab.exec("inet", ["ss", "-Hlun"]).stdout)
    lab.spawn("inet", ["socat", "TCP-LISTEN:7,reuseaddr,fork", "EXEC:cat"])
    lab.spawn("inet", ["socat", f"UDP-RECVFROM:7,bind={SERVER},reuseaddr,fork", "EXEC:cat"])
    wait_for("the server", 5, lambda: ":7 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)
    yield lab
    lab.close()


def fetch(box, host, mode, address=SERVER, port=21):
    r = box.exec(host, ["/usr/bin/python3", box.dir / "client.py", address, str(port), mode], check=False)
    return r.returncode == 0 and r.stdout == "the file\n"


def fetch_tftp(box):
    out = box.dir / "fetched"
    out.unlink(missing_ok=True)
    box.exec("lan", ["timeout", "4", "busybox", "tftp", "-g", "-r", "hello", "-l", out, SERVER], check=False)
    return out.exists() and out.read_text() == "the file\n"


def left(box, *words):
    """Seconds that the newest such connection is remembered still."""
    lines = box.exec("box", ["conntrack", "-L", *words]).stdout.splitlines()
    return int(re.match(r"\S+\s+\d+\s+(\d+)", lines[0])[1]) if lines else None


def objects(box):
    return sorted(o[kind]["name"] for o in json.loads(box.exec("box", ["nft", "-j", "list", "ruleset"]).stdout)["nftables"] for kind in ("ct helper", "ct timeout") if kind in o)


def test_without_helpers_the_second_connection_is_dropped(box, judge):
    load(box, "{}")
    assert not fetch(box, "lan", "passive") and not fetch(box, "lan", "active") and not fetch_tftp(box)
    assert not [o for o in objects(box) if o.startswith("helper")]


@pytest.mark.parametrize("mode", ["passive", "active"])
def test_ftp_behind_masquerade(box, judge, mode):
    load(box, HELPERS)
    assert fetch(box, "lan", mode)


def test_a_server_behind_a_port_forward_tells_the_outer_address(box, judge):
    load(box, HELPERS)
    assert fetch(box, "inet", "passive", "198.51.100.2")


def test_the_box_itself_is_a_client(box, judge):
    load(box, HELPERS)
    assert fetch(box, "box", "active")
    load(box, HELPERS.replace(", local", ""))
    assert not fetch(box, "box", "active")


SLOW = """
    import ftplib, socket, sys, time
    f = ftplib.FTP()
    f.connect(sys.argv[1], 21, timeout=30, source_address=(sys.argv[2], 0))
    f.login()
    f.set_pasv(sys.argv[3] == "passive")
    f.trust_server_pasv_ipv4_address = True
    data = f.transfercmd("RETR endless")
    data.settimeout(30)
    try:
        while chunk := data.recv(65536):
            print(len(chunk), flush=True)
            time.sleep(0.05)
    except OSError:
        pass
"""


def children(box, client):
    """Source ports of the data connections that this client's control connections have announced."""
    return {line for line in box.exec("box", ["conntrack", "-L", "-p", "tcp"]).stdout.splitlines() if client in line and "dport=21 " not in line and "ESTABLISHED" in line}


def transfer(box, host, server, source, mode):
    """One that does not end."""
    with open(box.dir / "ftp" / "endless", "wb") as f:
        f.truncate(1 << 31)
    (box.dir / "slow.py").write_text(textwrap.dedent(SLOW))
    return box.spawn(host, ["/usr/bin/python3", box.dir / "slow.py", server, source, mode])


@pytest.mark.parametrize("master", ["there", "gone"])
@pytest.mark.parametrize("mode", ["passive", "active"])
def test_what_a_connection_announced_ends_with_it(box, judge, mode, master):
    """A transfer that is under way: its control connection, which may have ended before, is not allowed any more, and the bytes stop.  Another client's
    goes on."""
    load(box, HELPERS)
    box.exec("box", ["conntrack", "-F"])
    clients = [transfer(box, "lan", SERVER, source, mode) for source in ("192.0.2.10", "192.0.2.11")]
    wait_for("both transfers", 15, lambda: all(children(box, c) for c in ("192.0.2.10", "192.0.2.11")))
    if master == "gone":
        box.exec("box", ["conntrack", "-D", "-p", "tcp", "--orig-port-dst", "21"])
        assert all(children(box, c) for c in ("192.0.2.10", "192.0.2.11"))
    text = (DOCUMENT % {"helpers": HELPERS}).replace("    - { id: out,", "    - { id: not-him, from: lan, to: wan, service: ftp, source: { addresses: [192.0.2.10] }, action: drop }\n    - { id: out,")
    box.load_text(text)
    wait_for("the end", 5, lambda: not children(box, "192.0.2.10"), every=0.05)
    lines = box.exec("box", ["conntrack", "-L", "-p", "tcp"]).stdout
    assert not [line for line in lines.splitlines() if "src=192.0.2.10 " in line and "dport=21 " in line and "ESTABLISHED" in line]
    assert "192.0.2.10" not in box.exec("box", ["conntrack", "-L", "expect"], check=False).stdout
    time.sleep(1)
    assert not children(box, "192.0.2.10") and children(box, "192.0.2.11")
    for client in clients:
        client.kill()


def test_what_a_forwarded_connection_announced_ends_after_it(box, judge):
    """Nobody tells any more where its control connection was led: the port forward does."""
    load(box, HELPERS)
    box.exec("box", ["conntrack", "-F"])
    client = transfer(box, "inet", "198.51.100.2", SERVER, "passive")
    wait_for("the transfer", 15, lambda: children(box, SERVER))
    box.exec("box", ["conntrack", "-D", "-p", "tcp", "--orig-port-dst", "21"])
    box.load_text((DOCUMENT % {"helpers": HELPERS}).replace("    - { id: brief,", "    - { id: before, from: lan, to: dmz, action: accept }\n    - { id: brief,"))
    time.sleep(1)
    assert children(box, SERVER), "another rule"
    box.load_text((DOCUMENT % {"helpers": HELPERS}).replace("    - { id: in, from: wan, to: dmz, service: ftp, action: accept }\n", ""))
    wait_for("the end", 5, lambda: not children(box, SERVER), every=0.05)
    client.kill()


def test_tftp_answers_from_another_port(box, judge):
    load(box, HELPERS)
    assert fetch_tftp(box)


def test_a_helper_reads_the_connections_of_its_zones_and_ports_alone(box, judge):
    load(box, "{ ftp: { from: dmz } }")
    assert not fetch(box, "lan", "passive")
    load(box, HELPERS)
    assert not fetch(box, "lan", "passive", port=2121)
    load(box, "{ ftp: { from: lan, ports: 2121 } }")
    assert fetch(box, "lan", "passive", port=2121) and not fetch(box, "lan", "passive")
    load(box, "{ ftp: { from: lan, enabled: false } }")
    assert not fetch(box, "lan", "passive")


def test_what_is_not_agreed_on_stays_outside(box, judge):
    """A helper lets one connection through, not the ports above 1023."""
    load(box, HELPERS)
    assert fetch(box, "lan", "passive")
    assert box.ask("inet", "198.51.100.2", 30000) is None


def test_idle_connections_are_remembered_as_long_as_told(box, judge):
    load(box, HELPERS)
    box.exec("box", ["conntrack", "-F"])
    box.spawn("lan", ["socat", "-u", f"TCP:{SERVER}:7", "OPEN:/dev/null"])
    wait_for("the connection", 5, lambda: left(box, "-p", "tcp", "--state", "ESTABLISHED", "--dport", "7"))
    assert 4980 < left(box, "-p", "tcp", "--state", "ESTABLISHED", "--dport", "7") <= 5000
    box.exec("lan", ["sh", "-c", f"(echo a; sleep 2.3; echo b) | socat -t 1 - UDP:{SERVER}:7,bind=192.0.2.10"])
    assert 3980 < left(box, "-p", "udp", "--orig-dst", SERVER) <= 4000
    box.exec("lan", ["socat", "-u", "-", "UDP:198.51.100.77:7,bind=192.0.2.10"], input="a\n")       # nobody is there
    assert 30 < left(box, "-p", "udp", "--orig-dst", "198.51.100.77") <= 41
    box.ping("lan", SERVER)
    assert left(box, "-p", "icmp") <= 17


def test_a_rule_has_its_own_time(box, judge):
    """And the connection ends then, which both families of times are overruled by."""
    load(box, HELPERS)
    box.exec("box", ["conntrack", "-F"])
    box.exec("lan", ["socat", "-t", "0.3", "-", f"UDP:{SERVER}:7,bind=192.0.2.11"], input="a\n")
    assert left(box, "-p", "udp", "--orig-src", "192.0.2.11") <= 2
    wait_for("the end", 6, lambda: left(box, "-p", "udp", "--orig-src", "192.0.2.11") is None)
    box.spawn("lan", ["socat", "-u", f"TCP:{SERVER}:7,bind=192.0.2.11", "OPEN:/dev/null"])
    wait_for("the connection", 5, lambda: left(box, "-p", "tcp", "--orig-src", "192.0.2.11"))
    time.sleep(0.5)
    assert left(box, "-p", "tcp", "--orig-src", "192.0.2.11") <= 2


def test_objects_come_and_go_with_what_uses_them(box, judge):
    load(box, HELPERS)
    assert len([o for o in objects(box) if o.startswith("helper.")]) == 2 and len([o for o in objects(box) if o.startswith("timeout.tcp.")]) == 2
    load(box, "{}")
    assert not [o for o in objects(box) if o.startswith("helper.")] and len([o for o in objects(box) if o.startswith("timeout.tcp.")]) == 2
    assert box.ctl("verify").returncode == 0


def test_a_helper_that_somebody_else_put_in_its_place_is_found(box, judge):
    load(box, "{ ftp: { from: lan } }")
    handle = next(line.split()[-1] for line in box.exec("box", ["nft", "-a", "list", "chain", "inet", "patronus", "tracked"]).stdout.splitlines() if "helper.ftp" in line)
    batch = f"""delete rule inet patronus tracked handle {handle}
        delete ct helper inet patronus helper.ftp.tcp
        add ct helper inet patronus helper.ftp.tcp {{ type "irc" protocol tcp ; l3proto ip ; }}
        add ct timeout inet patronus other {{ protocol tcp ; policy = {{ close : 9 }} ; }}"""
    box.exec("box", ["nft", "-f", "-"], input=batch)
    wait_for("the repair", 5, lambda: fetch(box, "lan", "passive") and "other" not in objects(box))
    assert "helper.ftp.tcp" in json.dumps(box.ctl_json("show", "drift"))


@pytest.mark.parametrize("change,reason", [
    ("set firewall/rules/out/set/idle-timeout 5\nset firewall/rules/out/action drop", "idle-timeout needs the action accept"),
    ("set firewall/tracking/helpers/gopher/from lan", "gopher"),
    ("set firewall/tracking/timeouts/icmp 0", "0 is out of range (1 to 2147483)"),
])
def test_what_cannot_be_is_refused(box, judge, change, reason):
    load(box, "{}")
    said = ""
    for line in change.splitlines():
        r = box.ctl(*line.split(), check=False)
        said += r.stdout + r.stderr
    r = box.ctl("commit", check=False)
    box.ctl("discard", check=False)
    assert reason in said + r.stdout + r.stderr
