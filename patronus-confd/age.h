/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_AGE_H
#define PATRONUS_CONFD_AGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Files of age, version 1 (https://age-encryption.org/v1): the stock tool opens what is sealed here, and what it sealed opens here.
 * X25519 recipients and passphrases (scrypt); no plugins, no ssh keys, no armour.
 */

struct buf;

#define AGE_RECIPIENTS_MAX	16
#define AGE_CHUNK		65536	/* of what is sealed by itself */
#define AGE_LOG_N		17	/* of our passphrases: 128 MiB, about 0.3 s */
#define AGE_LOG_N_MAX		18	/* of others': what the stock tool takes */

/* Who can open it: recipients ("age1..."), or a passphrase alone. */
struct age_lock {
	const char	*passphrase;	/* NULL: recipients */
	const char	*recipients[AGE_RECIPIENTS_MAX];
	unsigned	 nrecipients;
};

/* What opens it: an identity ("AGE-SECRET-KEY-1..."), or a passphrase. */
struct age_key {
	const char	*passphrase;	/* NULL: an identity */
	const char	*identity;
};

/* Where and why a file was refused: "header, line 3: ...", "data, byte 65552: ...". */
struct age_fault {
	char		 text[160];
};

/*
 * A file that is sealed as it is written, in memory that does not grow with it.  sink gets what is to be written, in order: 0, or -errno, which
 * ends it.  A file without age_writer_end() is none.
 */
struct age_writer;
typedef int age_sink(const void *data, size_t len, void *arg);
/* 0, -EINVAL (*ret_bad is a recipient that is none), or -errno. */
int	 age_writer_new(const struct age_lock *, age_sink *, void *arg, struct age_writer **ret, const char **ret_bad);
int	 age_writer_put(struct age_writer *, const void *data, size_t len);
int	 age_writer_end(struct age_writer *);
void	 age_writer_free(struct age_writer *);	/* NULL is fine */

/*
 * A file that is opened a chunk at a time; data must stay.  What came before a chunk that is refused is genuine, but not all there is: only after
 * the end (*ret_len 0) may it be used.  Errors are those of age_open().
 */
struct age_reader;
int	 age_reader_new(const struct age_key *, const void *data, size_t len, struct age_reader **ret, struct age_fault *);
int	 age_reader_next(struct age_reader *, uint8_t ret[AGE_CHUNK], size_t *ret_len, struct age_fault *);
void	 age_reader_free(struct age_reader *);	/* NULL is fine */

/* 0, -EINVAL (*ret_bad is a recipient that is none), or -errno. */
int	 age_seal(const struct age_lock *, const void *data, size_t len, struct buf *ret, const char **ret_bad);
/*
 * *ret is malloc'd and NUL-terminated; age_free() clears it.  -EBADMSG: damaged, or not a file of age, and fault says where;
 * -EACCES: this key does not open it; -EINVAL: no such key; -ENOMEM.
 */
int	 age_open(const struct age_key *, const void *data, size_t len, uint8_t **ret, size_t *ret_len, struct age_fault *);
void	 age_free(uint8_t *data, size_t len);	/* NULL is fine */

#endif
