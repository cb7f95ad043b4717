/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_DRAFT_H
#define PATRONUS_IMPORT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/match.h"

/*
 * The configuration that an import makes, and its account: what became of each object of the source.  Nothing here can fail half: what
 * is over a bound or has no memory sets `failed`, and the import is refused.
 */

struct arena;
struct node;

#define DRAFT_LINKS	MATCH_LINKS
#define DRAFT_RULES	20000
#define DRAFT_ADDRS	16		/* of a link, as far as they are known */
#define DRAFT_NOTES	4		/* of an object: more say the same again */
#define DRAFT_OBJECTS	8		/* named of what an object became */

/* From bad to worse; an object is what the worst of its parts is. */
enum outcome {
	OUTCOME_INVALID = 0,
	OUTCOME_DONE,
	OUTCOME_CHANGED,
	OUTCOME_REFUSED,
};

/* One object of the source. */
struct entry {
	unsigned	 line;
	const char	*place;		/* "filter INPUT rule 3" */
	const char	*text;		/* as it stands there, cut */
	enum outcome	 outcome;
	bool		 is_counted;	/* its limit stands at one place already */
	unsigned	 nnotes;
	const char	*notes[DRAFT_NOTES];
	unsigned	 nobjects;	/* made of it; more than DRAFT_OBJECTS are only counted */
	const char	*objects[DRAFT_OBJECTS];
	struct entry	*next;
};

struct draft_link {
	const char	*kernel;	/* "eth0" */
	const char	*name;		/* of the interface in the configuration */
	const char	*zone;
	bool		 is_there;	/* in the workspace already */
	bool		 blocks_bogons;	/* of its zone */
	bool		 blocks_private;
	struct prefix	 addrs[DRAFT_ADDRS];
	unsigned	 naddrs;
};

enum draft_section {
	DRAFT_SECTION_INVALID = 0,
	DRAFT_PRE_RULES,
	DRAFT_RULES_SECTION,
	DRAFT_POST_RULES,
};

enum draft_hook {
	DRAFT_HOOK_INVALID = 0,
	DRAFT_INPUT,		/* to the box */
	DRAFT_FORWARD,		/* through it */
	DRAFT_OUTPUT,		/* from it */
	DRAFT_ARRIVING,		/* before routing: to the box and through it */
	DRAFT_LEAVING,		/* after routing: from the box and through it */
};

/* What a rule does, beside what it asks. */
struct deed {
	const char	*action;	/* of the schema: accept, drop, reject, continue */
	const char	*reject_with;	/* NULL: the default */
	bool		 log;
	const char	*log_text;
	uint32_t	 set_mark, set_mark_mask;	/* mask 0: none */
	uint32_t	 set_cmark, set_cmark_mask;
	const char	*set_dscp;
	bool		 is_disabled;
};

struct draft {
	struct arena		*arena;
	struct draft_link	 links[DRAFT_LINKS];
	unsigned		 nlinks;
	struct entry		*first, *last;
	struct entry		*box;		/* of what is about the whole */
	bool			 failed;
	bool			 starved;
	const char		*why;		/* it failed */
	unsigned		 nrules;
	unsigned		 nservices;
	bool			 has_domains;	/* groups with names of hosts, which may be private ones */
	struct names		*names;		/* every key that was given, by section */
	struct known_service	*known_services;
	struct node		*services, *groups, *mac_groups, *lists, *port_groups, *schedules, *rules, *pre_rules, *post_rules, *masquerade, *source_nat,
				*one_to_one, *forwards, *interfaces, *defaults, *offload, *routes;

};

/* context: "KERNEL\tINTERFACE\tZONE\tADDRESS ADDRESS..." a text, n of them: what the workspace has. */
void	 draft_init(struct draft *, struct arena *, const char *const *context, size_t n);
/* The whole answer: {"document": {...}, "account": [...]}; NULL when failed. */
struct node *draft_finish(struct draft *);
void	 draft_fail(struct draft *, const char *why);

/* --- the account --- */

struct entry *entry_add(struct draft *, unsigned line, const char *place, const char *text, size_t len);
/* It became this, or worse; fmt NULL: nothing to say. */
void	 entry_note(struct draft *, struct entry *, enum outcome, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	 entry_object(struct draft *, struct entry *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- the document --- */

/* A key made of any text: "br_lan.10" becomes br-lan-10; another one when that is taken in this kind ("rules"). */
const char *draft_key(struct draft *, const char *kind, const char *text);
/* The bit of a link by its kernel name, which is added when it is new; 0 when there are too many. */
uint64_t draft_link(struct draft *, const char *kernel);
/* The same for an interface by the name it has in the configuration; a new one has this kernel name. */
uint64_t draft_link_as(struct draft *, const char *name, const char *kernel);
struct draft_link *draft_link_of(struct draft *, uint64_t bit);
/* Those whose name starts with this. */
uint64_t draft_links_like(const struct draft *, const char *prefix, size_t len);
uint64_t draft_links_all(const struct draft *);

/* times.c: the key of a schedule of these times each day (NULL: all of it) on these days ("Mon,Tue", NULL: each); NULL when they cannot be read. */
const char *draft_daily(struct draft *, const char *from, const char *to, const char *days, bool is_utc);

/* Build nodes. */
struct node *draft_map(struct draft *, struct node *parent, const char *name);
struct node *draft_list(struct draft *, struct node *parent, const char *name);
void	 draft_text(struct draft *, struct node *parent, const char *name, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	 draft_flag(struct draft *, struct node *parent, const char *name, bool);
void	 draft_number(struct draft *, struct node *parent, const char *name, unsigned);
/* A line of text that a description may be: cut, without control characters. */
const char *draft_line(struct draft *, const char *text, size_t max);

/* "source" or "destination" of a rule or a translation. */
void	 draft_side(struct draft *, struct node *rule, const char *name, const struct match_side *);
/* The service of protocols, ports and types; NULL when nothing is asked. */
const char *draft_service(struct draft *, const struct match *);
/*
 * One rule that asks exactly what m asks (nothing lost, no exceptions left) and does what d says.  Its key, or NULL when no packet can
 * match (said in the account).
 */
const char *draft_rule(struct draft *, struct entry *, enum draft_section, enum draft_hook, const char *name, const char *description,
	    const struct match *, const struct deed *);
/* The zones of these links, as "from", "to" or "zone"s; fn is called for each with whether all of its links are meant. */
void	 draft_each_zone(struct draft *, uint64_t links, void (*fn)(const char *zone, bool is_whole, void *arg), void *arg);

#endif
