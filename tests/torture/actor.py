# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with a box while something of it fails: a sign-in, reading, a document, a commit; each can be done again undisturbed.

An act returns True when it was done, False when it was refused, None when nobody answered.
"""
import collections
import contextlib
import http.client
import json
import os
import re
import time

from api import Api
from contract import SETTLE_S, UNREACHABLE, Box
from lab import ROOT, wait_for
from oracle import Sampler

THERE, BACK = 1, 4          # two configurations of the pool that differ in everything
NAMES = {"sign_in": "signing in", "read": "reading", "load": "import of YAML", "commit": "a commit"}
PATIENCE_S = 25             # of who asks: longer than any of our own deadlines
READ = ("/configuration", "/status", "/state/interfaces", "/state/firewall", "/revisions", "/state/processes")
SAME = ("/configuration", "/revisions")     # what they say does not change by itself
HELPERS = ("parse", "pam", "recheck")
ENDED = re.compile(r"child: (\w+) ended(?: after \d+ ms)?: (.*)")


Gone = collections.namedtuple("Gone", "cookie csrf")


class Actor(Box):
    """A box at BACK, and somebody who is signed in to it."""

    def __init__(self, lab, seed, start=None):
        super().__init__(lab, seed, start)
        self.api = Api(lab).claim(lab)
        self.yaml = (ROOT / "examples" / "lab.yaml").read_text()
        self.truth, self.last = {}, None
        self.settle_at(BACK)
        self.log_at = len(lab.log())

    # --- acts

    def web(self, act, user=None):
        try:
            api = Api(self.lab)
            api.retries, api.connection.timeout = False, PATIENCE_S
            if user:
                api.cookie, api.csrf = user.cookie, user.csrf
            with contextlib.closing(api.connection):
                return act(api)
        except (OSError, http.client.HTTPException):
            return None

    def told(self, answer, status):
        self.last = answer
        return answer.status == status

    def sign_in(self):
        """And out again; self.gone is who was."""
        def act(api):
            if not self.told(api.sign_in(expect=None), 201):
                return False
            self.gone = Gone(api.cookie, api.csrf)
            return self.told(api.call("DELETE", "/session"), 204)
        return self.web(act)

    def read(self):
        return self.web(lambda api: all(self.told(api.call("GET", path), 200) and self.is_true(path) for path in READ), self.api)

    def is_true(self, path):
        """An answer with 200 is whole, and tells what is."""
        if path in SAME and self.truth.get(path) not in (None, self.last.json):
            raise AssertionError(f"{path} tells what is not: {self.last}")
        return self.last.json is not None

    def load(self):
        """A document into a workspace, through the process that reads YAML."""
        def put(api):
            made = api.call("POST", "/workspaces", {})
            if not self.told(made, 201):
                return False
            ws = made.json["id"]
            is_done = self.told(api.call("PUT", "/configuration", self.yaml, {"Patronus-Workspace": ws, "If-Match": "*"},
                                         content_type="application/yaml"), 204)
            for _ in range(2):              # the refused one may be this
                if api.call("DELETE", f"/workspaces/{ws}").status == 204:
                    break
            return is_done
        return self.web(put, self.api)

    def commit(self):
        with Sampler(self.oracle) as sampler:
            commit = self.commit_begin()
            commit.wait(60)
            time.sleep(0.05)
        self.everybody()
        self.conclude(commit, THERE, [s for _, s in sampler.seen], "a commit while something fails")
        return commit.returncode == 0 if commit.returncode != UNREACHABLE else None

    def prepare(self, act):
        """What comes before, and is not struck."""
        if act == self.commit:
            self.stage(THERE)
        if self.api.call("GET", "/session").status != 200:      # sessions live in authd's memory alone
            self.api.sign_in()
        if act == self.read:
            self.truth = {path: self.api.call("GET", path, expect=200).json for path in SAME}

    # --- afterwards

    def everybody(self):
        if self.lab.privd.poll() is not None:
            self.revive()
        return self.all_run()

    def all_run(self):
        r = self.lab.ctl("show", "processes", "--json", check=False)
        return r.returncode == 0 and all(p["state"] == "running" for p in json.loads(r.stdout)["processes"])

    def recover(self, act):
        """The same undisturbed, once everybody is there: it is done, and the box is where it was."""
        wait_for("everybody", 60, self.everybody)
        if act == self.commit:
            self.settle_at(BACK)
            return
        end = time.monotonic() + SETTLE_S
        while (is_done := act()) is not True and time.monotonic() < end:
            if self.last.status == 401:     # authd ended
                self.prepare(act)
            time.sleep(0.02)                # who is there may not have been told the configuration yet
        assert is_done is True, f"{act.__name__} is not done when nothing fails again: {self.last}"

    def log_new(self):
        """What the suite has said since the last blow."""
        return self.lab.log()[self.log_at:]
