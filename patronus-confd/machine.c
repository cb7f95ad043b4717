/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"

#include "machine.h"

#define TEXT_MAX	(4u << 20)	/* a line for each of thousands of interrupts */
#define COLUMNS		8		/* user nice system idle iowait irq softirq steal: proc(5); guests are in user */
#define IDLE		3
#define IOWAIT		4

/* Numbers of a line, behind its name; how many there were. */
static unsigned
read_numbers(const char *at, const char *end, uint64_t *ret, unsigned max)
{
	unsigned n = 0;

	while (at < end && n < max) {
		while (at < end && *at == ' ')
			at++;
		if (at == end || *at < '0' || *at > '9')
			break;
		for (ret[n] = 0; at < end && *at >= '0' && *at <= '9' && ret[n] < UINT64_MAX / 10 - 1; at++)
			ret[n] = ret[n] * 10 + (uint64_t)(*at - '0');
		n++;
	}
	return (n);
}

bool
machine_read_processors(struct machine *m, const char *text, size_t len)
{
	const char *end = text + len, *line = text, *next;
	uint64_t ticks[COLUMNS] = { 0 }, all = 0, busy;
	unsigned i;

	if (len < 4 || memcmp(text, "cpu ", 4) != 0)
		return (false);
	next = memchr(text, '\n', len);
	if (read_numbers(text + 4, next != NULL ? next : end, ticks, COLUMNS) <= IOWAIT)
		return (false);
	for (i = 0; i < COLUMNS; i++)
		all += ticks[i];
	busy = all - ticks[IDLE] - ticks[IOWAIT];
	/* The kernel lets idle go back at times: then nothing is said. */
	m->has_cpu = m->all != 0 && all > m->all && busy >= m->busy && busy - m->busy <= all - m->all;
	m->cpu_permille = m->has_cpu ? (unsigned)((busy - m->busy) * 1000 / (all - m->all)) : 0;
	m->all = all;
	m->busy = busy;
	for (m->processors = 0; line < end && end - line > 3 && memcmp(line, "cpu", 3) == 0; line = next + 1) {
		m->processors += line[3] != ' ';
		if ((next = memchr(line, '\n', (size_t)(end - line))) == NULL)
			break;
	}
	return (true);
}

/* The number of "Name:   123 kB" in bytes; 0 when it is not there. */
static uint64_t
memory_of(const char *name, const char *text, size_t len)
{
	const char *end = text + len, *line = text, *next;
	size_t n = strlen(name);
	uint64_t kib;

	while (line < end) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		if ((size_t)(next - line) > n && memcmp(line, name, n) == 0 && read_numbers(line + n, next, &kib, 1) == 1 && kib < UINT64_MAX / 1024)
			return (kib * 1024);
		line = next + 1;
	}
	return (0);
}

bool
machine_read_memory(struct machine *m, const char *text, size_t len)
{
	uint64_t total = memory_of("MemTotal:", text, len), available = memory_of("MemAvailable:", text, len);

	if (total == 0 || available > total)
		return (false);
	m->memory_total = total;
	m->memory_used = total - available;
	return (true);
}

static void
read_file(struct machine *m, uint8_t id, bool (*take)(struct machine *, const char *, size_t))
{
	struct file_open_req req = { .id = id };
	struct privcall_error why;
	const uint8_t *data;
	size_t len;
	int fd;

	if (privcall_take_fd(MSG_FILE_OPEN, &req, &fd, &why) != 0)
		return;
	if (memfd_map(fd, TEXT_MAX, &data, &len) == 0) {
		if (len > 0)
			(void)take(m, (const char *)data, len);
		memfd_unmap(data, len);
	}
	(void)close(fd);
}

void
machine_read(struct machine *m, const char *dir)
{
	struct statfs fs;

	read_file(m, FILE_PROCESSORS, machine_read_processors);
	read_file(m, FILE_MEMORY, machine_read_memory);
	if (statfs(dir, &fs) == 0 && fs.f_bsize > 0) {
		m->disk_total = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
		m->disk_used = (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
	}
}
