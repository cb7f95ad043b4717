/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datagram.h"
#include "place.h"
#include "resolve.h"

#define LENGTH_DIGITS	7
#define DATAGRAM_MAX	65507	/* of IPv4 */

int
datagram_open(const struct resolved *to)
{
	const struct sockaddr *sa = (const struct sockaddr *)&to->addr[0];
	int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd == -1)
		return -errno;
	if (connect(fd, sa, (socklen_t)place_len(sa)) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

int
datagram_frame(const uint8_t *frames, size_t len, size_t *at, const uint8_t **ret, size_t *ret_len)
{
	size_t i, n = 0;

	for (i = *at; i < len && i - *at < LENGTH_DIGITS && frames[i] >= '0' && frames[i] <= '9'; i++)
		n = 10 * n + (size_t)(frames[i] - '0');
	if (i == *at || i == len || frames[i] != ' ' || n == 0 || n > len - i - 1)
		return -EBADMSG;
	*ret = frames + i + 1;
	*ret_len = n;
	*at = i + 1 + n;
	return 0;
}

int
datagram_send(int fd, const uint8_t *frames, size_t len, size_t *at)
{
	const uint8_t *message;
	size_t next, n;

	while (*at < len) {
		next = *at;
		if (datagram_frame(frames, len, &next, &message, &n) != 0)
			return -EBADMSG;
		if (send(fd, message, n < DATAGRAM_MAX ? n : DATAGRAM_MAX, MSG_NOSIGNAL) == -1) {
			if (errno == EINTR)
				continue;
			return errno == EWOULDBLOCK || errno == ENOBUFS ? -EAGAIN : -errno;
		}
		*at = next;
	}
	return 0;
}
