/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A workspace becomes what runs; and the way back. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "api.h"
#include "client.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"
#include "term.h"

/* "60", "60s", "5m", "1h" to seconds; 0 when it is none of that or out of 5 s to an hour. */
static unsigned
confirm_seconds(const char *text)
{
	static const struct {
		char		suffix;
		unsigned	seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	char number[16];
	size_t len = strlen(text), i;
	unsigned unit = 1;
	uint64_t n;

	if (len == 0 || str_copy(number, text, sizeof(number)) >= sizeof(number))
		return 0;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (number[len - 1] == units[i].suffix) {
			unit = units[i].seconds;
			number[len - 1] = '\0';
			break;
		}
	if (str_u64(number, 1, 3600, &n) != 0 || n * unit < 5 || n * unit > 3600)
		return 0;
	return (unsigned)n * unit;
}

static void
print_phases(const json_t *p)
{
	static const char *const names[] = { "validate", "prepare", "apply", "read-back", "store" };
	char member[32];
	size_t i;

	if (!json_is_object(p))
		return;
	printf("%s%.1f ms:", term_dim(), (double)json_number(p, "total-us") / 1000);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(member, sizeof(member), "%s-us", names[i]);
		printf(" %s %.1f", names[i], (double)json_number(p, member) / 1000);
	}
	printf("%s\n", term_plain());
}

/* Who would be cut off, and what helps. */
static void
print_cut(const json_t *cut)
{
	if (json_text(cut, "remedy")[0] != '\0')
		printf("%s from %s: %s\n", json_text(cut, "user"), json_text(cut, "origin"), json_text(cut, "remedy"));
}

/* What must work, and whether it does. */
static void
print_checks(const json_t *list)
{
	const json_t *c;
	const char *state;
	size_t n;

	for (n = 0; n < json_array_size(list); n++) {
		c = json_array_get(list, n);
		state = json_text(c, "state");
		printf("%s%s %s: %s%s%s\n", strcmp(state, "passed") == 0 ? term_good() : term_warn(), strcmp(state, "passed") == 0 ? "ok" : "!!",
		    json_text(c, "name"), strcmp(state, "failed-before") == 0 ? "failed before already: " : "", json_text(c, "text"),
		    term_plain());
	}
}

static void
print_commit(const json_t *o)
{
	const char *state = json_text(o, "state"), *forced = json_text(o, "forced-confirm");
	long long revision = (long long)json_number(o, "revision");

	if (strcmp(state, "kept") == 0)
		printf("%srevision %lld is running, as read back from the kernel%s\n", term_good(), revision, term_plain());
	else if (strcmp(state, "awaiting-confirm") == 0)
		printf("%srevision %lld is running and goes back in %lld s unless it is confirmed: patronusctl confirm%s\n", term_warn(),
		    revision, (long long)json_number(o, "confirm-seconds-left"), term_plain());
	else
		printf("%srevision %lld: %s%s\n", term_bad(), revision, state, term_plain());
	print_checks(json_object_get(o, "checks"));
	if (forced[0] != '\0')
		printf("a confirmation is needed because %s\n", forced);
	print_cut(json_object_get(o, "cut"));
	print_phases(json_object_get(o, "phases"));
}

