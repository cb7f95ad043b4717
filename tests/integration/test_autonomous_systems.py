# SPDX-License-Identifier: GPL-3.0-or-later
"""Autonomous systems in groups: packets follow a database that is uploaded or fetched; mmdblookup and the writer of MaxMind's are not ours."""
import ipaddress
import random
import shutil
import subprocess

import pytest

from lab import network, wait_for
from test_countries import GERMAN as FIRST, FRENCH as SECOND, GERMAN6 as FIRST6, NOBODY, lab_with_servers, opens

# FIRST and SECOND are of the two halves of 203.0.113.0/24.
DOCUMENT = network("wan", "lan") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  groups:
    hosters: { autonomous-systems: [64496, AS4200000000] }
  services: { shop: { protocol: tcp, ports: [81] } }
  rules:
    - { id: hosters, from: lan, to: wan, destination: { group: hosters }, log: true, action: drop }
    - { id: shop, from: lan, to: wan, service: shop, log: true, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""
TEXT = "203.0.113.0,203.0.113.127,64496,Example\n203.0.113.128,203.0.113.255,64497\n2001:db8:99::/48,AS4200000000,Other\n"
NETS = {"203.0.113.0/25": 64497, "203.0.113.128/25": 4200000000, "198.18.0.0/24": 65551, "2001:db8:99::/48": 64497, "192.0.2.64/27": 64496}
WRITER = r"""
use MaxMind::DB::Writer::Tree;
my ($out, $bits) = @ARGV;
my %types = (autonomous_system_number => 'uint32', autonomous_system_organization => 'utf8_string');
my $t = MaxMind::DB::Writer::Tree->new(ip_version => 6, record_size => $bits, database_type => 'Test-ASN', languages => ['en'],
    description => { en => 'test' }, map_key_type_callback => sub { $types{$_[0]} }, alias_ipv6_to_ipv4 => 1, remove_reserved_networks => 0);
while (<STDIN>) {
	chomp;
	my ($net, $n) = split /,/;
	$t->insert_network($net, { autonomous_system_number => $n, autonomous_system_organization => "Organization $n" });
}
open my $fh, '>:raw', $out or die;
$t->write_tree($fh);
"""


def write_tree(path, bits, nets):
    subprocess.run(["perl", "-e", WRITER, str(path), str(bits)], input="".join(f"{n},{a}\n" for n, a in nets.items()), text=True, check=True)
    return path


@pytest.fixture(scope="module")
def box():
    with lab_with_servers("as", (SECOND, NOBODY)) as lab:
        yield lab


def passing(lab):
    return [a for a in (FIRST, SECOND, NOBODY, FIRST6) if opens(lab, a)]


def source(lab):
    return next(s for s in lab.ctl_json("firewall", "sources")["sources"] if s["id"] == "autonomous-systems")


def upload(lab, path, check=True):
    return lab.ctl("firewall", "autonomous-systems", "upload", path, check=check)


def test_without_a_database_they_have_no_addresses(box):
    box.load_text(DOCUMENT)
    assert source(box)["ipv4"] == 0 and "no package" in source(box)["text"]
    wait_for("all of them", 5, lambda: passing(box) == [FIRST, SECOND, NOBODY, FIRST6], every=0.1)
    assert any("no database of autonomous systems" in a["text"] for a in box.ctl_json("status")["alarms"])
    assert box.ctl("firewall", "autonomous-system", FIRST, check=False).returncode != 0
    box.ctl("verify")


def test_packets_follow_an_upload(box):
    (box.dir / "as.txt").write_text(TEXT)
    upload(box, box.dir / "as.txt")
    assert (source(box)["name"], source(box)["ipv4"], source(box)["ipv6"], source(box)["state"]) == ("upload", 2, 1, "good")
    assert not any("autonomous" in a["text"] for a in box.ctl_json("status")["alarms"])
    assert passing(box) == [SECOND, NOBODY]
    box.ctl("verify")
    upload(box, write_tree(box.dir / "one.mmdb", 28, NETS))
    assert passing(box) == [FIRST, NOBODY, FIRST6]
    box.ctl("verify")


def test_it_is_told(box):
    assert opens(box, FIRST) and not opens(box, SECOND)
    told = {e["destination"]: e.get("destination-autonomous-system") for e in box.ctl_json("show", "firewall", "log")["events"]}
    assert (told[FIRST], told[SECOND]) == (64497, 4200000000)
    connections = box.ctl_json("show", "states", f"destination={FIRST}")["connections"]
    assert connections and {c["destination-autonomous-system"] for c in connections} == {64497}
    assert "source-autonomous-system" not in connections[0]
    assert f"{FIRST}:81 (AS64497)" in box.ctl("show", "states").stdout
    assert f"{SECOND}:81 (AS4200000000)" in box.ctl("show", "firewall", "log").stdout
    assert box.ctl_json("firewall", "autonomous-system", FIRST) == {"address": FIRST, "autonomous-system": 64497}
    assert box.ctl("firewall", "autonomous-system", SECOND).stdout == "AS4200000000\n"
    assert box.ctl_json("firewall", "autonomous-system", "192.0.2.1") == {"address": "192.0.2.1"}
    e = box.ctl_json("firewall", "explain", "source", "192.0.2.10", "destination", SECOND, "protocol", "tcp", "port", "81")
    assert (e["verdict"], e["rule"]) == ("drop", "hosters")


def test_what_is_bad_changes_nothing(box):
    before = passing(box)
    whole = (box.dir / "one.mmdb").read_bytes()
    countries = b"203.0.113.0,203.0.113.255,DE\n"
    for name, bad in (("page", b"<html>\n<p>Sign in</p>\n"), ("empty", b""), ("half", whole[:len(whole) // 2]), ("countries", countries)):
        (box.dir / "bad").write_bytes(bad)
        r = upload(box, box.dir / "bad", check=False)
        assert r.returncode == 6 and "no database of autonomous systems" in r.stderr, (name, r.stderr)
    assert passing(box) == before and source(box)["state"] == "good"


@pytest.mark.parametrize("number", ["0", "4294967295", "AS", "x", "1.10", "AS-1", "as64496"])
def test_what_is_no_number_is_refused(box, number):
    r = box.ctl("set", "firewall/groups/hosters/autonomous-systems", number, check=False)
    r = r if r.returncode != 0 else box.ctl("commit", check=False)
    box.ctl("discard", check=False)
    assert r.returncode != 0 and "autonomous system" in r.stderr + r.stdout


def test_mmdblookup_says_the_same(box):
    rand = random.Random(64496)
    for bits in (24, 28, 32):
        nets = dict(NETS)
        for _ in range(100):
            host = rand.choice(["198.51.100", "203.0.113", f"198.{rand.choice((18, 19))}.{rand.randrange(256)}"]) + f".{rand.randrange(256)}"
            nets[str(ipaddress.ip_network(f"{host}/{rand.randrange(17, 33)}", strict=False))] = rand.choice([1, 64496, 65551, 4294967294])
            nets[str(ipaddress.ip_network(f"2001:db8:{rand.randrange(1 << 16):x}::/{rand.randrange(33, 65)}", strict=False))] = rand.randrange(1, 1 << 32)
        path = write_tree(box.dir / f"many-{bits}.mmdb", bits, nets)
        upload(box, path)
        some = [str(ipaddress.ip_network(n)[0]) for n in rand.sample(sorted(nets), 15)]
        some += [str(ipaddress.ip_network(n)[-1] + 1) for n in rand.sample(sorted(n for n in nets if ":" not in n), 10)]
        for a in some:
            r = subprocess.run(["mmdblookup", "--file", str(path), "--ip", a, "autonomous_system_number"], capture_output=True, text=True, check=False)
            said = int(r.stdout.split()[0]) if r.returncode == 0 and r.stdout.split() else None
            assert box.ctl_json("firewall", "autonomous-system", a).get("autonomous-system") == said, (bits, a)


def test_a_backup_has_what_was_uploaded(box, tmp_path):
    upload(box, box.dir / "as.txt")
    key = tmp_path / "key.txt"
    public = subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True, text=True).stderr.split()[-1]
    name = box.ctl_json("backup", "create", "--recipients", public)["name"]
    box.ctl("backup", "download", name, tmp_path / "k.age")
    plain = subprocess.run(["age", "-d", "-i", key, tmp_path / "k.age"], check=True, capture_output=True, text=True).stdout
    assert plain.partition("\n--- ")[2] == "autonomous-systems\n203.0.113.0,203.0.113.127,64496\n203.0.113.128,203.0.113.255,64497\n" \
        "2001:db8:99::,2001:db8:99:ffff:ffff:ffff:ffff:ffff,4200000000\n--- end\n"
    assert "with a database of autonomous systems (3 ranges)" in box.ctl("backup", "verify", "-i", key, tmp_path / "k.age").stdout
    box.ctl("firewall", "autonomous-systems", "forget")
    assert source(box)["ipv4"] == 0 and passing(box) == [FIRST, SECOND, NOBODY, FIRST6]
    box.ctl("backup", "restore", "-i", key, tmp_path / "k.age")
    box.ctl("commit", "--comment", "restored")
    wait_for("the database", 10, lambda: passing(box) == [SECOND, NOBODY], every=0.2)
    box.ctl("verify")


def test_it_is_fetched_and_kept_when_it_is_bad(box):
    def publish(data):
        (box.dir / "www" / "part").write_bytes(data)
        (box.dir / "www" / "part").rename(box.dir / "www" / "db")

    def refreshed(what, test):
        box.ctl("firewall", "refresh", "autonomous-systems")
        return wait_for(what, 10, lambda: test(source(box)), every=0.1)

    publish(TEXT.encode())
    trust = '"' + (box.dir / "ca.pem").read_text().replace("\n", "\\n") + '"'
    box.load_text(DOCUMENT.replace("  groups:", f"  autonomous-systems: {{ url: 'https://198.51.100.1/db', trust: {trust} }}\n  groups:"))
    wait_for("the database", 10, lambda: source(box)["name"].startswith("https:"), every=0.1)
    assert passing(box) == [SECOND, NOBODY]
    publish(b"<html>\n<p>Sign in</p>\n")
    refreshed("the failure", lambda s: s["state"] == "failed" and "no database of autonomous systems" in s["text"])
    assert passing(box) == [SECOND, NOBODY]
    publish((box.dir / "one.mmdb").read_bytes())
    refreshed("the good one", lambda s: s["state"] == "good" and s["ipv4"] > 2)
    assert passing(box) == [FIRST, NOBODY, FIRST6]


def test_it_is_there_after_a_start(box):
    box.stop()
    shutil.rmtree(box.dir / "www")
    box.start()
    assert passing(box) == [FIRST, NOBODY, FIRST6]
    box.ctl("verify")


@pytest.mark.parametrize("which,left", [("autonomous-systems: [64497]", [SECOND, NOBODY]), ("not: { autonomous-systems: [AS64497, 1] }", [FIRST, FIRST6])])
def test_a_rule_names_them_itself(box, which, left):
    text = DOCUMENT.replace("  groups:\n    hosters: { autonomous-systems: [64496, AS4200000000] }\n", "").replace("group: hosters", which)
    box.load_text(text)
    upload(box, box.dir / "one.mmdb")
    assert passing(box) == left
    box.ctl("verify")


def test_countries_and_systems_stand_side_by_side(box):
    """Each has a database of its own; a group has what either says."""
    (box.dir / "countries.txt").write_text("203.0.113.0,203.0.113.127,DE\n")
    box.load_text(DOCUMENT.replace("[64496, AS4200000000]", "[AS4200000000], countries: [DE]"))
    box.ctl("firewall", "countries", "upload", box.dir / "countries.txt")
    assert passing(box) == [NOBODY, FIRST6]
    assert f"{FIRST}:81 (DE, AS64497)" in box.ctl("show", "firewall", "log").stdout
    box.ctl("verify")
