/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_QUERY_H
#define PATRONUS_FWD_QUERY_H

#include "ipc/msg.h"

#include "problems.h"

/* One question (message QUERY) while it is answered: a row of the table in query.c and a function for each name. */

struct arena;
struct channel;
struct fw_policy;
struct fwd;
struct revision;
struct routes;

struct query {
	struct fwd		*fwd;
	struct channel		*channel;
	struct message		*message;
	const struct query_req	*req;
	struct arena		*arena;		/* of the answer */
	bool			 has_document;	/* a configuration came with it */
	struct revision		*candidate;	/* that was made of it; freed with the question */
	struct problems		 problems;	/* of the configuration */
	const char		*why;		/* with an error, for whoever asked */
};

/* The value of a term; NULL when it was not given. */
const char	*query_term_value(const struct query *, const char *name);
/* Is it one of them (blanks between)? */
bool		 query_has_word(const char *words, const char *word);
/* Terms other than these (blanks between) are an error: -EINVAL. */
int		 query_check_terms(struct query *, const char *known);
/* The configuration that came with the question, as a policy; NULL with *ret_error 0 when there are problems. */
const struct fw_policy *query_policy(struct query *, int *ret_error);
/* The main routing table as the kernel has it, and the links likewise; NULL when it cannot be read. */
struct routes	*query_routes(struct query *);
/* 0 and the state record of the question's name, or -errno: -EINVAL with the reason. */
typedef int	 query_function(struct query *, void **ret);

query_function	 query_analysis;		/* query_analysis.c */
query_function	 query_explain;			/* query_explain.c */
query_function	 query_tests;
query_function	 query_form;
query_function	 query_impact;			/* query_impact.c */
query_function	 query_connections;		/* query_connections.c */
query_function	 query_connections_end;

#endif
