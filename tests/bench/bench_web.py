# SPDX-License-Identifier: GPL-3.0-or-later
"""httpd against nginx serving a file of the same bytes, both with a P-256 certificate, TLS 1.3, one process on one core, wrk on another;
interleaved rounds in one run: rows W1 (requests/s kept alive, p50 at one connection), W2 (new connections/s), W3 (p99).

httpd's key lives in authd; what authd costs counts for httpd.  The last row asks the real suite for /api/v1/session: httpd, confd and authd
work for each request, against nginx with a file of the same bytes."""
import os
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from bench import Api, Lab  # noqa: E402
from harness import World  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", 7))
SECONDS = 1
TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; types {{ text/html html; }}
	client_body_temp_path {dir}/1; proxy_temp_path {dir}/2; fastcgi_temp_path {dir}/3; uwsgi_temp_path {dir}/4; scgi_temp_path {dir}/5;
	server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; ssl_certificate {dir}/crt; ssl_certificate_key {dir}/key;
		root {dir}/root; open_file_cache max=10; }}
}}
"""


class Nginx:
    def __init__(self, body):
        self.dir = Path(tempfile.mkdtemp(prefix="patronus-bench."))
        (self.dir / "root").mkdir()
        (self.dir / "root/index.html").write_bytes(body)
        os.chmod(self.dir, 0o755)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=peer",
                        "-keyout", self.dir / "key", "-out", self.dir / "crt"], check=True, capture_output=True)
        with socket_port() as port:
            self.port = port
        (self.dir / "conf").write_text(NGINX.format(dir=self.dir, port=self.port))
        self.proc = subprocess.Popen(["/usr/sbin/nginx", "-e", self.dir / "error.log", "-c", self.dir / "conf"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pids = [self.proc.pid]

    def close(self):
        self.proc.terminate()
        self.proc.wait()
        shutil.rmtree(self.dir)


class socket_port:
    def __enter__(self):
        import socket
        self.s = socket.create_server(("127.0.0.1", 0))
        return self.s.getsockname()[1]

    def __exit__(self, *_):
        self.s.close()


def get(port):
    c = ssl.create_default_context()
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{port}/", context=c, timeout=5) as r:
                return r.read()
        except OSError:
            time.sleep(0.05)
    raise SystemExit("no answer")


def cpu(pids):
    total = 0
    for pid in pids:
        f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(f[11]) + int(f[12])
    return total / TICKS


def wrk(server, connections, close=False):
    """One round: requests/s, CPU microseconds of the server per request, p50 and p99 in milliseconds."""
    argv = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    argv += ["-H", "Connection: close"] if close else []
    argv += [x for h in getattr(server, "headers", []) for x in ("-H", h)]
    before = cpu(server.pids)
    out = subprocess.run([*argv, f"https://127.0.0.1:{server.port}{getattr(server, 'path', '/')}"], capture_output=True, text=True, check=True).stdout
    used = cpu(server.pids) - before
    n = int(re.search(r"(\d+) requests in", out)[1])
    if "Non-2xx" in out:
        raise SystemExit(out)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    p = {q: float(m[0]) * unit[m[1]] for q, m in ((q, re.search(rf"{q}%\s+([\d.]+)(us|ms|s)", out).groups()) for q in (50, 99))}
    return rate, used / n * 1e6, p[50], p[99]


class Ours:
    def __init__(self):
        self.world = World().web()
        self.port = self.world.port
        self.pids = [self.world.procs[n].pid for n in ("httpd", "authd")]

    def close(self):
        self.world.close()


class Suite:
    """The whole suite, asked for something that every layer has a part in."""
    path = "/api/v1/session"

    def __init__(self):
        self.lab = Lab("w").start()
        api = Api(self.lab).claim(self.lab)
        self.body = api.call("GET", "/session", expect=200).body
        self.headers = [f"Cookie: {api.cookie}"]
        self.port = self.lab.web.getsockname()[1]
        self.pids = [p["pid"] for p in api.call("GET", "/state/processes", expect=200).json["processes"] if p["name"] in ("httpd", "confd", "authd")]

    def close(self):
        self.lab.close()


def rss(pids):
    return sum(int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{p}/status").read_text())[1]) for p in pids) / 1024


def compare(name, ours, peer, connections, close=False):
    rows = []
    for i in range(ROUNDS):
        order = [ours, peer] if i % 2 == 0 else [peer, ours]
        r = {s: wrk(s, connections, close) for s in order}
        rows.append((r[ours], r[peer]))
    med = lambda f: statistics.median(f(a, b) for a, b in rows)     # noqa: E731
    spread = max(b[0] for _, b in rows) / min(b[0] for _, b in rows)
    print(f"{name:<28} ours {med(lambda a, b: a[0]):>9.0f}/s  nginx {med(lambda a, b: b[0]):>9.0f}/s  ratio {med(lambda a, b: a[0] / b[0]):5.2f}"
          f"   cpu {med(lambda a, b: a[1]):6.1f} / {med(lambda a, b: b[1]):6.1f} us"
          f"   p50 {med(lambda a, b: a[2]):6.2f} / {med(lambda a, b: b[2]):6.2f} ms   p99 {med(lambda a, b: a[3]):6.2f} / {med(lambda a, b: b[3]):6.2f} ms"
          f"  (p99 ratio {med(lambda a, b: a[3] / b[3]):4.2f}; nginx moved {spread:.2f}x between rounds)", flush=True)


def main():
    ours = Ours()
    peer = None
    try:
        body = get(ours.port)
        peer = Nginx(body)
        assert get(peer.port) == body
        for pid in ours.pids + peer.pids:
            os.sched_setaffinity(pid, {0})
        print(f"a page of {len(body)} bytes; {ROUNDS} interleaved rounds of {SECONDS} s, medians; resident {rss(ours.pids[:1]):.1f} MB (httpd), "
              f"{rss(ours.pids[1:]):.1f} MB (authd), {rss(peer.pids):.1f} MB (nginx)")
        compare("HTTPS kept alive, 32 clients", ours, peer, 32)
        compare("HTTPS kept alive, 1 client", ours, peer, 1)
        compare("HTTPS new connection each, 8", ours, peer, 8, close=True)
    finally:
        ours.close()
        if peer is not None:
            peer.close()
    suite, peer = Suite(), None
    try:
        peer = Nginx(suite.body)
        get(peer.port)
        for pid in suite.pids + peer.pids:
            os.sched_setaffinity(pid, {0})
        compare("API GET kept alive, 32", suite, peer, 32)
        compare("API GET kept alive, 1", suite, peer, 1)
    finally:
        suite.close()
        if peer is not None:
            peer.close()


if __name__ == "__main__":
    main()
