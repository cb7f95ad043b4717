/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bech32.h"

#define GROUPS		52	/* of five bits, for 32 bytes */
#define CHECKSUM	6

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t
polymod(uint32_t c, uint8_t value)
{
	static const uint32_t generators[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint8_t top = (uint8_t)(c >> 25);
	unsigned i;

	c = (c & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		if (top >> i & 1)
			c ^= generators[i];
	return (c);
}

static uint32_t
checksum_start(const char *prefix)
{
	const char *p;
	uint32_t c = 1;

	for (p = prefix; *p != '\0'; p++)
		c = polymod(c, (uint8_t)(tolower((unsigned char)*p) >> 5));
	c = polymod(c, 0);
	for (p = prefix; *p != '\0'; p++)
		c = polymod(c, (uint8_t)(tolower((unsigned char)*p) & 31));
	return (c);
}

/* Five bits of a character, or -1; is_upper: of which case all letters are. */
static int
group_of(char c, bool is_upper)
{
	const char *at;

	if (c == '\0' || (isalpha((unsigned char)c) && (isupper((unsigned char)c) != 0) != is_upper))
		return (-1);
	at = strchr(alphabet, tolower((unsigned char)c));
	return (at != NULL ? (int)(at - alphabet) : -1);
}

int
bech32_decode(const char *text, const char *prefix, uint8_t ret[BECH32_BYTES])
{
	size_t n = strlen(prefix), i, at = 0;
	bool is_upper = isupper((unsigned char)prefix[0]) != 0;
	uint32_t c = checksum_start(prefix), bits = 0;
	uint8_t bytes[BECH32_BYTES + 1];
	unsigned have = 0;
	int v;

	if (strlen(text) != n + 1 + GROUPS + CHECKSUM || strncmp(text, prefix, n) != 0 || text[n] != '1')
		return (-EINVAL);
	for (i = 0; i < GROUPS + CHECKSUM; i++) {
		if ((v = group_of(text[n + 1 + i], is_upper)) < 0)
			return (-EINVAL);
		c = polymod(c, (uint8_t)v);
		if (i >= GROUPS)
			continue;
		bits = bits << 5 | (uint32_t)v;
		have += 5;
		if (have >= 8) {
			have -= 8;
			bytes[at++] = (uint8_t)(bits >> have);
		}
	}
	if (c != 1 || (bits & ((1u << have) - 1)) != 0) {
		explicit_bzero(bytes, sizeof(bytes));
		return (-EINVAL);
	}
	memcpy(ret, bytes, BECH32_BYTES);
	explicit_bzero(bytes, sizeof(bytes));
	return (0);
}

void
bech32_encode(const char *prefix, const uint8_t bytes[BECH32_BYTES], char *ret)
{
	uint32_t c = checksum_start(prefix), bits = 0;
	unsigned have = 0, i;
	uint8_t v;

	for (; *prefix != '\0'; prefix++)
		*ret++ = (char)tolower((unsigned char)*prefix);
	*ret++ = '1';
	for (i = 0; i < BECH32_BYTES || have > 0;) {
		if (have < 5 && i < BECH32_BYTES) {
			bits = bits << 8 | bytes[i++];
			have += 8;
		} else if (have < 5) {
			bits <<= 5 - have;	/* the last group is filled with 0 */
			have = 5;
		}
		have -= 5;
		v = (uint8_t)(bits >> have & 31);
		c = polymod(c, v);
		*ret++ = alphabet[v];
	}
	for (i = 0; i < CHECKSUM; i++)
		c = polymod(c, 0);
	c ^= 1;
	for (i = 0; i < CHECKSUM; i++)
		*ret++ = alphabet[c >> 5 * (CHECKSUM - 1 - i) & 31];
	*ret = '\0';
}
