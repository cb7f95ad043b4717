/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patronus-confd/vault.h"

#define N		12
#define PASSPHRASE_STRIDE	29	/* each costs a second of scrypt */
#define PASSPHRASE	"a passphrase of the boot"

static char	dir[64], prints[N][SEAL_FINGERPRINT_LEN];
static uint64_t	now_ms = 1000000;

uint64_t	__wrap_clock_mono_ms(void);

uint64_t
__wrap_clock_mono_ms(void)
{
	return (now_ms);
}

static int
remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return (remove(path));
}

static int
setup(void **state)
{
	(void)state;
	/* Killed is not cut off from power: memory will do, and costs no waiting for a disk. */
	(void)snprintf(dir, sizeof(dir), "%s/patronus-vault-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	return (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

static struct vault *
open_vault(void)
{
	struct vault *v = NULL;

	assert_int_equal(vault_open(dir, &v), 0);
	return (v);
}

static void
value_of(unsigned i, char path[64], char value[64])
{
	(void)snprintf(path, 64, "/vpn/peers/peer-%u/key", i);
	(void)snprintf(value, 64, "the secret of peer %u", i);
}

static void
fill(struct vault *v)
{
	char path[64], value[64];
	unsigned i;

	for (i = 0; i < N; i++) {
		value_of(i, path, value);
		assert_int_equal(vault_set(v, path, value, strlen(value), prints[i]), 0);
	}
}

/* Are all the secrets there, each as it was? */
static bool
is_whole(struct vault *v)
{
	char path[64], value[64], *got;
	size_t len;
	unsigned i;

	for (i = 0; i < N; i++) {
		value_of(i, path, value);
		if (vault_get(v, path, prints[i], &got, &len) != 0)
			return (false);
		if (len != strlen(value) || memcmp(got, value, len) != 0)
			return (false);
		vault_value_free(got, len);
	}
	return (true);
}

static void
test_secrets_survive_a_restart(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	char print[SEAL_FINGERPRINT_LEN], *got;
	size_t len;

	(void)state;
	fill(v);
	vault_status(v, &st);
	assert_int_equal(st.protection, VAULT_KEY_FILE);
	assert_int_equal(st.nsecrets, N);
	assert_false(st.is_locked);
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	/* A new value beside the old one: going back is possible until the old one is swept. */
	assert_int_equal(vault_set(v, "/vpn/peers/peer-0/key", "another", 7, print), 0);
	assert_string_not_equal(print, prints[0]);
	assert_true(is_whole(v));
	assert_int_equal(vault_get(v, "/vpn/peers/peer-1/key", prints[0], &got, &len), -ENOENT);
	vault_close(v);
}

static bool
is_even(const char *path, const char *fingerprint, void *arg)
{
	(void)fingerprint;
	(void)arg;
	return ((path[strlen("/vpn/peers/peer-")] - '0') % 2 == 0);
}

static void
test_sweep_forgets_what_nothing_refers_to(void **state)
{
	struct vault *v = open_vault();

	(void)state;
	fill(v);
	assert_int_equal(vault_sweep(v, is_even, NULL), 0);
	assert_true(vault_has(v, "/vpn/peers/peer-2/key", prints[2]));
	assert_false(vault_has(v, "/vpn/peers/peer-3/key", prints[3]));
	vault_close(v);
}

/* The whole directory as bytes: is this text anywhere in it? */
static bool
is_on_disk(const char *text)
{
	static char data[1 << 20];
	const struct dirent *e;
	bool found = false;
	char path[400];
	ssize_t n;
	DIR *d = opendir(dir);
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if ((fd = open(path, O_RDONLY)) == -1)
			continue;
		n = read(fd, data, sizeof(data));
		if (n > 0 && memmem(data, (size_t)n, text, strlen(text)) != NULL)
			found = true;
		(void)close(fd);
	}
	(void)closedir(d);
	return (found);
}

static unsigned
count_key_files(void)
{
	const struct dirent *e;
	unsigned n = 0;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".key") != NULL;
	(void)closedir(d);
	return (n);
}

