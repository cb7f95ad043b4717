# SPDX-License-Identifier: GPL-3.0-or-later
"""The log at a receiver that is not ours: rsyslog over TLS, TCP and UDP on the internet host, under a suite that runs."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import time

import pytest

from harness import World
from lab import PREFIX, ROOT, Lab, wait_for

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import count, record  # noqa: E402

SERVER = "198.51.100.1"
CTL = PREFIX / "bin" / "patronusctl"
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

CONF = """
global(workDirectory="{d}" maxMessageSize="64k" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{d}/ca.pem"
       defaultNetstreamDriverCertFile="{d}/server.pem" defaultNetstreamDriverKeyFile="{d}/server.key")
module(load="imtcp")
module(load="imudp")
module(load="mmpstrucdata")
template(name="parsed" type="list") {{
  constant(value="{{") property(outname="input" name="inputname" format="jsonf") constant(value=", ")
  property(outname="facility" name="syslogfacility" format="jsonf") constant(value=", ")
  property(outname="severity" name="syslogseverity" format="jsonf") constant(value=", ")
  property(outname="host" name="hostname" format="jsonf") constant(value=", ") property(outname="app" name="app-name" format="jsonf")
  constant(value=", ") property(outname="msgid" name="msgid" format="jsonf") constant(value=", ")
  property(outname="msg" name="msg" format="jsonf") constant(value=", \\"sd\\":") property(name="$!rfc5424-sd") constant(value="}}\\n") }}
