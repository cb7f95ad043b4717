# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role allows, evaluated a second time from docs/configuration.md, without a line of confd; and roles made by chance."""
NEEDS = {"read": (), "edit": ("read",), "commit": ("read", "edit"), "history": ("read",), "restore": ("read", "edit"), "secrets": ("read", "edit"),
         "state": ("read",), "logs": ("read",), "grant": ("read",), "audit": ("read",), "diagnostics": ("read",), "sessions": (), "users": (), "backups": ("read",)}
CHANGES = ["edit", "commit", "restore"]
READS = ["read", "state", "logs", "diagnostics"]
BASES = {
    "admin": [("/", list(NEEDS), "allow")],
    "operator": [("/", READS + ["history", "audit", "grant"] + CHANGES, "allow")] + [(p, CHANGES + ["secrets"], "deny") for p in ("/users", "/roles", "/management")],
    "read-only": [("/", READS, "allow")],
    "auditor": [("/", READS + ["history", "audit"], "allow")],
}
OTHER = "\x00other"


def steps(path):
    return tuple(s for s in path.split("/") if s)


def rules_of(role):
    """(steps, verbs, is it the role's own, is it a deny) of a role as the configuration has it."""
    found = [(steps(p), set(v), False, a == "deny") for p, v, a in BASES.get(role.get("base"), [])]
    for r in role.get("rules", []):
        verbs = set(NEEDS) if "all" in r["verbs"] else set(r["verbs"])
        found.append((steps(r.get("path", "/")), verbs, True, r.get("action", "allow") == "deny"))
    return found


class Reference:
    def __init__(self, role):
        self.rules = rules_of(role)

    def says(self, verb, at):
        """By this verb alone: sort all rules that fit, and the last one decides."""
        fits = [r for r in self.rules if verb in r[1] and len(r[0]) <= len(at) and all(a in ("*", b) for a, b in zip(r[0], at))]
        fits.sort(key=lambda r: (len(r[0]), [s != "*" for s in r[0]], r[2], r[3]))
        return bool(fits) and not fits[-1][3]

    def may(self, verb, path):
        at = steps(path) if isinstance(path, str) else path
        return all(self.says(v, at) for v in (verb, *NEEDS[verb]))

    def points(self):
        """Paths at which the answer can be another one than above."""
        found = {()}
        for rule in self.rules:
            found |= {rule[0][:n] for n in range(len(rule[0]) + 1)}
        return found

    def covers(self, other):
        """Has it all that the other one has, wherever either can decide anew?  Each "*" becomes every name that stands at its depth, and one that is nobody's."""
        patterns = self.points() | other.points()
        names = {}
        for p in patterns:
            for depth, step in enumerate(p):
                names.setdefault(depth, {OTHER}).add(step if step != "*" else OTHER)
        tried = set()
        for p in patterns:
            paths = [()]
            for depth, step in enumerate(p):
                paths = [q + (n,) for q in paths for n in (names[depth] if step == "*" else [step])]
            tried |= set(paths)
        return all(self.may(v, p) for p in tried for v in NEEDS if other.may(v, p))


def lists_of(nodes, path=()):
    """The lists of a schema, by steps."""
    for n in nodes:
        here = (*path, n["name"])
        if n["kind"] == "list":
            yield here
        yield from lists_of(n.get("children", ()), here)


def by_chance(rng, leaves, lists, extra):
    """A role of a few rules about places that are there: parts of paths of leaves, with "*" for some keys of lists."""
    rules = [dict(extra)]
    for i in range(rng.randint(1, 6)):
        path = steps(rng.choice(leaves))
        path = list(path[:rng.randint(0, len(path))])
        for at in (2, 1):
            if len(path) > at and tuple(path[:at]) in lists and rng.random() < 0.3:
                path[at] = "*"
        verbs = rng.sample(["read", "edit", "commit", "history", "restore"], rng.randint(1, 5))
        if rng.random() < 0.5:
            verbs = sorted({"read", "edit", *verbs})
        rules.append({"name": f"r{i}", "path": "/" + "/".join(path), "verbs": verbs, "action": rng.choice(["allow", "allow", "deny"])})
    role = {"name": "probe", "rules": rules}
    if rng.random() < 0.4:
        role["base"] = rng.choice(["read-only", "operator", "auditor"])
    return role