static void
test_a_passphrase_locks_until_it_is_given(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	char print[SEAL_FINGERPRINT_LEN], *got;
	size_t len;
	unsigned i;

	(void)state;
	fill(v);
	assert_int_equal(count_key_files(), 1);
	assert_int_equal(vault_protect_passphrase(v, "short", 5), -ERANGE);
	assert_int_equal(vault_protect_passphrase(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	assert_int_equal(count_key_files(), 0);
	assert_true(is_whole(v));
	vault_close(v);
	assert_false(is_on_disk("the secret of peer"));
	assert_false(is_on_disk(PASSPHRASE));

	v = open_vault();
	vault_status(v, &st);
	assert_true(st.is_locked);
	assert_int_equal(st.nsecrets, N);
	assert_true(vault_has(v, "/vpn/peers/peer-0/key", prints[0]));
	assert_int_equal(vault_get(v, "/vpn/peers/peer-0/key", prints[0], &got, &len), -ENOKEY);
	assert_int_equal(vault_set(v, "/a", "b", 1, print), -ENOKEY);
	assert_int_equal(vault_rotate(v), -ENOKEY);
	assert_int_equal(vault_protect_key_file(v), -ENOKEY);
	/* Five guesses, then they are not even tried. */
	for (i = 0; i < 5; i++)
		assert_int_equal(vault_unlock(v, "a passphrase of the boat", 24), -EACCES);
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), -EAGAIN);
	now_ms += 2000;
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), -EALREADY);
	assert_true(is_whole(v));
	assert_int_equal(vault_protect_key_file(v), 0);
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	vault_close(v);
}

static void
test_without_its_key_file_it_is_locked(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	const struct dirent *e;
	char path[400];
	DIR *d;

	(void)state;
	fill(v);
	vault_close(v);
	d = opendir(dir);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strstr(e->d_name, ".key") != NULL)
			assert_int_equal(unlink(path), 0);
	}
	(void)closedir(d);
	v = open_vault();
	vault_status(v, &st);
	assert_true(st.is_locked);
	vault_close(v);
}

static void
test_rotation_keeps_both_epochs_readable(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	int left;

	(void)state;
	fill(v);
	assert_int_equal(vault_rotate(v), 0);
	assert_int_equal(vault_step(v, 5), N - 5);
	assert_true(is_whole(v));
	vault_close(v);
	v = open_vault();
	vault_status(v, &st);
	assert_int_equal(st.epoch, 2);
	assert_int_equal(st.nold, N - 5);
	assert_true(is_whole(v));
	while ((left = vault_step(v, 3)) > 0)
		assert_true(is_whole(v));
	assert_int_equal(left, 0);
	vault_status(v, &st);
	assert_int_equal(st.nold, 0);
	assert_true(is_whole(v));
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	vault_close(v);
}

/* --- killed at every system call --- */

static void
rotate_data_key(struct vault *v)
{
	if (vault_rotate(v) == 0)
		while (vault_step(v, 4) > 0)
			continue;
}

static void
rotate_key_file(struct vault *v)
{
	(void)vault_protect_key_file(v);
}

static void
rotate_passphrase(struct vault *v)
{
	(void)vault_protect_passphrase(v, PASSPHRASE, strlen(PASSPHRASE));
}

/* Run act in a child that is killed before its k-th system call; false when it had fewer. */
static bool
killed_at(unsigned k, void (*act)(struct vault *))
{
	struct vault *v;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (vault_open(dir, &v) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			_exit(2);
		(void)raise(SIGSTOP);
		act(v);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	/* Two stops each: before it and after it. */
	for (k = 2 * k + 1; k > 0; k--) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return (false);
		}
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (true);
}

static unsigned
kill_everywhere(void (*act)(struct vault *), unsigned stride)
{
	struct vault_status st;
	struct vault *v = open_vault();
	unsigned k;

	fill(v);
	vault_close(v);
	for (k = 0; killed_at(k, act); k += stride) {
		v = open_vault();
		vault_status(v, &st);
		if (st.is_locked)
			assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
		assert_true(is_whole(v));
		/* Where the next round starts from: a key file again. */
		if (st.protection != VAULT_KEY_FILE)
			assert_int_equal(vault_protect_key_file(v), 0);
		while (vault_step(v, 100) > 0)
			continue;
		assert_true(is_whole(v));
		vault_close(v);
		assert_int_equal(count_key_files(), 1);
	}
	return (k);
}

static void
test_killed_at_every_call_of_a_rotation(void **state)
{
	bool is_soak = getenv("PATRONUS_SOAK") != NULL && strcmp(getenv("PATRONUS_SOAK"), "1") == 0;
	unsigned data, file, passphrase;

	(void)state;
#ifdef PATRONUS_SANITIZED
	skip();		/* the checker of leaks wants to be the tracer */
#endif
	data = kill_everywhere(rotate_data_key, 1);
	file = kill_everywhere(rotate_key_file, 1);
	passphrase = kill_everywhere(rotate_passphrase, is_soak ? 1 : PASSPHRASE_STRIDE);
	print_message("killed at %u calls of a new data key, %u of a new key file, %u of a passphrase; 0 secrets lost\n", data, file,
	    passphrase / (is_soak ? 1 : PASSPHRASE_STRIDE));
	assert_true(data > 100 && file > 30 && passphrase > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_secrets_survive_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_forgets_what_nothing_refers_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_passphrase_locks_until_it_is_given, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_its_key_file_it_is_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_keeps_both_epochs_readable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_every_call_of_a_rotation, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
