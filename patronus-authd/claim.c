/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/str.h"
#include "claim.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "store.h"

#define DIGITS	20		/* of 5 bits: 100 bits */

/* Crockford's base 32: no I, L, O, U, so that nothing can be misread. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char	text[CLAIM_TEXT_MAX];

/* The digits of what a person typed; false when these are not DIGITS of them. */
static bool
normalize(const char *s, char ret[DIGITS + 1])
{
	size_t n = 0;
	int c;

	for (; *s != '\0'; s++) {
		c = toupper((unsigned char)*s);
		if (c == '-' || c == ' ' || c == '\n')
			continue;
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (strchr(alphabet, c) == NULL || n == DIGITS)
			return false;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return n == DIGITS;
}

/* Ten pairs. */
static void
format(const char digits[DIGITS + 1], char ret[CLAIM_TEXT_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < DIGITS; i++) {
		if (i > 0 && i % 2 == 0)
			ret[n++] = '-';
		ret[n++] = digits[i];
	}
	ret[n] = '\0';
}

static int
make(void)
{
	char digits[DIGITS + 1], line[CLAIM_TEXT_MAX + 1];
	uint8_t raw[DIGITS];
	size_t i, n;

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return -EIO;
	for (i = 0; i < DIGITS; i++)
		digits[i] = alphabet[raw[i] % 32];
	digits[i] = '\0';
	explicit_bzero(raw, sizeof(raw));
	format(digits, text);
	n = str_copy(line, text, CLAIM_TEXT_MAX);
	line[n++] = '\n';
	return store_write(CLAIM_FILE, line, n, 0600);
}

/*
 * What a console shows (privd keeps it in the run directory, for root alone).  The file beside the accounts is what
 * counts.
 */
static void
put_notice(const char *notice)
{
	struct file_put_req req = { .id = FILE_CLAIM_NOTICE,
		.data = { (const uint8_t *)notice, (uint32_t)strlen(notice) } };
	struct privcall_error e;
	struct message m;

	if (privcall(MSG_FILE_PUT, &req, &m, &e) == 0)
		message_fini(&m);
	else
		log_warnx("claim", "no notice for the console: %s", e.text);
}

void
claim_announce(void)
{
	char notice[256];

	if (!claim_is_open()) {
		put_notice("");
		return;
	}
	(void)snprintf(notice, sizeof(notice), "This Patronus box has no administrator yet.\n"
	    "Open its web page and enter this claim code: %s\n", text);
	put_notice(notice);
	explicit_bzero(notice, sizeof(notice));
}

int
claim_init(void)
{
	char digits[DIGITS + 1], *old;
	size_t len;
	int error;

	error = store_read(CLAIM_FILE, 256, &old, &len);
	if (error == 0) {
		error = strlen(old) == len && normalize(old, digits) ? 0 : -EBADMSG;
		explicit_bzero(old, len);
		free(old);
	}
	if (error == 0) {
		format(digits, text);
		return 0;
	}
	return error == -ENOENT || error == -EBADMSG ? make() : error;
}

bool
claim_is_open(void)
{
	return text[0] != '\0';
}

bool
claim_matches(const char *code)
{
	char given[DIGITS + 1], ours[DIGITS + 1];

	if (!claim_is_open() || !normalize(code, given) || !normalize(text, ours))
		return false;
	return str_equal_ct(given, ours, DIGITS);
}

int
claim_close(void)
{
	explicit_bzero(text, sizeof(text));
	return store_remove(CLAIM_FILE);
}

const char *
claim_text(void)
{
	return text;
}
