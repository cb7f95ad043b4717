/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_XML_H
#define PATRONUS_IMPORT_XML_H

#include <stddef.h>

#include "import/draft.h"

/*
 * An XML text as a tree of elements; attributes are not looked at.  A document type, with which entities would come, makes the draft fail, and so
 * does what is deeper or longer than a configuration is.
 */

struct xml {
	const char	*name;
	const char	*text;		/* its own characters, without blanks at both ends; "" */
	unsigned	 line;
	struct xml	*first, *last, *next, *parent;
};

/* The root, or NULL (the draft has failed). */
struct xml	*xml_read(struct draft *, const char *text, size_t len);
/* The first child of that name, or NULL. */
struct xml	*xml_child(const struct xml *, const char *name);
/* Its text; "" when it is not there. */
const char	*xml_text(const struct xml *, const char *name);
/* Is there such a child that does not say "0" or "no"?  An empty element is one that is there. */
bool		 xml_flag(const struct xml *, const char *name);

#endif
