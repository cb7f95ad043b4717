#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator's documents: the same in every run, every reference leads somewhere, every call of docs/api.md is there.

usage: check_openapi.py YANGGEN YANG-DIR FIXED-OPENAPI API.MD MODULE...
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ["header", "source", "openapi", "forms", "builtin"]


def generate(argv, kind, directory):
    out = Path(directory) / kind
    # It writes one file and ends; what it allocated is not asked about, whatever the suite asks of the others.
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    subprocess.run([argv[1], argv[2], argv[3], kind, out, *argv[5:]], check=True, env=env)
    return out.read_bytes()


def references(x):
    if isinstance(x, dict):
        for k, v in x.items():
            if k == "$ref":
                yield v
            else:
                yield from references(v)
    elif isinstance(x, list):
        for v in x:
            yield from references(v)


def shape(path):
    """/commits/{id}/confirm and /commits/{commit}/confirm are one."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def documented(text):
    for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)", text):
        if path.startswith("/configuration"):
            continue  # one row stands for every node
        yield method, shape(path)


def main(argv):
    faults = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        made = {}
        for kind in KINDS:
            made[kind] = generate(argv, kind, one)
            if made[kind] != generate(argv, kind, two):
                faults.append(f"{kind} differs from run to run")
    doc = json.loads(made["openapi"])
    for ref in sorted(set(references(doc))):
        at = doc
        for step in ref.removeprefix("#/").split("/"):
            at = at.get(step) if isinstance(at, dict) else None
        if at is None:
            faults.append(f"{ref} leads nowhere")
    calls, ids = set(), []
    for path, item in doc["paths"].items():
        in_path = {p["name"] for p in item.get("parameters", []) if p["in"] == "path"}
        if in_path != set(re.findall(r"\{([^}]*)\}", path)):
            faults.append(f"{path}: its parameters are {sorted(in_path)}")
        for method, op in item.items():
            if method == "parameters":
                continue
            calls.add((method.upper(), shape(path)))
            ids.append(op["operationId"])
            if "default" not in op["responses"]:
                faults.append(f"{method} {path}: says nothing of failures")
    if len(ids) != len(set(ids)):
        faults.append("two operations have one id")
    for call in documented(Path(argv[4]).read_text()):
        if call not in calls:
            faults.append(f"{call[0]} {call[1]} is in docs/api.md, but not in the OpenAPI document")
    # Every node of the forms has its path.
    def walk(nodes, prefix):
        for n in nodes:
            if n.get("key"):
                continue
            path = f"{prefix}/{n['name']}"
            if ("GET", path) not in calls:
                faults.append(f"{path} has a form but no path")
            walk(n.get("children", []), path + ("/{}" if n["kind"] == "list" else ""))
    walk(json.loads(made["forms"])["sections"], "/configuration")
    for fault in faults:
        print(fault)
    print(f"{len(calls)} operations, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
