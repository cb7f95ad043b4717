/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_CODEC_H
#define PATRONUS_IPC_CODEC_H

#include <stddef.h>
#include <stdint.h>

/*
 * One table codec for everything that crosses a process: messages (from the .def files) and configuration and state
 * subtrees (generated from YANG).  A record is a C struct described by a const table of fields; the same table drives
 * encoding, decoding with every bound checked again, tracing, JSON, random generation and fuzzing.
 *
 * On the wire: fields in table order without names or padding; integers little-endian and fixed width; a field with
 * FIELD_OPTIONAL is preceded by one byte, 0 absent or 1 present; a string is a 16-bit length and its bytes, a byte
 * string a 32-bit length, a list a 32-bit count.  A decoder consumes exactly the bytes it was given or refuses.
 */

struct arena;

enum field_kind {
	FIELD_INVALID = 0,
	FIELD_U8,		/* uint8_t; max is the greatest value, 0 = all */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I64,
	FIELD_BOOL,		/* bool; only 0 and 1 are accepted */
	FIELD_ENUM,		/* uint8_t; 1..max, 0 means not set */
	FIELD_STRING,		/* const char *; UTF-8, no NUL, at most max bytes; never NULL unless optional */
	FIELD_BYTES,		/* struct bytes; at most max bytes */
	FIELD_ADDR,		/* struct addr (net/addr.h) */
	FIELD_PREFIX,		/* struct prefix: an address with a prefix length, host bits kept */
	FIELD_MAC,		/* struct mac */
	FIELD_PORTS,		/* struct ports: lowest and highest port */
	FIELD_RATE,		/* struct rate: a count per so many seconds */
	FIELD_RECORD,		/* struct X *; NULL when absent (only with FIELD_OPTIONAL) */
	FIELD_LIST,		/* struct list; elem tells the kind of its items, at most max of them */
	FIELD_KIND_MAX
};

#define FIELD_OPTIONAL	0x01	/* may be absent */
#define FIELD_SECRET	0x02	/* never printed, never in JSON */
#define FIELD_KEY	0x04	/* the key of its list (YANG) */
#define FIELD_ORDERED	0x08	/* the order of the list has a meaning (ordered-by user) */
#define FIELD_TIME	0x10	/* FIELD_U64: milliseconds since 1970, printed as RFC 3339 */

#define FIELD_NO_HAS	UINT32_MAX

struct bytes {
	const uint8_t	*data;
	uint32_t	 len;
};

/* What every list field looks like: typed lists have the same two members with a typed pointer. */
struct list {
	void		*items;
	uint32_t	 n;
};

struct field {
	const char		*name;		/* YANG or message field name */
	uint8_t			 kind;		/* enum field_kind */
	uint8_t			 elem;		/* enum field_kind of the items of a list */
	uint16_t		 flags;
	uint32_t		 offset;	/* of the member in the struct */
	uint32_t		 has;		/* offset of its bool has_NAME, or FIELD_NO_HAS: then NULL, family 0 and 0 mean absent */
	uint32_t		 max;		/* see enum field_kind; for lists of strings, the bound of each string is elem_max */
	uint32_t		 elem_max;
	const struct record	*rec;		/* FIELD_RECORD, and FIELD_LIST of records */
	const char *const	*names;		/* FIELD_ENUM: names[1..max] as in YANG; NULL otherwise */
};

struct record {
	const char		*name;
	uint32_t		 size;		/* sizeof the C struct */
	uint32_t		 nfields;
	const struct field	*fields;
};

/*
 * Where and why an encoding or decoding stopped.  path is the field names joined by dots.
 */
struct codec_error {
	uint32_t	 offset;	/* in the bytes */
	char		 path[96];
	const char	*reason;	/* a constant */
};

/*
 * Decode exactly len bytes into a new zeroed struct in the arena; strings, lists and records live in the same arena
 * and do not point into data.  Returns 0 and *ret_msg, or -EPROTO with ret_error filled, or -ENOMEM.
 * ret_error may be NULL.
 */
int	 codec_decode(const struct record *, const void *data, size_t len, struct arena *, void **ret_msg,
	    struct codec_error *ret_error);

/*
 * Encode msg into a malloc'd buffer that the caller frees.  Returns 0, -EPROTO when a bound of the table is not
 * kept (ret_error says where), -EFBIG over max_len, or -ENOMEM.
 */
int	 codec_encode(const struct record *, const void *msg, size_t max_len, uint8_t **ret_data, size_t *ret_len,
	    struct codec_error *ret_error);

/* The size in memory of one item of kind k (rec for records); 0 for kinds that no list may hold. */
size_t	 codec_kind_size(enum field_kind, const struct record *);

/* A hash over names, kinds, flags and bounds of a record and of what it contains, to compare two builds. */
uint64_t codec_hash(const struct record *, uint64_t seed);

#endif