static int
pending_act(struct ctl *c, const char *verb)
{
	char path[128];
	struct reply r;
	int code;

	if ((code = api_get(c, "/commits/pending", "", &r)) != EXIT_OK)
		return code;
	/* Ids may be numbers or words: both go into a path. */
	if (json_is_string(json_object_get(r.json, "id")))
		(void)snprintf(path, sizeof(path), "/commits/%s/%s", json_text(r.json, "id"), verb);
	else
		(void)snprintf(path, sizeof(path), "/commits/%lld/%s", (long long)json_number(r.json, "id"), verb);
	reply_fini(&r);
	if ((code = api_post(c, path, json_object(), &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else if (strcmp(verb, "confirm") == 0)
		printf("%srevision %lld is kept%s\n", term_good(), (long long)json_number(r.json, "revision"), term_plain());
	else
		printf("revision %lld is taken back\n", (long long)json_number(r.json, "revision"));
	reply_fini(&r);
	return code;
}

/* On a terminal: ask in the same place whether the person who made the change is still there. */
static int
ask_confirm(struct ctl *c, json_int_t seconds)
{
	uint64_t end = clock_mono_ms() + (uint64_t)seconds * 1000, now;
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char answer[16];
	int n;

	while ((now = clock_mono_ms()) < end) {
		fprintf(stderr, "\rkeep it? [y/n] (%llu s left) ", (unsigned long long)(end - now + 999) / 1000);
		n = poll(&p, 1, (int)(end - now < 1000 ? end - now : 1000));
		if (n == -1 && errno != EINTR)
			break;
		if (n <= 0)
			continue;
		if (fgets(answer, sizeof(answer), stdin) == NULL)
			return EXIT_OK;		/* nobody answers: it goes back by itself */
		if (answer[0] == 'y' || answer[0] == 'Y')
			return pending_act(c, "confirm");
		if (answer[0] == 'n' || answer[0] == 'N')
			return pending_act(c, "cancel") == EXIT_OK ? EXIT_ROLLED_BACK : EXIT_FAILED;
	}
	fprintf(stderr, "\nnot confirmed: the box goes back to the revision before\n");
	return EXIT_ROLLED_BACK;
}

/* --- what it will do, and where it is --- */

static int
print_plan(struct ctl *c, const char *workspace)
{
	char path[128];
	struct reply r;
	int code;

	(void)snprintf(path, sizeof(path), "/workspaces/%s/diff", workspace);
	if ((code = api_get(c, path, "view=plan", &r)) != EXIT_OK)
		return code;
	print_lines(json_text(r.json, "text"));
	reply_fini(&r);
	return EXIT_OK;
}

static void
on_progress(const struct mgmt_event_req *e, void *arg)
{
	json_t *o = json_loadb((const char *)e->data.data, e->data.len, 0, NULL);
	const json_t *check = json_object_get(o, "check");
	const char *phase = json_text(o, "phase");

	(void)arg;
	if (check != NULL)
		fprintf(stderr, "  %s %s%s: %s\n", strcmp(json_text(check, "state"), "passed") == 0 ? "ok" : "!!", json_text(check, "name"),
		    strcmp(phase, "check-before") == 0 ? " before" : "", json_text(check, "text"));
	else if (o != NULL)
		fprintf(stderr, "%s%s ...%s\n", term_dim(), phase, term_plain());
	json_decref(o);
}

/* On a terminal, or with --plan: the plan first, then each step.  Nothing is asked: a change that could hurt has --confirm. */
static int
announce(struct ctl *c, const char *workspace)
{
	struct client *client = api_client(c);
	int code;

	if (c->format == FORMAT_JSON || (ctl_option(c, "plan") == NULL && !(isatty(STDIN_FILENO) && term_is_tty())))
		return EXIT_OK;
	if ((code = print_plan(c, workspace)) != EXIT_OK)
		return code;
	if (client != NULL)
		(void)client_listen(client, "progress", on_progress, NULL);
	return EXIT_OK;
}

static int
no_workspace(void)
{
	fprintf(stderr, "patronusctl: there is nothing to commit; change something with set, delete, load or rollback\n");
	return EXIT_NOT_FOUND;
}

int
run_commit(struct ctl *c)
{
	const char *confirm = ctl_option(c, "confirm"), *comment = ctl_option(c, "comment");
	unsigned seconds = confirm != NULL ? confirm_seconds(confirm) : 0;
	char workspace[65];
	struct reply r;
	json_t *body;
	int code;

	if (confirm != NULL && seconds == 0) {
		fprintf(stderr, "patronusctl: --confirm takes a time from 5s to 1h, such as 60s\n");
		return EXIT_USAGE;
	}
	if ((code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	if (workspace[0] == '\0')
		return no_workspace();
	if ((code = announce(c, workspace)) != EXIT_OK)
		return code;
	body = json_pack("{s:s}", "workspace", workspace);
	if (comment != NULL)
		(void)json_object_set_new(body, "comment", json_string(comment));
	if (seconds > 0)
		(void)json_object_set_new(body, "confirm-timeout", json_integer(seconds));
	code = api_post(c, "/commits", body, &r);
	(void)client_listen(api_client(c), "", NULL, NULL);
	if (code != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else {
		print_commit(r.json);
		if (strcmp(json_text(r.json, "state"), "awaiting-confirm") == 0 && isatty(STDIN_FILENO) && term_is_tty())
			code = ask_confirm(c, json_number(r.json, "confirm-seconds-left"));
		else if (strcmp(json_text(r.json, "state"), "rolled-back") == 0)
			code = EXIT_ROLLED_BACK;
		else if (strcmp(json_text(r.json, "state"), "failed") == 0)
			code = EXIT_FAILED;
	}
	reply_fini(&r);
	return code;
}

int
run_confirm(struct ctl *c)
{
	return pending_act(c, "confirm");
}

int
run_cancel(struct ctl *c)
{
	return pending_act(c, "cancel");
}

/* {"sections": [...]} of --sections a,b; {} without. */
static json_t *
sections_of(struct ctl *c)
{
	const char *at = ctl_option(c, "sections");
	json_t *list = json_array();
	size_t len;

	if (at == NULL) {
		json_decref(list);
		return json_object();
	}
	for (;; at += len + 1) {
		len = strcspn(at, ",");
		json_array_append_new(list, json_stringn(at, len));
		if (at[len] == '\0')
			return json_pack("{s:o}", "sections", list);
	}
}

int
run_rollback(struct ctl *c)
{
	char old[65], path[128];
	struct reply r;
	uint64_t n;
	int code;

	if (str_u64(c->args[0], 0, UINT32_MAX, &n) != 0) {
		fprintf(stderr, "patronusctl: a revision is a number; see patronusctl history\n");
		return EXIT_USAGE;
	}
	if ((code = api_workspace(c, false, old, sizeof(old))) != EXIT_OK)
		return code;
	(void)snprintf(path, sizeof(path), "/revisions/%llu/restore", (unsigned long long)n);
	if ((code = api_post(c, path, sections_of(c), &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("revision %llu is loaded into workspace %s, nothing is applied yet: patronusctl diff, then patronusctl commit\n",
		    (unsigned long long)n, json_text(r.json, "id"));
	reply_fini(&r);
	if (code == EXIT_OK && old[0] != '\0') {
		(void)snprintf(path, sizeof(path), "/workspaces/%s", old);
		code = api_delete(c, path);
	}
	return code;
}

int
run_rebase(struct ctl *c)
{
	const char *take = ctl_option(c, "take");
	char workspace[65], path[128];
	struct reply r;
	int code;

	if ((code = api_workspace(c, false, workspace, sizeof(workspace))) != EXIT_OK)
		return code;
	if (workspace[0] == '\0') {
		fprintf(stderr, "nothing was edited\n");
		return EXIT_OK;
	}
	(void)snprintf(path, sizeof(path), "/workspaces/%s/%s", workspace, take != NULL ? "resolve" : "rebase");
	if ((code = api_post(c, path, take != NULL ? json_pack("{s:s}", "take", take) : json_object(), &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("workspace %s stands on revision %lld\n", workspace, (long long)json_number(r.json, "base"));
	reply_fini(&r);
	return code;
}
