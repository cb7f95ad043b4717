# SPDX-License-Identifier: GPL-3.0-or-later
"""S2, S3: the second factor with programs that are not ours (zbarimg reads the QR code, oathtool makes the codes), step-up, and who must enrol."""
import os
import re
import select
import subprocess
import time

import pytest

import figures
from api import PASSWORD, Api
from clock import Clock
from lab import PREFIX, Lab
from people import code_of, enrol, qr_text, signed_in

UID = 65531


@pytest.fixture(scope="module")
def lab(request):
    with Lab("f") as box:
        box.clock = Clock(box, "authd", "confd")
        box.clock.start()
        Api(box).claim(box)
        box.ctl("set", "users/bob", f"{{role: admin, system-uid: {UID}}}")
        box.ctl("set", "users/carl", "{role: operator}")
        box.ctl("commit", "--comment", "people")
        for user in ("bob", "carl"):
            box.ctl("password", user, input=PASSWORD + "\n")
        yield box
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + box.log()[-8000:])


def sign_in(box, user, otp=None):
    body = {"user": user, "password": PASSWORD}
    if otp is not None:
        body["otp"] = otp
    a = Api(box)
    r = a.call("POST", "/session", body)
    if r.status == 201:
        a.csrf = r.json["csrf"]
    return a, r


def draw(lines, path, scale=6):
    """What a terminal shows, as a picture: each half block is a square."""
    light = {" ": (0, 0), "\u2584": (0, 1), "\u2580": (1, 0), "\u2588": (1, 1)}
    rows = []
    for line in lines:
        for half in (0, 1):
            rows.append(b"".join((b"\xff" if light[c][half] else b"\0") * scale for c in line))
    with open(path, "wb") as f:
        f.write(b"P5\n%d %d\n255\n" % (len(rows[0]), len(rows) * scale) + b"".join(r * scale for r in rows))


def rows_to_picture(rows, path, scale=6, quiet=4):
    width = (len(rows) + 2 * quiet) * scale
    blank = b"\xff" * width
    body = [b"\xff" * quiet * scale + b"".join((b"\0" if c == "1" else b"\xff") * scale for c in r) + b"\xff" * quiet * scale for r in rows]
    lines = [blank] * quiet * scale + [r for r in body for _ in range(scale)] + [blank] * quiet * scale
    with open(path, "wb") as f:
        f.write(b"P5\n%d %d\n255\n" % (width, len(lines)) + b"".join(lines))


def read_until(p, mark, seconds=20):
    out, end = b"", time.monotonic() + seconds
    while mark not in out and time.monotonic() < end:
        if select.select([p.stdout], [], [], 0.2)[0]:
            chunk = os.read(p.stdout.fileno(), 65536)
            if not chunk:
                break
            out += chunk
    return out


