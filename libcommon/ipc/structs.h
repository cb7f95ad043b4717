/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structs of all messages, expanded from the .def files.  Included by msg.h only. */
#ifndef PATRONUS_IPC_STRUCTS_H
#define PATRONUS_IPC_STRUCTS_H

#include <stdbool.h>

#include "net/addr.h"

#define U8(s, n)		uint8_t n;
#define U16(s, n)		uint16_t n;
#define U32(s, n)		uint32_t n;
#define U64(s, n)		uint64_t n;
#define I64(s, n)		int64_t n;
#define BOOL(s, n)		bool n;
#define ENUM(s, n, max)		uint8_t n;
#define STR(s, n, max)		const char *n;
#define OPTSTR(s, n, max)	const char *n;
#define BYTES(s, n, max)	struct bytes n;
#define ADDR(s, n)		struct addr n;
#define RECORDS(s, member, r, max)	struct { struct r *items; uint32_t n; } member;
#define STRS(s, member, max, len)	struct { const char **items; uint32_t n; } member;
#define NONE(s)			uint8_t unused_;
#define RECORD(name, FIELDS)	struct name { FIELDS };
#define CALL(TYPE, name, max_len, REQ, REP)	struct name##_req { REQ }; struct name##_rep { REP };

#include "ipc/records.def"
#include "ipc/common.def"
#include "ipc/priv.def"
#include "ipc/conf.def"
#include "ipc/auth.def"
#include "ipc/logging.def"
#include "ipc/mgmt.def"
#include "ipc/fetch.def"

#include "ipc/fields_undef.h"

#endif
