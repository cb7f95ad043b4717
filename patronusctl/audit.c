/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: what was done, and the proof that it is all of it.  What is proven is computed here, not believed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/check.h"
#include "audit/lines.h"
#include "audit/received.h"
#include "base/buf.h"
#include "base/str.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"

#define KEY_FILE_MAX	4096

/* --- list --- */

static void
print_record(struct table *t, const json_t *r)
{
	char time[32];

	table_cell(t, "%lld", (long long)json_number(r, "seq"));
	table_cell(t, "%s", term_time(json_text(r, "time"), time));
	table_cell(t, "%s", json_text(r, "actor"));
	table_cell(t, "%s", json_text(r, "origin"));
	table_cell(t, "%s", json_text(r, "action"));
	table_cell(t, "%s", json_text(r, "object"));
	table_cell(t, "%s", json_text(r, "result"));
}

int
run_audit_list(struct ctl *c)
{
	static const char *const options[] = { "actor", "action", "object", "since", "until", "limit", NULL };
	static const char *const titles[] = { ">RECORD", "TIME", "WHO", "FROM", "WHAT", "OBJECT", "RESULT" };
	char query[API_QUERY_MAX] = "";
	const json_t *list;
	struct table *t;
	struct reply r;
	size_t i;
	int code;

	for (i = 0; options[i] != NULL; i++)
		api_query_add(query, options[i], ctl_option(c, options[i]));
	if ((code = api_get(c, "/audit", query, &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
		list = json_object_get(r.json, "records");
		for (i = 0; i < json_array_size(list); i++)
			print_record(t, json_array_get(list, i));
		table_print(t, term_is_tty(), "");
		table_free(t);
	}
	reply_fini(&r);
	return code;
}

/* --- what is checked --- */

/* Lines of an answer or of a file, until one is wrong or there are no more. */
typedef int line_handler(void *arg, const char *line, size_t len);

static int
each_line(const char *data, size_t len, line_handler *then, void *arg)
{
	const char *at = data, *feed;
	int error = 0;

	for (; error == 0 && (feed = memchr(at, '\n', len - (size_t)(at - data))) != NULL; at = feed + 1)
		error = then(arg, at, (size_t)(feed - at));
	return error;
}

static int
each_line_of_file(const char *name, line_handler *then, void *arg)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int error = 0;

	if (f == NULL) {
		fprintf(stderr, "patronusctl: %s: %s\n", name, strerror(errno));
		return -ENOENT;
	}
	while (error == 0 && (n = getline(&line, &cap, f)) != -1)
		error = then(arg, line, line[n - 1] == '\n' ? (size_t)n - 1 : (size_t)n);
	free(line);
	if (f != stdin)
		(void)fclose(f);
	return error;
}

static int
check_line(void *arg, const char *line, size_t len)
{
	return audit_check_line(arg, line, len);
}

/* Heads that were kept elsewhere: as lines of an export, or as a receiver of syslog has them. */
static int
expect_line(void *arg, const char *line, size_t len)
{
	struct audit_received r;

	return audit_received_parse(line, len, &r) ? audit_check_expect(arg, r.line, r.len) : 0;
}

struct receipt {
	struct audit_check	*check;
	uint64_t		 last;
};

static int
receive_first(void *arg, const char *line, size_t len)
{
	return audit_received_first(((struct receipt *)arg)->check, line, len);
}

static int
receive_second(void *arg, const char *line, size_t len)
{
	struct receipt *r = arg;

	return audit_received_second(r->check, &r->last, line, len);
}

static struct audit_key *
key_from_file(const char *name)
{
	char text[KEY_FILE_MAX];
	struct audit_key *key = NULL;
	FILE *f = fopen(name, "re");
	size_t n;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text), f);
		(void)fclose(f);
		key = audit_key_from_pem(text, n);
	}
	if (key == NULL)
		fprintf(stderr, "patronusctl: %s: this is no public key (PEM, P-256)\n", name);
	return key;
}

static struct audit_key *
key_from_head(const struct reply *r)
{
	const char *text = json_text(r->json, "key");
	uint8_t der[AUDIT_KEY_MAX];
	size_t len = strlen(text) / 2;

	return len <= sizeof(der) && str_unhex(text, der, len) == 0 ? audit_key_new(der, len) : NULL;
}