def test_terminal_qr_signs_in(lab, tmp_path):
    """bob enrols on the command line of the box: the picture of his terminal is all that his phone sees."""
    lab.run_dir.chmod(0o755)
    p = subprocess.Popen(["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", PREFIX / "bin" / "patronusctl", "--socket", str(lab.sock),
                          "second-factor", "enrol"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = read_until(p, b"otpauth://").decode()
    if p.poll() == 7:
        pytest.skip("the socket is for root alone")
    lines = [line for line in out.splitlines() if line and set(line) <= set(" \u2584\u2580\u2588")]
    assert len(lines) > 20, (out, p.stderr.read() if p.poll() is not None else "")
    draw(lines, tmp_path / "terminal.pgm")
    uri = qr_text(tmp_path / "terminal.pgm")
    assert uri in out and re.fullmatch(r"otpauth://totp/[\w-]+:bob\?secret=([A-Z2-7]{32})&issuer=[\w-]+&algorithm=SHA1&digits=6&period=30", uri)
    secret = re.search(r"secret=([A-Z2-7]+)", uri)[1]
    rest, err = p.communicate(code_of(secret).encode() + b"\n", timeout=20)
    codes = re.findall(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}", rest.decode())
    assert p.returncode == 0 and len(codes) == 10, (rest, err)
    # The code that enrolled was used; the next one signs in, once.
    assert sign_in(lab, "bob")[1].json["type"].endswith("second-factor")
    later = code_of(secret, time.time() + 30)
    assert sign_in(lab, "bob", later)[1].status == 201
    again = sign_in(lab, "bob", later)[1]
    assert again.status == 401 and "already" in again.json["detail"]
    ahead = sign_in(lab, "bob", code_of(secret, time.time() + 90))[1]
    assert ahead.status == 401 and "clock" in ahead.json["detail"]
    # Without the password nothing is said.
    r = Api(lab).call("POST", "/session", {"user": "bob", "password": "wrong-wrong-wrong", "otp": code_of(secret, time.time() + 90)})
    assert r.status == 401 and "clock" not in r.json["detail"]
    # A recovery code is good once.
    assert sign_in(lab, "bob", codes[0])[1].status == 201
    assert sign_in(lab, "bob", codes[0])[1].status == 401
    figures.record("S2", "QR code of a terminal read by zbarimg, code by oathtool: signed in", 1, "times", 1, "1")
    lab.ctl("second-factor", "remove", "bob")
    assert sign_in(lab, "bob")[1].status == 201


@pytest.mark.parametrize("algorithm, digits", [("SHA1", 8), ("SHA256", 6), ("SHA512", 8)])
def test_api_qr_of_each_kind(lab, tmp_path, algorithm, digits):
    carl = signed_in(lab, "carl")
    made = carl.call("POST", "/users/me/second-factor", {"algorithm": algorithm, "digits": digits}, expect=201).json
    rows_to_picture(made["qr"], tmp_path / "qr.pgm")
    assert qr_text(tmp_path / "qr.pgm") == made["uri"]
    code = code_of(made["secret"], algorithm=algorithm, digits=digits)
    assert carl.call("POST", "/users/me/second-factor/confirm", {"otp": "0" * digits}).status == 422
    carl.call("POST", "/users/me/second-factor/confirm", {"otp": code}, expect=200)
    assert carl.call("GET", "/session", expect=200).json["second-factor"]["enrolled"]
    lab.ctl("second-factor", "remove", "carl")
    assert carl.call("GET", "/session").status == 401       # all his sessions end


def test_step_up_and_who_must_enrol(lab):
    """A stale session changes nobody's rights; a role that must have a second factor can do nothing before."""
    alice, r = sign_in(lab, "alice")
    secret, codes = enrol(alice)
    fresh = alice.call("GET", "/session", expect=200).json["second-factor"]
    assert fresh["enrolled"] and fresh["fresh-seconds"] > 200
    alice.call("PUT", "/users/carl/password", {"new": PASSWORD}, expect=204)
    # A session that was opened with a code counts as fresh, and another one of the same person does not make this one so.
    lab.ctl("set", "management/authentication/second-factor", "operator")
    lab.ctl("commit", "--comment", "operators need a second factor")
    carl = signed_in(lab, "carl")
    for method, path in (("GET", "/status"), ("GET", "/configuration"), ("POST", "/workspaces"), ("GET", "/tokens"), ("POST", "/tokens")):
        a = carl.call(method, path, {} if method == "POST" else None)
        assert a.status == 403 and a.json["type"].endswith("enrolment-required"), (path, a)
    assert carl.call("GET", "/events").status == 403
    enrol(carl)
    assert carl.call("GET", "/status").status == 200
    # alice's recovery code steps up as well as a code would.
    a = alice.call("POST", "/session/step-up", {"otp": "12345678"})
    assert a.status == 401
    assert alice.call("POST", "/session/step-up", {"otp": codes[1]}, expect=200).json["fresh-seconds"] == 300
    lab.ctl("delete", "management/authentication")
    lab.ctl("commit", "--comment", "as before")


FRESH_S = 300
NAS = "/management/backup/targets/nas/password"


def test_stale_session_is_asked_again(lab):
    """The same session, whose code was given five minutes ago: what gives power, reads secrets into the box or brings old states back is refused,
    whatever way it takes, and nothing of it happens; the rest goes on; with the next code all of it is allowed."""
    lab.ctl("set", "users/dora", "{role: admin}")
    lab.ctl("set", "management/backup/targets/nas", "{url: 'https://nas.example.net/'}")
    lab.ctl("commit", "--comment", "dora")
    lab.ctl("password", "dora", input=PASSWORD + "\n")
    dora = signed_in(lab, "dora")
    secret, _ = enrol(dora)
    last = dora.call("GET", "/revisions?limit=1", expect=200).json["revisions"][0]["number"]
    backup = dora.call("POST", "/backups", {"passphrase": PASSWORD}, expect=201).json["name"]
    ws, other = dora.workspace()[0], dora.workspace()[0]
    dora.call("PATCH", "/configuration/users/carl", {"full-name": "Carl"}, {"Patronus-Workspace": ws, "If-Match": "*"}, expect=200)
    guarded = [("PATCH", "/secrets", {NAS: "a word of the NAS"}, {"Patronus-Workspace": other}, 200),
               ("PATCH", "/configuration/users/bob?comment=b", {"description": "by dora"}, {"If-Match": "*"}, 200),
               ("POST", "/commits", {"workspace": ws}, {}, 201),
               ("PUT", "/users/carl/password", {"new": PASSWORD}, {}, 204),
               ("POST", f"/revisions/{last}/restore", {}, {}, 201),
               ("POST", "/backups/restore", {"name": backup, "passphrase": PASSWORD}, {}, 201),
               ("POST", "/tokens", {"name": "t", "scopes": ["state:read"], "expires-in": 3600}, {}, 201)]

    def fresh_s():
        return dora.call("GET", "/session", expect=200).json["second-factor"]["fresh-seconds"]

    assert FRESH_S - 60 < fresh_s() <= FRESH_S
    lab.clock.pass_(FRESH_S + 1)
    assert fresh_s() == 0
    for method, path, body, headers, _ in guarded:
        a = dora.call(method, path, body, headers)
        assert a.status == 403 and a.json["type"] == "urn:patronus:problem:step-up-required", (method, path, a)
    assert dora.call("GET", "/revisions?limit=1", expect=200).json["revisions"][0]["number"] == last
    assert not any(s["stored"] for s in dora.call("GET", "/secrets", headers={"Patronus-Workspace": other}, expect=200).json["secrets"])
    dora.call("PATCH", "/configuration/system", {"description": "no power in this"}, {"If-Match": "*"}, expect=200)
    assert dora.call("POST", "/session/step-up", {"otp": "12345678"}).status == 401
    assert dora.call("POST", "/session/step-up", {"otp": code_of(secret, time.time() + 30)}, expect=200).json["fresh-seconds"] == FRESH_S
    for method, path, body, headers, status in guarded:
        assert dora.call(method, path, body, headers).status == status, (method, path)
    lab.clock.pass_(FRESH_S + 1)
    assert fresh_s() == 0 and dora.call("PUT", "/users/carl/password", {"new": PASSWORD}).status == 403


def in_hex(text):
    return "".join(f"\\x{b:02x}" for b in text.encode())


def trace_of(lab, path, act):
    """What authd asks of the kernel meanwhile, by strace."""
    words = ["timeout", "-k", "5", "60", "strace", "-y", "-x", "-s", "4096", "-e", "trace=fsync,fdatasync,write,rename,sendmsg,recvmsg", "-o", str(path),
             "-p", str(lab.processes()["authd"]["pid"])]
    p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in p.stderr.readline()
        act()
    finally:
        p.terminate()
        p.communicate(timeout=20)
    return path.read_text().splitlines()


@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_used_code_is_on_the_disk_before_the_answer(lab, tmp_path, kind):
    """After a power cut the code that opened a session is still a used one: the file, its name and its directory are written through before
    anybody hears that the code was right."""
    user = f"erik-{kind}"
    lab.ctl("set", f"users/{user}", "{role: operator}")
    lab.ctl("commit", "--comment", user)
    lab.ctl("password", user, input=PASSWORD + "\n")
    secret, codes = enrol(signed_in(lab, user))
    code, answers = codes[0] if kind == "recovery" else code_of(secret, time.time() + 30), []
    lines = trace_of(lab, tmp_path / "strace", lambda: answers.append(sign_in(lab, user, code)))
    (a, r), = answers
    assert r.status == 201, r
    token = in_hex(a.cookie.split("=", 1)[1])

    def first(pattern, what, after=0):
        found = [i for i, line in enumerate(lines) if i >= after and re.match(pattern, line) and what in line]
        assert found, (pattern, lines)
        return found[0]

    asked = first(r"recvmsg\(", in_hex(code))
    reply = first(r"sendmsg\(", token)
    channel = re.match(r"sendmsg\((\d+<[^>]*>)", lines[reply])[1]
    assert channel in lines[asked]
    at = asked
    for step in (rf"write\(\d+</state/{kind}\.new>", rf"fsync\(\d+</state/{kind}\.new>\) += 0", rf'rename\("{kind}\.new", "{kind}"\) += 0',
                 r"fsync\(\d+</state>\) += 0"):
        at = first(step, "", after=at + 1)
    assert at < reply and not any(line.startswith(f"sendmsg({channel}") for line in lines[asked:at])


def in_memory(pid, needles):
    """Which of them are in the writable memory of a process."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, mode = line.split()[:2]
            low, high = (int(x, 16) for x in where.split("-"))
            if mode.startswith("rw") and high - low < 1 << 30:
                try:
                    mem.seek(low)
                    data = mem.read(high - low)
                except OSError:
                    continue
                found |= {form for form, needle in needles.items() if needle in data}
    return found


def test_key_is_not_in_httpd(lab):
    """S6: after many handshakes the memory of httpd has the TLS key in no form; that of authd, which the same search finds it in, has."""
    import ssl as _ssl
    key = (lab.state / "auth" / "tls.key").read_bytes()
    text = subprocess.run(["openssl", "pkey", "-text", "-noout"], input=key, capture_output=True, check=True).stdout.decode()
    scalar = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"priv:\s*([0-9a-f:\s]+)pub:", text)[1])[-64:])
    body = b"".join(key.split(b"-----")[2].split())
    n, began = figures.count(100, 5000), time.monotonic()
    for _ in range(n):
        a = Api(lab)
        a.context.options |= _ssl.OP_NO_TICKET
        a.call("GET", "/claim")
        a.connection.close()
    rate = n / (time.monotonic() - began)
    pids = {name: p["pid"] for name, p in lab.processes().items()}
    forms = {"scalar": scalar, "reversed": scalar[::-1], "PEM": body[:40], "hex": scalar.hex().encode()}
    hits = [(name, form) for name in pids if name not in ("authd", "privd") for form in in_memory(pids[name], forms)]
    assert set(in_memory(pids["authd"], forms)) & {"scalar", "reversed"}
    figures.record("S6", f"handshakes signed in authd ({rate:.0f} a second by one client), then the TLS key looked for in all other daemons", n, "hits",
                   len(hits), "0")
    assert hits == []
