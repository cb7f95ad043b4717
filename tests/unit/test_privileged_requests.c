/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "grants.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "processes.h"
#include "sandbox/profile.h"

/*
 * docs/privileged-requests.md is written from the tables that decide.  This test writes it anew and compares; with PATRONUS_UPDATE=1 it
 * replaces the page, and the change of a grant is seen in review twice.
 */
static const char *page_path;

static void
put_type(struct buf *b, const struct field *f)
{
	static const char *const kinds[FIELD_KIND_MAX] = {
		[FIELD_U8] = "u8", [FIELD_U16] = "u16", [FIELD_U32] = "u32", [FIELD_U64] = "u64", [FIELD_I64] = "i64",
		[FIELD_BOOL] = "bool", [FIELD_ENUM] = "id", [FIELD_STRING] = "text", [FIELD_BYTES] = "bytes",
		[FIELD_RECORD] = "record", [FIELD_LIST] = "list",
	};

	assert_non_null(kinds[f->kind]);
	buf_printf(b, "%s %s", f->name, kinds[f->kind]);
	if (f->max != 0)
		buf_printf(b, " ≤ %u", f->max);
}

static void
put_fields(struct buf *b, const struct record *r)
{
	uint32_t i;

	if (r->nfields == 0)
		buf_puts(b, "–");
	for (i = 0; i < r->nfields; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		put_type(b, &r->fields[i]);
	}
}

static void
put_ids(struct buf *b, uint32_t ids)
{
	const char *comma = "";
	unsigned id;

	if (ids == 0)
		buf_puts(b, "–");
	for (id = 0; id < 32; id++)
		if ((ids & (1u << id)) != 0) {
			buf_printf(b, "%s%u", comma, id);
			comma = ", ";
		}
}

static void
put_grants(struct buf *b)
{
	const struct grant *g;

	buf_puts(b, "## Who may ask for what\n\n| peer | request | a second | at once | ids | arguments checked |\n|---|---|---|---|---|---|\n");
	for (g = grants; g < grants + ngrants; g++) {
		buf_printf(b, "| %s | %s | %u | %u | ", g->role == 0 ? "all" : role_name(g->role), msg_name(g->type), g->per_s, g->burst);
		put_ids(b, g->ids);
		buf_printf(b, " | %s |\n", g->policy != NULL ? "by role" : "by the act");
	}
}

static bool
is_granted(uint16_t type)
{
	const struct grant *g;

	for (g = grants; g < grants + ngrants; g++)
		if (g->type == type)
			return true;
	return false;
}

static unsigned
put_requests(struct buf *b)
{
	const struct msg_spec *specs;
	unsigned requests = 0;
	size_t n, i;

	buf_puts(b, "\n## What they carry\n\n| request | at most | request fields | reply fields |\n|---|---|---|---|\n");
	specs = msg_specs_all(&n);
	for (i = 0; i < n; i++) {
		if (!is_granted(specs[i].type))
			continue;
		requests += specs[i].type != MSG_HELLO;
		buf_printf(b, "| %s | %u bytes | ", specs[i].name, specs[i].max_len);
		put_fields(b, specs[i].req);
		buf_puts(b, " | ");
		put_fields(b, specs[i].rep);
		buf_puts(b, " |\n");
	}
	return requests;
}

static void
put_processes(struct buf *b)
{
	const struct profile *p;
	size_t n, i;
	unsigned k;

	buf_puts(b, "\n## What each process may do besides\n\n| process | state directory | device | network | system calls |\n|---|---|---|---|---|\n");
	p = profiles_all(&n);
	for (i = 0; i < n; i++) {
		buf_printf(b, "| %s | %s%s | %s | %s | ", p[i].name, p[i].state_dir != NULL ? p[i].state_dir : "–",
		    p[i].state == PROFILE_STATE_READ ? " (read)" : "", p[i].device != NULL ? p[i].device : "–",
		    p[i].has_network ? "the box's, to connect" : p[i].ncaps > 0 ? "the box's, with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN" : "none");
		for (k = 0; k < PROFILE_CALL_SETS && p[i].calls[k] != NULL; k++)
			buf_printf(b, "%s%s", k > 0 ? ", " : "", p[i].calls[k]->name);
		buf_puts(b, " |\n");
	}
	buf_puts(b, "\n## Who talks to whom\n\n| | |\n|---|---|\n");
	for (i = 0; i < ntopology; i++)
		buf_printf(b, "| %s | %s%s |\n", role_name(topology[i].a), role_name(topology[i].b),
		    topology[i].purpose == PEER_TLS ? " (signatures)" : "");
}

static char *
page_read(void)
{
	struct buf b;
	char piece[4096];
	size_t n;
	FILE *f = fopen(page_path, "r");

	if (f == NULL)
		return NULL;
	buf_init(&b, 0);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&b, piece, n);
	(void)fclose(f);
	return (char *)buf_take(&b, &n);
}

static void
test_page_is_what_the_tables_say(void **state)
{
	struct buf b;
	unsigned requests;
	char *there;
	FILE *f;

	(void)state;
	buf_init(&b, 0);
	buf_puts(&b, "# Privileged requests\n\nEverything that an unprivileged process can ask of privd, and what else it may do. Written by a test "
	    "from the tables\nthat decide: `patronus-privd/grants.c`, `patronus-privd/processes.c`, `libcommon/ipc/*.def`,\n"
	    "`libcommon/sandbox/profiles.c`.\n\n");
	put_grants(&b);
	requests = put_requests(&b);
	put_processes(&b);
	assert_false(buf_failed(&b));
	assert_in_range(requests, 1, 16);	/* the ceiling; raising it is a decision (docs/adr) */
	if (getenv("PATRONUS_UPDATE") != NULL) {
		f = fopen(page_path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
		assert_int_equal(fclose(f), 0);
	}
	there = page_read();
	if (there == NULL || strcmp(there, (char *)b.data) != 0)
		fail_msg("%s is not what the tables say; run this test with PATRONUS_UPDATE=1 and look at the difference", page_path);
	free(there);
	buf_fini(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_is_what_the_tables_say),
	};

	if (argc != 2)
		return 2;
	page_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
