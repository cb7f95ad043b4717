/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "base/str.h"
#include "confd_calls.h"
#include "ipc/ids.h"

const char base_yaml[] =
    "system:\n  hostname: edge1\n"
    "interfaces:\n  wan:\n    match: { name: eth0 }\n  lan:\n    match: { name: eth1 }\n"
    "firewall:\n  zones:\n    wan: { interfaces: [wan] }\n    lan: { interfaces: [lan] }\n"
    "  rules:\n    - id: one\n      from: lan\n      to: wan\n      action: accept\n"
    "    - id: two\n      from: wan\n      to: lan\n      action: drop\n"
    "users:\n  alice: { role: admin, full-name: Alice Example }\n  olga: { role: operator }\n  rudi: { role: read-only }\n"
    "  anna: { role: auditor }\n  gone: { role: admin, enabled: false }\n  shell: { role: operator, system-uid: 1234 }\n";

const char *
new_workspace(const char *remote)
{
	static char ids[8][32];
	static unsigned i;
	char *id = ids[i++ % 8];

	(void)str_copy(id, rig_workspace(rig, remote), 32);
	return (id);
}

const struct rig_answer *
commit(const char *id, const char *remote, unsigned status)
{
	char body[96];

	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
	return (rig_expect(rig, status, POST("/commits", body, .remote = remote)));
}