static int
verdict(struct audit_check *check, int error)
{
	const struct audit_result *r = audit_check_result(check);
	unsigned long long open = audit_check_tree(check)->size - r->head.size;

	if (error != 0) {
		if (r->problem[0] != '\0')
			fprintf(stderr, "%spatronusctl: the audit log is not as it was written%s: %s\n", term_bad(), term_plain(), r->problem);
		return EXIT_FAILED;
	}
	if (r->heads == 0) {
		fprintf(stderr, "patronusctl: nothing is proven: there is no signed head of these records\n");
		return EXIT_FAILED;
	}
	if (audit_check_key(check) == NULL) {
		fprintf(stderr, "patronusctl: nothing is proven: no key to check the signatures with; give --key FILE\n");
		return EXIT_FAILED;
	}
	printf("%sall is as it was written%s: records %llu to %llu, %llu heads, the last is head %llu of %s\n", term_good(), term_plain(),
	    (unsigned long long)r->first, (unsigned long long)r->last, (unsigned long long)r->heads, (unsigned long long)r->head.number,
	    r->head.time);
	if (r->first > 1)
		printf("records 1 to %llu are not here; the hashes of what was before fit\n", (unsigned long long)r->first - 1);
	if (open > 0)
		printf("%llu newer records are not signed yet\n", open);
	return EXIT_OK;
}

/* Files of a receiver of syslog are read twice. */
static int
verify_received(struct ctl *c, struct audit_check *check)
{
	struct receipt r = { .check = check };
	int i, error = 0;

	for (i = 0; i < c->nargs; i++)
		if (strcmp(c->args[i], "-") == 0) {
			fprintf(stderr, "patronusctl: --syslog reads its files twice: give their names, not -\n");
			return -EINVAL;
		}
	for (i = 0; error == 0 && i < c->nargs; i++)
		error = each_line_of_file(c->args[i], receive_first, &r);
	for (i = 0; error == 0 && i < c->nargs; i++)
		error = each_line_of_file(c->args[i], receive_second, &r);
	return error;
}

static int
verify_files(struct ctl *c, struct audit_check *check)
{
	bool is_received = ctl_option(c, "syslog") != NULL;
	const char *heads = ctl_option(c, "heads");
	int i, error = 0;

	if (heads != NULL)
		error = each_line_of_file(heads, expect_line, check);
	if (error == 0 && is_received)
		error = verify_received(c, check);
	for (i = 0; error == 0 && !is_received && i < c->nargs; i++)
		error = each_line_of_file(c->args[i], check_line, check);
	return verdict(check, error != 0 ? error : audit_check_end(check));
}

/* --- export --- */

/* All parts from the box, each to `then`.  An exit code. */
static int
each_part(struct ctl *c, line_handler *then, void *arg, int *ret_error)
{
	unsigned long long from = 1;
	char query[64];
	struct reply r;
	const char *data;
	size_t len, at;
	uint64_t seq, last;
	int code;

	for (*ret_error = 0; *ret_error == 0;) {
		(void)snprintf(query, sizeof(query), "from=%llu", from);
		if ((code = api_get(c, "/audit/export", query, &r)) != EXIT_OK)
			return code;
		data = (const char *)r.rep->body.data;
		len = r.rep->body.len;
		last = 0;
		for (at = 0; at < len; at += strcspn(data + at, "\n") + 1)
			if ((seq = audit_record_seq(data + at, len - at)) != 0)
				last = seq;
		/* What comes without a record is a prefix that says nothing new. */
		if (last != 0 || from == 1)
			*ret_error = each_line(data, len, then, arg);
		reply_fini(&r);
		if (last == 0)
			break;
		from = last + 1;
	}
	return EXIT_OK;
}

static int
print_line(void *arg, const char *line, size_t len)
{
	return fwrite(line, 1, len, arg) == len && putc('\n', arg) != EOF ? 0 : -EIO;
}

