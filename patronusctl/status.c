/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one screen that says how the box is. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "table.h"
#include "term.h"

#define SAMPLE_MS	500	/* between the two samples that rates are made of */

static void
print_head(const json_t *s)
{
	const json_t *pending = json_object_get(s, "pending");
	char up[24];

	printf("%s%s%s  Patronus %s, revision %lld, up %s\n", term_bold(), json_text(s, "hostname"), term_plain(),
	    json_text(s, "version"), (long long)json_number(s, "revision"),
	    term_duration((uint64_t)json_number(s, "uptime-seconds"), up));
	if (json_is_object(pending))
		printf("%sRevision %lld goes back in %lld s unless it is confirmed: patronusctl confirm%s\n", term_warn(),
		    (long long)json_number(pending, "revision"), (long long)json_number(pending, "confirm-seconds-left"),
		    term_plain());
}

static void
print_alarms(const json_t *s)
{
	const json_t *list = json_object_get(s, "alarms"), *a;
	size_t i;

	if (json_array_size(list) == 0) {
		printf("Alarms       %snone%s\n", term_good(), term_plain());
		return;
	}
	printf("Alarms\n");
	for (i = 0; i < json_array_size(list); i++) {
		a = json_array_get(list, i);
		if (json_is_string(a))
			printf("  %s%s%s\n", term_bad(), json_string_value(a), term_plain());
		else
			printf("  %s%s%s%s%s\n", term_bad(), json_text(a, "object"), json_text(a, "object")[0] != '\0' ? ": " : "",
			    json_text(a, json_object_get(a, "text") != NULL ? "text" : "detail"), term_plain());
	}
}

static void
print_secrets(const json_t *s)
{
	const json_t *v = json_object_get(s, "secrets");
	bool is_protected = json_flag(v, "protected");

	if (v != NULL)
		printf("Secrets      %s%s%s%s\n", is_protected ? term_good() : term_warn(), !is_protected ? "not protected" :
		    strcmp(json_text(v, "protection"), "tpm") == 0 ? "protected by the TPM" : "protected by a passphrase",
		    json_flag(v, "locked") ? ", locked" : "", term_plain());
}

static void
print_processes(const json_t *s)
{
	const json_t *list = json_object_get(s, "processes"), *p;
	unsigned n = 0;
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		n += strcmp(json_text(json_array_get(list, i), "state"), "running") == 0;
	printf("Processes    %s%u of %zu run%s", n == json_array_size(list) ? term_good() : term_bad(), n, json_array_size(list),
	    term_plain());
	for (i = 0; i < json_array_size(list); i++) {
		p = json_array_get(list, i);
		if (strcmp(json_text(p, "state"), "running") != 0)
			printf("; %s: %s", json_text(p, "name"), json_text(p, "state"));
		else if (json_number(p, "restarts") > 0)
			printf("; %s restarted %lld times", json_text(p, "name"), (long long)json_number(p, "restarts"));
	}
	putchar('\n');
}

static void
print_connections(const json_t *s)
{
	const json_t *c = json_object_get(s, "connections");

	printf("Connections  %lld of %lld\n", (long long)json_number(c, "current"), (long long)json_number(c, "maximum"));
}

/* --- interfaces with rates --- */

static const json_t *
same_link(const json_t *list, const json_t *link)
{
	const json_t *o;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (json_number(o, "index") == json_number(link, "index"))
			return o;
	}
	return NULL;
}

static const char *
rate(const json_t *before, const json_t *now, const char *member, uint64_t ms, char ret[24])
{
	json_int_t bytes = json_number(now, member) - json_number(before, member);

	/* A counter that fell belongs to a link that was made anew. */
	if (before == NULL || bytes < 0 || ms == 0)
		return "-";
	return term_bits_per_second((uint64_t)bytes * 8 * 1000 / ms, ret);
}

static void
put_interface(struct table *t, const json_t *before, const json_t *o, uint64_t ms)
{
	const json_t *addresses = json_object_get(o, "addresses");
	char rx[24], tx[24];

	table_cell(t, "%s", json_text(o, "name"));
	table_cell(t, "%s", json_text(o, "kernel-name"));
	table_cell(t, "%s", !json_flag(o, "present") ? "absent" : !json_flag(o, "admin-up") ? "off" :
	    json_flag(o, "link-up") ? "up" : "no carrier");
	table_cell(t, "%s%s", json_array_size(addresses) > 0 ? json_string_value(json_array_get(addresses, 0)) : "",
	    json_array_size(addresses) > 1 ? ", ..." : "");
	table_cell(t, "%s", rate(before, o, "rx-bytes", ms, rx));
	table_cell(t, "%s", rate(before, o, "tx-bytes", ms, tx));
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int
print_interfaces(struct ctl *c)
{
	static const char *const titles[] = { "INTERFACE", "LINK", "STATE", "ADDRESS", ">IN", ">OUT" };
	static const struct timespec pause = { 0, SAMPLE_MS * 1000000 };
	struct reply first, second;
	const json_t *before, *list, *o;
	struct table *t;
	uint64_t start;
	size_t i;
	int code;

	if ((code = api_get(c, "/state/interfaces", "", &first)) != EXIT_OK)
		return code;
	start = now_ms();
	(void)nanosleep(&pause, NULL);
	if ((code = api_get(c, "/state/interfaces", "", &second)) != EXIT_OK) {
		reply_fini(&first);
		return code;
	}
	before = json_object_get(first.json, "interfaces");
	list = json_object_get(second.json, "interfaces");
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (json_text(o, "name")[0] != '\0')
			put_interface(t, same_link(before, o), o, now_ms() - start);
	}
	table_print(t, true, "  ");
	table_free(t);
	reply_fini(&first);
	reply_fini(&second);
	return EXIT_OK;
}

static void
print_rules(const json_t *s)
{
	static const char *const titles[] = { "RULE", "ACTION", ">PACKETS", ">BYTES" };
	const json_t *list = json_object_get(s, "top-rules"), *o;
	struct table *t;
	char bytes[24];
	size_t i;

	if (json_array_size(list) == 0)
		return;
	t = table_new(titles, sizeof(titles) / sizeof(titles[0]));
	for (i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		table_cell(t, "%s", json_text(o, "id"));
		table_cell(t, "%s", json_text(o, "action"));
		table_cell(t, "%lld", (long long)json_number(o, "packets"));
		table_cell(t, "%s", term_bytes((uint64_t)json_number(o, "bytes"), bytes));
	}
	table_print(t, true, "  ");
	table_free(t);
}

int
run_status(struct ctl *c)
{
	struct reply r;
	int code;

	if ((code = api_get(c, "/status", "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON) {
		code = api_print_body(&r);
		reply_fini(&r);
		return code;
	}
	print_head(r.json);
	print_alarms(r.json);
	print_secrets(r.json);
	print_processes(r.json);
	print_connections(r.json);
	putchar('\n');
	code = print_interfaces(c);
	if (code == EXIT_OK) {
		putchar('\n');
		print_rules(r.json);
	}
	reply_fini(&r);
	return code;
}
