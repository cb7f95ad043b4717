# SPDX-License-Identifier: GPL-3.0-or-later
"""Countries in groups: packets follow a database that is uploaded or fetched, in both formats; mmdblookup and the writer of MaxMind's are not ours."""
import contextlib
import ipaddress
import os
import pty
import random
import shutil
import subprocess

import pytest

from api import Api
from lab import PREFIX, Lab, network, wait_for
from test_fetchd import make_ca

GERMAN, FRENCH, NOBODY = "203.0.113.10", "203.0.113.200", "198.18.0.5"
GERMAN6 = "2001:db8:99::10"
DOCUMENT = network("wan", "lan") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  groups:
    there: { countries: [DE, "NO"] }
  services: { shop: { protocol: tcp, ports: [81] } }
  rules:
    - { id: there, from: lan, to: wan, destination: { group: there }, log: true, action: drop }
    - { id: shop, from: lan, to: wan, service: shop, log: true, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""
TOR = ("# made for this test\n{}"
       "3405803776,3405803903,DE\n"             # 203.0.113.0/25
       "203.0.113.128,203.0.113.255,FR\n"
       "2001:db8:99::,2001:db8:99:ffff:ffff:ffff:ffff:ffff,DE\n")
# Nets of the trees, most specific last; R: the country in which they are registered, and no other.
NETS = {"203.0.113.0/25": "FR", "203.0.113.128/25": "DE", "198.18.0.0/24": "RNO", "2001:db8:99::/48": "FR", "192.0.2.64/27": "DE", "2001:db8:7::/64": "NO"}
WRITER = r"""
use MaxMind::DB::Writer::Tree;
my ($out, $bits) = @ARGV;
my %types = (country => 'map', registered_country => 'map', iso_code => 'utf8_string', names => 'map', en => 'utf8_string', geoname_id => 'uint32');
my $t = MaxMind::DB::Writer::Tree->new(ip_version => 6, record_size => $bits, database_type => 'Test-Country', languages => ['en'],
    description => { en => 'test' }, map_key_type_callback => sub { $types{$_[0]} }, alias_ipv6_to_ipv4 => 1, remove_reserved_networks => 0);
while (<STDIN>) {
	chomp;
	my ($net, $cc) = split /,/;
	$t->insert_network($net, $cc =~ /^R(..)/ ? { registered_country => { iso_code => $1 } }
	    : { country => { geoname_id => 7, iso_code => $cc, names => { en => "Land $cc" } } });
}
open my $fh, '>:raw', $out or die;
$t->write_tree($fh);
"""


def write_tree(path, bits, nets):
    subprocess.run(["perl", "-e", WRITER, str(path), str(bits)], input="".join(f"{n},{c}\n" for n, c in nets.items()), text=True, check=True)
    return path


@contextlib.contextmanager
def lab_with_servers(tag, addresses):
    """A lab whose internet host has these addresses, answers at port 81 and publishes what is in the directory www."""
    lab = Lab(tag)
    for address in addresses:
        lab.ip("inet", f"addr add {address}/32 dev lo")
    make_ca(lab.dir)
    (lab.dir / "www").mkdir()
    (lab.dir / "nginx.conf").write_text(f"""
        user root; daemon off; pid {lab.dir}/nginx.pid; error_log {lab.dir}/nginx.log; events {{ }}
        http {{ access_log {lab.dir}/access.log; server {{ listen 443 ssl; ssl_certificate {lab.dir}/server.pem;
          ssl_certificate_key {lab.dir}/server.key; root {lab.dir}/www; }} }}""")
    lab.spawn("inet", ["nginx", "-c", lab.dir / "nginx.conf", "-e", lab.dir / "nginx.log"])
    lab.spawn("inet", ["socat", "TCP6-LISTEN:81,ipv6only=0,reuseaddr,fork", "PIPE"])
    wait_for("the servers", 5, lambda: all(f":{p} " in lab.exec("inet", ["ss", "-Hltn"]).stdout for p in (81, 443)))
    lab.start()
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def box():
    with lab_with_servers("y", (FRENCH, NOBODY)) as lab:
        yield lab


def opens(lab, address):
    target = f"[{address}]" if ":" in address else address
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:{target}:81,connect-timeout=0.4"], check=False).returncode == 0


def passing(lab):
    return [a for a in (GERMAN, FRENCH, NOBODY, GERMAN6) if opens(lab, a)]


def source(lab):
    return next(s for s in lab.ctl_json("firewall", "sources")["sources"] if s["id"] == "countries")


def test_the_package_is_there_when_the_commit_is(box):
    """The first commit that names a country waits until the database is read: there is no moment without it."""
    box.load_text(DOCUMENT)
    s = source(box)
    assert s["name"] == "package" and s["state"] == "good" and s["ipv4"] > 100000 and s["ipv6"] > 100000
    # The whole of Germany is a list beside the policy: a base of its own name.
    sets = box.nft("list", "sets", "inet").stdout
    assert "group.there.base" in sets or "group.there" in sets
    box.ctl("verify")


def upload(lab, path, check=True):
    return lab.ctl("firewall", "countries", "upload", path, check=check)


def test_packets_follow_an_upload(box):
    (box.dir / "tor.txt").write_text(TOR.format(""))
    upload(box, box.dir / "tor.txt")
    assert source(box)["name"] == "upload" and (source(box)["ipv4"], source(box)["ipv6"]) == (2, 1)
    assert passing(box) == [FRENCH, NOBODY]
    box.ctl("verify")
    # The same names another country now.
    upload(box, write_tree(box.dir / "one.mmdb", 28, NETS))
    assert passing(box) == [GERMAN, GERMAN6]


def test_the_country_is_told(box):
    assert opens(box, GERMAN) and not opens(box, FRENCH)
    events = box.ctl_json("show", "firewall", "log")["events"]
    told = {e["destination"]: e.get("destination-country") for e in events}
    assert told[GERMAN] == "FR" and told[FRENCH] == "DE"
    connections = box.ctl_json("show", "states", f"destination={GERMAN}")["connections"]
    assert connections and {c["destination-country"] for c in connections} == {"FR"} and "source-country" not in connections[0]
    assert f"{GERMAN}:81 (FR)" in box.ctl("show", "states").stdout and f"{FRENCH}:81 (DE)" in box.ctl("show", "firewall", "log").stdout
    assert box.ctl_json("firewall", "country", GERMAN) == {"address": GERMAN, "country": "FR"}
    assert box.ctl_json("firewall", "country", "192.0.2.1") == {"address": "192.0.2.1"}


def test_what_is_bad_changes_nothing(box):
    before = passing(box)
    whole = (box.dir / "one.mmdb").read_bytes()
    for name, bad in (("page", b"<html>\n<p>Sign in</p>\n"), ("empty", b""), ("none", b"# nothing\n"), ("half", whole[:len(whole) // 2]),
                      ("broken", b"\xff" * 300 + whole[300:])):
        (box.dir / "bad").write_bytes(bad)
        r = upload(box, box.dir / "bad", check=False)
        assert r.returncode == 6 and "no database of countries" in r.stderr, (name, r.stderr)
    assert passing(box) == before and source(box)["state"] == "good"


def answers(lab, path, addresses):
    """What mmdblookup says of them."""
    told = {}
    for a in addresses:
        told[a] = None
        for at in (("country", "iso_code"), ("registered_country", "iso_code")):
            r = subprocess.run(["mmdblookup", "--file", str(path), "--ip", a, *at], capture_output=True, text=True, check=False)
            if r.returncode == 0 and '"' in r.stdout:
                told[a] = r.stdout.split('"')[1]
                break
    return told


def test_mmdblookup_says_the_same(box):
    rand = random.Random(4711)
    for bits in (24, 28, 32):
        nets = dict(NETS)
        for _ in range(150):
            host = rand.choice(["198.51.100", "203.0.113", f"198.{rand.choice((18, 19))}.{rand.randrange(256)}"]) + f".{rand.randrange(256)}"
            nets[str(ipaddress.ip_network(f"{host}/{rand.randrange(17, 33)}", strict=False))] = rand.choice(["DE", "FR", "NO", "SE", "RNO"])
            nets[str(ipaddress.ip_network(f"2001:db8:{rand.randrange(1 << 16):x}::/{rand.randrange(33, 65)}", strict=False))] = rand.choice(["DE", "FR"])
        path = write_tree(box.dir / f"many-{bits}.mmdb", bits, nets)
        upload(box, path)
        some = [str(ipaddress.ip_network(n)[0]) for n in rand.sample(sorted(nets), 20)]
        some += [str(ipaddress.ip_network(n)[-1] + 1) for n in rand.sample(sorted(n for n in nets if ":" not in n), 15)]
        said = answers(box, path, some)
        assert len(set(said.values())) > 3
        for a, country in said.items():
            assert box.ctl_json("firewall", "country", a).get("country") == country, (bits, a)


def test_it_is_fetched_and_kept_when_it_is_bad(box):
    def publish(data):
        (box.dir / "www" / "part").write_bytes(data)
        (box.dir / "www" / "part").rename(box.dir / "www" / "db")

    def refreshed(what, test):
        box.ctl("firewall", "refresh", "countries")
        return wait_for(what, 10, lambda: test(source(box)), every=0.1)

    publish(TOR.format("").encode())
    trust = '"' + (box.dir / "ca.pem").read_text().replace("\n", "\\n") + '"'
    box.load_text(DOCUMENT.replace("  groups:", f"  countries: {{ url: 'https://198.51.100.1/db', trust: {trust} }}\n  groups:"))
    wait_for("the database", 10, lambda: source(box)["name"].startswith("https:"), every=0.1)
    assert passing(box) == [FRENCH, NOBODY]
    publish(b"<html>\n<p>Sign in</p>\n")
    refreshed("the failure", lambda s: s["state"] == "failed" and "no database of countries" in s["text"])
    assert passing(box) == [FRENCH, NOBODY]
    publish((box.dir / "one.mmdb").read_bytes())
    refreshed("the good one", lambda s: s["state"] == "good" and s["ipv4"] > 2)
    assert passing(box) == [GERMAN, GERMAN6]


def test_it_is_there_after_a_start(box):
    box.stop()
    shutil.rmtree(box.dir / "www")
    box.start()
    assert passing(box) == [GERMAN, GERMAN6]
    box.ctl("verify")


@pytest.mark.parametrize("which,left", [("countries: [FR]", [FRENCH, NOBODY]), ("not: { countries: [FR, SE] }", [GERMAN, GERMAN6])])
def test_a_rule_names_countries_itself(box, which, left):
    text = DOCUMENT.replace("  groups:\n    there: { countries: [DE, \"NO\"] }\n", "").replace("group: there", which)
    box.load_text(text)
    upload(box, box.dir / "one.mmdb")
    assert passing(box) == left
    box.ctl("verify")
    e = box.ctl_json("firewall", "explain", "source", "192.0.2.10", "destination", FRENCH, "protocol", "tcp", "port", "81")
    assert (e["verdict"], e["rule"]) == (("accept", "shop") if FRENCH in left else ("drop", "there")), e


def test_the_log_is_asked_for_a_country(box):
    """Over the API, and in a terminal for what comes.  The last one: it makes a user."""
    assert opens(box, GERMAN) and not opens(box, FRENCH)
    api = Api(box).claim(box)
    french = api.call("GET", "/state/firewall-log?filter%5Bdestination-country%5D=FR", expect=200).json["events"]
    assert french and {e["destination"] for e in french} <= {GERMAN, GERMAN6}
    rows = box.ctl("show", "firewall", "log", "(FR)").stdout
    assert f"{GERMAN}:81 (FR)" in rows and FRENCH not in rows
    master, slave = pty.openpty()
    command = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.sock, "show", "firewall", "log", "--follow", "(FR)"], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.set_blocking(master, False)
    said = b""

    def has_come():
        nonlocal said
        assert opens(box, GERMAN) and not opens(box, FRENCH)
        with contextlib.suppress(BlockingIOError):
            said += os.read(master, 65536)
        return f"-> {GERMAN} 81 (FR)".encode() in said
    try:
        wait_for("a line with its country", 20, has_come)
        assert FRENCH.encode() not in said
    finally:
        command.kill()
        command.wait()
        os.close(master)
