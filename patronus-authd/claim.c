/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "claim.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "secret.h"
#include "store.h"

#define DIGITS	20		/* of 5 bits: 100 bits */

static char	text[CLAIM_TEXT_MAX];

static int
make(void)
{
	char digits[DIGITS + 1], line[CLAIM_TEXT_MAX + 1];
	size_t n;

	if (secret_digits(digits, DIGITS) != 0)
		return -EIO;
	secret_group(digits, 2, text);
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
		error = strlen(old) == len && secret_normalize(old, digits, DIGITS) ? 0 : -EBADMSG;
		explicit_bzero(old, len);
		free(old);
	}
	if (error == 0) {
		secret_group(digits, 2, text);
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

	if (!claim_is_open() || !secret_normalize(code, given, DIGITS) || !secret_normalize(text, ours, DIGITS))
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
