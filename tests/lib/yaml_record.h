/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_YAML_RECORD_H
#define PATRONUS_TESTS_YAML_RECORD_H

/*
 * Test fixtures as people write them: a YAML document to a struct of the generated tables.  Without validation: what the document engine
 * refuses is not for fixtures.  Members of the document that the record does not have are left out.
 */

struct arena;
struct record;

/* The struct, or the end of the process with a message. */
void	*yaml_record_read(const char *file, const struct record *, struct arena *);

/* The same of a text: written to a file for that time.  It does not return when the text is none. */
void	*yaml_record_of(const char *text, const struct record *, struct arena *);

#endif
