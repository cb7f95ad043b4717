/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that are really sent through rulesets, against what explain says of them; also of rulesets that are not what was explained. */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/generated.h"
#include "ipc/msg.h"

#include "compile.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"
#include "prove.h"
#include "prove/netns.h"
#include "prove/world.h"
#include "yaml_record.h"

#define POLICY	"interfaces:\n  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24, 2001:db8:1::2/64] }\n" \
		"  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, 2001:db8:2::1/64] }\n" \
		"  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26] }\n" \
		"firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan], default-action: reject }\n" \
		"    dmz: { interfaces: [dmz] }\n" \
		"  rules:\n"
#define RULES	"    - { id: web, from: lan, to: wan, service: http, action: accept }\n" \
		"    - { id: in, from: wan, to: dmz, service: http, action: accept }\n"
#define OTHER	"    - { id: web, from: lan, to: wan, service: http, action: drop }\n" \
		"    - { id: in, from: wan, to: dmz, service: http, action: accept }\n"
#define RENAMED	"    - { id: page, from: lan, to: wan, service: http, action: accept }\n" \
		"    - { id: in, from: wan, to: dmz, service: http, action: accept }\n"
#define REFUSED	"    - { id: web, from: lan, to: wan, service: http, action: reject }\n" \
		"    - { id: in, from: wan, to: dmz, service: http, action: accept }\n"
#define NAT	"nat:\n  masquerade: { out: { zone: wan } }\n  port-forwards: [{ id: pub, zone: wan, service: http, to: 192.0.2.130 }]\n"
#define NAT2	"nat:\n  masquerade: { out: { zone: wan } }\n  port-forwards: [{ id: pub, zone: wan, service: http, to: 192.0.2.131 }]\n"

struct answer {
	uint8_t	verdict;
	char	text[256];
};

static struct arena *arena;

static struct fw_policy *
policy_of(const char *yaml)
{
	struct problems problems;
	struct fw_policy *policy;

	problems_init(&problems, arena);
	policy = policy_from_conf(yaml_record_of(yaml, &conf_fwd_record, arena), NULL, arena, &problems);
	if (policy == NULL)
		fail_msg("%s: %s", problems.items[0].path, problems.items[0].text);
	return policy;
}

static ino_t
namespace_of(const char *kind)
{
	char path[32];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* In a process of its own, as the helper is one. */
static struct answer
sent(const struct prove_question *q, const struct ir *loaded)
{
	struct world_sockets sockets;
	struct prove_question other = *q;
	struct prove_rep rep = { .error = "" };
	struct answer a = { 0 };
	struct prove_req req;
	const ino_t user = namespace_of("user"), net = namespace_of("net");
	const char *text = NULL;
	struct buf batch;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		int sysctl = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (netns_enter(sysctl, &sockets, &text) != 0)
			_exit(77);
		/* Whatever it may do there, it is somewhere else. */
		if (namespace_of("user") == user || namespace_of("net") == net)
			_exit(78);
		other.ir = loaded;
		text = prove_request(&other, &batch, &req, arena);
		if (text == NULL) {
			world_run(&sockets, &req, &rep);
			a.verdict = (uint8_t)prove_compare(q, &rep, arena, &text);
		}
		(void)str_copy(a.text, text, sizeof(a.text));
		_exit(write(ends[1], &a, sizeof(a)) == sizeof(a) ? 0 : 1);
	}
	(void)close(ends[1]);
	if (read(ends[0], &a, sizeof(a)) != (ssize_t)sizeof(a))
		a.verdict = PROVE_INVALID;
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(status == 0 || WEXITSTATUS(status) == 77);
	return a;
}

