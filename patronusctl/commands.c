/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every command there is: what is typed, said, completed and printed in the manual comes from here. */
#include "command.h"
#include "run.h"

const struct option global_options[] = {
	{ "help", 'h', NULL, "tell about the command, or about what there is", VALUES_NONE, NULL },
	{ "version", 'V', NULL, "print the version and exit", VALUES_NONE, NULL },
	{ "json", 'j', NULL, "print the bytes of the API's answer; failures are problem documents (RFC 9457)", VALUES_NONE, NULL },
	{ "socket", 's', "PATH", "the management socket, else PATRONUS_SOCKET, else /run/patronus/mgmt.sock", VALUES_FILE, NULL },
	{ "host", 'H', "NAME", "a box that is far away, by its name in ~/.config/patronus/hosts or its https:// address; may be repeated",
	  VALUES_NONE, NULL },
	{ "workspace", 'w', "ID", "the workspace to work in, else PATRONUS_WORKSPACE, else your newest", VALUES_WORKSPACE, NULL },
	{ "color", 'c', "WHEN", "auto, always or never; NO_COLOR and CLICOLOR_FORCE are heard", VALUES_WORDS, "auto always never" },
	{ "timeout", 't', "SECONDS", "how long to wait for an answer (120)", VALUES_NONE, NULL },
	{ "no-pager", 0, NULL, "accepted for scripts: output is never paged", VALUES_NONE, NULL },
	{ .name = NULL }
};

#define FILTER		{ .name = "FILTER", .is_optional = true }
#define FILTER_TEXT	"With FILTER only rows that contain it are shown, in small or capital letters alike."
#define LIMIT		{ "limit", 'n', "N", "show at most N, the newest", VALUES_NONE, NULL }
#define AS(words)	{ "as", 0, "VIEW", "how it is shown: " words, VALUES_WORDS, words }
#define EXIT_CODE	{ "exit-code", 0, NULL, "exit with 10 when there are differences", VALUES_NONE, NULL }

