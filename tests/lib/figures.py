# SPDX-License-Identifier: GPL-3.0-or-later
"""What the long tests measured: each calls record(), and docs/reliability.md is written from the records.

A record is one line of JSON in PATRONUS_BUILD/figures.jsonl; a later one of the same id and subject replaces an earlier one.  The page is
what earlier runs have left: new records are merged into it, each line with its form and its date, and a figure of a full count is replaced by
another full count alone.

	figures.py [--prune]	merge; --prune: short figures that this build did not measure again are left out
"""
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "figures.jsonl"
SOAK = os.environ.get("PATRONUS_SOAK") == "1"


def count(short, full):
    """How often something is done: `full` under ./test soak."""
    return full if SOAK else short


def record(ident, subject, trials, unit, value, goal="", note=""):
    """ident: "R1"; value is what was measured in unit over that many trials; goal as text, "" when there is none."""
    with FILE.open("a") as f:
        f.write(json.dumps({"id": ident, "subject": subject, "trials": trials, "unit": unit, "value": value, "goal": str(goal), "note": note,
                            "soak": SOAK, "time": int(time.time())}) + "\n")


def forget():
    FILE.unlink(missing_ok=True)


def _order(key):
    ident = key[0]
    digits = "".join(c for c in ident if c.isdigit())
    return ident.rstrip("0123456789"), int(digits or 0), key[1]


COLUMNS = {"id": "id", "subject": "what", "form": "form", "date": "date", "trials": "trials", "value": "measured", "unit": "unit", "goal": "goal",
           "note": "remark"}


def read_page(path):
    """The lines of a page as records; of a page without dates too."""
    rows, columns = {}, []
    names = {v: k for k, v in COLUMNS.items()}
    for line in Path(path).read_text().splitlines() if Path(path).exists() else ():
        cells = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells[:2] == ["id", "what"]:
            columns = [names[c] for c in cells]
        elif columns and cells and not cells[0].startswith("---"):
            r = {**dict.fromkeys(COLUMNS, ""), **dict(zip(columns, cells))}
            rows[r["id"], r["subject"]] = r
    return rows


def merge(rows, new):
    """rows with the records of `new`; the subjects of short figures that a full one keeps out."""
    kept = []
    for r in new:
        key = r["id"], r["subject"]
        if not r["soak"] and rows.get(key, {}).get("form") == "soak":
            kept.append(f"{key[0]} {key[1]}: the full count of {rows[key]['date']} stays")
            continue
        rows[key] = {k: str(r.get(k, "")) for k in COLUMNS} | {"form": "soak" if r["soak"] else "short",
                                                              "date": time.strftime("%Y-%m-%d", time.gmtime(r["time"]))}
    return kept


def measured():
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def write_page(path, prune=False):
    rows, new = read_page(path), measured()
    kept = merge(rows, new)
    if prune:
        mine = {(r["id"], r["subject"]) for r in new}
        rows = {key: r for key, r in rows.items() if r["form"] == "soak" or key in mine}
    cell = lambda v: str(v).replace("|", "\\|").replace("\n", " ")  # noqa: E731
    out = ["# Reliability, measured", "",
           "Written from what the tests recorded (`tests/lib/figures.py`), by `sudo ./test soak` after each of its files, or by that file as a program "
           "after any run; nothing here is typed by hand. *short* is what `./test` does each time, *soak* the full count; the full counts are of several "
           "evenings, each line has its date. "
           f"Last written {time.strftime('%Y-%m-%d', time.gmtime())} on Linux {platform.release()}, {os.cpu_count()} cores.", "",
           "| " + " | ".join(COLUMNS.values()) + " |", "|---" * len(COLUMNS) + "|"]
    for key in sorted(rows, key=_order):
        out.append("| " + " | ".join(cell(rows[key][k]) for k in COLUMNS) + " |")
    Path(path).write_text("\n".join(out) + "\n")
    return kept


if __name__ == "__main__":
    for line in write_page(ROOT / "docs" / "reliability.md", "--prune" in sys.argv[1:]):
        print(line)