static const struct {
	const char	*said;		/* what is explained, */
	const char	*loaded;	/* and what is really there; NULL: the same */
	const char	*source;
	const char	*destination;
	uint16_t	 port;
	uint8_t		 protocol;
	uint8_t		 verdict;	/* enum prove_verdict */
	const char	*text;
} cases[] = {
	{ POLICY RULES NAT, NULL, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_PROVED,
	  "the kernel's rule web accepts it, and it leaves from 198.51.100.2:40000 to 203.0.113.10:80" },
	{ POLICY RULES NAT, NULL, "192.0.2.10", "203.0.113.10", 81, IPPROTO_TCP, PROVE_PROVED, "the kernel's rule default:lan rejects it" },
	{ POLICY RULES NAT, NULL, "203.0.113.10", "198.51.100.2", 80, IPPROTO_TCP, PROVE_PROVED,
	  "the kernel's rule in accepts it, and it leaves from 203.0.113.10:40000 to 192.0.2.130:80" },
	{ POLICY RULES NAT, NULL, "203.0.113.10", "198.51.100.2", 53, IPPROTO_UDP, PROVE_PROVED, "the kernel's rule default:wan drops it" },
	{ POLICY RULES NAT, NULL, "2001:db8:2::10", "2001:db8:1::9", 80, IPPROTO_TCP, PROVE_PROVED,
	  "the kernel's rule web accepts it, and it leaves from [2001:db8:2::10]:40000 to [2001:db8:1::9]:80" },
	/* Another ruleset than the one that was explained: each kind of difference is found. */
	{ POLICY RULES NAT, POLICY OTHER NAT, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_DIFFERS, "the kernel's rule web drops it" },
	{ POLICY RULES NAT, POLICY REFUSED NAT, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_DIFFERS, "the kernel's rule web rejects it" },
	{ POLICY OTHER NAT, POLICY RULES NAT, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_DIFFERS, "the kernel's rule web accepts it" },
	{ POLICY RULES NAT, POLICY RENAMED NAT, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_DIFFERS,
	  "the kernel's rule page accepts it, and not web" },
	{ POLICY RULES NAT, POLICY RULES NAT2, "203.0.113.10", "198.51.100.2", 80, IPPROTO_TCP, PROVE_DIFFERS,
	  "the kernel let it through, but it did not leave" },
	{ POLICY RULES NAT, POLICY RULES, "192.0.2.10", "203.0.113.10", 80, IPPROTO_TCP, PROVE_DIFFERS, "it leaves with the sender 192.0.2.10" },
};

static void
test_what_the_kernel_does(void **state)
{
	const struct journey_place *place;
	struct explain_packet packet;
	struct journey_places places;
	struct fw_policy *policy;
	struct ir *ir, *loaded;
	struct journey *j;
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		arena = arena_new(0);
		policy = policy_of(cases[i].said);
		places = journey_places_of(policy, arena);
		ir = compile(policy, NULL);
		passes(ir);
		loaded = cases[i].loaded != NULL ? compile(policy_of(cases[i].loaded), NULL) : ir;
		j = calloc(1, sizeof(*j));
		packet = (struct explain_packet){ .protocol = cases[i].protocol, .source_port = 40000, .destination_port = cases[i].port, .length = 60,
		    .tcp_flags = cases[i].protocol == IPPROTO_TCP ? 2 : 0, .ct_state = IR_CT_NEW };
		assert_int_equal(addr_parse(cases[i].source, &packet.source), 0);
		assert_int_equal(addr_parse(cases[i].destination, &packet.destination), 0);
		j->packet = packet;
		if (strncmp(cases[i].source, "203.", 4) == 0)
			j->from = "wan";
		else
			j->to = "wan";
		assert_null(journey_run(j, ir, &places, NULL, NULL, arena));
		place = j->in;
		assert_non_null(place);
		a = sent(&(struct prove_question){ &packet, j, ir, &places }, loaded);
		if (a.verdict == PROVE_INVALID)
			skip();	/* no user namespaces here */
		if (a.verdict != cases[i].verdict || strcmp(a.text, cases[i].text) != 0)
			fail_msg("case %zu: %u: %s", i, a.verdict, a.text);
		if (loaded != ir)
			ir_free(loaded);
		ir_free(ir);
		free(j);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
