/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "patronus-confd/diff.h"
#include "patronus-confd/document.h"
#include "patronus-confd/edit.h"
#include "patronus-confd/problem.h"
#include "patronus-confd/schema.h"
#include "patronus-confd/secret.h"
#include "patronus-confd/secrets.h"
#include "patronus-confd/snapshot.h"
#include "rig_setup.h"

#define NAS		"/management/backup/targets/nas/password"
#define KEY		"/management/backup/targets/nas/private-key"
#define FIRST		"the first secret of all"
#define SECOND		"quite another one"
#define PASSPHRASE	"open sesame, please"

const char base_yaml[] =
    "users:\n  alice: { role: admin }\n  olga: { role: operator }\n  rudi: { role: read-only }\n"
    "management:\n  backup:\n    targets:\n      nas: { url: \"sftp://192.0.2.9/box/\", user: box }\n";

static struct schema	*schema;

static const char *
new_workspace(void)
{
	static char id[32];

	(void)str_copy(id, rig_workspace(rig, NULL), sizeof(id));
	return (id);
}

static void
commit(const char *id, unsigned status)
{
	char body[96];

	(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\"}", id);
	(void)rig_expect(rig, status, POST("/commits", body));
}

static void
set(const char *value)
{
	const char *id = new_workspace();
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"" NAS "\":\"%s\"}", value);
	(void)rig_expect(rig, 200, PATCH("/secrets", body, .workspace = id));
	assert_non_null(strstr(rig->audit, NAS));
	assert_null(strstr(rig->audit, value));
	commit(id, 201);
}

static void
assert_running_is(const char *value)
{
	size_t len = 0;
	char *got;

	assert_int_equal(secrets_value(&rig->confd, NAS, &got, &len), 0);
	assert_string_equal(got, value);
	vault_value_free(got, len);
}

/* --- in documents --- */

static struct document *
load(const char *yaml, int error, const char *code)
{
	struct problems *problems = problems_new();
	struct document *d = NULL;

	assert_int_equal(document_load(schema, DOCUMENT_YAML, yaml, strlen(yaml), problems, &d), error);
	if (error != 0)
		assert_string_equal(problems_get(problems, 0)->code, code);
	/* What was written in the place of a secret is not repeated. */
	if (error != 0)
		assert_null(strstr(problems_get(problems, 0)->text, "hunter2"));
	problems_free(problems);
	return (d);
}

#define TARGET(p)	"management: { backup: { targets: { nas: { url: \"https://192.0.2.9/\", password: " p " } } } }\n"

static void
test_document_holds_the_fingerprint(void **state)
{
	static const char *const bad[] = { TARGET("hunter2"), TARGET("[hunter2]"), TARGET("{ set: true }"), TARGET("{ set: true, fingerprint: hunter2 }"),
		TARGET("{ set: \"true\", fingerprint: \"0123456789abcdef\" }"), TARGET("{ set: false, fingerprint: \"0123456789abcdef\" }"),
		TARGET("{ set: true, fingerprint: \"0123456789abcdef\", value: hunter2 }"), TARGET("{ fingerprint: \"0123456789abcdef\" }"),
		TARGET("{ set: true, fingerprint: \"0123456789ABCDEF\" }") };
	struct document *d, *again;
	struct buf a, b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(load(bad[i], -22, "secret"));
	/* Not set is no secret at all. */
	d = load(TARGET("{ set: false }"), 0, NULL);
	assert_false(edit_exists(d, NAS));
	document_free(d);
	/* Digits alone stay text. */
	for (i = 0; i < 2; i++) {
		d = load(i == 0 ? TARGET("{ set: true, fingerprint: \"0123456789012345\" }") : TARGET("{ set: true, fingerprint: 0123456789abcdef }"), 0,
		    NULL);
		assert_string_equal(document_value(d, NAS), i == 0 ? "0123456789012345" : "0123456789abcdef");
		buf_init(&a, 0);
		buf_init(&b, 0);
		assert_int_equal(document_print(d, DOCUMENT_YAML, 0, &a), 0);
		buf_putc(&a, '\0');
		again = load((const char *)a.data, 0, NULL);
		assert_int_equal(document_print(again, DOCUMENT_YAML, 0, &b), 0);
		assert_memory_equal(a.data, b.data, b.len);
		assert_int_equal(document_print(again, DOCUMENT_JSON, 0, &b), 0);
		assert_non_null(memmem(b.data, b.len, "\"password\":{\"set\":true,\"fingerprint\":\"", 38));
		buf_fini(&a);
		buf_fini(&b);
		document_free(d);
		document_free(again);
	}
}

