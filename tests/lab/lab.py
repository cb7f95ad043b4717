# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of network namespaces around one Patronus box.

    internet --- eth0 [box] eth1 --- lan
                        eth2 --- dmz

Every namespace carries the pid in its name, nothing leaves them, and close() ends only what the lab started.
The hosts run programs that are not ours (socat, curl, ping); the box runs the installed suite.
"""
import atexit
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGE = Path(os.environ.get("PATRONUS_STAGE", ROOT / "build" / "stage"))
PREFIX = STAGE / "usr" / "local" if (STAGE / "usr" / "local" / "bin").is_dir() else STAGE / "usr"

# host: (interface, IPv4, IPv4 gateway, IPv6, IPv6 gateway)
HOSTS = {
    "inet": ("eth0", "198.51.100.1/24", None, "2001:db8:51::1/64", None),
    "lan": ("eth1", "192.0.2.10/25", "192.0.2.1", "2001:db8:2::10/64", "2001:db8:2::1"),
    "dmz": ("eth2", "192.0.2.130/26", "192.0.2.129", "2001:db8:3::130/64", "2001:db8:3::1"),
}
WORLD4, WORLD6 = "203.0.113.10", "2001:db8:99::10"     # an address "far away", on the internet host


LINKS = {
    "wan": 'wan: { match: { name: eth0 }, addresses: [198.51.100.2/24, "2001:db8:51::2/64"] }',
    "lan": 'lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, "2001:db8:2::1/64"] }',
    "dmz": 'dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26, "2001:db8:3::129/64"] }',
}


def network(*names):
    """Of a document: these links of the box with their addresses, and the ways to the world."""
    lines = ["interfaces:", *(f"  {LINKS[n]}" for n in names), "routing:", "  static:",
             "    default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 }", '    default-v6: { destination: "::/0", via: "2001:db8:51::1" }']
    return "\n".join(lines) + "\n"


class LabError(Exception):
    pass


def run(argv, check=True, timeout=30, **kw):
    r = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout, **kw)
    if check and r.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))}: exit {r.returncode}\n{r.stdout}{r.stderr}")
    return r


def wait_for(what, seconds, test, every=0.02):
    """Poll test() until it is true; raise with what was awaited."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {seconds} s for {what}")
        time.sleep(every)


