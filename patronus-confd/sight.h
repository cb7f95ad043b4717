/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SIGHT_H
#define PATRONUS_CONFD_SIGHT_H

#include <stdbool.h>

#include "rights.h"

/*
 * What a caller sees who may not read everything.  What he may not read is absent: from documents, and from every text that is made of them
 * (differences, conflicts, problems, what a commit would do).  Who may read all of it sees everything as it is, at no cost.
 */

struct buf;
struct document;
struct problems;
struct request;

/*
 * The document as somebody with this right sees it: itself, or a copy without what he may not see, which *ret_owned becomes and the caller
 * frees (else NULL).
 */
const struct document *sight_of(const struct rights *, enum right, const struct document *, struct document **ret_owned);
/* The same for the caller of a request, until its answer. */
const struct document *sight_document(struct request *, enum right, const struct document *);

/*
 * Problems as the caller may hear them, to be freed; NULL when he may hear all.  One about a place that he may not read says only that there is
 * one.  A name in quotes is left out when neither he said it nor anything that he may read.
 */
struct problems	*sight_problems(struct request *, const struct problems *);
/* JSON objects with an "object" and a "text" and commas between: those about other places than he may read lose both. */
void		 sight_impacts(struct request *, const char *json, size_t len, struct buf *);

#endif
