/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_PROMPT_H
#define PATRONUSCTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What nobody else shall read: from the terminal without echo, else from a pipe; never from the command line, which others can see.
 * The caller clears what it got.
 */

/* One line, without its end. */
bool	 prompt_hidden(const char *prompt, char *ret, size_t size);
/* The same, on a terminal twice; tells when the two differ. */
bool	 prompt_twice(const char *prompt, char *ret, size_t size);
/* prompt_twice() on a terminal; from a pipe all there is, without a last line end.  *ret_len bytes; tells its failure. */
bool	 prompt_text(const char *prompt, char *ret, size_t size, size_t *ret_len);

#endif
