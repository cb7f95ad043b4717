/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What only root of the box can do with its TPM, for tests.
 *
 *	tpm_key unseal DEVICE FILE	the key that the TPM gives back for what vault.db holds, in hexadecimal
 *	tpm_key extend DEVICE PCR	what another boot loader would do
 *	tpm_key find FILE PID...	names those processes that have the bytes of FILE (hexadecimal) anywhere in their memory
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "patronus-confd/tpm/answer.h"

#define CHUNK	(1u << 20)

static size_t
slurp(const char *path, uint8_t *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, ret, size) : -1;

	if (n < 0) {
		perror(path);
		exit(2);
	}
	(void)close(fd);
	return ((size_t)n);
}

static int
unseal(int fd, const char *file)
{
	static struct tpm_answer a;
	static uint8_t sealed[SEALED_MAX];
	struct tpm_req q = { .act = TPM_UNSEAL, .sealed = { .data = sealed, .len = (uint32_t)slurp(file, sealed, sizeof(sealed)) } };
	uint32_t i;

	a.fd = fd;
	tpm_answer(&q, &a);
	for (i = 0; i < a.rep.key.len; i++)
		printf("%02x", a.key[i]);
	printf("\n");
	return (a.rep.verdict == TPM_DONE ? 0 : 1);
}

static int
extend(int fd, unsigned pcr)
{
	uint8_t command[65] = { 0x80, 0x02, 0, 0, 0, 65, 0, 0, 1, 0x82, 0, 0, 0, (uint8_t)pcr, 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0x0b, 0xaa };
	uint8_t answer[256];

	return (write(fd, command, sizeof(command)) == (ssize_t)sizeof(command) && read(fd, answer, sizeof(answer)) >= 10 && answer[9] == 0 ? 0 : 1);
}

static bool
has(const char *pid, const uint8_t *what, size_t len)
{
	static uint8_t data[CHUNK + 64];
	unsigned long long from, to;
	char path[64], line[512];
	bool found = false;
	ssize_t n;
	FILE *maps;
	int mem;

	(void)snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	if ((maps = fopen(path, "re")) == NULL)
		exit(2);
	(void)snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		from = strtoull(line, NULL, 16);
		to = strtoull(strchr(line, '-') + 1, NULL, 16);
		for (; !found && from < to; from += CHUNK) {
			n = pread(mem, data, to - from < sizeof(data) ? to - from : sizeof(data), (off_t)from);
			found = n > 0 && memmem(data, (size_t)n, what, len) != NULL;
		}
	}
	(void)close(mem);
	(void)fclose(maps);
	return (found);
}

static int
find(int argc, char **argv)
{
	uint8_t text[128] = { 0 }, key[64];
	size_t n = slurp(argv[2], text, sizeof(text) - 1) / 2, i;
	char byte[3] = "";
	int a;

	for (i = 0; i < n && i < sizeof(key); i++) {
		memcpy(byte, text + 2 * i, 2);
		key[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	for (a = 3; a < argc; a++)
		if (has(argv[a], key, 32))
			printf("%s\n", argv[a]);
	return (n >= 32 ? 0 : 2);
}

int
main(int argc, char **argv)
{
	int fd;

	if (argc > 3 && strcmp(argv[1], "find") == 0)
		return (find(argc, argv));
	if (argc != 4 || (fd = open(argv[2], O_RDWR | O_CLOEXEC)) == -1) {
		perror(argc > 2 ? argv[2] : "usage");
		return (2);
	}
	return (strcmp(argv[1], "unseal") == 0 ? unseal(fd, argv[3]) : extend(fd, (unsigned)strtoul(argv[3], NULL, 10)));
}
