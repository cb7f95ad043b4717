/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_PF_H
#define PATRONUS_IMPORT_PF_H

#include "import/draft.h"
#include "import/xml.h"

/*
 * The inside of import_pf(): config.xml of pfSense and OPNsense.
 */

struct pf_interface {
	const char	*name;		/* "wan", "opt1" */
	uint64_t	 link;
	bool		 has_v4, has_v6;	/* a fixed address */
	struct prefix	 v4, v6;
	bool		 is_uplink;	/* has a gateway, or its address from outside */
};

struct pf_alias {
	const char	*name;
	struct xml	*x;
	const char	*content;	/* words between blanks or lines */
	const char	*group;		/* of addresses; NULL otherwise */
	const char	*mac_group;
	uint8_t		 family;	/* of the addresses; ADDR_NONE: both */
	bool		 is_ports;
	bool		 is_partial;	/* not all of it can be said: more may be in it */
	struct entry	*entry;
};

#define PF_ALIASES	4096

struct pf {
	struct draft		*d;
	struct xml		*root;
	struct pf_interface	 interfaces[DRAFT_LINKS];
	unsigned		 ninterfaces;
	struct pf_alias		*aliases;
	unsigned		 naliases;
};

/* An object of the source, with its place as a path. */
struct entry	*pf_entry(struct pf *, const struct xml *, const char *words);

/* pf_interface.c */
void	 pf_read_interface(struct pf *, struct xml *);
struct pf_interface *pf_interface(struct pf *, const char *name);

/* pf_schedule.c: those that are wholly said; rules with another one are refused, or block always. */
void	 pf_read_schedule(struct pf *, struct xml *);

/* pf_alias.c */
struct pf_alias	*pf_alias(struct pf *, const char *name);
void	 pf_read_aliases(struct pf *);
/* The next word of a list between blanks, commas or lines, cut to size; false at its end. */
bool	 pf_word(const char **at, char *ret, size_t size);
void	 pf_describe(struct pf *, const struct pf_alias *, struct node *group);
/* Ports by number, range ("80-90", "80:90") or alias, into the set; false when there is something else. */
bool	 pf_ports(struct pf *, const char *text, struct match_ports **ret, bool *ret_partial);
/*
 * What <source> and <destination> say.  NULL, or what cannot be said.  *ret_local: the box itself alone is meant.
 */
const char *pf_side(struct pf *, const struct xml *, uint8_t family, struct match_side *, const struct match_ports **ret_ports, bool *ret_local);
/* "tcp", "udp", "tcp/udp", "icmp" ... */
const char *pf_protocol(struct pf *, const struct xml *rule, struct match *);

/* pf_alias_kinds.c: what is in the group of an alias that holds no addresses itself. */
void	 pf_put_urls(struct pf *, struct pf_alias *, struct node *group);
void	 pf_put_countries(struct pf *, struct pf_alias *, struct node *group);
void	 pf_put_systems(struct pf *, struct pf_alias *, struct node *group);
/* It becomes a group of its own kind. */
void	 pf_put_macs(struct pf *, struct pf_alias *);

/* pf_rule.c */
void	 pf_read_rules(struct pf *);
/* pf_nat.c */
void	 pf_read_nat(struct pf *);

#endif
