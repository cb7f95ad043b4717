# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers that are started for one question: many at once are all answered, by turns."""
import threading

from api import Api
from lab import ROOT, Lab


def test_documents_and_sign_ins_at_once():
    """More than there are helpers: the spawner holds descriptors of them all, and none of its children may trip over that."""
    with Lab("h").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        document = Api(lab).claim(lab).call("GET", "/configuration", expect=200).json
        refused = []

        def work():
            api = Api(lab)
            api.sign_in()
            for _ in range(25):
                ws = api.call("POST", "/workspaces", {}, expect=201).json["id"]
                a = api.call("PUT", "/configuration", document, {"Patronus-Workspace": ws})
                if a.status not in (200, 204):
                    refused.append(a)
                api.call("DELETE", f"/workspaces/{ws}")

        threads = [threading.Thread(target=work) for _ in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert refused == [] and "parse ended" not in lab.log()
