/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * malloc of a program under test (failmalloc.py): counts, fails once at the k-th, and knows what still lives, by the stack that asked for it.
 *
 * It is one library more that copies of our programs are told to need (patchelf); a test steers it from outside, through /proc/PID/mem, and
 * for the time before anybody can by what stands in the library's file.  The C library's own allocator does the work (__libc_malloc and
 * others), and all that runs in the process comes through here: OpenSSL, SQLite, libevent, and the C library itself.  New blocks are filled with
 * rubbish and old ones too, and what is freed twice ends the process.
 */
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define EXPORT		__attribute__((visibility("default")))
#define FRAMES		10
#define SITES		32768		/* places that ask, a power of two */
#define NAMES		12
#define MAGIC		0x70617472u
#define NAME_LEN	48

struct site {
	uint64_t	hash;
	int64_t		live, bytes;	/* blocks, and what was asked for in them */
	uint64_t	frames[FRAMES];	/* return addresses, innermost first */
};

struct start {
	char		name[32];	/* of a program, "patronus-confd"; "" ends the list */
	uint64_t	k;		/* the k-th request of its start fails, */
	uint64_t	until_us;	/* when it starts before that (CLOCK_MONOTONIC) */
};

/* The layout is repeated in failmalloc.py. */
struct failmalloc {
	uint64_t	magic;
	_Atomic uint64_t count;		/* requests since main() was near */
	_Atomic uint64_t fail_at;	/* of count; 0: none */
	_Atomic uint64_t failed;	/* how many have failed */
	_Atomic int64_t	 live, bytes;	/* of all sites */
	uint64_t	overflown;	/* sites that had no place */
	struct start	start[NAMES];
	struct site	sites[SITES];
};

EXPORT struct failmalloc failmalloc = { .magic = MAGIC };

/* Before each block; the allocator's own alignment is kept. */
struct head {
	uint32_t	magic;
	uint32_t	site;
	size_t		offset;		/* from what the allocator gave to the block */
	size_t		size;
	size_t		unused;
};

_Static_assert(sizeof(struct head) % _Alignof(max_align_t) == 0, "the block behind it is aligned");

extern void	*__libc_malloc(size_t);
extern void	*__libc_memalign(size_t, size_t);
extern void	 __libc_free(void *);

static bool is_counting;
static pid_t whose;		/* this program's: a copy that was forked is not struck, else each of them would be at the same point */

/* What is loaded. */
static struct object {
	uint64_t	start, end;
	char		name[NAME_LEN];
} objects[64];
static unsigned nobjects;

struct walk {
	uint64_t	frames[FRAMES];
	unsigned	n, skip;
};

