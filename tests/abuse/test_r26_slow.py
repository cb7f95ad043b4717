# SPDX-License-Identifier: GPL-3.0-or-later
"""R26, R27: thousands who hold connections and say or read nearly nothing (slowhttptest), and TLS as sslscan and testssl see it."""
import json
import os
import re
import resource
import subprocess
import time
import xml.etree.ElementTree as ET

import pytest

import figures
from api import Api
from lab import wait_for
from people import crowd, unlimited

CONNECTIONS = figures.count(1000, 10_000)
RSS_MAX_KB = 256 << 10
SLOW_S = 2.0            # a gross bound for a new connection with one request on it; the goal is 0.2


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


def httpd(box):
    pid = box.processes()["httpd"]["pid"]
    status = open(f"/proc/{pid}/status").read()
    return pid, len(os.listdir(f"/proc/{pid}/fd")), int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@pytest.mark.parametrize("name, words", [("slow headers", ["-H", "-i", "5", "-x", "8"]), ("slow bodies", ["-B", "-i", "5", "-s", "60000", "-f", "application/json", "-t", "POST"]),
                                         ("slow readers", ["-X", "-w", "1", "-y", "10", "-z", "1", "-n", "5", "-k", "3"])])
def test_slow_clients_hold_up_nobody(box, alice, name, words):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    pid, before, _ = httpd(box)
    path = {"slow bodies": "/api/v1/session", "slow readers": largest(alice)}.get(name, "/")
    p = subprocess.Popen(["slowhttptest", *words, "-c", str(CONNECTIONS), "-r", "600", "-l", str(figures.count(6, 60)), "-p", "3", "-u", box.url + path],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard)))
    waited, rss, most = [], 0, 0
    try:
        while p.poll() is None:
            since = time.monotonic()
            api = Api(box)
            api.cookie, api.csrf = alice.cookie, alice.csrf
            assert api.call("GET", "/session").status == 200
            waited.append(time.monotonic() - since)
            api.connection.close()
            _, fds, kb = httpd(box)
            rss, most = max(rss, kb), max(most, fds)
            time.sleep(0.1)
    finally:
        if p.poll() is None:
            p.terminate()
        p.wait()
    waited.sort()
    p99 = waited[int(len(waited) * 0.99)]
    figures.record("R26", f"{name}: {CONNECTIONS} TLS connections (slowhttptest): a new administrator's request, p99", len(waited), "ms", round(p99 * 1000), "200",
                   f"httpd {rss >> 10} MiB, {most} descriptors at most; two cores carry the attacker as well")
    assert len(waited) > 4 and waited[-1] < SLOW_S, (name, waited[-5:])
    assert most > 100 and rss < RSS_MAX_KB, (most, rss)
    wait_for("the sockets to be closed", 45, lambda: httpd(box)[1] <= before + 3, every=0.2)
    assert httpd(box)[0] == pid, "nobody died of it"


def largest(api):
    """The largest file of the app: what somebody could take for ever to read."""
    page = api.raw(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").decode(errors="replace")
    return re.search(r'src="(/assets/[^"]+\.js)"', page)[1]


def test_no_answer_of_the_api_is_compressed(alice):
    for path in ("/configuration", "/schema", "/openapi.json", "/status", "/revisions", "/session"):
        a = alice.call("GET", path, headers={"Accept-Encoding": "br, gzip, deflate"}, expect=200)
        assert a.headers.get("Content-Encoding") is None, path


def test_tls_as_sslscan_sees_it(box):
    host = "%s:%d" % box.web.getsockname()[:2]
    out = box.dir / "sslscan.xml"
    subprocess.run(["sslscan", "--no-colour", f"--xml={out}", host], check=True, capture_output=True, timeout=60)
    test = ET.parse(out).getroot().find("ssltest")
    spoken = {(e.get("type"), e.get("version")) for e in test.iter("protocol") if e.get("enabled") == "1"}
    weak = [e.attrib for e in test.iter("cipher") if int(e.get("bits", "0")) < 128 or e.get("sslversion") != "TLSv1.3"]
    assert spoken == {("tls", "1.3")} and not weak, (spoken, weak)
    assert {e.get("supported") for e in test.iter("compression")} <= {"0"}
    assert {e.get("vulnerable") for e in test.iter("heartbleed")} <= {"0"}
    assert len(list(test.iter("cipher"))) >= 1
    figures.record("R27", "sslscan: protocols but TLS 1.3, ciphers below 128 bits, compression, heartbleed", 1, "findings", 0, "0")


# What a certificate that the box signed itself cannot have; a person gives it another one.
OWN_CERTIFICATE = {"cert_trust", "cert_chain_of_trust", "cert_crlDistributionPoints", "cert_ocspURL", "cert_revocation", "OCSP_stapling", "cert_mustStapleExtension",
                   "DNS_CAArecord", "engine_problem", "cert_certificatePolicies_EV", "HSTS", "cert_validityPeriod", "cert_extlifeSpan", "cert_commonName_wo_SNI"}
# Compression gives away what stands beside something of the attacker's.  Files of the app are compressed, once and for all; answers never are (below).
COMPRESSED_FILES = {"BREACH"}
PARTS = ["-p", "-f", "-U", "-S", "-h"]      # protocols, forward secrecy, vulnerabilities, defaults and certificate, headers


@pytest.mark.skipif(not figures.SOAK, reason="testssl takes minutes: under ./test soak; sslscan looks each time")
def test_tls_as_testssl_sees_it(box):
    """Nothing above LOW."""
    host, found, seen = "%s:%d" % box.web.getsockname()[:2], [], 0
    for part in PARTS:
        out = box.dir / f"testssl{part}.json"
        subprocess.run(["testssl", "--warnings=off", "--color=0", "--quiet", "--nodns=none", f"--jsonfile={out}", part, host], capture_output=True, text=True, timeout=900,
                       stdin=subprocess.DEVNULL)
        entries = json.loads(out.read_text())
        seen += len(entries)
        found += [(e["id"], e["severity"], e["finding"]) for e in entries
                  if e["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "WARN", "FATAL") and e["id"].split(" ")[0] not in OWN_CERTIFICATE | COMPRESSED_FILES]
    assert seen > 10 and not found, found
    figures.record("R27", "testssl: findings above LOW that are not about a certificate the box made itself", seen, "findings", 0, "0", " ".join(PARTS))
