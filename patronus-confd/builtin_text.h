/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BUILTIN_TEXT_H
#define PATRONUS_CONFD_BUILTIN_TEXT_H

#include <stddef.h>

/* What yanggen puts into this program: nothing of the schema is read from a file at run time. */

struct builtin_text {
	const char	*name;
	const char	*text;
};

extern const struct builtin_text	 builtin_modules[];	/* YANG; the last has the name NULL */
extern const char *const		 builtin_sections[];	/* modules with configuration, in order; NULL ends */
extern const char			 builtin_openapi[];
extern const size_t			 builtin_openapi_len;
extern const char			 builtin_forms[];
extern const size_t			 builtin_forms_len;

#endif
