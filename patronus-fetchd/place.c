/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/str.h"
#include "place.h"

size_t
place_len(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

bool
place_literal(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return true;
	}
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return true;
	}
	return false;
}

static const char *
refusal_v4(uint32_t a)
{
	if (a >> 24 == 127)
		return "it is a loopback address";
	if (a >> 24 == 0)
		return "it is no address of a host";
	if (a >> 16 == 0xa9fe)
		return "it is a link-local address";
	if (a >> 28 >= 14)
		return "it is a multicast or broadcast address";
	return NULL;
}

static const char *
refusal_v6(const struct in6_addr *a)
{
	uint32_t v4;

	if (IN6_IS_ADDR_LOOPBACK(a))
		return "it is a loopback address";
	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return "it is no address of a host";
	if (IN6_IS_ADDR_LINKLOCAL(a))
		return "it is a link-local address";
	if (IN6_IS_ADDR_MULTICAST(a))
		return "it is a multicast or broadcast address";
	/* Written as IPv6, still the same place. */
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a)) {
		memcpy(&v4, a->s6_addr + 12, sizeof(v4));
		return refusal_v4(ntohl(v4));
	}
	return NULL;
}

/* The kernel picks the address itself as the source of a connection to an address of the box. */
static bool
is_own(const struct sockaddr *to)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	bool is_same = false;
	int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return false;
	if (connect(fd, to, (socklen_t)place_len(to)) == 0 && getsockname(fd, (struct sockaddr *)&from, &len) == 0)
		is_same = to->sa_family == AF_INET ?
		    ((struct sockaddr_in *)&from)->sin_addr.s_addr == ((const struct sockaddr_in *)to)->sin_addr.s_addr :
		    memcmp(&((struct sockaddr_in6 *)&from)->sin6_addr, &((const struct sockaddr_in6 *)to)->sin6_addr,
		    sizeof(struct in6_addr)) == 0;
	(void)close(fd);
	return is_same;
}

const char *
place_refusal_of_kind(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return refusal_v4(ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr));
	return sa->sa_family == AF_INET6 ? refusal_v6(&((const struct sockaddr_in6 *)sa)->sin6_addr) : "it is no internet address";
}

const char *
place_refusal(const struct sockaddr *sa)
{
	const char *why = place_refusal_of_kind(sa);

	return why != NULL ? why : is_own(sa) ? "it is an address of this box" : NULL;
}

/* --- URLs --- */

static bool
is_listed(const char *word, const char *list)
{
	size_t len = strlen(word);
	const char *p;

	for (p = list; (p = strstr(p, word)) != NULL; p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

static int
part_get(CURLU *u, CURLUPart part, unsigned flags, char *ret, size_t size)
{
	char *text = NULL;
	size_t len;

	if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
		return -EINVAL;
	len = str_copy(ret, text, size);
	curl_free(text);
	return len < size ? 0 : -EINVAL;
}

static void
brackets_off(char *host)
{
	size_t len = strlen(host);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
}

static int
parts_get(CURLU *u, const char *schemes, struct place *ret, const char **ret_why)
{
	char port[8];
	uint64_t number;

	*ret_why = "the scheme is not one that can be used here";
	if (part_get(u, CURLUPART_SCHEME, 0, ret->scheme, sizeof(ret->scheme)) != 0 || !is_listed(ret->scheme, schemes))
		return -EINVAL;
	*ret_why = "user and password do not belong into the URL";
	if (part_get(u, CURLUPART_USER, 0, ret->path, sizeof(ret->path)) == 0)
		return -EINVAL;
	*ret_why = "the host is missing or too long";
	if (part_get(u, CURLUPART_HOST, 0, ret->host, sizeof(ret->host)) != 0)
		return -EINVAL;
	brackets_off(ret->host);
	*ret_why = "the port is not one";
	if (part_get(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) != 0 || str_u64(port, 1, UINT16_MAX, &number) != 0)
		return -EINVAL;
	ret->port = (uint16_t)number;
	*ret_why = "the path is too long";
	return part_get(u, CURLUPART_PATH, 0, ret->path, sizeof(ret->path));
}

int
place_parse(const char *url, const char *schemes, struct place *ret, const char **ret_why)
{
	CURLU *u = curl_url();
	int error = -EINVAL;

	memset(ret, 0, sizeof(*ret));
	*ret_why = "it is not a URL";
	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		error = parts_get(u, schemes, ret, ret_why);
	curl_url_cleanup(u);
	return error;
}

bool
place_path_is_plain(const char *path)
{
	const char *p;

	for (p = path; *p != '\0'; p++)
		if (!isascii((unsigned char)*p) || (!isalnum((unsigned char)*p) && strchr("/._-", *p) == NULL))
			return false;
	return path[0] == '/' && strstr(path, "/../") == NULL;
}
