# SPDX-License-Identifier: GPL-3.0-or-later
"""fetchd against servers that are not ours: nginx, OpenSSH, dnsmasq, socat.  The test plays privd and confd for it, in the box's namespace."""
import base64
import errno
import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import PROBE, SYSLOG, World
from lab import Lab, wait_for

SERVER, BOX = "198.51.100.1", "198.51.100.2"
SERVER6 = "2001:db8:51::1"


def openssl(*argv, cwd):
    subprocess.run(["openssl", *argv], cwd=cwd, check=True, capture_output=True)


def make_ca(where):
    """ca.pem, and server.pem + server.key for backup.example and the server's address."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=test authority", "-days", "30", cwd=where)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=backup.example", cwd=where)
    (where / "ext").write_text(f"subjectAltName=DNS:backup.example,IP:{SERVER}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "30",
            "-extfile", "ext", cwd=where)


@pytest.fixture(scope="module")
def net():
    """The network of the lab with addresses on the box, and servers on the internet host."""
    lab = Lab("f")
    lab.ip("box", "link set eth0 up")
    lab.ip("box", f"addr add {BOX}/24 dev eth0")
    lab.ip("box", "addr add 2001:db8:51::2/64 dev eth0 nodad")
    make_ca(lab.dir)
    serve_nginx(lab)
    serve_sshd(lab)
    lab.spawn("inet", ["dnsmasq", "-k", "-C", "/dev/null", "-p", "53", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file=",
                       f"--listen-address={SERVER}", f"--address=/backup.example/{SERVER}", "--address=/rebound.example/127.0.0.1",
                       f"--address=/self.example/{BOX}", "--user=root"], log="dnsmasq.log")
    wait_for("dnsmasq", 5, lambda: f"{SERVER}:53 " in lab.exec("inet", ["ss", "-Hlun"]).stdout)
    yield lab
    lab.close()


def serve_nginx(lab):
    (lab.dir / "dav").mkdir()
    (lab.dir / "dav").chmod(0o777)
    (lab.dir / "nginx.conf").write_text(f"""
        user root; daemon off; pid {lab.dir}/nginx.pid; error_log {lab.dir}/nginx.log;
        events {{ }}
        http {{ access_log off; client_max_body_size 100m; client_body_temp_path {lab.dir}/body;
          server {{ listen 443 ssl; listen 80; ssl_certificate {lab.dir}/server.pem; ssl_certificate_key {lab.dir}/server.key;
            location /dav/ {{ root {lab.dir}; dav_methods PUT; create_full_put_path on; }}
            location /closed/ {{ auth_basic "x"; auth_basic_user_file {lab.dir}/htpasswd; root {lab.dir}; dav_methods PUT; }}
            location /away {{ return 302 http://127.0.0.1/; }}
            location /teapot {{ return 418; }}
            location / {{ return 204; }} }} }}""")
    (lab.dir / "closed").mkdir()
    (lab.dir / "htpasswd").write_text("box:{PLAIN}sesame\n")
    lab.spawn("inet", ["nginx", "-c", lab.dir / "nginx.conf", "-e", lab.dir / "nginx.log"])
    wait_for("nginx", 5, lambda: ":443 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)


def serve_sshd(lab):
    home = lab.dir / "ssh"
    home.mkdir(mode=0o700)
    for name in ("host", "box", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", home / name], check=True)
    (home / "authorized").write_text((home / "box.pub").read_text())
    (home / "sshd_config").write_text(f"""
        Port 22
        HostKey {home}/host
        AuthorizedKeysFile {home}/authorized
        PermitRootLogin yes
        PasswordAuthentication no
        StrictModes no
        UsePAM no
        PidFile none
        Subsystem sftp internal-sftp
        """)
    script = f"mount -t tmpfs run /run; mkdir -m 755 /run/sshd; exec /usr/sbin/sshd -D -e -f {home}/sshd_config"
    lab.spawn("inet", ["unshare", "-m", "sh", "-c", script], log="sshd.log")
    wait_for("sshd", 5, lambda: ":22 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)


@pytest.fixture(scope="module")
def fetchd(net):
    world = World(net.ns("box"))
    world.start("fetchd")
    confd = world.as_peer("ROLE_CONFD", "fetchd")
    confd.send("FETCH_SETUP", {"name_servers": [SERVER]})
    yield confd
    log = world.log("fetchd")
    assert world.procs["fetchd"].poll() is None, f"fetchd ended\n{log}"
    confd.close()
    world.close()


def ca(net):
    return (net.dir / "ca.pem").read_text()


def host_key(net):
    blob = base64.b64decode((net.dir / "ssh/host.pub").read_text().split()[1])
    return base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def put(fetchd, url, data=b"x", **kw):
    r = fetchd.call("FETCH_PUT", {"url": url, "data": data, **kw}, timeout=40)
    assert isinstance(r, dict), r
    assert bool(r["is_done"]) == (r["text"] == "")
    return r


# --- HTTPS

@pytest.mark.parametrize("host", [SERVER, "backup.example"])
def test_https_put_arrives_whole(net, fetchd, host):
    data = os.urandom(3_000_000)
    r = put(fetchd, f"https://{host}/dav/{host}.age", data, trust=ca(net))
    assert (r["is_done"], r["status"]) == (1, 201), r
    assert (net.dir / "dav" / f"{host}.age").read_bytes() == data


def test_https_checks_certificates(net, fetchd):
    assert "certificate" in put(fetchd, f"https://{SERVER}/dav/a")["text"].lower(), "not the box's authorities"
    (net.dir / "other").mkdir(exist_ok=True)
    make_ca(net.dir / "other")
    assert put(fetchd, f"https://{SERVER}/dav/b", trust=(net.dir / "other/ca.pem").read_text())["is_done"] == 0
    r = put(fetchd, f"https://[{SERVER6}]/dav/c", trust=ca(net))
    assert not r["is_done"], "the name is not in the certificate"
    assert not list((net.dir / "dav").glob("[abc]"))


def test_https_says_what_the_server_said(net, fetchd):
    assert put(fetchd, f"https://{SERVER}/closed/a", trust=ca(net))["status"] == 401
    assert put(fetchd, f"https://{SERVER}/closed/a", trust=ca(net), user="box", password="wrong")["status"] == 401
    assert put(fetchd, f"https://{SERVER}/closed/a", trust=ca(net), user="box", password="sesame")["status"] == 201
    r = put(fetchd, f"https://{SERVER}/away", trust=ca(net))
    assert r["status"] == 302 and r["text"] == "the server answered 302"      # and nobody followed


# --- SFTP

def test_sftp_put_with_a_key(net, fetchd):
    data = os.urandom(2_000_000)
    target = net.dir / "ssh/up/load/file.age"
    r = put(fetchd, f"sftp://backup.example{target}", data, user="root", private_key=(net.dir / "ssh/box").read_text(), trust=host_key(net))
    assert r["is_done"], (r, (net.dir / "sshd.log").read_text()[-500:])
    assert target.read_bytes() == data
    assert [p.name for p in target.parent.iterdir()] == ["file.age"], "no part is left"


def test_sftp_refuses_strangers(net, fetchd):
    key = (net.dir / "ssh/box").read_text()
    url = f"sftp://{SERVER}{net.dir}/ssh/no"
    other = base64.b64encode(bytes(32)).decode().rstrip("=")
    assert not put(fetchd, url, user="root", private_key=key, trust=other)["is_done"]
    assert "not known" in put(fetchd, url, user="root", private_key=key)["text"]
    assert not put(fetchd, url, user="root", private_key=(net.dir / "ssh/stranger").read_text(), trust=host_key(net))["is_done"]
    assert "letters" in put(fetchd, f'sftp://{SERVER}/a%22;rm%20b', user="root", private_key=key, trust=host_key(net))["text"]
    assert not (net.dir / "ssh/no").exists()


# --- where it does not go (A13)

FORBIDDEN = ["127.0.0.1", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254", "[fe80::1]", "224.0.0.1",
             "255.255.255.255", "[ff02::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "rebound.example", "self.example", BOX,
             "[2001:db8:51::2]", "nowhere.example", "localhost"]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_it_never_connects_to_the_box(net, fetchd, host):
    r = put(fetchd, f"https://{host}/dav/x", trust=ca(net))
    assert not r["is_done"] and r["status"] == 0, r
    r = probe(fetchd, "HTTP", target=f"http://{host}/")
    assert not r["is_good"] and "status" not in r["text"], r


@pytest.mark.parametrize("url", ["", "x", "http://198.51.100.1/dav/x", "ftp://198.51.100.1/x", "file:///etc/passwd", "https://", "https://h:0/",
                                 "https://u:p@198.51.100.1/dav/x", "https://h:99999/", "gopher://198.51.100.1/"])
def test_urls_that_are_none(fetchd, url):
    assert not put(fetchd, url)["is_done"]


# --- probes

def probe(fetchd, kind, **kw):
    kw.setdefault("timeout_ms", 3000)
    r = fetchd.call("FETCH_PROBE", {"kind": PROBE["PROBE_" + kind], **kw}, timeout=40)
    assert isinstance(r, dict), r
    return r


@pytest.mark.parametrize("kind,kw,good,text", [
    ("PING", {"target": SERVER}, 1, "it answers"),
    ("PING", {"target": SERVER6}, 1, "it answers"),
    ("PING", {"target": "198.51.100.77", "timeout_ms": 300}, 0, "no answer within 300 ms"),
    ("PING", {"target": "backup.example"}, 1, "it answers"),
    ("TCP", {"target": SERVER, "port": 22}, 1, "takes connections"),
    ("TCP", {"target": SERVER6, "port": 9}, 0, "refused"),
    ("HTTP", {"target": f"http://{SERVER}/"}, 1, "status 204"),
    ("HTTP", {"target": f"http://{SERVER}/teapot"}, 0, "status 418"),
    ("HTTP", {"target": f"http://{SERVER}/teapot", "status": 418}, 1, "status 418"),
    ("HTTP", {"target": f"http://{SERVER}/", "status": 200}, 0, "status 204 instead of 200"),
    ("HTTP", {"target": f"https://{SERVER}/"}, 0, "certificate"),
    ("DNS", {"target": SERVER, "name": "backup.example"}, 1, f"backup.example is {SERVER}"),
    ("DNS", {"target": SERVER, "name": "other.example"}, 0, ""),
    ("DNS", {"target": SERVER6, "name": "backup.example"}, 0, ""),
])
def test_probes(fetchd, kind, kw, good, text):
    r = probe(fetchd, kind, **kw)
    assert r["is_good"] == good and text in r["text"], r
    assert r["took_us"] < 10_000_000


# --- syslog

def frames(*texts):
    return b"".join(b"%d %s" % (len(t), t) for t in (t.encode() for t in texts))


def listen_tls(net, name):
    p = net.spawn("inet", ["socat", "-u", f"OPENSSL-LISTEN:6514,reuseaddr,fork,cert={net.dir}/server.pem,key={net.dir}/server.key,verify=0",
                           f"OPEN:{net.dir}/{name},creat,append"])
    (net.dir / name).touch()
    wait_for("socat", 5, lambda: ":6514 " in net.exec("inet", ["ss", "-Hltn"]).stdout)
    return p


def end(p):
    subprocess.run(["pkill", "-9", "-P", str(p.pid)], check=False)
    p.kill()
    p.wait()


@pytest.fixture(scope="module")
def logd(fetchd):
    """The channel on which we are logd."""
    c = fetchd.world.as_peer("ROLE_LOGD", "fetchd")
    yield c
    c.close()


def receivers(fetchd, *rows):
    base = {"name": "siem", "host": SERVER, "port": 6514, "transport": SYSLOG["SYSLOG_TLS"], "server_name": "backup.example"}
    fetchd.send("FETCH_RECEIVERS", {"receivers": [{**base, **r} for r in rows]})
    fetchd.call("FETCH_PROBE", {"kind": PROBE["PROBE_TCP"], "target": BOX, "port": 1, "timeout_ms": 100})     # and has been heard


def public_key(net):
    pem = subprocess.run(["openssl", "x509", "-in", net.dir / "server.pem", "-pubkey", "-noout"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=pem, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_syslog_keeps_its_connection_and_sees_it_end(net, fetchd, logd):
    at = 0

    def send(*texts, connection=None):
        nonlocal at
        r = logd.call("FETCH_SYSLOG", {"receiver": "siem", "connection": at if connection is None else connection, "frames": frames(*texts)},
                      timeout=40)
        at = r["connection"]
        assert bool(r["is_done"]) == (r["text"] == "") == (at != 0), r
        return r
    receivers(fetchd)
    assert "does not know" in logd.call("FETCH_SYSLOG", {"receiver": "other", "frames": frames("x")})["text"]
    receivers(fetchd, {"trust": ca(net)})
    assert "onnect" in send("nobody listens")["text"]
    server = listen_tls(net, "first")
    many = [f"<13>1 record {i}" for i in range(2000)]
    assert send("one")["is_done"]
    first = at
    assert send(*many)["is_done"] and at == first and send()["is_done"]
    wait_for("the records", 5, lambda: (net.dir / "first").read_bytes() == frames("one", *many))
    assert len(net.exec("inet", ["ss", "-Htn", "state", "established", "sport", "=", ":6514"]).stdout.splitlines()) == 1
    # Frames that belong into another connection go nowhere, and end this one: their receiver is asked anew.
    assert not send("stranger", connection=first + 7)["is_done"]
    assert send("anew")["is_done"] and at > first
    # The same receivers again disturb nobody; another trust is another receiver.
    receivers(fetchd, {"trust": ca(net)}, {"name": "second", "trust": ca(net)})
    assert send("more")["is_done"]
    end(server)
    wait_for("the end", 5, lambda: net.exec("inet", ["ss", "-Htn", "state", "listening", "state", "established", "sport", "=", ":6514"]).stdout == "")
    assert "closed" in send("lost?")["text"]
    second = listen_tls(net, "second")
    assert send("again")["is_done"]
    wait_for("the record", 5, lambda: (net.dir / "second").read_bytes() == frames("again"))
    receivers(fetchd, {"trust": ca(net), "port": 6515})
    assert not send("elsewhere", connection=at)["is_done"]
    end(second)


def test_syslog_checks_the_server(net, fetchd, logd):
    server = listen_tls(net, "third")

    def send(**kw):
        receivers(fetchd, kw)
        return logd.call("FETCH_SYSLOG", {"receiver": "siem", "frames": frames("secret")}, timeout=40)
    (net.dir / "syslog").mkdir(exist_ok=True)
    make_ca(net.dir / "syslog")
    strangers = ({}, {"trust": ca(net), "server_name": "other.example"}, {"trust": (net.dir / "syslog/ca.pem").read_text()},
                 {"trust": base64.b64encode(bytes(32)).decode()}, {"trust": "A" * 43}, {"trust": public_key(net)[:-2] + "AA"}, {"host": BOX})
    for kw in strangers:
        r = send(**kw)
        assert not r["is_done"] and r["text"], (kw, r)
    time.sleep(0.2)
    assert (net.dir / "third").read_bytes() == b""
    # The key alone, with or without its padding, whatever the name.
    for pin in (public_key(net), public_key(net).rstrip("=")):
        assert send(trust=pin, server_name="other.example")["is_done"]
    wait_for("the record", 5, lambda: (net.dir / "third").read_bytes() == 2 * frames("secret"))
    end(server)


@pytest.mark.parametrize("kind,host", [("tcp", SERVER), ("udp", SERVER), ("tcp", SERVER6), ("udp", SERVER6), ("tcp", "backup.example"),
                                       ("udp", "backup.example")])
def test_syslog_in_the_clear(net, fetchd, logd, kind, host):
    texts = [f"<13>1 - - - - - - {kind} {i}" for i in range(50)] + ["<13>1 - - - - - - " + "x" * 2000]
    listen = {"tcp": "TCP6-LISTEN:514,reuseaddr,ipv6only=0,fork", "udp": "UDP6-RECV:514,ipv6only=0"}[kind]
    (net.dir / kind).unlink(missing_ok=True)
    receivers(fetchd, {"host": host, "port": 514, "transport": SYSLOG["SYSLOG_" + kind.upper()]})
    server = net.spawn("inet", ["socat", "-u", "-b", "65536", listen, f"OPEN:{net.dir}/{kind},creat,append"])
    wait_for("socat", 5, lambda: ":514 " in net.exec("inet", ["ss", "-Hltun"]).stdout)
    r = logd.call("FETCH_SYSLOG", {"receiver": "siem", "frames": frames(*texts)})
    assert r["is_done"] and r["connection"], r
    expected = frames(*texts) if kind == "tcp" else "".join(texts).encode()
    wait_for("the messages", 5, lambda: (net.dir / kind).exists() and (net.dir / kind).read_bytes() == expected)
    if kind == "udp":
        broken = logd.call("FETCH_SYSLOG", {"receiver": "siem", "connection": r["connection"], "frames": b"9999 <13>1"})
        assert not broken["is_done"], "what is no frame is not sent"
        r = logd.call("FETCH_SYSLOG", {"receiver": "siem", "frames": frames("x")})
    end(server)
    wait_for("that nobody is there", 5, lambda: not logd.call("FETCH_SYSLOG", {"receiver": "siem", "connection": r["connection"],
                                                                             "frames": frames("x")})["is_done"])


def test_too_many_at_once_are_told_so(fetchd):
    """40 pings that nobody answers: 32 wait for their time, 8 hear at once; and the place is free again afterwards."""
    slow = {"kind": PROBE["PROBE_PING"], "target": "198.51.100.77", "timeout_ms": 1500}
    with ThreadPoolExecutor(40) as pool:
        got = list(pool.map(lambda _: fetchd.call("FETCH_PROBE", slow), range(40)))
    assert sum(isinstance(r, dict) for r in got) == 32 and got.count(errno.EBUSY) == 8, got
    assert probe(fetchd, "PING", target=SERVER)["is_good"]
