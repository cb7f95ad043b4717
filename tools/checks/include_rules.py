# SPDX-License-Identifier: GPL-3.0-or-later
"""The include rules of docs/architecture.md: which part may include which, and which library has its place where."""
import re

from tree import ROOT, sources, text

# A layer of libcommon and the layers below it.  A name with a slash allows one header only.
LAYERS = {
    "base": {"base"},
    "net": {"net", "base"},
    "ipc": {"ipc", "net", "base"},
    "conf": {"conf", "net", "base", "ipc/codec.h"},
    "sandbox": {"sandbox", "base", "ipc/ids.h"},
    "audit": {"audit", "base"},
    "daemon": {"daemon", "ipc", "conf", "net", "base", "sandbox"},
}
ALL = {"base", "net", "ipc", "conf", "sandbox", "audit", "daemon"}
# Programs that may not use all of libcommon.
PROGRAMS = {
    "patronus-privd": {"base", "net", "ipc", "sandbox"},
    "patronusctl": {"base", "net", "ipc", "conf", "audit"},
}
# Headers that privd may not even see through a layer it may use.
NOT_PRIVD = {"ipc/channel.h", "ipc/privcall.h"}

# Third-party headers: the start of the name, and the places (path prefixes) that may include them.
LIBRARIES = [
    (r"libnftnl/|libmnl/", ["patronus-fwd/"]),
    (r"netlink/", ["patronus-netd/", "patronus-vpnd/"]),
    (r"curl/", ["patronus-fetchd/", "patronusctl/"]),
    (r"openssl/", ["patronus-httpd/", "patronus-vpnd/", "patronus-confd/", "patronus-authd/", "libcommon/audit/"]),
    (r"security/", ["patronus-authd/pam"]),
    (r"bpf/", ["patronus-fwd/xdp/", "tests/xdp/", "tests/bench/"]),
    (r"libyang/", ["patronus-confd/", "tools/yanggen/"]),
    (r"yaml\.h|sqlite3\.h", ["patronus-confd/"]),
    (r"jansson\.h", ["patronus-confd/", "patronusctl/", "tools/yanggen/"]),
    (r"expat\.h", ["patronus-confd/import/"]),
    (r"tss2/", ["patronus-confd/tpm/"]),
    (r"qrencode\.h", ["patronus-confd/"]),
    (r"liboath/|crypt\.h", ["patronus-authd/"]),
    (r"editline/|histedit\.h", ["patronusctl/"]),
    (r"event2/|event\.h", ["libcommon/ipc/channel.c", "libcommon/daemon/", "patronus-confd/", "patronus-authd/", "patronus-logd/",
                           "patronus-fwd/", "patronus-netd/", "patronus-vpnd/", "patronus-svcd/", "patronus-mond/", "patronus-fetchd/",
                           "patronus-httpd/"]),
    (r"seccomp\.h", ["libcommon/sandbox/", "patronus-privd/"]),
    (r"sys/capability\.h", ["libcommon/sandbox/", "patronus-privd/"]),
    (r"cmocka\.h", ["tests/"]),
]
# Text languages of other components have no place in ours at all.
NOWHERE = r"dlfcn\.h|wordexp\.h|alloca\.h|varargs\.h"

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def allowed_layers(path):
    top = path.parts[0]
    if top == "libcommon":
        return LAYERS.get(path.parts[1], set())
    return PROGRAMS.get(top, ALL)


def own_include(path, name):
    """A problem with an include in quotes, or None."""
    layer = name.split("/")[0]
    if "/" in name and layer in ALL:
        may = allowed_layers(path)
        if layer not in may and name not in may:
            return f"{path.parts[0]} may not include {name}"
        if path.parts[0] == "patronus-privd" and name in NOT_PRIVD:
            return f"privd may not include {name}"
        return None
    if ".." in name.split("/"):
        return f"{name}: no way out of the own directory"
    # Tests include what they test; yanggen is a build tool beside the daemons' own tables.
    if path.parts[0] == "tests" or name in ("config.h",) or (ROOT / path).parent.joinpath(name).is_file():
        return None
    if path.parts[0].startswith("patronus") and (ROOT / path.parts[0] / name).is_file():
        return None
    for other in ROOT.glob("patronus*/**/" + name):
        if other.relative_to(ROOT).parts[0] != path.parts[0]:
            return f"{name} belongs to {other.relative_to(ROOT).parts[0]}"
    return None


def library_include(path, name):
    if re.match(NOWHERE, name):
        return f"{name} has no place here"
    for pattern, places in LIBRARIES:
        if re.match(pattern, name) and not str(path).startswith(("tests/", *places)):
            return f"{name} has its place in {', '.join(places)}"
    return None


def include_rules(build):
    problems = []
    for path in sources(".c", ".h", ".def"):
        for m in INCLUDE.finditer(text(path)):
            why = own_include(path, m.group(2)) if m.group(1) == '"' else library_include(path, m.group(2))
            if why:
                problems.append(f"{path}:{text(path).count(chr(10), 0, m.start()) + 1}: {why}")
    return problems


CHECKS = [("include-rules", include_rules)]