class Lab:
    """with Lab() as lab: lab.start(); lab.load("examples/lab.yaml") ..."""

    def __init__(self, tag=""):
        self.prefix = f"p{os.getpid()}{tag}"
        self.dir = Path(tempfile.mkdtemp(prefix="patronus-lab-", dir="/var/tmp"))
        self.dir.chmod(0o755)
        self.state, self.run_dir, self.etc = self.dir / "state", self.dir / "run", self.dir / "etc"
        self.etc.mkdir(mode=0o755)      # resolv.conf and localtime of the box, never this machine's
        self.namespaces, self.children = [], []
        self.privd = None
        self.web = None             # the listening socket on the host's loopback
        self.claimed = None
        self.log_path = self.dir / "suite.log"
        atexit.register(self.close)
        try:
            self._build_network()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- the network ---

    def ns(self, host):
        return self.prefix + host

    def _add_ns(self, host):
        name = self.ns(host)
        run(["ip", "netns", "add", name])
        self.namespaces.append(name)
        run(["ip", "-n", name, "link", "set", "lo", "up"])
        # Link-local addresses are usable at once without duplicate address detection.
        self.sysctl(host, "net.ipv6.conf.default.accept_dad", 0)
        self.sysctl(host, "net.ipv6.conf.all.accept_dad", 0)
        self.sysctl(host, "net.ipv6.conf.default.dad_transmits", 0)

    def sysctl(self, host, name, value):
        self.exec(host, ["sh", "-c", f"echo {value} > /proc/sys/{name.replace('.', '/')}"])

    def _build_network(self):
        self._add_ns("box")
        for host, (dev, ip4, gw4, ip6, gw6) in HOSTS.items():
            self._add_ns(host)
            run(["ip", "-n", self.ns("box"), "link", "add", dev, "type", "veth", "peer", "name", "eth0", "netns", self.ns(host)])
            self.ip(host, "link set eth0 up")
            self.ip(host, f"addr add {ip4} dev eth0")
            self.ip(host, f"addr add {ip6} dev eth0 nodad")
            if gw4:
                self.ip(host, f"route add default via {gw4}")
                self.ip(host, f"-6 route add default via {gw6}")
        self.ip("inet", f"addr add {WORLD4}/32 dev lo")
        self.ip("inet", f"addr add {WORLD6}/128 dev lo")
        for prefix in ("2001:db8:2::/64", "2001:db8:3::/64"):      # IPv6 is routed, not translated
            self.ip("inet", f"-6 route add {prefix} via 2001:db8:51::2")

    def ip(self, host, command, check=True):
        return run(["ip", "-n", self.ns(host)] + command.split(), check=check)

    def exec(self, host, argv, check=True, timeout=30, **kw):
        """Run a command in a host's namespace and wait for it."""
        return run(["ip", "netns", "exec", self.ns(host)] + list(argv), check=check, timeout=timeout, **kw)

    def spawn(self, host, argv, log=None):
        """Start a command in a host's namespace; it ends with the lab."""
        out = open(self.dir / log, "ab") if log else subprocess.DEVNULL
        p = subprocess.Popen(["ip", "netns", "exec", self.ns(host)] + [str(a) for a in argv], stdin=subprocess.DEVNULL,
                             stdout=out, stderr=out, start_new_session=True)
        self.children.append(p)
        return p

    # --- servers and clients that are not ours ---

    def serve(self, host, port, udp=False):
        """Answers each connection with the address it came from."""
        kind = "UDP6-RECVFROM" if udp else "TCP6-LISTEN"
        self.spawn(host, ["socat", f"{kind}:{port},ipv6only=0,reuseaddr,fork", "SYSTEM:echo $SOCAT_PEERADDR"])
        if not udp:
            wait_for(f"{host}:{port}", 5, lambda: f":{port} " in self.exec(host, ["ss", "-Hltn"]).stdout)

    def ask(self, host, address, port, timeout=2, source=None):
        """What the server at address:port says to a connection from host; None when there is no connection."""
        target = f"[{address}]" if ":" in address else address
        bind = f",bind={source}" if source else ""
        r = self.exec(host, ["socat", "-T", str(timeout), "-", f"TCP:{target}:{port},connect-timeout={timeout}{bind}"],
                      check=False, stdin=subprocess.DEVNULL, timeout=timeout + 10)
        if r.returncode != 0 or not r.stdout.strip():
            return None
        seen = ipaddress.ip_address(r.stdout.strip().strip("[]"))
        return str(getattr(seen, "ipv4_mapped", None) or seen)

    def ping(self, host, address, count=1):
        return self.exec(host, ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", "1", address], check=False).returncode == 0

    # --- the box ---

    def start(self, wait=True, env=None, libexec=None, first="true"):
        """Start the suite. The web listener is opened here, on the host's loopback, and handed in.

        first: what a shell does before, in the suite's own mount namespace."""
        if self.web is None:
            self.web = socket.create_server(("127.0.0.1", 0), backlog=128)
        libexec = libexec or PREFIX / "libexec" / "patronus"
        # The box's resolv.conf and localtime are its own: a mount namespace alone would share /etc with this machine.
        etc = self.dir / "etc"
        etc.mkdir(exist_ok=True)
        program = next(p for p in (libexec / "patronus-privd", PREFIX / "libexec" / "patronus" / "patronus-privd") if p.exists())
        privd = [str(program), "--state", str(self.state), "--run", str(self.run_dir),
                 "--libexec", str(libexec), "--etc", str(etc)]
        # LISTEN_PID is the pid of privd itself: everything between is exec.
        script = first + ' && export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web && exec "$@"'
        web = os.dup(self.web.fileno())
        fd_env = dict(os.environ, **(env or {}))

        def hand_in():
            os.dup2(web, 3)

        with open(self.log_path, "ab") as log:
            self.privd = subprocess.Popen(
                ["ip", "netns", "exec", self.ns("box"), "unshare", "--mount", "--uts", "--ipc", "sh", "-c", script, "privd"] + privd,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=hand_in, pass_fds=(3,), close_fds=True,
                start_new_session=True, env=fd_env)
        os.close(web)
        if wait:
            self.wait_ready()
        return self

    @property
    def sock(self):
        return self.run_dir / "mgmt.sock"

    def wait_ready(self, seconds=10):
        """Until the local management socket answers."""
        def answers():
            if self.privd.poll() is not None:
                raise LabError(f"privd ended with {self.privd.returncode}\n{self.log()}")
            return self.sock.exists() and self.ctl("status", "--json", check=False).returncode == 0
        try:
            wait_for("the suite to answer", seconds, answers, every=0.01)
        except LabError as e:
            raise LabError(f"{e}\n{self.log()}") from None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stop(self, sig=signal.SIGTERM, seconds=5):
        if self.privd and self.privd.poll() is None:
            self.privd.send_signal(sig)
            try:
                self.privd.wait(seconds)
            except subprocess.TimeoutExpired:
                self.privd.kill()
                self.privd.wait(5)
        self.privd = None

    def ctl(self, *args, check=True, timeout=60, input=None):
        return run([PREFIX / "bin" / "patronusctl", "--socket", self.sock] + list(args), check=check, timeout=timeout, input=input)

    def start_ctl(self, *args):
        """A command that goes on by itself."""
        return subprocess.Popen([str(a) for a in (PREFIX / "bin" / "patronusctl", "--socket", self.sock, *args)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ctl_json(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def load(self, path, commit=True, comment="load"):
        self.ctl("load", path)
        if commit:
            self.ctl("commit", "--comment", comment)

    def load_text(self, text, commit=True, comment="test"):
        path = self.dir / "document.yaml"
        path.write_text(text)
        self.load(path, commit, comment)

    def processes(self):
        return {p["name"]: p for p in self.ctl_json("show", "processes")["processes"]}

    def nft(self, *args, check=True):
        return self.exec("box", ["nft"] + list(args), check=check)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.web.getsockname()[1]}"

    def claim_code(self):
        path = self.state / "auth" / "claim-code"
        wait_for("the claim code of the first start", 10, path.exists)
        return path.read_text().strip()

    # --- the end ---

    def close(self):
        atexit.unregister(self.close)
        self.stop()
        for p in self.children:
            if p.poll() is None:
                p.terminate()
        for name in self.namespaces:
            pids = run(["ip", "netns", "pids", name], check=False).stdout.split()
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for p in self.children:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
        self.children = []
        for name in self.namespaces:
            run(["ip", "netns", "del", name], check=False)
        self.namespaces = []
        if self.web:
            self.web.close()
            self.web = None
        shutil.rmtree(self.dir, ignore_errors=True)
