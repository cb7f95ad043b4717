# SPDX-License-Identifier: GPL-3.0-or-later
"""A judge between client and API: Prism compares every request and answer with the OpenAPI document that the box serves.

It stands on loopback between a client that speaks plain HTTP and a relay to the box of the moment, so that one Prism, which takes
seconds to read the document, judges the tests of many boxes.
"""
import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

from lab import LabError, wait_for

HERE = Path(__file__).resolve().parents[1] / "api"
BIN = HERE / "node_modules" / ".bin"


def install_packages():
    """npm ci, when the lockfile is newer than what is there."""
    stamp = HERE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
        stamp.touch()


class Relay:
    """Bytes between connections to a port of our own and the box; TLS goes through unread."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.target, self.open = None, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
                box = socket.create_connection(self.target, timeout=60)
            except OSError:
                if self.listener.fileno() == -1:
                    return
                client.close()
                continue
            self.open += (client, box)
            for a, b in ((client, box), (box, client)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    def point(self, target):
        """New connections lead there, and those to another box end: Prism keeps its own alive."""
        if target != self.target:
            self.target, old, self.open = target, self.open, []
            for s in old:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)
            time.sleep(0.05 if old else 0)      # until Prism has seen it

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Prism:
    """Started once with a document; point() says which box it stands before."""

    def __init__(self, document, directory):
        install_packages()
        self.relay = Relay()
        path = Path(directory) / "openapi.json"
        path.write_bytes(document)
        probe = socket.create_server(("127.0.0.1", 0))
        self.address = probe.getsockname()
        probe.close()
        self.log = open(Path(directory) / "prism.log", "wb")
        self.process = subprocess.Popen(
            [BIN / "prism", "proxy", path, f"https://127.0.0.1:{self.relay.port}/api/v1", "--host", self.address[0], "--port", str(self.address[1]),
             "--verboseLevel", "error"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            # The certificate is the box's own: who it is has been seen to by loopback.
            env=dict(os.environ, NODE_TLS_REJECT_UNAUTHORIZED="0", NODE_NO_WARNINGS="1"))
        wait_for("Prism", 90, self.is_up, every=0.2)

    def is_up(self):
        if self.process.poll() is not None:
            raise LabError("Prism ended")
        try:
            socket.create_connection(self.address, timeout=1).close()
            return True
        except OSError:
            return False

    def point(self, address):
        self.relay.point(address)
        return self

    @staticmethod
    def findings(answer):
        """What does not fit the document.  A request may break it when the box refuses it, too; an answer never."""
        violations = json.loads(answer.headers.get("sl-violations") or "[]")
        return [v for v in violations if v["location"][0] == "response" or answer.status < 400]

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.relay.listener.close()
        self.log.close()
