/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the kernel is not as it should be, or links have changed their meaning. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "diff.h"
#include "fwd.h"
#include "links.h"
#include "problems.h"
#include "revision.h"
#include "watch.h"

#define RETRY_MS	1000
#define REPORTED_MAX	16	/* differences of one incident that are told one by one */

struct incident {
	struct fwd	*fwd;
	unsigned	 n;
	struct {
		char	 object[256];
		char	 detail[128];
	} items[REPORTED_MAX];
};

static void
note_difference(const char *path, const char *object, const char *detail, void *arg)
{
	struct incident *i = arg;

	(void)path;
	if (i->n == REPORTED_MAX)
		return;
	log_warnx("drift", "%s: %s", object, detail);
	(void)str_copy(i->items[i->n].object, object, sizeof(i->items[0].object));
	(void)str_copy(i->items[i->n].detail, detail, sizeof(i->items[0].detail));
	i->n++;
}

void
repair_table(void *arg)
{
	struct fwd *f = arg;
	struct incident incident = { .fwd = f };
	struct problems problems;
	struct arena *a;
	unsigned i;
	int r;

	if (f->apply.ir == NULL)
		return;
	r = apply_verify(&f->apply, note_difference, &incident);
	if (r < 0)
		watch_look(f->watch, RETRY_MS);
	if (r <= 0)
		return;
	a = arena_new(0);
	if (a == NULL)
		fatalx("repair", "out of memory");
	problems_init(&problems, a);
	r = apply_repair(&f->apply, &problems);
	for (i = 0; i < incident.n; i++)
		report_drift(f, incident.items[i].object, "critical", incident.items[i].detail, r == 0 ? "repaired" : "reported");
	if (r == 0) {
		log_info("drift", "the ruleset was changed by somebody else and is as configured again");
	} else {
		log_errx("drift", "the ruleset was changed by somebody else and cannot be repaired: %s",
		    problems.n > 0 ? problems.items[0].text : strerror(r < 0 ? -r : EIO));
		watch_look(f->watch, RETRY_MS);
	}
	arena_free(a);
}

void
fwd_links_refresh(struct fwd *f)
{
	struct privcall_error e;
	const uint8_t *data;
	struct arena *a;
	size_t len;

	if (privcall_dump(NL_DUMP_LINKS, &data, &len, NULL, &e) != 0) {
		log_warnx("links", "the kernel's links cannot be read: %s", e.text);
		return;
	}
	a = arena_new(0);
	if (a == NULL)
		fatalx("links", "out of memory");
	arena_free(f->links_arena);
	f->links_arena = a;
	f->links = links_read(data, len, a);
	privcall_dump_free(data, len);
}

/* Interfaces that are matched by hardware may have another name now, or be there at last. */
void
repair_links(void *arg)
{
	struct fwd *f = arg;
	struct revision *r;
	struct problems problems;
	struct arena *a;
	struct ir *old;

	fwd_links_refresh(f);
	if (f->applied == NULL || f->applied->conf == NULL)
		return;
	a = arena_new(0);
	if (a == NULL)
		fatalx("repair", "out of memory");
	problems_init(&problems, a);
	if (revision_new(f->applied->number, f->applied->conf, f->applied->conf_len, f->links, &problems, &r) == 0) {
		old = f->apply.ir;
		report_adopt(old, r->ir);
		if (apply_commit(&f->apply, r->ir, &problems) == 0) {
			revocation_due(f);
			r->ir = NULL;
			revision_free(f->applied);
			f->applied = r;
			log_info("links", "links have changed: the ruleset follows");
		} else {
			log_errx("links", "the ruleset cannot follow the links: %s", problems.n > 0 ? problems.items[0].text : "unknown");
			revision_free(r);
		}
	}
	arena_free(a);
}