template(name="text" type="string" string="%msg%\\n")
ruleset(name="in") {{
  action(type="mmpstrucdata")
  action(type="omfile" file="{d}/received.json" template="parsed")
  action(type="omfile" file="{d}/received.log" template="RSYSLOG_SyslogProtocol23Format")
  if $msgid startswith "audit" then action(type="omfile" file="{d}/audit.ndjson" template="text")
}}
input(type="imtcp" name="tls" port="6514" ruleset="in" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" name="tcp" port="514" ruleset="in" streamDriver.name="ptcp" streamDriver.mode="0")
input(type="imudp" name="udp" port="514" ruleset="in" rcvbufSize="8m")
"""


def openssl(*argv, cwd):
    return subprocess.run(["openssl", *argv], cwd=cwd, check=True, capture_output=True).stdout


class Receiver:
    """rsyslog on the internet host; what it wrote outlives it."""

    def __init__(self, lab, name="rsyslog"):
        self.lab, self.dir = lab, lab.dir / name
        self.dir.mkdir()
        openssl("req", "-x509", *EC, "-keyout", "ca.key", "-out", "ca.pem", "-subj", f"/CN=authority of {name}", "-days", "30", cwd=self.dir)
        openssl("req", *EC, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=logs.example", cwd=self.dir)
        (self.dir / "ext").write_text(f"subjectAltName=DNS:logs.example,IP:{SERVER}\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "30",
                "-extfile", "ext", cwd=self.dir)
        (self.dir / "rsyslog.conf").write_text(CONF.format(d=self.dir))
        self.proc = None

    def start(self):
        (self.dir / "pid").unlink(missing_ok=True)
        self.proc = self.lab.spawn("inet", ["rsyslogd", "-n", "-f", self.dir / "rsyslog.conf", "-i", self.dir / "pid"], log="rsyslog.out")
        wait_for("rsyslog", 10, lambda: ":6514 " in self.lab.exec("inet", ["ss", "-Hltn"]).stdout)
        return self

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    @property
    def ca(self):
        return (self.dir / "ca.pem").read_text()

    @property
    def pin(self):
        key = openssl("x509", "-in", "server.pem", "-pubkey", "-noout", cwd=self.dir)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True, capture_output=True).stdout
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def messages(self, **want):
        path = self.dir / "received.json"
        # A message without structured data leaves the place of it empty.
        lines = path.read_text().replace('"sd":}', '"sd":{}}').split("\n")[:-1] if path.exists() else []
        return [m for m in map(json.loads, lines) if all(m[k] == v for k, v in want.items())]

    def records(self, **want):
        """Records of the audit log by their index; what came twice must be the same."""
        found = {}
        for m in self.messages(msgid="audit", **want):
            r = json.loads(m["msg"])
            assert found.setdefault(r["seq"], m["msg"]) == m["msg"]
        return found


def audit_log(box):
    lines = (box.state / "log" / "audit.log").read_text().split("\n")[:-1]
    return {json.loads(line)["seq"]: line for line in lines}


def heads(box):
    return (box.state / "log" / "audit.heads").read_text().split("\n")[:-1]


def state(box, name):
    return next(r for r in box.ctl_json("show", "syslog")["receivers"] if r["name"] == name)


def commit(box, text):
    """A record whose detail somebody chose."""
    commit.n += 1
    box.ctl("set", "system/description", f"number {commit.n}")
    box.ctl("commit", "--comment", text)


commit.n = 0
ACT = """i=0; while [ $i -lt $3 ]; do
    id=$($1 -s $2 token create x -u alice --scopes state:read --json | jq -r .id); $1 -s $2 token revoke "$id"; i=$((i+2)); done"""


def start_acts(box, n):
    """Many records, two at a time."""
    return subprocess.Popen(["sh", "-c", ACT, "sh", str(CTL), str(box.sock), str(n)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def act(box, n):
    assert start_acts(box, n).wait(60) == 0


@pytest.fixture(scope="module")
def box():
    lab = Lab("s").start()
    lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def rsyslog(box):
    """One rsyslog, and receivers of the box that lead to it in every way that is right."""
    r = Receiver(box).start()
    box.ctl("set", "management/syslog/receivers/siem", json.dumps({"host": SERVER, "trust": r.ca}))
    box.ctl("set", "management/syslog/receivers/pinned", json.dumps({"host": SERVER, "trust": r.pin, "facility": "local5", "send": ["audit"]}))
    box.ctl("set", "management/syslog/receivers/tcp", json.dumps({"host": SERVER, "transport": "tcp", "minimum-severity": "warning"}))
    box.ctl("set", "management/syslog/receivers/udp", json.dumps({"host": SERVER, "transport": "udp", "send": ["audit", "heads", "firewall"]}))
    box.ctl("commit", "--comment", "receivers")
    return r


WAYS = {"siem": {"input": "tls", "facility": "13"}, "pinned": {"input": "tls", "facility": "21"}, "tcp": {"input": "tcp"}, "udp": {"input": "udp"}}
HOSTILE = ['a "b" ] c\\', '"] x[audit@32473 index="1"', "é ü ☃", "<109>1 2026-11-28T10:00:00Z x y - audit - {}", "\\u000a", '{"seq":1,"actor":"root"}', "%s%n", "]"]


def complete(box, rsyslog, **want):
    """All that the log holds from the first that arrived on, unchanged."""
    got, log = rsyslog.records(**want), audit_log(box)
    return got and all(log[i] == text for i, text in got.items()) and set(got) == set(range(min(got), max(log) + 1))


def test_what_arrives_is_the_log(box, rsyslog):
    for text in HOSTILE:
        commit(box, text)
    act(box, 100)           # and a head comes at once
    wait_for("a head", 15, lambda: heads(box))
    signed = [json.loads(line) for line in heads(box)]
    for name, way in WAYS.items():
        wait_for(f"all records at {name}", 15, lambda: complete(box, rsyslog, **way), every=0.2)  # noqa: B023
        assert state(box, name)["state"] == "connected" and state(box, name)["lag"] == 0
    log = audit_log(box)
    for m in rsyslog.messages(msgid="audit"):
        r, sd = json.loads(m["msg"]), m["sd"]["audit@32473"]
        assert m["msg"] == log[r["seq"]] and m["host"] == "edge1" and m["app"] == "patronus-" + r["process"] and m["severity"] == "5"
        assert sd["index"] == str(r["seq"]) and sd["leaf"] == hashlib.sha256(b"\0" + m["msg"].encode()).hexdigest()
        assert {k: sd[k] for k in ("actor", "origin", "action", "object", "result")} == {k: r[k] for k in ("actor", "origin", "action", "object", "result")}
    for way in ({"input": "tls"}, {"input": "tcp"}, {"input": "udp"}):
        wait_for("the heads", 5, lambda: len(rsyslog.messages(msgid="audit-head", **way)) >= len(signed), every=0.2)  # noqa: B023
        told = rsyslog.messages(msgid="audit-head", **way)
        assert [json.loads(m["msg"]) for m in told] == signed
        for m, h in zip(told, signed):
            assert m["sd"]["audit-head@32473"] == {"number": str(h["audit-head"]), "size": str(h["size"]), "root": h["root"], "signature": h["signature"]}
    record("S9", "audit records at rsyslog over TLS, TCP and UDP, unlike those of the log", sum(len(rsyslog.records(**w)) for w in WAYS.values()), "records", 0)


def test_events_by_severity(box, rsyslog):
    events = [json.loads(line) for line in (box.state / "log" / "patronus.log").read_text().split("\n")[:-1]]
    told = {m["sd"]["event@32473"]["index"]: m for m in rsyslog.messages(msgid="event", input="tls")}
    assert len(told) > 10
    for e in events:
        m = told.get(str(e["seq"]))
        assert m is None or (m["msg"] == f'{e["subsystem"]}: {e["text"]}' and m["severity"] == {"error": "3", "warning": "4", "info": "6"}[e["level"]]
                             and m["app"] == "patronus-" + e["process"] and m["facility"] == "3"), (e, m)
    assert {m["severity"] for m in rsyslog.messages(msgid="event", input="tcp")} <= {"3", "4"}
    assert not rsyslog.messages(msgid="event", input="udp")


def test_packets_of_the_firewall(box, rsyslog):
    for port in range(4000, 4005):
        box.exec("lan", ["socat", "-u", "OPEN:/dev/null", f"TCP:198.51.100.2:{port},connect-timeout=0.1"], check=False)
    wait_for("dropped packets", 5, lambda: rsyslog.messages(msgid="firewall"), every=0.2)
    logged = {e["sequence"]: e for e in box.ctl_json("show", "firewall", "log")["events"]}
    for m in rsyslog.messages(msgid="firewall"):
        sd = m["sd"]["firewall@32473"]
        e = logged[int(sd.pop("index"))]
        assert m["input"] == "udp" and m["facility"] == "16" and sd == {k: str(v) for k, v in e.items() if k in sd} and "rule" in sd and "source" in sd


def test_the_file_of_the_receiver_proves_itself(box, rsyslog):
    for name in ("received.log", "audit.ndjson"):
        r = subprocess.run([CTL, "audit", "verify", "--syslog", rsyslog.dir / name], capture_output=True, text=True)
        assert r.returncode == 0 and "all is as it was written" in r.stdout, r
        box.ctl("audit", "verify", "--heads", rsyslog.dir / name)
    # A receiver's record that was changed afterwards is named, with its leaf or without.
    for name, said in (("received.log", "record 5: the record is not the one that was sent"), ("audit.ndjson", "the first bad one is among them")):
        text = (rsyslog.dir / name).read_text().replace('{"seq":5,', '{"seq":5, ')
        (rsyslog.dir / "bad").write_text(text)
        r = subprocess.run([CTL, "audit", "verify", "--syslog", rsyslog.dir / "bad"], capture_output=True, text=True)
        assert r.returncode == 1 and said in r.stderr, r
        (rsyslog.dir / "bad").write_text("".join(x for x in text.splitlines(True) if '{"seq":5, ' not in x))
        r = subprocess.run([CTL, "audit", "verify", "--syslog", rsyslog.dir / "bad"], capture_output=True, text=True)
        assert r.returncode == 1 and "record 5 follows record" not in r.stdout and "missing" in r.stderr, r


def test_strangers_get_nothing(box, rsyslog):
    other = box.dir / "other"
    other.mkdir()
    openssl("req", "-x509", *EC, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=another authority", "-days", "30", cwd=other)
    since = {n: state(box, n)["connected-since"] for n in WAYS}
    pids = {n: p["pid"] for n, p in box.processes().items()}
    before = len(rsyslog.messages(facility="22"))
    box.ctl("set", "management/syslog/receivers/stranger", json.dumps({"host": SERVER, "trust": (other / "ca.pem").read_text(), "facility": "local6"}))
    box.ctl("set", "management/syslog/receivers/system-ca", json.dumps({"host": SERVER, "facility": "local6"}))
    box.ctl("set", "management/syslog/receivers/wrong-name", json.dumps({"host": SERVER, "trust": rsyslog.ca, "server-name": "x.example", "facility": "local6"}))
    box.ctl("set", "management/syslog/receivers/wrong-pin", json.dumps({"host": SERVER, "trust": "A" * 43 + "=", "facility": "local6"}))
    box.ctl("commit", "--comment", "strangers")
    for name, why in (("stranger", "certificate"), ("system-ca", "certificate"), ("wrong-name", "x.example"), ("wrong-pin", "pinned")):
        wait_for(f"{name} to fail", 10, lambda: state(box, name)["state"] == "failing", every=0.1)  # noqa: B023
        assert why in state(box, name)["last-error"] and "connected-since" not in state(box, name)
    alarms = [a["text"] for a in box.ctl_json("status")["alarms"]]
    assert any(a.startswith("syslog receiver stranger: ") and "certificate" in a and "records wait" in a for a in alarms), alarms
    wait_for("the log to say it", 10, lambda: '"syslog","text":"receiver \\"stranger\\": ' in (box.state / "log" / "patronus.log").read_text())
    assert len(rsyslog.messages(facility="22")) == before == 0
    # Nobody else noticed.
    assert {n: state(box, n)["connected-since"] for n in WAYS} == since
    box.ctl("delete", "management/syslog/receivers/stranger")
    box.ctl("delete", "management/syslog/receivers/system-ca")
    box.ctl("delete", "management/syslog/receivers/wrong-name")
    box.ctl("delete", "management/syslog/receivers/wrong-pin")
    box.ctl("commit", "--comment", "no strangers")
    assert {n: state(box, n)["connected-since"] for n in WAYS} == since
    assert {n: p["pid"] for n, p in box.processes().items()} == pids


def first_arrivals(rsyslog, **way):
    seen = list(dict.fromkeys(json.loads(m["msg"])["seq"] for m in rsyslog.messages(msgid="audit", **way)))
    assert seen == sorted(seen), "in the order of the log"
    return seen


def test_nothing_is_lost_when_somebody_dies(box, rsyslog):
    """The receiver, logd and fetchd are killed while records come; every record is there in the end, and in order."""
    acts = start_acts(box, 100)
    at = max(audit_log(box))
    wait_for("acts", 20, lambda: max(audit_log(box)) > at + 10)
    rsyslog.kill()
    wait_for("acts", 20, lambda: max(audit_log(box)) > at + 40)
    assert any(r["state"] == "failing" for r in box.ctl_json("show", "syslog")["receivers"])
    rsyslog.start()
    os.kill(box.processes()["logd"]["pid"], 9)
    wait_for("acts", 20, lambda: max(audit_log(box)) > at + 70)
    os.kill(box.processes()["fetchd"]["pid"], 9)
    assert acts.wait(60) == 0
    wait_for("a connection", 10, lambda: state(box, "tcp")["state"] == "connected")
    since = state(box, "tcp")["connected-since"]
    os.kill(box.processes()["confd"]["pid"], 9)
    box.wait_ready()
    act(box, 2)
    assert state(box, "tcp")["connected-since"] == since, "confd is not in the way"
    for name, way in WAYS.items():
        wait_for(f"all records at {name}", 30, lambda: complete(box, rsyslog, **way), every=0.2)  # noqa: B023
        if way["input"] != "udp":
            first_arrivals(rsyslog, **way)
    twice = len(rsyslog.messages(msgid="audit", input="tcp")) - len(rsyslog.records(input="tcp"))
    record("S9", "audit records lost at rsyslog when it, logd and fetchd are killed in the middle", len(rsyslog.records(input="tcp")), "records", 0, "0",
           f"{twice} came twice")
    r = subprocess.run([CTL, "audit", "verify", "--syslog", rsyslog.dir / "received.log"], capture_output=True, text=True)
    assert r.returncode == 0, r


def test_a_log_that_was_cut_is_found(box, rsyslog):
    """Root on the box takes the last records away, with all that knows of them there: the box is content, the heads that rsyslog has are not."""
    if len(heads(box)) < 2:
        act(box, 2)
    wait_for("two heads", 20, lambda: len(heads(box)) > 1, every=0.2)
    wait_for("the last one", 15, lambda: rsyslog.messages(msgid="audit-head", input="tcp")[-1]["msg"] == heads(box)[-1], every=0.2)
    box.stop()
    log, told = box.state / "log", heads(box)
    size = json.loads(told[-2])["size"]
    lines = (log / "audit.log").read_text().splitlines(True)
    (log / "audit.log").write_text("".join(lines[:size]))
    (log / "audit.heads").write_text("\n".join(told[:-1]) + "\n")
    (log / "audit.tree").unlink()
    (box.state / "auth" / "audit.head").write_text(told[-2])
    box.start()
    wait_for("the log", 20, lambda: box.ctl("audit", "verify", check=False).returncode != 7, every=0.2)
    assert "all is as it was written" in box.ctl("audit", "verify").stdout
    r = box.ctl("audit", "verify", "--heads", rsyslog.dir / "received.log", check=False)
    assert r.returncode == 1 and f"missing: head {len(told)} was signed over them" in r.stderr, r
    # What the box writes and signs from then on does not help it.
    if count(1, 0):
        return
    act(box, 100)
    wait_for("a head", 20, lambda: len(heads(box)) >= len(told), every=0.2)
    assert "all is as it was written" in box.ctl("audit", "verify").stdout
    r = box.ctl("audit", "verify", "--heads", rsyslog.dir / "received.log", check=False)
    assert r.returncode == 1 and "not as it was written" in r.stderr, r


@pytest.mark.parametrize("leaf,value,said", [
    ("host", "logs.example.net:6514", "without port"),
    ("host", "a b", "a host is a name or an address"),
    ("port", "0", "1"),
    ("transport", "relp", "is not tls, tcp or udp"),
    ("send", "everything", "is not audit, heads, events or firewall"),
    ("trust", "no such thing! " * 5, "trust is a CA certificate"),
])
def test_what_cannot_be_is_told(box, leaf, value, said):
    r = box.ctl("set", f"management/syslog/receivers/tcp/{leaf}", value, check=False)
    assert r.returncode != 0 and f"receivers.tcp.{leaf}: " in r.stderr and said in r.stderr, r.stderr


def test_trust_without_tls_is_told(box):
    box.ctl("set", "management/syslog/receivers/tcp/trust", "A" * 43)
    r = box.ctl("commit", check=False)
    box.ctl("discard")
    assert r.returncode != 0 and "receivers.tcp: " in r.stderr and "use tls, or leave it out" in r.stderr, r.stderr


def test_a_long_outage_is_caught_up():
    """logd and fetchd alone, in the box's namespace: records of an outage, and how fast they follow."""
    lab, n = Lab("o"), count(5000, 200_000)
    lab.ip("box", "link set eth0 up")
    lab.ip("box", "addr add 198.51.100.2/24 dev eth0")
    world = World(lab.ns("box"))
    try:
        rsyslog = Receiver(lab).start()
        world.start("logd", "fetchd")
        world.connect("fetchd", "logd")
        logd, fetchd = world.as_peer("ROLE_CONFD", "logd"), world.as_peer("ROLE_CONFD", "fetchd")
        logd.send("LOG_RECEIVERS", {"hostname": "edge1", "receivers": [{"name": "siem", "transport": 1, "audit": 1, "severity": 6, "facility": 255}]})
        for i in range(n):
            logd.send("LOG_AUDIT", {"time_ms": 1, "actor": f"user{i % 9}", "origin": "192.0.2.10:50123", "action": "commit", "object": f"revision {i}",
                                    "result": "kept", "detail": "a comment of ordinary length"})
        wait_for("the log", 60, lambda: (world.dir / "state/logd/audit.log").read_bytes().count(b"\n") == n, every=0.2)
        fetchd.send("FETCH_RECEIVERS", {"receivers": [{"name": "siem", "host": SERVER, "port": 6514, "transport": 1, "trust": rsyslog.ca}]})
        received = rsyslog.dir / "audit.ndjson"
        wait_for("the first", 60, received.exists, every=0.01)
        began = time.monotonic()
        wait_for("all of them", 600, lambda: received.read_bytes().count(b'{"seq":') >= n, every=0.1)
        took = time.monotonic() - began
        sent = [line for line in received.read_text().splitlines() if line.startswith('{"seq":')]
        assert sent == (world.dir / "state/logd/audit.log").read_text().splitlines()
        record("S9", f"records a second to rsyslog over TLS, after an outage of {n:,}", n, "records/s", round(n / took))
    finally:
        world.close()
        lab.close()
