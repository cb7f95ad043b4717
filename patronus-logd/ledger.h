/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_LEDGER_H
#define PATRONUS_LOGD_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/head.h"
#include "audit/tree.h"
#include "base/buf.h"
#include "logfile.h"

/*
 * The audit log, three files that only grow: audit.log with the records, audit.tree with the nodes of the tree over them, audit.heads with
 * what was signed.  The order of writing makes every crash harmless: a record is on disk before its nodes are written, and both before a
 * head is signed.  So after a crash records may lack nodes, and are given them; nodes without records, or a head of another tree, mean
 * that somebody was here.  That is an alarm, and is not repaired: new records go on after what was there.
 */

#define LEDGER_LOG		"audit.log"
#define LEDGER_TREE		"audit.tree"
#define LEDGER_HEADS		"audit.heads"
#define LEDGER_KEEP		31
#define LEDGER_HEADS_KEEP	15
#define LEDGER_ALARM_MAX	320

struct ledger {
	struct logfile		 log;		/* log.seq is the size of the tree, but for what is behind */
	struct logfile		 heads;
	int			 tree_fd;
	uint64_t		 nodes;		/* in the file */
	struct audit_tree	 tree;		/* with what is in pending */
	struct buf		 pending;	/* nodes that are not in the file yet */
	bool			 is_behind;	/* nodes could not be written: they are made again from the records */
	struct audit_head	 last;		/* number 0: none was signed yet */
	char			 alarm[LEDGER_ALARM_MAX];	/* ""; what is wrong with the past */
};

/* Open or make the files and compare them with one another.  rotate_at: bytes of a file of records.  0 or -errno; an alarm is no failure. */
int	 ledger_open(struct ledger *, uint64_t rotate_at);
void	 ledger_close(struct ledger *);

/* Append one whole line, with its line feed and the number log.seq + 1.  0 or -errno. */
int	 ledger_append(struct ledger *, const char *line, size_t len);
/* Records to disk, then their nodes to the file.  0 or -errno. */
int	 ledger_sync(struct ledger *);
/* As that, and the nodes to disk: what is in the tree now may be signed. */
int	 ledger_settle(struct ledger *);

/* For audit_prove_*(), audit_tree_load(): arg is the ledger. */
int	 ledger_node(void *arg, uint64_t place, struct audit_hash *ret);
/* The root of the first so many records. */
int	 ledger_root(struct ledger *, uint64_t size, struct audit_hash *ret);

/* A head that was signed: it must go on from the last one and be of this tree.  Stored before it returns 0; -EBADMSG or -errno. */
int	 ledger_add_head(struct ledger *, const char *line, size_t len);

/* Something is wrong with what was written: log it, and keep the first such thing for the status. */
void	 ledger_alarm(struct ledger *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For logread: the number of a record; of a head the size, or its own number. */
uint64_t ledger_head_size(const char *line, size_t len);
uint64_t ledger_head_number(const char *line, size_t len);

#endif
