/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "swtpm.h"

static pid_t
program_start(const char *dir, int fd)
{
	char state[96], number[16];
	pid_t pid;

	(void)snprintf(state, sizeof(state), "dir=%s", dir);
	(void)snprintf(number, sizeof(number), "%d", fd);
	if ((pid = fork()) == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--fd", number, "--tpmstate", state, "--flags", "not-need-init,startup-clear",
		    NULL);
		_exit(127);
	}
	return (pid);
}

static void
write_down(struct swtpm_bus *bus, const uint8_t *data, size_t len)
{
	if (len <= SWTPM_BUS_MAX - bus->len) {
		memcpy(bus->bytes + bus->len, data, len);
		bus->len += len;
	}
}

/* What one side says the other hears, and it stays on record. */
static void
relay(int a, int b, struct swtpm_bus *bus)
{
	struct pollfd p[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	uint8_t data[4096];
	ssize_t n;
	int i;

	while (poll(p, 2, -1) > 0)
		for (i = 0; i < 2; i++) {
			if (p[i].revents == 0)
				continue;
			if ((n = read(p[i].fd, data, sizeof(data))) <= 0)
				_exit(0);
			write_down(bus, data, (size_t)n);
			if (write(p[1 - i].fd, data, (size_t)n) != n)
				_exit(1);
		}
}

void
swtpm_start(struct swtpm *c)
{
	int ours[2], theirs[2];

	assert_int_equal(tempdir_make(c->dir, "tpm"), 0);
	c->bus = mmap(NULL, sizeof(*c->bus), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(c->bus, MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ours), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, theirs), 0);
	c->tpm = program_start(c->dir, theirs[1]);
	if ((c->relay = fork()) == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)close(ours[0]);
		(void)close(theirs[1]);
		relay(ours[1], theirs[0], c->bus);
		_exit(0);
	}
	(void)close(ours[1]);
	(void)close(theirs[0]);
	(void)close(theirs[1]);
	c->fd = ours[0];
}

void
swtpm_stop(struct swtpm *c)
{
	(void)close(c->fd);
	(void)kill(c->tpm, SIGKILL);
	(void)kill(c->relay, SIGKILL);
	(void)waitpid(c->tpm, NULL, 0);
	(void)waitpid(c->relay, NULL, 0);
	(void)munmap(c->bus, sizeof(*c->bus));
	(void)tempdir_remove(c->dir);
}

void
swtpm_extend(struct swtpm *c, uint8_t pcr)
{
	uint8_t command[65] = { 0x80, 0x02, 0, 0, 0, 65, 0, 0, 1, 0x82, 0, 0, 0, pcr, 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0x0b,
		0xaa };
	uint8_t answer[64];

	assert_int_equal(write(c->fd, command, sizeof(command)), sizeof(command));
	assert_true(read(c->fd, answer, sizeof(answer)) >= 10);
	assert_int_equal(answer[8] << 8 | answer[9], 0);
}

bool
swtpm_saw(const struct swtpm *c, const void *what, size_t len)
{
	return (memmem(c->bus->bytes, c->bus->len, what, len) != NULL);
}