int
run_audit_export(struct ctl *c)
{
	struct reply r;
	int code, error;

	if ((code = api_get(c, "/audit/head", "", &r)) != EXIT_OK)
		return code;
	printf("{\"audit-key\":\"%s\"}\n", json_text(r.json, "key"));
	reply_fini(&r);
	code = each_part(c, print_line, stdout, &error);
	if (error != 0 || fflush(stdout) != 0) {
		fprintf(stderr, "patronusctl: the export cannot be written: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return code;
}

/* --- verify --- */

static int
verify_box(struct ctl *c, struct audit_check *check)
{
	const char *heads = ctl_option(c, "heads");
	int code = EXIT_OK, error = 0;

	if (heads != NULL)
		error = each_line_of_file(heads, expect_line, check);
	if (error == 0)
		code = each_part(c, check_line, check, &error);
	if (code != EXIT_OK)
		return code;
	return verdict(check, error != 0 ? error : audit_check_end(check));
}

int
run_audit_verify(struct ctl *c)
{
	const char *name = ctl_option(c, "key");
	struct audit_key *key = NULL;
	struct audit_check *check;
	struct reply r;
	int code;

	if (name != NULL && (key = key_from_file(name)) == NULL)
		return EXIT_FAILED;
	if (name == NULL && c->nargs == 0) {
		if ((code = api_get(c, "/audit/head", "", &r)) != EXIT_OK)
			return code;
		key = key_from_head(&r);
		reply_fini(&r);
	}
	check = audit_check_new(key);
	if (check == NULL)
		return EXIT_FAILED;
	code = c->nargs > 0 ? verify_files(c, check) : verify_box(c, check);
	audit_check_free(check);
	audit_key_free(key);
	return code;
}

/* --- prove --- */

static bool
take_hash(const char *text, struct audit_hash *ret)
{
	return str_unhex(text, ret->b, AUDIT_HASH_LEN) == 0;
}

static bool
take_path(const json_t *list, struct audit_proof *ret)
{
	const char *text;

	for (ret->n = 0; ret->n < json_array_size(list); ret->n++) {
		text = json_string_value(json_array_get(list, ret->n));
		if (ret->n == AUDIT_LEVELS || text == NULL || !take_hash(text, &ret->path[ret->n]))
			return false;
	}
	return true;
}

/* The record's own bytes, hashed here, under a head with a good signature. */
static bool
is_proven(uint64_t record, const char *entry, const json_t *proof, const struct audit_head *head)
{
	struct audit_hash leaf;
	struct audit_proof path;

	audit_hash_leaf(entry, strlen(entry), &leaf);
	return audit_record_seq(entry, strlen(entry)) == record && take_path(json_object_get(proof, "path"), &path) &&
	    audit_verify_inclusion(&leaf, record - 1, head->size, &path, &head->root);
}

static int
prove(struct ctl *c, uint64_t record, const struct audit_head *head)
{
	struct reply r;
	const char *entry;
	char query[96];
	int code;

	(void)snprintf(query, sizeof(query), "record=%llu&size=%llu", (unsigned long long)record, (unsigned long long)head->size);
	if ((code = api_get(c, "/audit/proof", query, &r)) != EXIT_OK)
		return code;
	entry = json_text(r.json, "entry");
	if (!is_proven(record, entry, r.json, head)) {
		fprintf(stderr, "patronusctl: record %llu is not proven: it is not in the tree of head %llu\n", (unsigned long long)record,
		    (unsigned long long)head->number);
		code = EXIT_FAILED;
	} else if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s\n%sproven%s: record %llu of %llu under head %llu of %s, by %zu hashes\n", entry, term_good(), term_plain(),
		    (unsigned long long)record, (unsigned long long)head->size, (unsigned long long)head->number, head->time,
		    json_array_size(json_object_get(r.json, "path")));
	reply_fini(&r);
	return code;
}

int
run_audit_prove(struct ctl *c)
{
	const char *name = ctl_option(c, "key"), *line;
	struct audit_key *key;
	struct audit_head head;
	struct reply r;
	uint64_t record;
	int code;

	if (str_u64(c->args[0], 1, UINT64_MAX >> 2, &record) != 0) {
		fprintf(stderr, "patronusctl: \"%s\" is not the number of a record\n", c->args[0]);
		return EXIT_USAGE;
	}
	if ((code = api_get(c, "/audit/head", "", &r)) != EXIT_OK)
		return code;
	line = json_text(r.json, "line");
	key = name != NULL ? key_from_file(name) : key_from_head(&r);
	if (key == NULL || audit_head_parse(line, strlen(line), &head) != 0 || !audit_head_verify(&head, key)) {
		fprintf(stderr, "patronusctl: there is no head with a good signature yet\n");
		code = EXIT_FAILED;
	}
	audit_key_free(key);
	reply_fini(&r);
	return code == EXIT_OK ? prove(c, record, &head) : code;
}
