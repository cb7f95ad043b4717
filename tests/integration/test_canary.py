# SPDX-License-Identifier: GPL-3.0-or-later
"""A18: fifty secrets go into the box by every way there is, and are looked for in everything that comes out, is kept, or lies in memory."""
import base64
import json
import os
import re
import secrets
import sys
from pathlib import Path

from api import PASSWORD, Api
from lab import ROOT

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import record  # noqa: E402

NTARGETS = 16
# Who is given a secret to do his work with it, and only then.
HOLDERS = {"confd", "authd", "fetchd"}


class Canaries:
    def __init__(self):
        self.all = {}

    def new(self, where):
        word = f"Zq7-canary-{len(self.all):02d}-{secrets.token_hex(10)}"
        self.all[word] = where
        return word

    def pem(self, where):
        return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{self.new(where)}\n{'A' * 64}\n-----END OPENSSH PRIVATE KEY-----\n"

    def forms(self):
        """Each as bytes, in base64 at each of three places of a group, and in hexadecimal."""
        for word, where in self.all.items():
            raw = word.encode()
            yield raw, where
            yield raw.hex().encode(), where + " (hexadecimal)"
            for skip in range(3):
                cut = raw[skip:len(raw) - (len(raw) - skip) % 3]
                yield base64.b64encode(cut), where + " (base64)"

    def hits(self, data):
        return sorted({where for form, where in self.forms() if form in data})


def memory(pid):
    """What the process may write and read, as bytes."""
    out = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            start, end = int(m[1], 16), int(m[2], 16)
            if "r" not in m[3] or "[vvar]" in line or "[vsyscall]" in line:
                continue
            try:
                mem.seek(start)
                out.append(mem.read(end - start))
            except OSError:
                pass
    return b"".join(out)


def use_everything(lab, api, canaries):
    """Set a secret wherever one can be set."""
    doc = {"system": {"hostname": "edge1"}, "users": [{"name": n, "role": "admin"} for n in ("alice", "bob", "carol")],
           "management": {"backup": {"targets": [{"name": f"t{i}", "url": f"sftp://192.0.2.{i + 1}/x/", "enabled": i == 0, "user": "u",
                                                  "trust": "A" * 43} for i in range(NTARGETS)]}}}
    ws, head = api.workspace()
    api.call("PUT", "/configuration", doc, head, expect=204)
    values = {f"/management/backup/targets/t{i}/password": canaries.new(f"password of target {i}") for i in range(NTARGETS)}
    api.call("PATCH", "/secrets", values, head, expect=200)
    yaml = "".join(f"/management/backup/targets/t{i}/private-key: " + json.dumps(canaries.pem(f"key of target {i}")) + "\n" for i in range(NTARGETS))
    api.call("PATCH", "/secrets", yaml, head, expect=200, content_type="application/yaml")
    api.commit(ws)
    # Through the local socket, replaced, refused.
    lab.ctl("secret", "set", "management/backup/targets/t0/password", input=canaries.new("password by the command line"))
    lab.ctl("commit")
    api.call("PATCH", "/secrets", {"/system/hostname": canaries.new("where no secret is")}, {"Patronus-Workspace": api.workspace()[0]}, expect=422)
    ws, head = api.workspace()
    bad = json.loads(json.dumps(doc))
    bad["management"]["backup"]["targets"][0]["password"] = canaries.new("in a document")
    api.call("PUT", "/configuration", bad, head, expect=422)
    bad["management"]["backup"]["targets"][0]["password"] = {"set": True, "fingerprint": canaries.new("in the place of a fingerprint")}
    api.call("PUT", "/configuration", bad, head, expect=422)
    # Passwords, right and wrong.
    for user in ("bob", "carol"):
        api.call("PUT", f"/users/{user}/password", {"new": canaries.new(f"password of {user}")}, expect=204)
    lab.ctl("password", "bob", input=canaries.new("password of bob by the command line") + "\n")
    words = {where: word for word, where in canaries.all.items()}
    bob = Api(lab)
    bob.sign_in("bob", words["password of bob by the command line"])
    bob.call("PUT", "/session/password", {"current": words["password of bob by the command line"],
                                          "new": canaries.new("password by its owner")}, expect=204)
    carol = Api(lab)
    carol.sign_in("carol", canaries.new("wrong password"), expect=401)
    carol.sign_in(canaries.new("as a user's name"), "irrelevant-here", expect=401)
    carol.call("PUT", "/users/carol/password", {"new": canaries.new("without a session")}, expect=401)
    carol.sign_in("carol", words["password of carol"])
    # The vault and backups.
    api.call("PUT", "/vault/protection", {"protection": "passphrase", "passphrase": canaries.new("passphrase of the vault")}, expect=200)
    api.call("POST", "/vault/unlock", {"passphrase": canaries.new("passphrase that was not needed")}, expect=409)
    for i in range(3):
        word = canaries.new(f"passphrase of backup {i}")
        name = api.call("POST", "/backups", {"passphrase": word, "content": ("full", "configuration", "keys")[i]}, expect=201).json["name"]
        api.call("POST", "/backups/verify", {"name": name, "passphrase": canaries.new(f"wrong passphrase {i}")}, expect=403)
        api.call("POST", "/backups/verify", {"name": name, "passphrase": word}, expect=200)
    ws = api.call("POST", "/backups/restore", {"name": name, "passphrase": word}, expect=201).json["workspace"]
    api.call("DELETE", f"/workspaces/{ws}", expect=204)
    api.call("POST", "/backups/verify", {"name": name, "identity": "AGE-SECRET-KEY-1" + canaries.new("identity")}, expect=422)
    api.call("POST", "/vault/rotate", {}, expect=200)
    api.call("POST", "/backups", {"recipients": [canaries.new("as a recipient")]}, expect=422)