static _Unwind_Reason_Code
walk_one(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;

	if (w->skip > 0)
		w->skip--;
	else
		w->frames[w->n++] = (uint64_t)_Unwind_GetIP(context);
	return w->n < FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static uint32_t
site_of(const struct walk *w)
{
	uint64_t h = 14695981039346656037u;
	uint32_t at, i;

	for (i = 0; i < w->n; i++)
		h = (h ^ w->frames[i]) * 1099511628211u;
	h |= 1;
	for (i = 0, at = (uint32_t)(h >> 32) % SITES; i < SITES; i++, at = (at + 1) % SITES) {
		if (failmalloc.sites[at].hash == h)
			return at;
		if (failmalloc.sites[at].hash != 0)
			continue;
		failmalloc.sites[at].hash = h;
		memcpy(failmalloc.sites[at].frames, w->frames, sizeof(w->frames));
		return at;
	}
	failmalloc.overflown++;
	return SITES - 1;
}

/* Where it was, for who ends of it before somebody can look. */
static void
tell(const struct walk *w)
{
	char line[32 + FRAMES * (NAME_LEN + 18)];
	const struct object *o;
	size_t at = (size_t)snprintf(line, sizeof(line), "failmalloc:");
	unsigned i;

	for (i = 0; i < w->n; i++) {
		for (o = objects; o < objects + nobjects && (w->frames[i] < o->start || w->frames[i] >= o->end); o++)
			continue;
		if (o < objects + nobjects)
			at += (size_t)snprintf(line + at, sizeof(line) - at, " %s+%llx", o->name, (unsigned long long)(w->frames[i] - o->start));
	}
	line[at++] = '\n';
	if (write(STDERR_FILENO, line, at) == -1)
		errno = 0;
}

/* Whether this request is the one. */
static bool
fails(const struct walk *w)
{
	if (atomic_fetch_add(&failmalloc.count, 1) + 1 != failmalloc.fail_at)
		return false;
	failmalloc.fail_at = 0;
	if (getpid() != whose)
		return false;
	failmalloc.failed++;
	tell(w);
	errno = ENOMEM;
	return true;
}

/* A block is there (1), or no more (-1). */
static void
live(const struct head *h, int by)
{
	failmalloc.sites[h->site].live += by;
	failmalloc.sites[h->site].bytes += by * (int64_t)h->size;
	failmalloc.live += by;
	failmalloc.bytes += by * (int64_t)h->size;
}

static void *
request(size_t align, size_t size)
{
	struct walk w = { .skip = 2 };
	size_t room = align > sizeof(struct head) ? align : sizeof(struct head);
	struct head *h;
	char *p;

	if (is_counting) {
		(void)_Unwind_Backtrace(walk_one, &w);
		if (fails(&w))
			return NULL;
	}
	if (size > SIZE_MAX / 2 || (p = align > 16 ? __libc_memalign(align, room + size) : __libc_malloc(room + size)) == NULL)
		return NULL;
	h = (struct head *)(void *)(p + room) - 1;
	*h = (struct head){ .magic = MAGIC, .site = is_counting ? site_of(&w) : SITES, .offset = room, .size = size };
	if (h->site != SITES)
		live(h, 1);
	return memset(h + 1, 0xa5, size);
}

EXPORT void *
malloc(size_t size)
{
	return request(16, size);
}

EXPORT void *
calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	p = request(16, all);
	return p != NULL ? memset(p, 0, all) : NULL;
}

EXPORT void
free(void *p)
{
	struct head *h = (struct head *)p - 1;
	int error = errno;

	if (p == NULL)
		return;
	if (h->magic != MAGIC)
		abort();	/* not ours, or freed before */
	h->magic = 0;
	memset(p, 0xdf, h->size);	/* who looks at it afterwards shall fall */
	if (h->site != SITES)
		live(h, -1);
	__libc_free((char *)p - h->offset);
	errno = error;
}

EXPORT void *
realloc(void *old, size_t size)
{
	const struct head *h = (const struct head *)old - 1;
	void *p;

	if (old != NULL && size == 0) {
		free(old);
		return NULL;
	}
	p = request(16, size);
	if (p != NULL && old != NULL) {
		memcpy(p, old, h->size < size ? h->size : size);
		free(old);
	}
	return p;
}

EXPORT void *
memalign(size_t align, size_t size)
{
	return request(align, size);
}

EXPORT void *
aligned_alloc(size_t align, size_t size)
{
	return request(align, size);
}

EXPORT int
posix_memalign(void **ret, size_t align, size_t size)
{
	void *p = request(align, size);

	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

EXPORT size_t
malloc_usable_size(void *p)
{
	return p != NULL ? ((const struct head *)p - 1)->size : 0;
}

static int
object_add(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object *o = &objects[nobjects];
	const char *name = info->dlpi_name[0] == '\0' ? program_invocation_short_name : info->dlpi_name, *slash = strrchr(name, '/');
	unsigned i;

	(void)size;
	(void)arg;
	(void)snprintf(o->name, sizeof(o->name), "%s", slash != NULL ? slash + 1 : name);
	o->start = o->end = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz > o->end)
			o->end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
	return ++nobjects == sizeof(objects) / sizeof(objects[0]);
}

__attribute__((constructor)) static void
start(void)
{
	struct timespec ts;
	const struct start *s;

	(void)dl_iterate_phdr(object_add, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	for (s = failmalloc.start; s < failmalloc.start + NAMES && s->name[0] != '\0'; s++)
		if (strcmp(s->name, program_invocation_short_name) == 0 &&
		    (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000 < s->until_us)
			failmalloc.fail_at = s->k;
	whose = getpid();
	is_counting = true;
}
