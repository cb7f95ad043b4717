# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays privd and confd for httpd, authd and logd alone: the daemons are the real ones, with their own confinement, on loopback.

What privd's children see is exactly this: HELLO on descriptor 3, channels and listeners by PEER and LISTENER, helpers by HELPER_OPEN.  The
messages are read from the same .def files as the C code; the hash of the protocol is taken from the child's own HELLO.
"""
import array
import ctypes
import json
import os
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))
BINARY = {"httpd": BUILD / "patronus-httpd/patronus-httpd", "authd": BUILD / "patronus-authd/patronus-authd",
          "logd": BUILD / "patronus-logd/patronus-logd", "fetchd": BUILD / "patronus-fetchd/patronus-fetchd", "pam": BUILD / "patronus-authd/pam/patronus-pam"}
REPLY, ERROR, MORE = 1, 2, 4
FIRST = {"common": 1, "priv": 0x100, "conf": 0x200, "auth": 0x300, "logging": 0x400, "mgmt": 0x500, "fetch": 0x600}


def _definitions():
    """Message types, and the fields of each request and reply, from the .def files."""
    types, fields = {}, {}

    def take(text):
        for f in re.finditer(r"\b(U8|U16|U32|U64|I64|BOOL|ENUM|RECORDS|STRS|STR|BYTES|NONE)\((\w+)(?:, (\w+))?(?:, (\w+))?", text):
            fields.setdefault(f[2], [])
            if f[1] != "NONE":
                fields[f[2]].append((f[1], f[3], f[4]))

    take(re.sub(r"/\*.*?\*/", "", (ROOT / "libcommon/ipc/records.def").read_text(), flags=re.S))
    for name, number in FIRST.items():
        text = re.sub(r"/\*.*?\*/", "", (ROOT / f"libcommon/ipc/{name}.def").read_text(), flags=re.S)
        for call in re.split(r"^CALL\(", text, flags=re.M)[1:]:
            types[call.split(",")[0]] = number
            number += 1
            take(call)
    return types, fields


TYPES, FIELDS = _definitions()
NAMES = {v: k for k, v in TYPES.items()}
STRUCTS = {"U8": "<B", "ENUM": "<B", "BOOL": "<B", "U16": "<H", "U32": "<I", "U64": "<Q", "I64": "<q"}


def enum(name):
    """The numbers of an enum of ids.h."""
    body = re.search(rf"enum {name} \{{(.*?)\}};", (ROOT / "libcommon/ipc/ids.h").read_text(), re.S)[1]
    names = re.findall(r"^\t([A-Z][A-Z0-9_]*)", re.sub(r"/\*.*?\*/", "", body, flags=re.S), re.M)
    return {n: i for i, n in enumerate(names)}


ROLE, PURPOSE, SLOT, VERDICT, METHOD, PROBE, SYSLOG = (
    enum(n) for n in ("role", "peer_purpose", "sock_slot", "auth_verdict", "mgmt_method", "probe_kind", "syslog_transport"))


def encode(struct_name, values):
    out = b""
    for kind, name, record in FIELDS[struct_name]:
        v = values.get(name, {"STR": "", "BYTES": b"", "STRS": (), "RECORDS": ()}.get(kind, 0))
        if kind == "STR":
            v = v.encode()
            out += struct.pack("<H", len(v)) + v
        elif kind == "STRS":
            out += struct.pack("<I", len(v)) + b"".join(struct.pack("<H", len(s)) + s.encode() for s in v)
        elif kind == "RECORDS":
            out += struct.pack("<I", len(v)) + b"".join(encode(record, r) for r in v)
        elif kind == "BYTES":
            out += struct.pack("<I", len(v)) + v
        else:
            out += struct.pack(STRUCTS[kind], v)
    return out


def decode(struct_name, data):
    at, out = 0, {}
    for kind, name, _ in FIELDS[struct_name]:
        if kind in ("STR", "BYTES"):
            fmt = "<H" if kind == "STR" else "<I"
            n, = struct.unpack_from(fmt, data, at)
            at += struct.calcsize(fmt)
            out[name] = data[at:at + n].decode() if kind == "STR" else data[at:at + n]
            at += n
        else:
            out[name], = struct.unpack_from(STRUCTS[kind], data, at)
            at += struct.calcsize(STRUCTS[kind])
    assert at == len(data), struct_name
    return out


class Channel:
    """One end of a socketpair, with frames put together and replies matched."""

    def __init__(self, world, sock, role, on_request=None):
        self.world, self.sock, self.role, self.on_request = world, sock, role, on_request
        self.hello = None
        self.said_hello = False
        self.pending, self.calls, self.next_id = b"", {}, 1
        self.ready = threading.Event()
        self.closed = threading.Event()
        self.lock = threading.RLock()
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        world.watch(self)

    def frame(self, kind, payload, flags=0, ident=0, fds=()):
        with self.lock:
            first = True
            while first or payload:
                piece, payload = payload[:65536], payload[65536:]
                f = flags | (MORE if payload else 0)
                head = struct.pack("<HBBIII", kind, f, len(fds) if first else 0, len(piece), ident, 0)
                anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds and first else []
                self.sock.sendmsg([head, piece], anc)
                first = False

    def say_hello(self, protocol):
        if not self.said_hello:
            self.said_hello = True
            self.frame(TYPES["HELLO"], encode("hello_req", {"protocol": protocol, "role": self.role}))

    def send(self, name, values=(), fds=()):
        self.frame(TYPES[name], encode(self.world.struct(name, "req"), dict(values)), 0, 0, fds)

    def call(self, name, values=(), timeout=10):
        """A request and its decoded reply; an int is the errno of a failure."""
        done, box = threading.Event(), []
        with self.lock:
            ident, self.next_id = self.next_id, self.next_id + 1
            self.calls[ident] = (done, box)
            self.frame(TYPES[name], encode(self.world.struct(name, "req"), dict(values)), 0, ident)
        if not done.wait(timeout) or not box:
            raise TimeoutError(name)
        return box[0]

    def reply(self, kind, ident, values=(), fds=()):
        self.frame(kind, encode(self.world.struct(NAMES[kind], "rep"), dict(values)), REPLY, ident, fds)

    def fail(self, kind, ident, error, text=""):
        self.frame(kind, struct.pack("<qI", error, 0) + struct.pack("<H", len(text)) + text.encode(), REPLY | ERROR, ident)

    def close(self):
        if not self.closed.is_set():
            self.closed.set()
            self.world.unwatch(self)
            self.sock.close()
            for done, _ in self.calls.values():
                done.set()

    def readable(self):
        try:
            data, _, _, _ = self.sock.recvmsg(16 + 65536, 0)
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        kind, flags, _, length, ident, _ = struct.unpack("<HBBIII", data[:16])
        assert length == len(data) - 16
        self.pending += data[16:]
        if flags & MORE:
            return
        payload, self.pending = self.pending, b""
        if kind == TYPES["HELLO"] and not flags & REPLY:
            self.hello = decode("hello_req", payload)
            self.world.protocol = self.hello["protocol"]
            self.say_hello(self.hello["protocol"])
            self.ready.set()
        elif flags & REPLY:
            done, box = self.calls.pop(ident)
            box.append(struct.unpack_from("<q", payload)[0] if flags & ERROR else decode(self.world.struct(NAMES[kind], "rep"), payload))
            done.set()
        elif self.on_request:
            self.on_request(self, NAMES[kind], kind, ident, decode(self.world.struct(NAMES[kind], "req"), payload))


class World:
    """The daemons under test, and everything around them."""

    def __init__(self, netns=None):
        self.netns = netns      # where the daemons live; None: here
        self.dir = Path(tempfile.mkdtemp(prefix="patronus-harness."))
        (self.dir / "state").mkdir()
        self.selector = selectors.DefaultSelector()
        self.wake_r, self.wake_w = os.pipe()
        self.selector.register(self.wake_r, selectors.EVENT_READ)
        self.protocol, self.stopping = None, False
        self.procs, self.priv, self.helpers, self.started = {}, {}, [], {}
        self.preload = {}       # by daemon: "env LD_PRELOAD=...", what starts it
        self.requests, self.streams = [], {}
        self.confd_httpd = self.confd_authd = None
        self.listener = None
        self.answers = {}
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    # --- the loop

    def struct(self, name, which):
        return _struct_name(name) + "_" + which

    def watch(self, channel):
        self.selector.register(channel.sock, selectors.EVENT_READ, channel)
        os.write(self.wake_w, b"x")

    def unwatch(self, channel):
        try:
            self.selector.unregister(channel.sock)
        except (KeyError, ValueError):
            pass

    def loop(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.2):
                if key.data is None:
                    os.read(self.wake_r, 4096)
                else:
                    key.data.readable()

    # --- processes

    def spawn(self, name, fd):
        """Start a daemon with fd as its descriptor 3, its state directory at /state, everything else read-only as it is."""
        root, state = self.dir / "root", self.dir / "state" / name.replace("pam", "authd")
        state.mkdir(exist_ok=True)
        root.mkdir(exist_ok=True)
        script = f"""set -e
