/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "backups.h"
#include "confd.h"
#include "contents.h"
#include "database.h"
#include "document.h"
#include "events.h"
#include "evidence.h"
#include "fetch.h"
#include "mgmt.h"
#include "mirror.h"
#include "handover.h"
#include "idempotency.h"
#include "listupload.h"
#include "people.h"
#include "preferences.h"
#include "rate.h"
#include "receivers.h"
#include "problem.h"
#include "schema.h"
#include "secrets.h"
#include "session.h"
#include "restored.h"
#include "snapshot.h"
#include "standing.h"
#include "states.h"
#include "store.h"
#include "temporary.h"
#include "tpm.h"
#include "transaction.h"
#include "trends.h"
#include "web.h"
#include "workspace.h"

#define DOCUMENT_MAX	(64u << 20)

static int	 load_store(struct confd *, const char *dir);
static void	 find_boot(struct confd *);

static bool
is_live(const char *token, void *arg)
{
	return (sessions_is_live(arg, token));
}

/* A stream is open for hours: it must not outlive the session that opened it. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct confd *confd = arg;

	(void)fd;
	(void)what;
	events_end_dead(confd->events, is_live, confd->sessions);
	workspaces_tidy(confd->workspaces);
	tpm_tick(confd);
	secrets_tidy(confd);
	backups_tick(confd->backups);
	standing_tick(confd->standing);
	temporary_tick(confd->temporary);
}

int
confd_init(struct confd *confd, struct event_base *base, const char *dir)
{
	static const struct timeval often = { 10, 0 };
	bool has_databases;
	int error;

	memset(confd, 0, sizeof(*confd));
	confd->base = base;
	confd->started_ms = clock_mono_ms();
	owners_init(&confd->owners);
	find_boot(confd);
	if ((confd->schema = schema_new()) == NULL)
		return (-EINVAL);
	if ((error = load_store(confd, dir)) != 0 || (error = vault_open(dir, &confd->vault)) != 0)
		return (error);
	if ((confd->backups = backups_new(confd, dir)) == NULL)
		return (-ENOMEM);
	confd->must_sweep = true;
	confd->evidence = evidence_open(dir, confd->boot_id);
	confd->preferences = preferences_open(dir);
	preferences_sweep(confd);
	confd->events = events_new(mgmt_send_event);
	confd->sessions = sessions_new(confd);
	confd->states = states_new(confd);
	confd->standing = standing_new(confd);
	confd->contents = contents_new(confd);
	confd->listupload = listupload_new(confd);
	has_databases = databases_new(confd);
	confd->temporary = temporary_new(confd);
	confd->workspaces = workspaces_new(confd);
	confd->restored = restored_new(confd);
	confd->transaction = transaction_new(confd);
	confd->mirror = mirror_new(confd);
	confd->people = people_new(confd);
	confd->rates = rates_new();
	confd->idempotency = idempotency_new();
	confd->handovers = handovers_new();
	confd->trends = trends_new();
	if (confd->events == NULL || confd->sessions == NULL || confd->states == NULL || confd->standing == NULL ||
	    confd->temporary == NULL || confd->contents == NULL || confd->listupload == NULL ||
	    !has_databases || confd->workspaces == NULL || confd->restored == NULL || confd->transaction == NULL ||
	    confd->mirror == NULL || confd->people == NULL || confd->rates == NULL || confd->idempotency == NULL || confd->handovers == NULL ||
	    confd->trends == NULL)
		return (-ENOMEM);
	confd->tick = event_new(base, -1, EV_PERSIST, on_tick, confd);
	if (confd->tick == NULL || event_add(confd->tick, &often) == -1)
		return (-ENOMEM);
	transaction_resume(confd->transaction);
	return (0);
}

void
confd_fini(struct confd *confd)
{
	if (confd->tick != NULL)
		event_free(confd->tick);
	web_stop(confd);
	people_free(confd->people);
	mirror_free(confd->mirror);
	transaction_free(confd->transaction);
	workspaces_free(confd->workspaces);
	restored_free(confd->restored);
	temporary_free(confd->temporary);
	databases_free(confd);
	listupload_free(confd->listupload);
	contents_free(confd->contents);
	standing_free(confd->standing);
	states_free(confd->states);
	sessions_free(confd->sessions);
	idempotency_free(confd->idempotency);
	handovers_free(confd->handovers);
	rates_free(confd->rates);
	trends_free(confd->trends);
	events_free(confd->events);
	snapshot_unref(confd->running);
	snapshot_unref(confd->kept);
	backups_free(confd->backups);
	preferences_close(confd->preferences);
	evidence_close(confd->evidence);
	vault_close(confd->vault);
	store_close(confd->store);
	schema_free(confd->schema);
}

/*
 * Which boot is this?  The kernel's own name of it comes from the spawner: clocks do not tell two boots apart that both began in 1970.
 * Without it no deadline outlives this process, which is the safe mistake.
 */
static void
find_boot(struct confd *confd)
{
	const char *boot = getenv("PATRONUS_BOOT");

	(void)str_copy(confd->boot_id, boot != NULL ? boot : "", sizeof(confd->boot_id));
}

