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

/* A text that must be whole and valid to be run. */
static int
read_document(struct confd *confd, enum document_format format, const char *text, size_t len, const char *what, struct document **ret)
{
	struct problems *problems = problems_new();
	struct document *doc = NULL;
	const struct problem *p;
	unsigned i;
	int error;

	if (problems == NULL)
		return (-ENOMEM);
	if ((error = document_load(confd->schema, format, text, len, problems, &doc)) == 0 && (error = document_validate(doc, problems)) != 0)
		document_free(doc);
	for (i = 0; error != 0 && i < problems_count(problems) && i < 10; i++) {
		p = problems_get(problems, i);
		log_errx("confd", "%s: %s: %s", what, p->path, p->text);
	}
	problems_free(problems);
	if (error == 0)
		*ret = doc;
	return (error);
}

static int
read_revision_once(struct confd *confd, uint32_t number, struct snapshot **ret)
{
	struct document *doc;
	struct revision rev;
	char what[32], *text;
	size_t len;
	int error;

	if ((error = store_revision(confd->store, number, &rev)) != 0 || (error = store_document(confd->store, number, &text, &len)) != 0)
		return (error);
	(void)snprintf(what, sizeof(what), "revision %u", number);
	error = read_document(confd, DOCUMENT_JSON, text, len, what, &doc);
	free(text);
	if (error == 0 && (*ret = snapshot_new(number, rev.digest, doc)) == NULL)
		error = -ENOMEM;
	return (error);
}

/* Without memory or descriptors what is stored may be whole all the same: who cannot read it for that ends, and is started again. */
static bool
is_passing(int error)
{
	return (error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EBUSY);
}

/* What a disk did not give once it may give the second time, and libyang calls what it had no memory for invalid, too. */
static int
read_revision(struct confd *confd, uint32_t number, struct snapshot **ret)
{
	int error = read_revision_once(confd, number, ret);

	return (error != 0 && !is_passing(error) ? read_revision_once(confd, number, ret) : error);
}

/* The copy beside the database becomes a revision of its own: its number goes on from the one it had. */
static int
read_mirror(struct confd *confd, struct snapshot **ret)
{
	struct revision rev = { .author = "system", .origin = "local", .comment = "rebuilt from running.yaml", .time_ms = clock_wall_ms() };
	struct document *doc;
	uint32_t number;
	struct buf json;
	char *text;
	size_t len;
	int error;

	if ((error = store_mirror_get(confd->store, &text, &len)) != 0)
		return (error);
	number = mirror_number(text, len);
	error = read_document(confd, DOCUMENT_YAML, text, len, "running.yaml", &doc);
	free(text);
	if (error != 0)
		return (error);
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
		return (error);
	}
	log_warnx("confd", "revision %u was rebuilt from running.yaml", rev.number);
	return ((*ret = snapshot_new(rev.number, rev.digest, doc)) != NULL ? 0 : -ENOMEM);
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
	if (at.kept != 0 && is_passing(error = read_revision(confd, at.kept, &confd->kept)))
		return (error);
	/* Only a first boot has no copy either. */
	if (confd->kept == NULL && (error = read_mirror(confd, &confd->kept)) == 0)
		store_pointers(confd->store, &at);
	if (confd->kept == NULL) {
		if (is_passing(error))
			return (error);
		if (at.kept != 0 || found == STORE_FOUND_BROKEN)
			log_errx("confd", "no stored configuration can be read: nothing is configured, and nothing passes");
		if ((confd->kept = empty_snapshot(confd)) == NULL)
			return (-ENOMEM);
	}
	if (at.running != at.kept && at.pending != 0 && is_passing(error = read_revision(confd, at.running, &confd->running)))
		return (error);
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
