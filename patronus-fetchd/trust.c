/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/log.h"
#include "trust.h"

#define BUNDLE		"/etc/ssl/certs/ca-certificates.crt"
#define BUNDLE_MAX	(4u << 20)

static struct buf	bundle;

void
trust_load(void)
{
	char piece[16384];
	ssize_t n;
	int fd;

	buf_init(&bundle, BUNDLE_MAX);
	if ((fd = open(BUNDLE, O_RDONLY | O_CLOEXEC)) == -1) {
		log_info("trust", "this box has no bundle of certificate authorities: each place needs its own");
		return;
	}
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_put(&bundle, piece, (size_t)n);
	(void)close(fd);
	if (n != 0 || buf_failed(&bundle)) {
		log_errx("trust", "%s cannot be used: %s", BUNDLE, n != 0 ? strerror(errno) : "it is too long");
		bundle.len = 0;
	}
}

int
trust_apply(void *curl, const char *pem)
{
	struct curl_blob blob = { .data = bundle.data, .len = bundle.len, .flags = CURL_BLOB_NOCOPY };

	if (pem[0] != '\0')
		blob = (struct curl_blob){ .data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY };
	if (blob.len == 0)
		return -ENOENT;
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	return curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK ? 0 : -ENOMEM;
}

int
trust_apply_key_or_ca(void *curl, const char *trust)
{
	char pin[128];
	size_t len = strcspn(trust, "=\n ");

	if (trust[0] == '\0' || strncmp(trust, "-----", 5) == 0)
		return trust_apply(curl, trust);
	/* The library takes it with its padding alone; 43 characters are 32 bytes. */
	(void)snprintf(pin, sizeof(pin), "sha256//%.*s=", (int)(len < sizeof(pin) - 16 ? len : sizeof(pin) - 16), trust);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	return curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK ? 0 : -ENOMEM;
}
