/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <sqlite3.h>

#include "base/heap.h"

#include "libmemory.h"

static void *
checked(void *p, size_t size)
{
	return (p != NULL || size == 0 || size > LIBMEMORY_LARGE ? p : heap_checked(p));
}

/* --- OpenSSL: CRYPTO_set_mem_functions(3) --- */

static void *
crypto_take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return (checked(malloc(size), size));
}

static void *
crypto_resize(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return (checked(realloc(p, size), size));
}

static void
crypto_give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* --- SQLite: struct sqlite3_mem_methods, as its own ones of the C library do it (mem1.c) --- */

static void *
sqlite_take(int size)
{
	return (checked(malloc((size_t)size), (size_t)size));
}

static void *
sqlite_resize(void *p, int size)
{
	return (checked(realloc(p, (size_t)size), (size_t)size));
}

static int
sqlite_size(void *p)
{
	return (p != NULL ? (int)malloc_usable_size(p) : 0);
}

static int
sqlite_round(int size)
{
	return ((size + 7) & ~7);
}

static int
sqlite_begin(void *arg)
{
	(void)arg;
	return (SQLITE_OK);
}

static void
sqlite_end(void *arg)
{
	(void)arg;
}

int
libmemory_start(void)
{
	static const struct sqlite3_mem_methods methods = { .xMalloc = sqlite_take, .xFree = free, .xRealloc = sqlite_resize, .xSize = sqlite_size,
	    .xRoundup = sqlite_round, .xInit = sqlite_begin, .xShutdown = sqlite_end };

	if (CRYPTO_set_mem_functions(crypto_take, crypto_resize, crypto_give) != 1 || sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
		return (-EBUSY);
	return (0);
}
