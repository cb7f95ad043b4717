# SPDX-License-Identifier: GPL-3.0-or-later
"""What the long tests measured: each calls record(), and `./test soak` writes docs/reliability.md from the records.

A record is one line of JSON in PATRONUS_BUILD/figures.jsonl; a later one of the same id and subject replaces an earlier one.
"""
import json
import os
import platform
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


def write_page(path):
    rows = {}
    for line in FILE.read_text().splitlines() if FILE.exists() else ():
        r = json.loads(line)
        rows[r["id"], r["subject"]] = r
    cell = lambda v: str(v).replace("|", "\\|").replace("\n", " ")  # noqa: E731
    out = ["# Reliability, measured", "",
           "Written from what the tests recorded (`tests/lib/figures.py`), by `sudo ./test soak` at its end, or by this file as a program after any "
           "run; nothing here is typed by hand. *short* is what `./test` does each time, *soak* the full count. "
           f"Last run {time.strftime('%Y-%m-%d', time.gmtime())} on Linux {platform.release()}, {os.cpu_count()} cores.", "",
           "| id | what | form | trials | measured | unit | goal | remark |", "|---|---|---|---|---|---|---|---|"]
    for key in sorted(rows, key=_order):
        r = rows[key]
        form = {"form": "soak" if r["soak"] else "short"}
        out.append("| " + " | ".join(cell({**r, **form}[k]) for k in ("id", "subject", "form", "trials", "value", "unit", "goal", "note")) + " |")
    Path(path).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    write_page(ROOT / "docs" / "reliability.md")
