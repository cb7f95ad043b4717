/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_STRENGTH_H
#define PATRONUS_AUTHD_STRENGTH_H

#include <stddef.h>

#define STRENGTH_MIN_BITS	42	/* a year of a million tries a second is 45 */

/*
 * How many bits does a guesser need for this password, who knows words, names, years, sequences, repetitions and rows of
 * keyboards?  The cheapest way to write it as such parts and single characters decides, after the idea of zxcvbn.
 * ret_why names the part that gives most away ("" when there is none), a phrase.
 */
unsigned strength_bits(const char *user, const char *password, char *ret_why, size_t size);

/* The length of the longest well-known word (or the user's name) that s starts with; 0 for none. */
size_t	 strength_word(const char *s, const char *user);

#endif
