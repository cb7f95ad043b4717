/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "places.h"

#define NEW_FILE	PLACES_FILE ".new"
#define MODE		0640
#define TEXT_MAX	2048

/* The next word of a line, ended in place; NULL when there is none. */
static char *
word(char **at)
{
	char *begin = *at;

	if (begin == NULL || *begin == '\0')
		return NULL;
	*at = strchr(begin, ' ');
	if (*at != NULL)
		*(*at)++ = '\0';
	return begin;
}

static int
line_parse(char *line, struct places *ret)
{
	struct feed_place *p = &ret->of[ret->n].place;
	uint64_t *const numbers[] = { &p->record, &p->head, &p->event };
	const char *name = word(&line), *number;
	size_t i;

	if (name == NULL || ret->n == PLACES_MAX || str_copy(ret->of[ret->n].name, name, PLACES_NAME) >= PLACES_NAME)
		return -EBADMSG;
	memset(p, 0, sizeof(*p));
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if ((number = word(&line)) == NULL || str_u64(number, 0, UINT64_MAX >> 1, numbers[i]) != 0)
			return -EBADMSG;
	ret->n++;
	return 0;
}

int
places_load(struct places *ret)
{
	char text[TEXT_MAX], *at = text, *feed;
	int fd = open(PLACES_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error = 0;
	ssize_t n;

	ret->n = 0;
	if (fd == -1)
		return errno == ENOENT ? 0 : -errno;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n == -1)
		return -errno;
	text[n] = '\0';
	for (; error == 0 && *at != '\0'; at = feed + 1) {
		feed = strchrnul(at, '\n');
		error = *feed == '\0' ? -EBADMSG : 0;
		*feed = '\0';
		if (error == 0)
			error = line_parse(at, ret);
	}
	if (error != 0)
		ret->n = 0;
	return error;
}

static int
write_all(const char *name, const struct buf *b)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE), error = 0;
	ssize_t n;

	if (fd == -1)
		return -errno;
	n = write(fd, b->data, b->len);
	if (n != (ssize_t)b->len)
		error = n == -1 ? -errno : -ENOSPC;
	else if (fdatasync(fd) == -1)
		error = -errno;
	(void)close(fd);
	return error;
}

int
places_store(const struct places *places)
{
	const struct feed_place *p;
	struct buf b;
	unsigned i;
	int error;

	buf_init(&b, TEXT_MAX);
	buf_puts(&b, "");
	for (i = 0; i < places->n; i++) {
		p = &places->of[i].place;
		buf_printf(&b, "%s %llu %llu %llu\n", places->of[i].name, (unsigned long long)p->record, (unsigned long long)p->head,
		    (unsigned long long)p->event);
	}
	error = buf_failed(&b) ? -ENOMEM : write_all(NEW_FILE, &b);
	buf_fini(&b);
	if (error == 0 && rename(NEW_FILE, PLACES_FILE) == -1)
		error = -errno;
	return error;
}

const struct feed_place *
places_find(const struct places *places, const char *name)
{
	unsigned i;

	for (i = 0; i < places->n; i++)
		if (strcmp(places->of[i].name, name) == 0)
			return &places->of[i].place;
	return NULL;
}