const struct command commands[] = {
	{
		.words = "status", .summary = "how the box is, on one screen",
		.text = "Revision and what waits for confirmation, alarms, processes, connections, interfaces with their rates (measured "
		    "over half a second) and the rules that decided most packets.",
		.examples = { { "status", "one look" }, { "status --json | jq .alarms", "for a script" } },
		.run = run_status,
	}, {
		.words = "show interfaces", .summary = "links with addresses, state and counters",
		.text = "Interfaces of the configuration first, then the other links of this box. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show interfaces", "all of them" }, { "show interfaces wan", "those with wan in a column" } },
		.run = run_show_interfaces,
	}, {
		.words = "show routes", .summary = "the routes of the kernel",
		.text = "Routes of the configuration are by patronus and carry their name; the others belong to the kernel or to somebody "
		    "else and are never touched. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show routes", "all of them" }, { "show routes patronus", "those of the configuration" } },
		.run = run_show_routes,
	}, {
		.words = "show firewall rules", .summary = "rules with their counters",
		.text = "In the order in which they are asked: the first that matches decides. With --rates also how much each decides in a second: the box "
		    "measures that once a second, so that everybody sees the same. --live shows the rates of those that are busy, the busiest first, again "
		    "each second until Ctrl-C. " FILTER_TEXT,
		.args = { FILTER },
		.options = { { "rates", 0, NULL, "how much each decides in a second", VALUES_NONE, NULL },
		    { "live", 0, NULL, "those that are busy, again each second", VALUES_NONE, NULL } },
		.examples = { { "show firewall rules", "all of them" }, { "show firewall rules drop", "what drops" },
		    { "show firewall rules --rates", "with packets and bytes in a second" }, { "show firewall rules --live", "which rules are busy now" } },
		.run = run_show_rules,
	}, {
		.words = "show firewall schedules", .summary = "schedules of rules, and when they change",
		.text = "Times are shown in UTC; the windows are in the time zone of the schedule, with its summer time. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show firewall schedules", "all of them" } },
		.run = run_show_schedules,
	}, {
		.words = "show firewall flow-offload", .summary = "between which zones connections that stand go past the rules",
		.text = "hardware is the network cards, software the kernel's flowtable; rules is nobody: every packet goes by the rules. The reason says why "
		    "not as it was asked for. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show firewall flow-offload", "all of them" }, { "show firewall flow-offload rules", "which keep the whole way, and why" } },
		.run = run_show_flow_offload,
	}, {
		.words = "show firewall xdp", .summary = "interfaces on which packets are dropped in the driver",
		.text = "native is in the driver, generic in the kernel's receive path, nftables by sets at the first hook; the reason says why not in the "
		    "driver. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show firewall xdp", "all of them" } },
		.run = run_show_xdp,
	}, {
		.words = "show firewall xdp-answers", .summary = "rules with SYN protection, and who answers for their servers",
		.text = "driver is the driver, on the interfaces of firewall xdp; stack is the kernel, at the rule's place; the reason says why. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show firewall xdp-answers", "all of them" } },
		.run = run_show_xdp_answers,
	}, {
		.words = "show firewall xdp-counters", .summary = "what became of packets in drivers",
		.text = "Since the program was loaded, which a restart does and a much longer list. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show firewall xdp-counters", "all of them" } },
		.run = run_show_xdp_counters,
	}, {
		.words = "show firewall log", .summary = "packets that the firewall logged",
		.text = "The newest first. With --follow new ones are printed as they come, until Ctrl-C. Behind an address stand its country and its "
		    "autonomous system, where there are databases of them. " FILTER_TEXT,
		.args = { FILTER },
		.options = { { "follow", 'f', NULL, "go on with what comes", VALUES_NONE, NULL }, LIMIT },
		.examples = { { "show firewall log", "the last 50" }, { "show firewall log --follow 198.51.100.7", "live, one host" },
		    { "show firewall log AS64496", "to and from one autonomous system" } },
		.run = run_show_log,
	}, {
		.words = "show states", .summary = "connections that the kernel tracks",
		.text = "MEMBER is protocol, state, source, destination or address (any of the four), source-port, destination-port or port, mark, from "
		    "or to (zones), id, timeout, packets or bytes. VALUE is one value or several behind commas; addresses may be networks, numbers "
		    "may be ranges. Packets and bytes are there unless system connection-counters is false.",
		.args = { { .name = "MEMBER=VALUE", .is_optional = true, .is_many = true } },
		.options = { { "sort", 0, "MEMBER", "by this member, -MEMBER downwards", VALUES_NONE, NULL },
		    { "limit", 'n', "N", "show at most N (100, at most 500)", VALUES_NONE, NULL },
		    { "cursor", 0, "CURSOR", "the page that follows, as the last one said", VALUES_NONE, NULL } },
		.examples = { { "show states protocol=tcp state=established", "established TCP" },
		    { "show states address=192.0.2.0/24 --sort -bytes --limit 20", "who moves most" } },
		.run = run_show_states,
	}, {
		.words = "firewall kill", .summary = "end connections",
		.text = "Those that MEMBER=VALUE of patronusctl show states lets through; it takes at least one. Whether they may come back is up to the "
		    "rules. It is on record in the audit log.",
		.args = { { .name = "MEMBER=VALUE", .is_many = true } },
		.examples = { { "firewall kill source=198.51.100.7", "all of one host" }, { "firewall kill id=3141592653", "one" } },
		.run = run_firewall_kill,
	}, {
		.words = "firewall lint", .summary = "rules that can never decide anything, or need not",
		.text = "Shadowed: earlier rules decide every packet that it matches. Redundant: and do the same. Partly: that is so for a pair of zones, a "
		    "family or one of its values. Never-hit: nothing has come to it yet. The rules that prove it are named. What is said of the first "
		    "two is certain; not every such rule is found.",
		.options = { { "candidate", 0, NULL, "what the workspace holds, not what runs", VALUES_NONE, NULL },
		    { "exit-code", 0, NULL, "exit with 10 when something was found", VALUES_NONE, NULL } },
		.examples = { { "firewall lint", "the rules that run" }, { "firewall lint --candidate --exit-code", "before a commit, for a script" } },
		.run = run_firewall_lint,
	}, {
		.words = "firewall explain", .summary = "what becomes of one packet, and which rule decides",
		.text = "WORDS are pairs: source, destination, protocol (proto), port, and if they matter source-port, icmp-type, mark, dscp, length, state "
		    "(new, established, related, invalid, untracked), from and to (a zone, an interface, or local). Where it comes from and goes to "
		    "is found by the networks of the interfaces and the routes unless it is said. No packet is sent.\n\n"
		    "With in-port it is a frame that goes from that port of a bridge to out-port: source-mac, destination-mac, ethertype (arp, ipv4, ipv6, "
		    "pppoe, a number such as 0x88cc), vlan, and what is in it as above; of ARP arp-operation (request, reply), source, who tells of itself, "
		    "and destination, who is asked for.\n\n"
		    "With --prove the answer is tried: such a packet is really sent through the same ruleset, in a network of its own that ends with it, "
		    "and what nft trace tells of it is compared: verdict, deciding rule, translation. Exit code 10 when the kernel does otherwise.\n\n"
		    "With --ir and no words the compiled rules are printed, as text.",
		.args = { { .name = "WORDS", .is_optional = true, .is_many = true, .values = VALUES_WORDS,
		    .words = "from to source destination protocol port source-port icmp-type mark dscp length state in-port out-port source-mac "
		    "destination-mac ethertype vlan arp-operation" } },
		.options = { { "candidate", 0, NULL, "what the workspace holds, not what is in force", VALUES_NONE, NULL },
		    { "prove", 0, NULL, "send such a packet in a network of its own, and compare", VALUES_NONE, NULL },
		    { "ir", 0, NULL, "print the intermediate form of all rules", VALUES_NONE, NULL },
		    { "exit-code", 0, NULL, "exit with 10 when it is not accepted", VALUES_NONE, NULL } },
		.examples = { { "firewall explain source 192.0.2.10 destination 203.0.113.10 protocol tcp port 443", "way and verdict" },
		    { "firewall explain --candidate from wan source 203.0.113.9 destination 192.0.2.2 proto tcp port 22", "before a commit" },
		    { "firewall explain in-port eth2 out-port eth3 ethertype arp destination 192.0.2.1", "between ports of a bridge" },
		    { "firewall explain --prove source 192.0.2.10 destination 203.0.113.10 proto tcp port 443", "and the kernel is asked" } },
		.run = run_firewall_explain,
	}, {
		.words = "firewall test", .summary = "whether what must pass does, and what must not does not",
		.text = "The assertions of the configuration (firewall.assertions), against what is in force or with --candidate against the workspace. They "
		    "are tried before each commit, too. Exit code 10 when one does not hold.",
		.options = { { "candidate", 0, NULL, "what the workspace holds, not what is in force", VALUES_NONE, NULL } },
		.examples = { { "firewall test", "all of them" } },
		.run = run_firewall_test,
	}, {
		.words = "show history", .summary = "revisions of the configuration",
		.text = "Who committed what, when and why. " FILTER_TEXT,
		.args = { FILTER }, .options = { LIMIT },
		.examples = { { "show history --limit 5", "the last five" } },
		.run = run_history,
	}, {
		.words = "show configuration", .summary = "the configuration, whole or a part",
		.text = "YAML as patronus.yaml(5) describes it; what is printed can be loaded again. Without PATH the whole document, else "
		    "what is there: firewall/rules/web-in or firewall.rules[web-in].",
		.args = { { .name = "PATH", .is_optional = true, .values = VALUES_PATH } },
		.options = { { "full", 0, NULL, "print defaults too", VALUES_NONE, NULL },
		    { "yaml", 0, NULL, "print YAML, which is what happens anyway", VALUES_NONE, NULL },
		    { "candidate", 0, NULL, "what the workspace holds, not what runs", VALUES_NONE, NULL } },
		.examples = { { "show configuration", "all of it" }, { "show configuration firewall/rules/web-in", "one rule" },
		    { "show configuration --full interfaces", "with the defaults" } },
		.run = run_show_configuration,
	}, {
		.words = "show processes", .summary = "processes with rights and memory, from the kernel",
		.text = "User, capabilities, seccomp, namespaces, memory and restarts of every process of Patronus. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show processes", "all of them" } },
		.run = run_show_processes,
	}, {
		.words = "show drift", .summary = "what differed from the configuration",
		.text = "Each time the box was found to differ from the configuration, and what became of it. What differs now is in patronusctl "
		    "drift list. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show drift route", "routes only" } },
		.run = run_show_drift,
	}, {
		.words = "show syslog", .summary = "how the log gets to its receivers",
		.text = "Whether they are connected, what was sent and dropped, how many records wait, and why the last attempt failed that did. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show syslog", "all of them" }, { "show syslog --json | jq '.receivers[].lag'", "for a script" } },
		.run = run_show_syslog,
	}, {
		.words = "show events", .summary = "events as they come",
		.text = "One JSON object per line until Ctrl-C. Topics are commits, drift, status, log, counters, interfaces and progress; without any: "
		    "commits, drift, status and log.",
		.args = { { .name = "TOPIC", .is_optional = true, .is_many = true, .values = VALUES_WORDS,
		    .words = "commits drift status log counters interfaces progress" } },
		.examples = { { "show events", "what happens" }, { "show events counters | jq .data", "counters, each second" } },
		.run = run_show_events,
	}, {
		.words = "show workspaces", .summary = "configurations that are being edited",
		.text = "Edits are made in a workspace and do nothing until they are committed. Without --workspace your newest is used; one is "
		    "made when it is needed.",
		.examples = { { "show workspaces", "all that you may see" } },
		.run = run_show_workspaces,
	}, {
		.words = "set", .summary = "change a value or an object in the workspace",
		.text = "PATH names what to set: firewall/rules/web-in/action, or as errors write it, firewall.rules[web-in].action. One VALUE is "
		    "a value, several are a list; a value that starts with { or [ is YAML. What is not there is made.\n\n"
		    "Nothing is applied before patronusctl commit.",
		.args = { { .name = "PATH", .values = VALUES_SCHEMA_PATH }, { .name = "VALUE", .is_many = true, .values = VALUES_SCHEMA_VALUE } },
		.examples = { { "set system/hostname edge1", "a value" },
		    { "set interfaces/lan/addresses 192.0.2.1/24 2001:db8:2::1/64", "a list" },
		    { "set firewall/rules/web-in/log true", "a switch" },
		    { "set routing/static/lab '{destination: 203.0.113.0/24, via: 192.0.2.254}'", "an object" } },
		.run = run_set,
	}, {
		.words = "delete", .summary = "remove a value or an object in the workspace",
		.text = "A value goes back to its default. Nothing is applied before patronusctl commit.",
		.args = { { .name = "PATH", .values = VALUES_PATH } },
		.examples = { { "delete firewall/rules/web-in", "a rule" }, { "delete interfaces/lan/mtu", "back to the default" } },
		.run = run_delete,
	}, {
		.words = "move", .summary = "move a rule in the workspace",
		.text = "Order matters where the first match decides. PLACE is first, last, before ID or after ID.",
		.args = { { .name = "PATH", .values = VALUES_RULE }, { .name = "PLACE", .values = VALUES_WORDS, .words = "first last before after" },
		    { .name = "ID", .is_optional = true } },
		.examples = { { "move firewall/rules/web-in first", "to the top" }, { "move firewall/rules/web-in after ping", "below ping" } },
		.run = run_move,
	}, {
		.words = "load", .summary = "put a whole document into a workspace",
		.text = "FILE is YAML or JSON, - is standard input. The document is judged as a commit would judge it; all errors are "
		    "told at once, each with its line. It takes the place of what was edited before. A file of set-commands (set, delete, move, one on "
		    "a line, as diff --as set prints them) is added to what was edited, all of them or none. Nothing is applied before "
		    "patronusctl commit.",
		.args = { { .name = "FILE", .values = VALUES_FILE } },
		.options = { { "secret-file", 0, "FILE", "secrets, as a YAML or JSON mapping of paths (/management/...) to values", VALUES_FILE, NULL } },
		.examples = { { "load /etc/patronus/edge1.yaml", "then: patronusctl diff, patronusctl commit" },
		    { "show configuration --json | jq '...' | patronusctl load -", "edited by a program" } },
		.run = run_load,
	}, {
		.words = "import", .summary = "take the firewall of another product into the workspace",
		.text = "FORMAT is iptables (FILE is what iptables-save prints; what ip6tables-save and ipset save print may follow in the same file or in "
		    "others), pf (config.xml of pfSense or OPNsense), uci (/etc/config/firewall of OpenWrt, and network) or nft (nft -j list ruleset, or "
		    "without -j). - is standard input.\n\n"
		    "The rules and translations of the workspace are replaced; interfaces and their zones stay, so configure them first. An account tells "
		    "of each object what became of it: done, changed (and how), refused (why, and what to do). What cannot be said exactly is left out "
		    "when it accepts and widened when it drops: never is more let through than before. Nothing is applied before patronusctl commit.",
		.args = { { .name = "FORMAT", .values = VALUES_WORDS, .words = "iptables pf uci nft" },
		    { .name = "FILE", .is_many = true, .values = VALUES_FILE } },
		.options = { { "ipv6", 0, "FILE", "what ip6tables-save prints, when it does not say so itself", VALUES_FILE, NULL },
		    { "only", 0, "TEXT", "only lines of the account that contain TEXT: refused, changed", VALUES_NONE, NULL } },
		.examples = { { "import iptables rules.v4 rules.v6", "of iptables-save and ip6tables-save" },
		    { "import pf config.xml --only refused", "what needs a look" }, { "import uci firewall network", "then: patronusctl diff" },
		    { "import nft ruleset.json", "of nft -j list ruleset" } },
		.run = run_import,
	}, {
		.words = "validate", .summary = "judge a document, or the workspace",
		.text = "Says what a commit would say: errors with their lines, or what would change and whom it disturbs. Nothing is changed.",
		.args = { { .name = "FILE", .is_optional = true, .values = VALUES_FILE } },
		.examples = { { "validate edge1.yaml", "a file" }, { "validate", "the workspace" } },
		.run = run_validate,
	}, {
		.words = "diff", .summary = "what the workspace changes",
		.text = "Compared with the revision it was made from. VIEW is tree, the part of the document around it; set, the commands that "
		    "make it; nft, the rules of the kernel that come, go and move, as each daemon has prepared them; plan, all that a commit would "
		    "do: configuration, rules, network, services that notice it and sessions that end; impact, which "
		    "connections of the last day would be cut off, and which denials that were logged would pass. Without it: one setting a line.",
		.options = { AS("tree set nft plan impact"), EXIT_CODE },
		.examples = { { "diff", "before a commit" }, { "diff --as plan", "what it would do, and to whom" },
		    { "diff --as impact", "whom it would cut off or let in" }, { "diff --exit-code", "exits with 10 when something would change" } },
		.run = run_diff,
	}, {
		.words = "commit", .summary = "make the workspace what runs",
		.text = "All or nothing: the change is validated, prepared, applied and read back from the kernel; whatever fails on the way "
		    "takes the whole box back to where it was (exit code 8).\n\n"
		    "With --confirm the box goes back by itself when nobody confirms in that time, also after a crash or a reboot. Use it "
		    "when the change could break something that you cannot see from here. On a terminal the question is asked at once.\n\n"
		    "The health checks of the configuration (management.health-checks) are made before and after: what worked before and does "
		    "not any more takes the box back as well, and its name is told.",
		.options = { { "comment", 'm', "TEXT", "why, for the history", VALUES_NONE, NULL },
		    { "confirm", 0, "TIME", "go back unless confirmed in TIME: 60s, 5m", VALUES_NONE, NULL },
		    { "plan", 0, NULL, "tell first what it will do, then each step, as on a terminal", VALUES_NONE, NULL } },
		.examples = { { "commit --comment 'open the web server'", "for good" },
		    { "commit --confirm 60s", "safe from afar; then: patronusctl confirm" } },
		.run = run_commit,
	}, {
		.words = "configure", .summary = "edit the configuration from within",
		.text = "A shell with the prompt of the place where you are. edit goes into an object, up and top come out; set, delete, move, "
		    "annotate and show take words below it. compare, commit, commit check and commit confirmed TIME end the work; what is "
		    "left unfinished stays in the workspace. Tab completes from the schema and from what is there, ? tells what could "
		    "follow. run takes the commands of the other mode.\n\n"
		    "Without a terminal it reads lines and ends at the first that fails, with its exit code.",
		.examples = { { "configure", "then: edit firewall rules web-in, set action drop, compare, commit" } },
		.run = run_configure,
	}, {
		.words = "shell", .summary = "these commands in a shell of their own",
		.text = "Words may be cut short while they stay unambiguous: sh int. Output goes through filters: | match RE, | except RE, "
		    "| count, | last N, | save FILE, | json. configure edits the configuration.",
		.examples = { { "shell", "then: show firewall rules | match drop" } },
		.run = run_shell,
	}, {
		.words = "confirm", .summary = "keep the revision that waits for it",
		.examples = { { "confirm", "keep it" } },
		.run = run_confirm,
	}, {
		.words = "cancel", .summary = "take back the revision that waits for confirmation",
		.examples = { { "cancel", "go back now" } },
		.run = run_cancel,
	}, {
		.words = "history", .summary = "revisions of the configuration",
		.text = "Who committed what, when and why. " FILTER_TEXT,
		.args = { FILTER }, .options = { LIMIT },
		.examples = { { "history", "the newest first" }, { "history alice", "hers" } },
		.run = run_history,
	}, {
		.words = "history verify", .summary = "prove that no revision was rewritten",
		.text = "Every revision carries a digest over the one before it and over all that is told of it (its link); they and the digests of all "
		    "documents are computed anew. Exit code 1 when one is not what it was.\n\n"
		    "Who could write to the disk could compute all links anew: write the last one down elsewhere now and then (the audit log has the link "
		    "of each commit), and say it here. ",
		.args = { { .name = "REVISION:LINK", .is_optional = true, .values = VALUES_NONE } },
		.examples = { { "history verify", "prints the newest link, too" } },
		.run = run_history_verify,
	}, {
		.words = "compare", .summary = "what differs between two revisions",
		.text = "VIEW is tree, set or nft, as for diff.",
		.args = { { .name = "A", .values = VALUES_REVISION }, { .name = "B", .values = VALUES_REVISION } },
		.options = { AS("tree set nft"), EXIT_CODE },
		.examples = { { "compare 7 8", "what revision 8 changed" } },
		.run = run_compare,
	}, {
		.words = "rollback", .summary = "load an earlier revision into a workspace",
		.text = "It takes the place of what was edited before. Nothing is applied before patronusctl commit.",
		.args = { { .name = "REVISION", .values = VALUES_REVISION } },
		.options = { { "sections", 0, "NAME,...", "these alone; the others stay as they run", VALUES_NONE, NULL } },
		.examples = { { "rollback 7", "then: patronusctl diff, patronusctl commit" },
		    { "rollback 7 --sections firewall,nat", "the rules of then, the rest of now" } },
		.run = run_rollback,
	}, {
		.words = "verify", .summary = "compare the kernel with the running revision",
		.text = "The firewall is compiled anew by a process of its own, which has never seen fwd, a client or a packet, and compared with what "
		    "privd reads from the kernel: every chain, rule and set. The network is read back by its own daemon. Exit code 10 when "
		    "anything differs.",
		.examples = { { "verify", "now" }, { "verify --json | jq .verified", "for a script" } },
		.run = run_verify,
	}, {
		.words = "firewall allow", .summary = "let an address into a group for a time",
		.text = "In force at once, without a commit; when the time is over the kernel itself takes it out, whatever else runs then, and connections "
		    "that are not allowed any more end. The group must have temporary in the configuration (patronus.yaml(5)), which also says for how long "
		    "at most. An address that the group has for a time already gets the new end. Prints the id.\n\n"
		    "Needs the verb grant for the group.",
		.args = { { .name = "ADDRESS" }, { .name = "GROUP" } },
		.options = { { "for", 0, "TIME", "how long: 2h, 30m, 3d (required)", VALUES_NONE, NULL },
		    { "reason", 'r', "TEXT", "why (required)", VALUES_NONE, NULL } },
		.examples = { { "firewall allow 198.51.100.7 maintenance --for 2h --reason 'ticket 4711: disk swap'", "one host for two hours" } },
		.run = run_firewall_allow,
	}, {
		.words = "firewall revoke", .summary = "take a member of a group out before its time",
		.text = "Connections that are not allowed any more end within a second. patronusctl firewall temporary tells the ids.",
		.args = { { .name = "ID", .values = VALUES_TEMPORARY } },
		.examples = { { "firewall revoke 2f6c1d0e7ab2c34f", "now" } },
		.run = run_firewall_revoke,
	}, {
		.words = "firewall temporary", .summary = "members that groups have for a time",
		.text = "Who let them in and why, and how much of their time is left. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "firewall temporary", "all of them" }, { "firewall temporary maintenance", "of one group" } },
		.run = run_firewall_temporary,
	}, {
		.words = "firewall sources", .summary = "where groups have from what changes by itself",
		.text = "Lists and names: what they have now, when that was checked last and when it will be again, and what was wrong. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "firewall sources", "all of them" }, { "firewall sources failed", "those that could not be had" } },
		.run = run_firewall_sources,
	}, {
		.words = "firewall country", .summary = "which country an address is of",
		.text = "As the database of countries says, which is there when a group names countries or firewall/countries/lookup is set.",
		.args = { { .name = "ADDRESS" } },
		.examples = { { "firewall country 203.0.113.10", "of one address" } },
		.run = run_firewall_country,
	}, {
		.words = "firewall countries upload", .summary = "take a database of countries from a file",
		.text = "MaxMind's format (mmdb) or tor's text, up to 16 MiB. It is in force when the command returns, and stays until another one comes: a "
		    "file that is no such database changes nothing. FILE - is standard input.",
		.args = { { .name = "FILE", .values = VALUES_FILE } },
		.examples = { { "firewall countries upload country.mmdb", "in place of the package's" } },
		.run = run_firewall_countries_upload,
	}, {
		.words = "firewall countries forget", .summary = "go back to the package's database of countries",
		.text = "Or to that of firewall/countries/url. The one that was uploaded stays in force until the other one is there.",
		.examples = { { "firewall countries forget", "no upload any more" } },
		.run = run_firewall_countries_forget,
	}, {
		.words = "firewall autonomous-system", .summary = "which autonomous system (AS) an address is of",
		.text = "As the database of autonomous systems says, which is uploaded, or fetched from firewall/autonomous-systems/url.",
		.args = { { .name = "ADDRESS" } },
		.examples = { { "firewall autonomous-system 203.0.113.10", "of one address" } },
		.run = run_firewall_system,
	}, {
		.words = "firewall autonomous-systems upload", .summary = "take a database of autonomous systems from a file",
		.text = "MaxMind's format (mmdb or CSV), or text with first address, last address and number, up to 16 MiB. It is in force when the command "
		    "returns, and stays until another one comes: a file that is no such database changes nothing. FILE - is standard input.",
		.args = { { .name = "FILE", .values = VALUES_FILE } },
		.examples = { { "firewall autonomous-systems upload asn.mmdb", "in force at once" } },
		.run = run_firewall_systems_upload,
	}, {
		.words = "firewall autonomous-systems forget", .summary = "have the uploaded database of autonomous systems no more",
		.text = "With firewall/autonomous-systems/url it stays in force until the one from there has come. Without, they have no addresses.",
		.examples = { { "firewall autonomous-systems forget", "no upload any more" } },
		.run = run_firewall_systems_forget,
	}, {
		.words = "firewall list upload", .summary = "take the entries of a list from a file",
		.text = "For a list with source upload. One address, network or range in a line; what stands behind it, and comments after # and ;, do not "
		    "count. Up to 64 MiB and a million entries of each family, in force when the command returns, in place of what the list had: of a "
		    "longer list that is known only the differences go to the kernel. A line that cannot be used refuses all of it. FILE - is standard input.",
		.args = { { .name = "LIST" }, { .name = "FILE", .values = VALUES_FILE } },
		.examples = { { "firewall list upload bad bad.txt", "in place of what it had" } },
		.run = run_firewall_list_upload,
	}, {
		.words = "firewall list show", .summary = "the entries of a list, one in a line",
		.text = "What is in force, of lists that are uploaded and of those that are fetched, as networks in their order. It can be uploaded again.",
		.args = { { .name = "LIST" } },
		.examples = { { "firewall list show bad > bad.txt", "into a file" } },
		.run = run_firewall_list_show,
	}, {
		.words = "firewall list clear", .summary = "take all entries out of a list",
		.text = "Of one with source upload. Rules that ask for it apply to nobody then.",
		.args = { { .name = "LIST" } },
		.examples = { { "firewall list clear bad", "nothing is in it any more" } },
		.run = run_firewall_list_clear,
	}, {
		.words = "firewall export", .summary = "the addresses of a group, one in a line",
		.text = "What the running configuration has; not what the group has by way of others, lists or names.",
		.args = { { .name = "GROUP" } },
		.examples = { { "firewall export partners > partners.txt", "into a file" } },
		.run = run_firewall_export,
	}, {
		.words = "firewall import", .summary = "take the addresses of a group from a file",
		.text = "One address or network in a line; what stands behind it, and comments after # and ;, do not count. FILE - is standard input. They "
		    "replace those that the group has in the workspace; nothing is applied before patronusctl commit.",
		.args = { { .name = "GROUP" }, { .name = "FILE", .values = VALUES_FILE } },
		.examples = { { "firewall import partners partners.txt", "into the workspace" } },
		.run = run_firewall_import,
	}, {
		.words = "firewall refresh", .summary = "fetch a list, or ask for a name, now",
		.text = "What comes of it is in patronusctl firewall sources. What is in force stays when nothing better comes.",
		.args = { { .name = "ID" } },
		.examples = { { "firewall refresh list/drop", "the list drop" } },
		.run = run_firewall_refresh,
	}, {
		.words = "drift list", .summary = "what differs from the configuration now",
		.text = "Differences that are not repaired: those that the policy only reports, those that somebody has accepted, and those that cannot be "
		    "repaired. An acceptance of what is not so at the moment is listed too. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "drift list", "all of them" }, { "drift list critical", "what weakens the box" } },
		.run = run_drift_list,
	}, {
		.words = "drift accept", .summary = "let a difference be",
		.text = "Exactly this difference is not repaired, and not put back by commits, until the time is over, the acceptance is revoked, or a "
		    "commit touches the object. Who accepted it, when and why stays visible and is in the audit log. Differences of the firewall "
		    "cannot be accepted.",
		.args = { { .name = "ID", .values = VALUES_DIFFERENCE } },
		.options = { { "comment", 'm', "TEXT", "why (required)", VALUES_NONE, NULL },
		    { "expires", 0, "TIME", "until then only: 12h, 7d; else without end", VALUES_NONE, NULL } },
		.examples = { { "drift accept 5c1d0e7ab2c34f10 -m 'a test with small packets' --expires 12h", "today" } },
		.run = run_drift_accept,
	}, {
		.words = "drift repair", .summary = "put a difference back as configured",
		.text = "Whatever the policy says. If it was accepted, it is not any more.",
		.args = { { .name = "ID", .is_many = true, .values = VALUES_DIFFERENCE } },
		.examples = { { "drift repair 5c1d0e7ab2c34f10", "now" } },
		.run = run_drift_repair,
	}, {
		.words = "drift revoke", .summary = "take an acceptance back",
		.text = "What becomes of the difference then is what the policy says (drift in patronus.yaml(5)).",
		.args = { { .name = "ID", .values = VALUES_DIFFERENCE } },
		.examples = { { "drift revoke 5c1d0e7ab2c34f10", "the policy holds again" } },
		.run = run_drift_revoke,
	}, {
		.words = "rebase", .summary = "bring the workspace onto what runs now",
		.text = "What somebody else has committed since becomes its base, and the edits are made again on that. Where both changed the same object "
		    "nothing is done, and the objects are named (exit code 5); with --take the one or the other side holds for all of them.",
		.options = { { "take", 0, "SIDE", "ours or theirs, where both changed something", VALUES_NONE, "ours theirs" } },
		.examples = { { "rebase", "before a diff" }, { "rebase --take ours", "what was edited here holds" } },
		.run = run_rebase,
	}, {
		.words = "audit list", .summary = "what was done, and by whom",
		.text = "Records of the audit log, the newest first: sign-ins, commits, refusals, violations.",
		.options = { { "actor", 0, "NAME", "only what NAME did", VALUES_NONE, NULL },
		    { "action", 0, "WHAT", "only this: login, commit, refused, violation", VALUES_NONE, NULL },
		    { "object", 0, "TEXT", "only objects that contain TEXT", VALUES_NONE, NULL },
		    { "since", 0, "TIME", "from this time on, in UTC: 2026-11-28, 2026-11-28T10:00", VALUES_NONE, NULL },
		    { "until", 0, "TIME", "before this time", VALUES_NONE, NULL }, LIMIT },
		.examples = { { "audit list --limit 20", "the newest" }, { "audit list --actor alice --action commit", "what she committed" } },
		.run = run_audit_list,
	}, {
		.words = "audit verify", .summary = "prove that the audit log is as it was written",
		.text = "Every record is hashed again here, and every signed head computed anew: no record is missing, twice, moved or changed. The first "
		    "that is not right is named, with exit code 1.\n\n"
		    "Without FILE the box is asked for everything. With FILE nothing is asked: an export, or the files audit.log.2 audit.log.1 "
		    "audit.log in this order. Whoever has the box can have what came after the last head that you keep elsewhere; --heads with that "
		    "head, and --key with the public key, prove all before it.\n\n"
		    "With --syslog FILE is what a receiver of syslog has written: messages of RFC 5424 as they came, or their texts. Among other "
		    "messages, in any order of heads, and twice after an outage is right there. --heads takes such a file, too.",
		.args = { { .name = "FILE", .is_optional = true, .is_many = true, .values = VALUES_FILE } },
		.options = { { "heads", 0, "FILE", "heads that were kept elsewhere: audit.heads, or an earlier export", VALUES_FILE, NULL },
		    { "key", 0, "FILE", "the public key of the box (PEM) instead of the one that the export tells", VALUES_FILE, NULL },
		    { "syslog", 0, NULL, "the files are those of a receiver of syslog", VALUES_NONE, NULL } },
		.examples = { { "audit verify", "all that the box has" }, { "audit verify today.ndjson --heads yesterday.ndjson", "without the box" },
		    { "audit verify --heads /var/log/remote/edge1.log", "the box, against what a receiver holds" },
		    { "audit verify --syslog /var/log/remote/edge1.log", "what the receiver holds, by itself" } },
		.run = run_audit_verify,
	}, {
		.words = "audit export", .summary = "the audit log with its proofs, to keep elsewhere",
		.text = "Lines of JSON to standard output: the public key, records, hashes and signed heads. patronusctl audit verify reads them, also years "
		    "later and without the box.",
		.examples = { { "audit export > today.ndjson", "then keep it on another machine" } },
		.run = run_audit_export,
	}, {
		.words = "audit prove", .summary = "prove that one record is in the audit log",
		.text = "Asks for the record and its path to the newest signed head, and computes the proof here.",
		.args = { { .name = "RECORD" } },
		.options = { { "key", 0, "FILE", "the public key of the box (PEM)", VALUES_FILE, NULL } },
		.examples = { { "audit prove 42", "record 42" } },
		.run = run_audit_prove,
	}, {
		.words = "discard", .summary = "throw the workspace away",
		.examples = { { "discard", "forget what was edited" } },
		.run = run_discard,
	}, {
		.words = "claim-code", .summary = "the code that makes the first administrator",
		.text = "A box without an administrator is claimed in the web page with a code that only root can read. This prints it.",
		.options = { { "state", 0, "DIR", "the state directory (/var/lib/patronus)", VALUES_FILE, NULL } },
		.examples = { { "claim-code", "as root" } },
		.run = run_claim_code,
	}, {
		.words = "password", .summary = "set somebody's password",
		.text = "Asks for it twice without showing it, or reads one line from a pipe. USER must be among the users of the running "
		    "configuration. Only an administrator may.",
		.args = { { .name = "USER" } },
		.examples = { { "password alice", "asks" } },
		.run = run_password,
	}, {
		.words = "second-factor enrol", .summary = "make an authenticator app your second factor",
		.text = "Shows a QR code for the app and asks for its first code; then prints recovery codes. It is for users of the configuration "
		    "with a system-uid; in the web page everybody can.",
		.options = { { "algorithm", 0, "HASH", "SHA1, SHA256 or SHA512; not every app knows more than SHA1", VALUES_WORDS, "SHA1 SHA256 SHA512" },
		    { "digits", 0, "N", "6 or 8", VALUES_WORDS, "6 8" } },
		.examples = { { "second-factor enrol", "with a phone at hand" } },
		.run = run_factor_enrol,
	}, {
		.words = "second-factor show", .summary = "whether somebody has a second factor",
		.args = { { .name = "USER", .is_optional = true } },
		.examples = { { "second-factor show alice", "hers" } },
		.run = run_factor_show,
	}, {
		.words = "second-factor remove", .summary = "remove your second factor, or take away somebody's who has lost it",
		.text = "All other sessions of that user end. Only an administrator may do it for others.",
		.args = { { .name = "USER", .is_optional = true } },
		.examples = { { "second-factor remove alice", "she has lost her phone" } },
		.run = run_factor_remove,
	}, {
		.words = "second-factor recovery-codes", .summary = "make new recovery codes",
		.text = "The old ones are worth nothing afterwards.",
		.examples = { { "second-factor recovery-codes", "ten new ones" } },
		.run = run_factor_codes,
	}, {
		.words = "token create", .summary = "make an API token for a program",
		.text = "It acts as its user, narrowed by its scopes, until it expires, and is printed once. Scopes are SECTION:read, SECTION:write, "
		    "configuration:read, configuration:write, commit, state:read, logs:read, history:read, audit:read, users:admin, secrets:write and "
		    "backups.",
		.args = { { .name = "NAME" } },
		.options = { { "user", 'u', "USER", "whose it is, else yours", VALUES_NONE, NULL },
		    { "scopes", 0, "LIST", "what it may, with commas between", VALUES_NONE, NULL },
		    { "role", 0, "ROLE", "a role that the user's includes, else the user's", VALUES_NONE, NULL },
		    { "networks", 0, "LIST", "where it may come from, with commas between", VALUES_NONE, NULL },
		    { "expires", 0, "TIME", "90d unless said otherwise; at most 400d", VALUES_NONE, NULL } },
		.examples = { { "token create metrics --user grafana --scopes state:read --networks 192.0.2.0/24", "reads the state" },
		    { "token create deploy --user alice --scopes firewall:write,commit --expires 12h", "changes rules today" } },
		.run = run_token_create,
	}, {
		.words = "token list", .summary = "API tokens, without the tokens themselves",
		.options = { { "all", 'a', NULL, "of everybody", VALUES_NONE, NULL } },
		.examples = { { "token list --all", "who may what until when" } },
		.run = run_token_list,
	}, {
		.words = "token revoke", .summary = "end an API token",
		.args = { { .name = "ID" } },
		.examples = { { "token revoke 97bd5deb9ca9ed67", "at once" } },
		.run = run_token_revoke,
	}, {
		.words = "whoami", .summary = "who you are here, and what you may do",
		.text = "User, role, and each right with how far it reaches: everywhere, somewhere or nowhere.",
		.examples = { { "whoami", "on this box" }, { "whoami --host edge1", "on another one" } },
		.run = run_whoami,
	}, {
		.words = "usage", .summary = "what refers to an object",
		.text = "Each place of the configuration that names it: what would be left without it, were it deleted.",
		.args = { { .name = "PATH", .values = VALUES_PATH } },
		.options = { { "candidate", 0, NULL, "what the workspace holds, not what runs", VALUES_NONE, NULL } },
		.examples = { { "usage firewall/groups/admins", "before it goes" }, { "usage firewall/services/web --candidate", "as it will be" } },
		.run = run_usage,
	}, {
		.words = "rights", .summary = "what you may do at a path, and which rule says so",
		.text = "For each verb whether it is allowed there, how far it reaches below, and the rule that decides. With --user for somebody else, "
		    "which needs the right to administer users.",
		.args = { { .name = "PATH", .is_optional = true, .values = VALUES_PATH } },
		.options = { { "user", 'u', "USER", "whose, else yours", VALUES_NONE, NULL } },
		.examples = { { "rights firewall/groups/admins", "why may I, or not" }, { "rights firewall/rules --user rudi", "and he" } },
		.run = run_rights,
	}, {
		.words = "show roles", .summary = "the roles with their rules",
		.text = "Those that are always there, and those of the configuration that you may read. The rule with the longest path decides; of equal "
		    "ones that of the role itself before that of the one it builds upon, and deny before allow. " FILTER_TEXT,
		.args = { FILTER },
		.examples = { { "show roles", "all of them" }, { "show roles helpdesk", "one" } },
		.run = run_show_roles,
	}, {
		.words = "session list", .summary = "who is signed in, and from where",
		.options = { { "all", 'a', NULL, "everybody", VALUES_NONE, NULL } },
		.examples = { { "session list --all", "all of them" } },
		.run = run_session_list,
	}, {
		.words = "session revoke", .summary = "end a session",
		.args = { { .name = "ID" } },
		.examples = { { "session revoke 0K3N7QXWZ2M4T6VB", "signs that browser out" } },
		.run = run_session_revoke,
	}, {
		.words = "backup create", .summary = "make a backup of what runs, on the box",
		.text = "It is a file of age, for a passphrase that is asked for, or for recipients (the public keys that age-keygen prints). full is the "
		    "configuration with its secrets, configuration is without them, keys is the secrets alone. Without its key nobody opens it, not even "
		    "this box.",
		.options = { { "content", 0, "WHAT", "full, configuration or keys", VALUES_WORDS, "full configuration keys" },
		    { "recipients", 'r', "KEYS", "public keys, with commas between them", VALUES_NONE, NULL } },
		.examples = { { "backup create", "asks for a passphrase" },
		    { "backup create --recipients age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "for a key pair" } },
		.run = run_backup_create,
	}, {
		.words = "backup list", .summary = "backups on the box, and how they get to their targets",
		.examples = { { "backup list", "the newest first" } },
		.run = run_backup_list,
	}, {
		.words = "backup download", .summary = "fetch a backup from the box",
		.text = "FILE is - for standard output; without it the file has the name of the backup.",
		.args = { { .name = "NAME" }, { .name = "FILE", .is_optional = true, .values = VALUES_FILE } },
		.examples = { { "backup download edge1-20261128T033000Z-full.age", "into this directory" } },
		.run = run_backup_download,
	}, {
		.words = "backup remove", .summary = "remove a backup from the box",
		.args = { { .name = "NAME" } },
		.examples = { { "backup remove edge1-20261128T033000Z-full.age", "only this one" } },
		.run = run_backup_remove,
	}, {
		.words = "backup verify", .summary = "look into a backup and judge it; nothing is applied",
		.text = "NAME is a backup on the box or a file here. Told is also which uploaded lists it has, with how many entries.",
		.args = { { .name = "NAME", .values = VALUES_FILE } },
		.options = { { "identity-file", 'i', "FILE", "the key pair that age-keygen made; else a passphrase is asked for", VALUES_FILE, NULL } },
		.examples = { { "backup verify edge1-20261128T033000Z-full.age", "asks for its passphrase" },
		    { "backup verify -i key.txt nas/edge1-20261128T033000Z-full-auto.age", "one of the schedule" } },
		.run = run_backup_verify,
	}, {
		.words = "backup restore", .summary = "put a backup into a workspace",
		.text = "NAME is a backup on the box or a file here. What is in it becomes a workspace: nothing is applied before patronusctl commit. "
		    "Entries of uploaded lists and uploaded databases about addresses come with the commit. People "
		    "who cannot sign in today are disabled in it. On other hardware --interfaces says what each interface is now: by kernel name, mac: or "
		    "path:.",
		.args = { { .name = "NAME", .values = VALUES_FILE } },
		.options = { { "identity-file", 'i', "FILE", "the key pair that age-keygen made; else a passphrase is asked for", VALUES_FILE, NULL },
		    { "interfaces", 0, "LIST", "wan=eth5,lan=mac:00:00:5e:00:53:01", VALUES_NONE, NULL } },
		.examples = { { "backup restore edge1-20261128T033000Z-full.age", "then: patronusctl diff, patronusctl commit --confirm 5m" },
		    { "backup restore --interfaces wan=enp1s0,lan=enp2s0 edge1-20261128T033000Z-full.age", "onto another machine" } },
		.run = run_backup_restore,
	}, {
		.words = "secret set", .summary = "set a secret of the configuration in the workspace",
		.text = "PATH names a secret of the schema, such as management/backup/targets/nas/password. The value is asked for twice without being "
		    "shown, or is all of standard input. It is kept sealed and cannot be read back, by nobody; the configuration shows that it is set "
		    "and a fingerprint. Nothing is applied before patronusctl commit.",
		.args = { { .name = "PATH", .values = VALUES_SCHEMA_PATH } },
		.examples = { { "secret set management/backup/targets/nas/password", "asks" },
		    { "secret set management/backup/targets/nas/private-key < id_ed25519", "from a file" } },
		.run = run_secret_set,
	}, {
		.words = "secret remove", .summary = "remove a secret in the workspace",
		.args = { { .name = "PATH", .values = VALUES_PATH } },
		.examples = { { "secret remove management/backup/targets/nas/password", "then: patronusctl commit" } },
		.run = run_secret_remove,
	}, {
		.words = "secret list", .summary = "which secrets are set",
		.text = "With --workspace those of the workspace. A secret is lost when this box does not have its value: set it again.",
		.examples = { { "secret list", "paths and fingerprints" } },
		.run = run_secret_list,
	}, {
		.words = "secret status", .summary = "how the box keeps its secrets",
		.examples = { { "secret status", "protection, and whether it is locked" } },
		.run = run_secret_status,
	}, {
		.words = "secret unlock", .summary = "give the passphrase of the secrets after a start",
		.text = "A box whose secrets are protected by a passphrase starts, filters and forwards without it; what needs a secret waits. Where they "
		    "are protected by the TPM this is the recovery passphrase, for when the TPM does not release the key.",
		.options = { { "tpm", 0, NULL, "ask the TPM once more", VALUES_NONE, NULL } },
		.examples = { { "secret unlock", "asks" } },
		.run = run_secret_unlock,
	}, {
		.words = "secret protect", .summary = "change what protects the secrets at rest",
		.text = "With passphrase (12 characters or more) the secrets cannot be read from a stolen disk; after each start it must be given with "
		    "patronusctl secret unlock. With tpm the TPM 2.0 of the box releases the key at each start by itself, to the boot that it was given in; a "
		    "recovery passphrase is asked for, which opens the secrets when the TPM does not. With key-file (or none) the key lies beside them: "
		    "nobody is asked, and nothing is protected.\n\n"
		    "Every change makes a new key, and wraps the keys of the secrets anew.",
		.args = { { .name = "HOW", .values = VALUES_WORDS, .words = "tpm passphrase key-file none" } },
		.options = { { "pcrs", 0, "LIST", "with tpm: registers that must stay as they are (0+7, or none); 7 unless given", VALUES_NONE, NULL } },
		.examples = { { "secret protect passphrase", "asks twice" }, { "secret protect tpm", "asks for the recovery passphrase" },
		    { "secret protect tpm --pcrs none", "bound to this TPM alone" } },
		.run = run_secret_protect,
	}, {
		.words = "secret rotate", .summary = "seal the secrets under a new key",
		.examples = { { "secret rotate", "what is there follows within seconds" } },
		.run = run_secret_rotate,
	}, {
		.words = "completion", .summary = "print a completion script for a shell",
		.args = { { .name = "SHELL", .values = VALUES_WORDS, .words = "bash zsh fish" } },
		.examples = { { "completion bash > ~/.local/share/bash-completion/completions/patronusctl", "for one user" },
		    { "completion fish | source", "for this shell" } },
		.run = run_completion,
	}, {
		.words = "__complete", .summary = "candidates for the last word", .run = run_complete, .is_hidden = true, .is_raw = true,
	}, {
		.words = "__man", .summary = "the manual page", .run = run_man, .is_hidden = true,
	},
};

const size_t commands_n = sizeof(commands) / sizeof(commands[0]);