mount --make-rprivate /
mount -t tmpfs none {root}
cd {root}
mkdir state usr etc dev proc build scratch
for d in usr etc dev proc; do mount --rbind /$d $d; done
for l in bin sbin lib lib32 lib64 libx32; do [ ! -L /$l ] || ln -s usr/$l $l; done
mount --bind {BUILD} build
mount --bind {state} state
exec chroot {root} /usr/bin/env -i sh -c 'cd /state && exec {self.preload.get(name, "")} /build/{BINARY[name].relative_to(BUILD)}'"""
        log = open(self.dir / f"{name}.log", "ab")
        def give():
            os.dup2(fd, 3)
        inside = ["ip", "netns", "exec", self.netns] if self.netns else []
        return subprocess.Popen([*inside, "unshare", "-m", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                pass_fds=(3,), preexec_fn=give)

    def start(self, *names):
        for name in names:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            theirs.setblocking(False)
            began = time.monotonic()
            self.procs[name] = self.spawn(name, theirs.fileno())
            theirs.close()
            self.priv[name] = Channel(self, ours, ROLE["ROLE_PRIVD"], self.on_priv)
            assert self.priv[name].ready.wait(10), self.log(name)
            self.started[name] = time.monotonic() - began
        return self

    def kill(self, name):
        self.priv.pop(name).close()
        p = self.procs.pop(name)
        p.send_signal(signal.SIGKILL)
        p.wait()

    def connect(self, a, b, purpose="PEER_MAIN"):
        """A channel between two daemons, as privd makes it."""
        x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for s, here, there in ((x, a, b), (y, b, a)):
            self.priv[here].send("PEER", {"role": ROLE["ROLE_" + there.upper()], "purpose": PURPOSE[purpose]}, [s.fileno()])
            s.close()

    def as_peer(self, role, daemon, on_request=None, purpose="PEER_MAIN"):
        """A channel on which we are another process."""
        x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.priv[daemon].send("PEER", {"role": ROLE[role], "purpose": PURPOSE[purpose]}, [y.fileno()])
        y.close()
        c = Channel(self, x, ROLE[role], on_request)
        c.say_hello(self.protocol)
        assert c.ready.wait(10), self.log(daemon)
        return c

    def listen(self, host="127.0.0.1"):
        if self.listener is None:
            self.listener = socket.create_server((host, 0), backlog=1024)
            self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.priv["httpd"].send("LISTENER", {"slot": SLOT["SOCK_WEB_LISTEN"], "port": self.port}, [self.listener.fileno()])

    def web(self):
        """httpd with authd's key and us as confd, ready for clients."""
        self.start("authd", "httpd")
        self.connect("httpd", "authd", "PEER_TLS")
        self.confd_authd = self.as_peer("ROLE_CONFD", "authd")
        self.confd_httpd = self.as_peer("ROLE_CONFD", "httpd", self.on_mgmt)
        self.listen()
        return self

    def log(self, name):
        return (self.dir / f"{name}.log").read_text(errors="replace")

    def claim_code(self):
        return (self.dir / "state/authd/claim-code").read_text().strip()

    def on_priv(self, channel, name, kind, ident, body):
        if name == "HELPER_OPEN":
            x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            x.setblocking(False)
            y.setblocking(False)
            self.helpers = [p for p in self.helpers if p.poll() is None]
            self.helpers.append(self.spawn("pam", x.fileno()))
            channel.reply(kind, ident, (), [y.fileno()])
            x.close()
            y.close()
        elif name == "SOCK_OPEN" and body["slot"] in (SLOT["SOCK_PING4"], SLOT["SOCK_PING6"]):
            with self.ping_socket(body["slot"] == SLOT["SOCK_PING6"]) as s:
                channel.reply(kind, ident, (), [s.fileno()])
        elif ident:
            channel.fail(kind, ident, 1, "not here")

    def ping_socket(self, is_v6):
        """As privd opens it, in the daemons' namespace."""
        box = []

        def enter():
            with open(f"/run/netns/{self.netns}") as ns:
                assert ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), 0) == 0
            with open("/proc/sys/net/ipv4/ping_group_range", "w") as f:
                f.write("0 0")
            box.append(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6) if is_v6 else
                       socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))

        t = threading.Thread(target=enter)
        t.start()
        t.join()
        box[0].setblocking(False)
        return box[0]

    # --- confd, as far as these tests need it

    def on_mgmt(self, channel, name, kind, ident, q):
        if name == "MGMT_SUBSCRIBE":
            if not q["token"]:
                channel.fail(kind, ident, 13)
                return
            self.streams[len(self.streams) + 1] = q
            channel.reply(kind, ident, {"stream": len(self.streams)})
        elif name == "MGMT_UNSUBSCRIBE":
            self.streams.pop(q["stream"], None)
        elif name == "MGMT_REQUEST":
            self.requests.append(q)
            threading.Thread(target=self.answer, args=(channel, kind, ident, q), daemon=True).start()

    def answer(self, channel, kind, ident, q):
        try:
            rep = self.judge(q)
        except (TimeoutError, OSError):
            rep = {"status": 503}
        if rep is None:
            return
        rep.setdefault("content_type", "application/json")
        try:
            channel.reply(kind, ident, rep)
        except OSError:
            pass

    def judge(self, q):
        key = (next(k[5:] for k, v in METHOD.items() if v == q["method"]), q["path"])
        if key in self.answers:
            return self.answers[key](q) if callable(self.answers[key]) else dict(self.answers[key])
        if key == ("POST", "/session"):
            return self.sign_in(q)
        if key == ("GET", "/session"):
            r = self.confd_authd.call("AUTH_CHECK", {"token": q["token"], "source": q["origin"]})
            return _json(200 if r["verdict"] == VERDICT["AUTH_ACCEPTED"] else 401, {"user": r["user"]})
        if key == ("DELETE", "/session"):
            self.confd_authd.call("AUTH_LOGOUT", {"token": q["token"]})
            return {"status": 204, "session_end": 1}
        if key[1] == "/echo":
            return _json(200, {k: v if not isinstance(v, bytes) else len(v) for k, v in q.items()})
        return _json(404, {})

    def sign_in(self, q):
        given = json.loads(q["body"])
        r = self.confd_authd.call("AUTH_LOGIN", {"user": given["user"], "password": given["password"], "otp": given.get("otp", ""),
                                                 "source": q["origin"]})
        if r["verdict"] == VERDICT["AUTH_ACCEPTED"]:
            return dict(_json(201, {"user": given["user"], "csrf": r["csrf"]}), session_token=r["token"])
        if r["verdict"] == VERDICT["AUTH_TOO_MANY"]:
            return dict(_json(429, {}), retry_after_s=r["retry_after_s"])
        return _json(401, {"verdict": r["verdict"]})

    def event(self, stream, ident, topic, data):
        self.confd_httpd.send("MGMT_EVENT", {"stream": stream, "id": ident, "topic": topic, "data": data})

    def close(self):
        for name in list(self.procs):
            self.kill(name)
        for p in self.helpers:
            p.kill()
            p.wait()
        for c in (self.confd_authd, self.confd_httpd):
            if c is not None:
                c.close()
        self.stopping = True
        os.write(self.wake_w, b"x")
        self.thread.join()
        if self.listener is not None:
            self.listener.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def _json(status, value):
    return {"status": status, "body": json.dumps(value).encode()}


def _struct_name(message):
    """MGMT_REQUEST -> mgmt: the second word of its line."""
    if not _struct_name.cache:
        for name in FIRST:
            text = (ROOT / f"libcommon/ipc/{name}.def").read_text()
            _struct_name.cache.update(re.findall(r"^CALL\((\w+), (\w+),", text, re.M))
    return _struct_name.cache[message]


_struct_name.cache = {}
