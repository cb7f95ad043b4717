/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "job.h"
#include "place.h"
#include "put.h"
#include "resolve.h"
#include "sandbox/profile.h"
#include "transfer.h"
#include "trust.h"

#define PUT_MAX_S	600
#define PART		".part"

struct put {
	struct job		*job;
	struct place		 place;
	struct transfer		*transfer;
	struct curl_slist	*headers;
	struct curl_slist	*after;		/* SFTP commands once the file is there */
	size_t			 sent;
	char			 key[64];	/* file of the private key, in memory; "" for none */
};

static const struct fetch_put_req *
request(const struct put *p)
{
	return job_body(p->job);
}

static void
put_end(struct put *p, uint32_t status, const char *text)
{
	struct fetch_put_rep rep = { .is_done = text[0] == '\0', .status = status, .text = text };

	job_end(p->job, &rep);
	transfer_free(p->transfer);
	curl_slist_free_all(p->headers);
	curl_slist_free_all(p->after);
	if (p->key[0] != '\0')
		(void)unlink(p->key);
	free(p);
}

static size_t
on_read(char *to, size_t size, size_t n, void *arg)
{
	struct put *p = arg;
	const struct bytes *data = &request(p)->data;
	size_t len = size * n < data->len - p->sent ? size * n : data->len - p->sent;

	memcpy(to, data->data + p->sent, len);
	p->sent += len;
	return len;
}

/* What the server says in its answer is of no use here. */
static size_t
on_write(char *from, size_t size, size_t n, void *arg)
{
	(void)from;
	(void)arg;
	return size * n;
}

static void
on_end(struct transfer *t, CURLcode result, const char *text, void *arg)
{
	struct put *p = arg;
	char why[512];
	long status = 0;

	(void)curl_easy_getinfo(transfer_curl(t), CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK)
		(void)snprintf(why, sizeof(why), "%s", text);
	else if (strcmp(p->place.scheme, "https") == 0 && (status < 200 || status > 299))
		(void)snprintf(why, sizeof(why), "the server answered %ld", status);
	else
		why[0] = '\0';
	put_end(p, strcmp(p->place.scheme, "https") == 0 ? (uint32_t)status : 0, why);
}

/* --- SFTP: the library reads keys from files, and ours lives in memory that nobody else sees --- */

static int
key_write(struct put *p)
{
	static unsigned number;
	const char *key = request(p)->private_key;
	size_t len = strlen(key);
	int fd;

	(void)snprintf(p->key, sizeof(p->key), PROFILE_SCRATCH_DIR "/key.%u", ++number);
	fd = open(p->key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	if (write(fd, key, len) != (ssize_t)len) {
		(void)close(fd);
		return -ENOSPC;
	}
	(void)close(fd);
	return 0;
}

static const char *
sftp_set(struct put *p)
{
	const struct fetch_put_req *r = request(p);
	CURL *c = transfer_curl(p->transfer);
	struct buf b;

	if (r->trust[0] == '\0')
		return "the key of the SSH server is not known; give its SHA-256 fingerprint";
	if (!place_path_is_plain(p->place.path))
		return "an SFTP path has letters, digits, and the characters . _ - / only";
	(void)curl_easy_setopt(c, CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256, r->trust);
	(void)curl_easy_setopt(c, CURLOPT_SSH_AUTH_TYPES, (long)(r->private_key[0] != '\0' ? CURLSSH_AUTH_PUBLICKEY : CURLSSH_AUTH_PASSWORD));
	if (r->private_key[0] != '\0') {
		if (key_write(p) != 0)
			return "the private key cannot be used";
		(void)curl_easy_setopt(c, CURLOPT_SSH_PRIVATE_KEYFILE, p->key);
		(void)curl_easy_setopt(c, CURLOPT_SSH_PUBLIC_KEYFILE, "");
		(void)curl_easy_setopt(c, CURLOPT_KEYPASSWD, r->password);
	}
	/* Beside, then renamed: whoever looks sees the whole file or none. */
	buf_init(&b, 4096);
	buf_printf(&b, "rename \"%s" PART "\" \"%s\"", p->place.path, p->place.path);
	p->after = buf_failed(&b) ? NULL : curl_slist_append(NULL, (const char *)b.data);
	buf_reset(&b);
	buf_printf(&b, strchr(p->place.host, ':') != NULL ? "sftp://[%s]:%u%s" PART : "sftp://%s:%u%s" PART, p->place.host, p->place.port,
	    p->place.path);
	if (p->after != NULL && !buf_failed(&b)) {
		(void)curl_easy_setopt(c, CURLOPT_POSTQUOTE, p->after);
		(void)curl_easy_setopt(c, CURLOPT_URL, (const char *)b.data);
		(void)curl_easy_setopt(c, CURLOPT_FTP_CREATE_MISSING_DIRS, (long)CURLFTP_CREATE_DIR);
	}
	buf_fini(&b);
	return p->after != NULL ? NULL : "no memory";
}

static const char *
https_set(struct put *p)
{
	const struct fetch_put_req *r = request(p);
	CURL *c = transfer_curl(p->transfer);

	if (trust_apply(c, r->trust) != 0)
		return "there is no certificate authority to check the server against; give one";
	/* No pause for a "100 Continue" that many servers do not send. */
	p->headers = curl_slist_append(NULL, "Expect:");
	p->headers = curl_slist_append(p->headers, "Content-Type: application/octet-stream");
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, p->headers);
	(void)curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	return NULL;
}

static const char *
put_set(struct put *p)
{
	const struct fetch_put_req *r = request(p);
	CURL *c = transfer_curl(p->transfer);

	(void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->data.len);
	(void)curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(c, CURLOPT_READDATA, p);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)PUT_MAX_S);
	if (r->user[0] != '\0')
		(void)curl_easy_setopt(c, CURLOPT_USERNAME, r->user);
	if (r->password[0] != '\0' && r->private_key[0] == '\0')
		(void)curl_easy_setopt(c, CURLOPT_PASSWORD, r->password);
	return strcmp(p->place.scheme, "sftp") == 0 ? sftp_set(p) : https_set(p);
}

static void
on_resolved(const struct resolved *to, const char *text, void *arg)
{
	struct put *p = arg;
	const char *why;

	if (to->n == 0) {
		put_end(p, 0, text);
		return;
	}
	if ((p->transfer = transfer_new(request(p)->url, &p->place, to)) == NULL)
		fatalx("put", "no memory");
	why = put_set(p);
	if (why == NULL && transfer_start(p->transfer, on_end, p) != 0)
		why = "no memory";
	if (why != NULL)
		put_end(p, 0, why);
}

void
put_request(struct channel *ch, struct message *m, void *arg)
{
	struct put *p;
	struct job *job;
	const char *why;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatalx("put", "no memory");
	p->job = job;
	if (place_parse(request(p)->url, "https sftp", &p->place, &why) != 0)
		put_end(p, 0, why);
	else
		resolve_host(p->place.host, p->place.port, on_resolved, p);
}