static void
test_edits_and_diffs_of_a_document(void **state)
{
	struct document *d = load(TARGET("{ set: true, fingerprint: \"0123456789abcdef\" }"), 0, NULL), *before = document_dup(d);
	struct problems *problems = problems_new();
	struct diff *diff;
	struct buf b;

	(void)state;
	/* A merge patch of a neighbour leaves it alone, null takes it away. */
	assert_int_equal(edit_patch(d, "/management/backup/targets/nas", DOCUMENT_JSON, "{\"user\":\"box\"}", 14, problems), 0);
	assert_string_equal(document_value(d, NAS), "0123456789abcdef");
	assert_int_equal(edit_put(d, NAS, DOCUMENT_JSON, "{\"set\":true,\"fingerprint\":\"aaaaaaaaaaaaaaaa\"}", 45, 0, NULL, problems), 0);
	assert_int_equal(edit_put(d, NAS, DOCUMENT_JSON, "\"hunter2\"", 9, 0, NULL, problems), -22);
	assert_int_equal(diff_documents(before, d, &diff), 0);
	buf_init(&b, 0);
	diff_print_text(diff, &b);
	buf_putc(&b, '\0');
	assert_non_null(strstr((char *)b.data, "- set management backup targets nas password (secret, fingerprint 0123456789abcdef)\n"));
	assert_non_null(strstr((char *)b.data, "+ set management backup targets nas password (secret, fingerprint aaaaaaaaaaaaaaaa)\n"));
	buf_fini(&b);
	diff_free(diff);
	assert_int_equal(edit_patch(d, "/management/backup/targets/nas", DOCUMENT_JSON, "{\"password\":null}", 17, problems), 0);
	assert_null(document_value(d, NAS));
	problems_free(problems);
	document_free(before);
	document_free(d);
}

/* --- the whole way --- */

static void
test_a_secret_is_set_and_never_read(void **state)
{
	const struct rig_answer *a;

	(void)state;
	set(FIRST);
	assert_running_is(FIRST);
	a = rig_expect(rig, 200, GET("/secrets"));
	assert_non_null(strstr(a->body, "{\"path\":\"" NAS "\",\"fingerprint\":\""));
	assert_non_null(strstr(a->body, "\"stored\":true"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/configuration" NAS))->body, "{\"set\":true,\"fingerprint\":\""));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/vault"))->body, "\"protection\":\"key-file\",\"protected\":false,\"locked\":false"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/status"))->body, "\"secrets\":{\"protection\":\"key-file\""));
}

static void
test_what_is_refused(void **state)
{
	const char *id = new_workspace();
	const struct rig_answer *a;

	(void)state;
	(void)rig_expect(rig, 428, PATCH("/secrets", "{}"));
	a = rig_expect(rig, 422, PATCH("/secrets", "{\"/system/hostname\":\"hunter2\",\"" NAS "\":\"\",\"" KEY "\":\"a\\u0007" FIRST FIRST
	    FIRST "\"}", .workspace = id));
	assert_non_null(strstr(a->body, "there is no secret at /system/hostname"));
	assert_non_null(strstr(a->body, "the value has 0 bytes; it may have 1 to 512"));
	assert_non_null(strstr(a->body, "control character"));
	assert_null(strstr(a->body, "hunter2"));
	(void)rig_expect(rig, 422, PATCH("/secrets", "{\"" NAS "\":\"two\\nlines\"}", .workspace = id));
	(void)rig_expect(rig, 404, PATCH("/secrets", "{\"/management/backup/targets/nowhere/password\":\"x\"}", .workspace = id));
	(void)rig_expect(rig, 400, PATCH("/secrets", "[]", .workspace = id));
	/* Not by those who may not. */
	(void)rig_expect(rig, 403, PATCH("/secrets", "{\"" NAS "\":\"x\"}", .workspace = id, .remote = "olga"));
	(void)rig_expect(rig, 403, PATCH("/secrets", "{\"" NAS "\":\"x\"}", .workspace = id, .remote = "rudi"));
	/* A reference to what this box does not have. */
	(void)rig_expect(rig, 201, PUT("/configuration" NAS, "{\"set\":true,\"fingerprint\":\"0123456789abcdef\"}", .workspace = id, .none_match = "*"));
	commit(id, 422);
	(void)rig_expect(rig, 422, PATCH("/secrets", "{\"" NAS "x\":\"y\"}", .workspace = id));
}

