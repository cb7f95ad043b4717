/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PARSE_ANSWER_H
#define PATRONUS_CONFD_PARSE_ANSWER_H

/* Serve confd at fd with what one text says: the whole work of patronus-parse.  0 or -errno. */
int	 parse_answer(int fd);

#endif
