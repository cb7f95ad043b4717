/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_UCI_H
#define PATRONUS_IMPORT_UCI_H

#include "import/draft.h"

/*
 * The inside of import_uci(): /etc/config/firewall of OpenWrt, with /etc/config/network before or behind it.
 */

struct uci_option {
	const char		*name, *value;	/* each value of a list is one */
	struct uci_option	*next;
};

struct uci_section {
	const char		*type, *name;	/* name "": none */
	unsigned		 line;
	struct uci_option	*first, *last;
	struct entry		*entry;
	struct uci_section	*next;
};

struct uci_zone {
	const char	*name;
	uint64_t	 links;
	const struct uci_section *s;
};

struct uci_set {
	const char	*name, *group;
	bool		 is_source;	/* matched by the sender */
	bool		 is_partial;
};

#define UCI_ZONES	64
#define UCI_SETS	256

struct uci {
	struct draft		*d;
	struct uci_section	*first, *last;
	struct uci_zone		 zones[UCI_ZONES];
	unsigned		 nzones;
	struct uci_set		 sets[UCI_SETS];
	unsigned		 nsets;
	bool			 is_stopped;	/* firewall rules of a kind that is not read: nothing */
};

/* Sections of a text; the draft fails when it is none. */
void	 uci_parse(struct uci *, const char *text);
bool	 uci_is_type(const struct uci_section *, const char *type);
/* The first value of an option, or "". */
const char *uci_get(const struct uci_section *, const char *name);
bool	 uci_flag(const struct uci_section *, const char *name, bool missing);
/* The next word of all values of an option together; *at starts as NULL, *pos as NULL. */
struct uci_words {
	const struct uci_section *s;
	const char		*name;
	const struct uci_option	*at;
	const char		*pos;
	char			 word[256];
};
bool	 uci_next(struct uci_words *);

/* uci_zone.c */
void	 uci_read_zone(struct uci *, const struct uci_section *);
const struct uci_zone *uci_zone(const struct uci *, const char *name);
/* uci_set.c */
void	 uci_read_set(struct uci *, const struct uci_section *);
const struct uci_set  *uci_set(const struct uci *, const char *name);

/* uci_rule.c: a rule that stands among those of all zones, or of its own. */
void	 uci_put_rule(struct uci *, const struct uci_section *);
/* Is its sender any zone? */
bool	 uci_is_for_all(const struct uci_section *);
void	 uci_put_redirect(struct uci *, const struct uci_section *);

#endif