/* By YAML, all at once, with removal: as a file of secrets comes. */
static void
test_many_at_once(void **state)
{
	const char *id = new_workspace();
	struct rig_request r = { .method = MGMT_PATCH, .path = "/secrets", .workspace = id, .type = "application/yaml",
	    .body = NAS ": \"" FIRST "\"\n" KEY ": |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  0123456789012345678901234567890123456789\n  -----END\n" };

	(void)state;
	(void)rig_expect(rig, 200, &r);
	commit(id, 201);
	assert_running_is(FIRST);
	id = new_workspace();
	(void)rig_expect(rig, 200, PATCH("/secrets", "{\"" NAS "\":null}", .workspace = id));
	commit(id, 201);
	assert_null(document_value(rig->confd.running->doc, NAS));
	assert_non_null(document_value(rig->confd.running->doc, KEY));
}

static void
test_going_back_brings_the_old_value_back(void **state)
{
	const char *id;

	(void)state;
	set(FIRST);
	id = new_workspace();
	(void)rig_expect(rig, 200, PATCH("/secrets", "{\"" NAS "\":\"" SECOND "\"}", .workspace = id));
	/* A workspace holds on to what it refers to. */
	rig->confd.must_sweep = true;
	secrets_tidy(&rig->confd);
	assert_running_is(FIRST);
	{
		char body[96];

		(void)snprintf(body, sizeof(body), "{\"workspace\":\"%s\",\"confirm-timeout\":60}", id);
		(void)rig_expect(rig, 201, POST("/commits", body));
	}
	assert_running_is(SECOND);
	rig->confd.must_sweep = true;
	secrets_tidy(&rig->confd);
	(void)rig_expect(rig, 200, POST("/commits/3/cancel", "{}"));
	assert_running_is(FIRST);
	/* Now nothing refers to the other one. */
	secrets_tidy(&rig->confd);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/vault"))->body, "\"secrets\":1,"));
}

static void
test_a_restored_revision_keeps_what_is_set_now(void **state)
{
	const struct rig_answer *a;
	char id[32], path[64];

	(void)state;
	set(FIRST);
	set(SECOND);
	secrets_tidy(&rig->confd);
	a = rig_expect(rig, 201, POST("/revisions/2/restore", NULL));
	(void)str_copy(id, rig_member(a->body, "id"), sizeof(id));
	assert_string_equal(rig_member(a->body, "changes"), "0");
	(void)snprintf(path, sizeof(path), "/workspaces/%s", id);
	(void)rig_expect(rig, 204, &(struct rig_request){ .method = MGMT_DELETE, .path = path });
	/* Where there was none then, there is none after it. */
	a = rig_expect(rig, 201, POST("/revisions/1/restore", NULL));
	(void)str_copy(id, rig_member(a->body, "id"), sizeof(id));
	commit(id, 201);
	assert_null(document_value(rig->confd.running->doc, NAS));
	/* What nothing refers to is gone: the history brings the reference back, not the value. */
	secrets_tidy(&rig->confd);
	a = rig_expect(rig, 201, POST("/revisions/3/restore", NULL));
	(void)str_copy(id, rig_member(a->body, "id"), sizeof(id));
	commit(id, 422);
}

