#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""patronus.yaml(5) in mdoc from the description of the forms that yanggen writes: yaml-man.py HEAD FORMS OUTPUT"""
import json
import re
import sys
import textwrap

HEAD, FORMS, OUTPUT = sys.argv[1:4]


WORDS = {"secret": "{set: true, fingerprint: TEXT}", "reference": "a name", "description": "one line of text", "key": "a name", "mac-address": "a MAC address"}


def escape(text):
    return text.replace("\\", "\\e").replace("\N{HYPHEN}", "-")


def prose(text):
    """Each sentence on its own line; no line that roff would take for a request."""
    text = escape(" ".join(text.split()))
    lines = []
    for sentence in re.split(r"(?<=[.]) (?=[A-Z0-9])", text):
        lines += textwrap.wrap(sentence, 78, break_on_hyphens=False, break_long_words=False)
    return [("\\&" if line[:1] in ".'" else "") + line for line in lines]


def values(node):
    """What may be written, from the schema of the value."""
    schema = node.get("schema", {})
    options = [c["value"] for c in node.get("choices", [])]
    if "references" in node:
        options.insert(0, f"a name of {node['references'].strip('/').replace('/', '.')}")
    if schema.get("type") == "boolean":
        return "true or false"
    if options:
        return ", ".join(options)
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}" + (f" {node['units']}" if node.get("units") else "")
    return WORDS.get(node.get("type", ""), node.get("type", "")).replace("-", " ")


def facts(node):
    out = []
    if node["kind"] in ("leaf", "leaf-list"):
        what = values(node)
        many = node["kind"] == "leaf-list"
        if what:
            out.append(("A list of values: " if many else "Values: ") + what + ".")
    elif node["kind"] == "list":
        key = node.get("key-name", "name")
        out.append(f"A sequence; each entry has its {key}." if node.get("ordered") else f"A mapping by {key}.")
    if "default" in node:
        out.append("Default: " + (str(node["default"]).lower() if isinstance(node["default"], bool) else str(node["default"])) + ".")
    if node.get("mandatory"):
        out.append("Needed.")
    if "example" in node:
        out.append(f"Example: {node['example']}.")
    return out


def entry(node, out):
    out.append(f".It Cm {escape(node['name'])}")
    out += prose(node.get("description", ""))
    for fact in facts(node):
        out += prose(fact)
    children = [c for c in node.get("children", []) if not (c.get("key") and not node.get("ordered"))]
    if children:
        out.append(".Bl -tag -width Ds")
        for child in children:
            entry(child, out)
        out.append(".El")


def section(node, out):
    out.append(f".Ss {escape(node['name'])}")
    out += prose(node.get("description", ""))
    if node["kind"] == "list":
        out += prose(facts(node)[0])
    out.append(".Bl -tag -width Ds")
    for child in node.get("children", []):
        if not (child.get("key") and not node.get("ordered")):
            entry(child, out)
    out.append(".El")


def main():
    out = []
    for node in json.load(open(FORMS, encoding="utf-8"))["sections"]:
        section(node, out)
    head = open(HEAD, encoding="utf-8").read()
    with open(OUTPUT, "w", encoding="utf-8") as f:
        f.write(head.replace(".\\\" @SECTIONS@\n", "\n".join(out) + "\n"))


main()