/* --- what runs --- */

/* A text that must be whole and valid to be run; NULL, logged, when it is not. */
static struct document *
read_document(struct confd *confd, enum document_format format, const char *text, size_t len, const char *what)
{
	struct problems *problems = problems_new();
	struct document *doc = NULL;
	const struct problem *p;
	unsigned i;

	if (problems == NULL)
		return (NULL);
	if (document_load(confd->schema, format, text, len, problems, &doc) == 0 && document_validate(doc, problems) != 0) {
		document_free(doc);
		doc = NULL;
	}
	for (i = 0; doc == NULL && i < problems_count(problems) && i < 10; i++) {
		p = problems_get(problems, i);
		log_errx("confd", "%s: %s: %s", what, p->path, p->text);
	}
	problems_free(problems);
	return (doc);
}

static struct snapshot *
read_revision(struct confd *confd, uint32_t number)
{
	struct document *doc;
	struct revision rev;
	char what[32], *text;
	size_t len;

	if (store_revision(confd->store, number, &rev) != 0 || store_document(confd->store, number, &text, &len) != 0)
		return (NULL);
	(void)snprintf(what, sizeof(what), "revision %u", number);
	doc = read_document(confd, DOCUMENT_JSON, text, len, what);
	free(text);
	return (doc != NULL ? snapshot_new(number, rev.digest, doc) : NULL);
}

/* The copy beside the database becomes a revision of its own: its number goes on from the one it had. */
static struct snapshot *
read_mirror(struct confd *confd)
{
	struct revision rev = { .author = "system", .origin = "local", .comment = "rebuilt from running.yaml", .time_ms = clock_wall_ms() };
	struct document *doc;
	uint32_t number;
	struct buf json;
	char *text;
	size_t len;
	int error;

	if (store_mirror_get(confd->store, &text, &len) != 0)
		return (NULL);
	number = mirror_number(text, len);
	doc = read_document(confd, DOCUMENT_YAML, text, len, "running.yaml");
	free(text);
	if (doc == NULL)
		return (NULL);
	rev.number = (number > store_last(confd->store) ? number : store_last(confd->store)) + 1;
	buf_init(&json, DOCUMENT_MAX);
	error = document_print(doc, DOCUMENT_JSON, 0, &json);
	if (error == 0 && (buf_failed(&json) || digest_hex(json.data, json.len, rev.digest) != 0))
		error = -ENOMEM;
	if (error == 0 && (error = store_prepare(confd->store, &rev, (const char *)json.data, json.len)) == 0)
		error = store_finish(confd->store, rev.number, REVISION_KEPT, NULL);
	buf_fini(&json);
	if (error != 0) {
		document_free(doc);
		return (NULL);
	}
	log_warnx("confd", "revision %u was rebuilt from running.yaml", rev.number);
	return (snapshot_new(rev.number, rev.digest, doc));
}

/* Revision 0: nothing is configured, and nothing passes. */
static struct snapshot *
empty_snapshot(struct confd *confd)
{
	struct document *doc = document_new(confd->schema);
	char digest[DIGEST_STRLEN] = "";
	struct buf json;

	buf_init(&json, DOCUMENT_MAX);
	if (doc != NULL && document_print(doc, DOCUMENT_JSON, 0, &json) == 0 && !buf_failed(&json))
		(void)digest_hex(json.data, json.len, digest);
	buf_fini(&json);
	return (snapshot_new(0, digest, doc));
}

static int
load_store(struct confd *confd, const char *dir)
{
	struct store_pointers at;
	enum store_found found;
	int error;

	if ((error = store_open(dir, &confd->store, &found)) != 0)
		return (error);
	store_pointers(confd->store, &at);
	if (at.kept != 0)
		confd->kept = read_revision(confd, at.kept);
	/* Only a first boot has no copy either. */
	if (confd->kept == NULL && (confd->kept = read_mirror(confd)) != NULL)
		store_pointers(confd->store, &at);
	if (confd->kept == NULL) {
		if (at.kept != 0 || found == STORE_FOUND_BROKEN)
			log_errx("confd", "no stored configuration can be read: nothing is configured, and nothing passes");
		if ((confd->kept = empty_snapshot(confd)) == NULL)
			return (-ENOMEM);
	}
	if (at.running != at.kept && at.pending != 0)
		confd->running = read_revision(confd, at.running);
	if (confd->running == NULL)
		confd->running = snapshot_ref(confd->kept);
	log_info("confd", "revision %u runs", confd->running->number);
	return (0);
}

void
confd_running_changed(struct confd *confd)
{
	confd->must_sweep = true;
	/* What the schedule of backups says now holds from now on. */
	event_active(confd->tick, EV_TIMEOUT, 0);
	people_changed(confd->people);
	preferences_sweep(confd);
	workspaces_settle(confd->workspaces);
	mirror_changed(confd->mirror);
	web_changed(confd);
	fetch_setup(confd);
	receivers_tell(confd);
	contents_changed(confd->contents);
	databases_changed(confd);
	restored_changed(confd->restored);
}