def everything_that_answers(lab, api):
    """Each GET that the OpenAPI document has and needs no name, whole documents, and the command line."""
    doc = api.call("GET", "/openapi.json", expect=200).json
    for path, item in doc["paths"].items():
        if "get" in item and path != "/events" and (not path.startswith("/configuration") or "{" not in path):
            path = path.replace("{revision}", "2").replace("{other}", "3").replace("{commit}", "2")
            if "{" not in path:
                yield path, api.call("GET", path).body
    for b in api.call("GET", "/backups", expect=200).json["backups"]:
        yield b["name"], api.call("GET", f"/backups/{b['name']}", expect=200).body
    for words in (("show", "configuration", "--full"), ("show", "history"), ("compare", "1", "3"), ("secret", "list"), ("backup", "list"), ("status",)):
        yield " ".join(words), lab.ctl(*words).stdout.encode()
    yield "yaml", api.call("GET", "/configuration", headers={"Accept": "application/yaml"}).body


def files(lab):
    for d in (lab.state, lab.run_dir, lab.etc):
        for p in d.rglob("*"):
            if p.is_file() and not p.is_symlink():
                yield str(p.relative_to(lab.dir)), p.read_bytes()
    yield "suite.log", lab.log().encode()


def test_fifty_canaries(fresh_lab):
    lab = fresh_lab.start()
    canaries = Canaries()
    api = Api(lab).claim(lab)
    canaries.all[PASSWORD] = "password of the claim"
    use_everything(lab, api, canaries)
    assert len(canaries.all) >= 50
    breaches = []
    looked = 0
    for where, data in everything_that_answers(lab, api):
        looked += 1
        breaches += [f"answer {where}: {hit}" for hit in canaries.hits(data)]
    for where, data in files(lab):
        looked += 1
        # The name of a user who tried to sign in is what the auditor wants to know.
        breaches += [f"file {where}: {hit}" for hit in canaries.hits(data) if "as a user's name" not in hit]
    pids = {p["name"]: p["pid"] for p in lab.ctl_json("show", "processes")["processes"] if p["pid"]}
    held = {}
    for name, pid in pids.items():
        looked += 1
        hits = canaries.hits(memory(pid))
        if name in HOLDERS:
            held[name] = hits
        else:
            breaches += [f"memory of {name}: {hit}" for hit in hits]
    print("held:", held)
    record("A18", f"{len(canaries.all)} secrets in answers, files and memory of {len(pids)} processes", looked, "hits", len(breaches), 0,
           "; ".join(f"{n} holds {len(h)}" for n, h in held.items()))
    assert breaches == []


def test_the_search_finds(lab):
    """It would: a word that the page asks for is in the answer, and one in a process's memory is found there."""
    canaries = Canaries()
    word = canaries.new("mine")
    keep = bytearray(word.encode())
    assert canaries.hits(memory(os.getpid())) and keep
    assert canaries.hits(b"xx" + base64.b64encode(b"?" + word.encode()) + b"yy")
    assert Path("/proc/self/maps").exists()