/* The directory of the store, all of it: no trace of what was set. */
static void
assert_not_on_disk(const char *text)
{
	static char data[4 << 20];
	DIR *d = opendir(rig->dir);
	const struct dirent *e;
	char path[400];
	ssize_t n;
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", rig->dir, e->d_name);
		if ((fd = open(path, O_RDONLY)) == -1 || (n = read(fd, data, sizeof(data))) <= 0)
			continue;
		if (memmem(data, (size_t)n, text, strlen(text)) != NULL)
			fail_msg("%s holds a secret", e->d_name);
		(void)close(fd);
	}
	(void)closedir(d);
}

static void
test_locked_it_serves_what_needs_no_secret(void **state)
{
	const char *id;
	char dir[64];

	(void)state;
	set(FIRST);
	assert_not_on_disk(FIRST);
	(void)rig_expect(rig, 422, PUT("/vault/protection", "{\"protection\":\"passphrase\",\"passphrase\":\"short\"}"));
	(void)rig_expect(rig, 422, PUT("/vault/protection", "{\"protection\":\"hope\"}"));
	(void)rig_expect(rig, 200, PUT("/vault/protection", "{\"protection\":\"passphrase\",\"passphrase\":\"" PASSPHRASE "\"}"));
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	rig = rig_new(dir);
	rig_connect(rig);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/vault"))->body, "\"protected\":true,\"locked\":true"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/status"))->body, "the secrets are locked: patronusctl secret unlock"));
	/* The configuration goes on changing. */
	id = new_workspace();
	(void)rig_expect(rig, 409, PATCH("/secrets", "{\"" NAS "\":\"x\"}", .workspace = id));
	(void)rig_expect(rig, 201, PUT("/configuration/system/hostname", "\"edge2\"", .workspace = id, .none_match = "*"));
	commit(id, 201);
	(void)rig_expect(rig, 403, POST("/vault/unlock", "{\"passphrase\":\"open sesame\"}"));
	(void)rig_expect(rig, 403, POST("/vault/unlock", "{\"passphrase\":\"" PASSPHRASE "\"}", .remote = "olga"));
	(void)rig_expect(rig, 200, POST("/vault/unlock", "{\"passphrase\":\"" PASSPHRASE "\"}"));
	assert_running_is(FIRST);
	(void)rig_expect(rig, 409, POST("/vault/unlock", "{\"passphrase\":\"" PASSPHRASE "\"}"));
	(void)rig_expect(rig, 200, POST("/vault/rotate", NULL));
	secrets_tidy(&rig->confd);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/vault"))->body, "\"epoch\":2,\"secrets\":1,\"to-reseal\":0"));
	assert_running_is(FIRST);
	assert_not_on_disk(PASSPHRASE);
}

/* The vault is gone: the box starts, says so, and takes changes of everything else. */
static void
test_a_lost_vault_is_an_alarm(void **state)
{
	char dir[64], path[128];
	const char *id;
	int fd;

	(void)state;
	set(FIRST);
	(void)str_copy(dir, rig->dir, sizeof(dir));
	rig_free(rig, true);
	(void)snprintf(path, sizeof(path), "%s/vault.db", dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "this is no database at all, and long enough to be one of those that are damaged ...........", 90), 90);
	(void)close(fd);
	rig = rig_new(dir);
	rig_connect(rig);
	assert_non_null(strstr(rig_expect(rig, 200, GET("/status"))->body, "secrets of the configuration are lost"));
	assert_non_null(strstr(rig_expect(rig, 200, GET("/secrets"))->body, "\"stored\":false"));
	id = new_workspace();
	(void)rig_expect(rig, 201, PUT("/configuration/system/hostname", "\"edge2\"", .workspace = id, .none_match = "*"));
	commit(id, 201);
	set(SECOND);
	assert_running_is(SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document_holds_the_fingerprint),
		cmocka_unit_test(test_edits_and_diffs_of_a_document),
		cmocka_unit_test_setup_teardown(test_a_secret_is_set_and_never_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_going_back_brings_the_old_value_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_restored_revision_keeps_what_is_set_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked_it_serves_what_needs_no_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_lost_vault_is_an_alarm, setup, teardown),
	};
	int failed;

	schema = schema_new();
	failed = schema == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	schema_free(schema);
	return (failed);
}
