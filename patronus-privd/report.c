/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "peer.h"
#include "report.h"

#define KEPT_MAX	256	/* records while logd is away */
#define TEXT_MAX	512

/* A line or an audit record. */
struct kept {
	uint64_t	time_ms;
	uint8_t		level;		/* 0: audit */
	char		subsystem[32];	/* or action */
	char		object[64];
	char		result[64];
	char		text[TEXT_MAX];
};

static struct peer	logd = { .fd = -1 };
static struct kept	kept[KEPT_MAX];
static unsigned		nkept;
static unsigned		nlost;

static int
record_send(const struct kept *k)
{
	struct log_line_req line = { .time_ms = k->time_ms, .level = k->level, .subsystem = k->subsystem, .text = k->text };
	struct log_audit_req audit = { .time_ms = k->time_ms, .actor = "privd", .origin = "privd", .action = k->subsystem,
	    .object = k->object, .result = k->result, .detail = k->text };

	if (k->level == 0)
		return peer_notify(&logd, MSG_LOG_AUDIT, &audit, -1);
	return peer_notify(&logd, MSG_LOG_LINE, &line, -1);
}

static void
record_add(const struct kept *k)
{
	if (logd.fd != -1 && record_send(k) == 0)
		return;
	if (nkept < KEPT_MAX)
		kept[nkept++] = *k;
	else
		nlost++;
}

static void
sink(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	static const char *const names[LOG_LEVEL_MAX] = { "?", "error", "warning", "info", "debug" };
	struct kept k = { .time_ms = clock_wall_ms(), .level = (uint8_t)level };
	char line[TEXT_MAX + 128];
	int n;

	(void)arg;
	n = snprintf(line, sizeof(line), "patronus-%s: %s: %s: %s\n", log_process(), names[level], subsystem, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) == -1)
		n = 0;		/* nowhere left to say it */
	(void)str_copy(k.subsystem, subsystem, sizeof(k.subsystem));
	(void)str_copy(k.text, text, sizeof(k.text));
	record_add(&k);
}

void
report_init(void)
{
	log_set_sink(sink, NULL);
}

struct peer *
report_peer(void)
{
	return &logd;
}

void
report_disconnect(void)
{
	peer_fini(&logd);
}

void
report_connect(int fd)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = ROLE_PRIVD };
	struct kept k;
	unsigned i, n = nkept;

	peer_fini(&logd);
	peer_init(&logd, fd, ROLE_LOGD, NULL);
	logd.is_log = true;
	if (peer_notify(&logd, MSG_HELLO, &hello, -1) != 0)
		return;
	nkept = 0;
	for (i = 0; i < n; i++) {
		k = kept[i];
		record_add(&k);
	}
	if (nlost > 0) {
		log_warnx("report", "%u records were lost while logd was away", nlost);
		nlost = 0;
	}
}

void
report_audit(const char *action, const char *object, const char *result, const char *detail)
{
	struct kept k = { .time_ms = clock_wall_ms() };

	(void)str_copy(k.subsystem, action, sizeof(k.subsystem));
	(void)str_copy(k.object, object, sizeof(k.object));
	(void)str_copy(k.result, result, sizeof(k.result));
	(void)str_copy(k.text, detail, sizeof(k.text));
	record_add(&k);
}
