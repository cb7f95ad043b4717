/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks as iptables-save prints them. */
#include <stdlib.h>

#include "import/iptables.h"

bool
iptables_mark(const char *word, uint32_t *ret_value, uint32_t *ret_mask)
{
	char *end;
	unsigned long n;

	if (word[0] < '0' || word[0] > '9')
		return false;
	n = strtoul(word, &end, 0);
	*ret_mask = UINT32_MAX;
	if (n > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)n;
	if (*end == '\0')
		return true;
	if (*end != '/' || end[1] < '0' || end[1] > '9')
		return false;
	n = strtoul(end + 1, &end, 0);
	if (n > UINT32_MAX || *end != '\0')
		return false;
	*ret_mask = (uint32_t)n;
	return true;
}
