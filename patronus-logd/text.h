/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_TEXT_H
#define PATRONUS_LOGD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Characters of a text that somebody else chose, one after another, for writers that must keep them inside a line and a field.
 */

/* The length of the well-formed UTF-8 character at s, 0 for a byte that begins none (NUL too). */
size_t	 text_character(const char *s, size_t left);
/* A control character, or one that ends a line for some readers: its number, else 0.  n is what text_character() said, not 0. */
unsigned text_control(const char *s, size_t n);

#endif
