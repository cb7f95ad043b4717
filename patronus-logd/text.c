/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"
#include "text.h"

size_t
text_character(const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (n == 0 || n > left || c == 0)
		return 0;
	return str_is_utf8(s, n) ? n : 0;
}

/* C1 controls and the separators U+2028 and U+2029 end a line for some readers. */
unsigned
text_control(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (n == 1 && (s[0] < 0x20 || s[0] == 0x7f))
		return s[0];
	if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return s[1];
	if (n == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9))
		return 0x2000u + (s[2] & 0x3f);
	return 0;
}
