/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_NLMSG_H
#define PATRONUS_NET_NLMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Netlink messages read with every length checked, and written into a buffer.  A reader never looks outside its bytes and never
 * changes them; offsets are from the start of the whole buffer, so that a refusal can point at the byte.
 */

struct buf;

struct nl_reader {
	const uint8_t	*data;
	size_t		 len;
	size_t		 at;
	size_t		 base;		/* offset of data in the whole buffer */
};

struct nl_msg {
	uint16_t	 type;
	uint16_t	 flags;
	uint32_t	 seq;
	uint32_t	 pid;
	const uint8_t	*data;		/* after struct nlmsghdr */
	uint32_t	 len;
	size_t		 offset;	/* of the header */
};

struct nl_attr {
	uint16_t	 type;		/* without the flag bits */
	bool		 is_nested;	/* NLA_F_NESTED */
	const uint8_t	*data;
	uint32_t	 len;
	size_t		 offset;	/* of the attribute's header */
};

void	 nlmsg_reader_init(struct nl_reader *, const void *, size_t len);
/* 1 and *ret, 0 at the end, -EPROTO when the bytes are not a message; ret->offset is set in any case. */
int	 nlmsg_next(struct nl_reader *, struct nl_msg *ret);

/* The attributes of a message after its family header of skip bytes (aligned); -EPROTO when it is shorter. */
int	 nlattr_reader_init(struct nl_reader *, const struct nl_msg *, size_t skip);
void	 nlattr_reader_nested(struct nl_reader *, const struct nl_attr *);
/* As nlmsg_next.  NLA_F_NET_BYTEORDER, which nobody here sends, is -EPROTO. */
int	 nlattr_next(struct nl_reader *, struct nl_attr *ret);
/* The first attribute of that type: true and *ret. */
bool	 nlattr_find(struct nl_reader, uint16_t type, struct nl_attr *ret);

uint8_t	 nlattr_u8(const struct nl_attr *);	/* 0 when the length is not the type's */
uint16_t nlattr_u16(const struct nl_attr *);	/* host order */
uint32_t nlattr_u32(const struct nl_attr *);
uint64_t nlattr_u64(const struct nl_attr *);
uint16_t nlattr_be16(const struct nl_attr *);
uint32_t nlattr_be32(const struct nl_attr *);
uint64_t nlattr_be64(const struct nl_attr *);
/* NUL-terminated without a NUL before the end; NULL otherwise. */
const char *nlattr_str(const struct nl_attr *);

/* --- writing: positions are offsets into the buffer, which may move */
size_t	 nlmsg_begin(struct buf *, uint16_t type, uint16_t flags, uint32_t seq, const void *family_header, size_t len);
void	 nlmsg_end(struct buf *, size_t at);
void	 nlattr_put(struct buf *, uint16_t type, const void *, size_t len);
void	 nlattr_put_str(struct buf *, uint16_t type, const char *);	/* with its NUL */
void	 nlattr_put_u8(struct buf *, uint16_t type, uint8_t);
void	 nlattr_put_u32(struct buf *, uint16_t type, uint32_t);
void	 nlattr_put_be32(struct buf *, uint16_t type, uint32_t);
void	 nlattr_put_be64(struct buf *, uint16_t type, uint64_t);
size_t	 nlattr_begin(struct buf *, uint16_t type);			/* a nest */
void	 nlattr_end(struct buf *, size_t at);

#endif
