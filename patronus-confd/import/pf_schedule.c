/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules of pf: days of the week with hours. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "node.h"

#include "import/pf.h"

static bool
time_of(const char *text, size_t len, char ret[6])
{
	char copy[8];
	uint64_t h, m;
	char *colon;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if ((colon = strchr(copy, ':')) == NULL)
		return false;
	*colon = '\0';
	/* Leading zeros are usual here. */
	if (str_u64(copy[0] == '0' && copy[1] != '\0' ? copy + 1 : copy, 0, 24, &h) != 0 ||
	    str_u64(colon[1] == '0' && colon[2] != '\0' ? colon + 2 : colon + 1, 0, 59, &m) != 0)
		return false;
	(void)snprintf(ret, 6, "%02u:%02u", (unsigned)h % 100, (unsigned)m % 100);
	return true;
}

/* "1,2,3,4,5": Monday is 1 there. */
static bool
put_days(struct pf *pf, struct node *window, const char *positions)
{
	static const char *const names[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };
	struct node *list = draft_list(pf->d, window, "days");

	for (; *positions != '\0'; positions++) {
		if (*positions == ',')
			continue;
		if (*positions < '1' || *positions > '7')
			return false;
		draft_text(pf->d, list, NULL, "%s", names[(*positions - '0') % 7]);
	}
	return true;
}

static bool
put_range(struct pf *pf, const struct xml *range, struct node *windows, unsigned n)
{
	struct node *w = draft_map(pf->d, windows, NULL);
	const char *hour = xml_text(range, "hour"), *dash = strchr(hour, '-');
	char from[6], to[6];

	/* Dates of months without a year have no place here. */
	if (xml_text(range, "month")[0] != '\0' || dash == NULL || xml_text(range, "position")[0] == '\0')
		return false;
	if (!time_of(hour, (size_t)(dash - hour), from) || !time_of(dash + 1, strlen(dash + 1), to))
		return false;
	draft_text(pf->d, w, "name", "w%u", n);
	draft_text(pf->d, w, "from", "%s", from);
	draft_text(pf->d, w, "to", "%s", strcmp(to, "23:59") == 0 ? "24:00" : to);
	return put_days(pf, w, xml_text(range, "position"));
}

/* Those that are wholly said; rules with another one are refused, or block always. */
void
pf_read_schedule(struct pf *pf, struct xml *x)
{
	struct entry *e = pf_entry(pf, x, xml_text(x, "name"));
	struct node *schedule = node_new(pf->d->arena, NODE_MAP, 1), *windows;
	const struct xml *range;
	unsigned n = 0;
	bool ok = true;

	if (schedule == NULL) {
		draft_fail(pf->d, NULL);
		return;
	}
	x->text = draft_key(pf->d, "schedules", xml_text(x, "name"));
	draft_text(pf->d, schedule, "name", "%s", x->text);
	windows = draft_list(pf->d, schedule, "windows");
	for (range = x->first; range != NULL; range = range->next)
		if (strcmp(range->name, "timerange") == 0)
			ok = ok && put_range(pf, range, windows, ++n);
	if (!ok || n == 0 || n > 64) {
		x->text = "";
		entry_note(pf->d, e, OUTCOME_REFUSED, "only days of the week with hours are imported; rules that pass by it are refused, rules that block by "
		    "it block always");
		return;
	}
	node_append(pf->d->schedules, schedule);
	entry_object(pf->d, e, "firewall.schedules.%s", x->text);
}
